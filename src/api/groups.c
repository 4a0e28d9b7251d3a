/* SPDX-License-Identifier: MIT */
#include "api/groups.h"

#include "api/document.h"
#include "base/cleanup.h"

#include <errno.h>
#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

/*
 * The index of a field is an open-addressed hash table of item numbers, plus 1; the texts stay in the snapshots. It
 * takes about 10 bytes an item; json-c's table takes 150, too much for a list of a million invoices. The hash function
 * is json-c's, because json-c seeds it for each process: the API cannot choose texts that all collide.
 */
static size_t index_size(const struct document *document)
{
    size_t size = 16;
    while (size < 2 * document->n_items)
        size *= 2;
    return size;
}

/* The slot of the first item with this text, or the empty slot where it would be inserted. */
static uint32_t *slot_of(const struct document *document, unsigned field, const char *text)
{
    size_t mask = index_size(document) - 1;
    for (size_t i = lh_get_hash(document->hasher, text) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &document->index[field][i];
        if (*slot == 0 || strcmp(snapshot_field(document->items[*slot - 1].snapshot, field), text) == 0)
            return slot;
    }
}

static bool index_field(struct document *document, unsigned field)
{
    if (document->index[field])
        return true;
    document->index[field] = calloc(index_size(document), sizeof(uint32_t));
    if (!document->index[field])
        return false;
    for (uint32_t i = 0; i < document->n_items; i++) {
        const char *key = snapshot_field(document->items[i].snapshot, field);
        uint32_t *slot = key ? slot_of(document, field, key) : NULL;
        if (slot && *slot == 0)
            *slot = i + 1;
    }
    document_grow(document, index_size(document) * sizeof(uint32_t));
    return true;
}

const struct item *document_with(struct document *document, unsigned field, const char *text)
{
    if (index_field(document, field)) {
        uint32_t found = *slot_of(document, field, text);
        return found ? &document->items[found - 1] : NULL;
    }
    /* No memory for an index: search all items, because NULL would mean that no item has the text. */
    for (size_t i = 0; i < document->n_items; i++) {
        const char *key = snapshot_field(document->items[i].snapshot, field);
        if (key && strcmp(key, text) == 0)
            return &document->items[i];
    }
    return NULL;
}

/* ---- groups ---- */

#define NO_GROUP UINT32_MAX

/* Finds the groups. group_of[i] becomes the group of item i, or NO_GROUP. */
static int find_groups(const struct document *document, unsigned field, struct groups *groups, uint32_t *group_of)
{
    size_t room = 0;
    for (uint32_t i = 0; i < document->n_items; i++) {
        const char *text = snapshot_field(document->items[i].snapshot, field);
        group_of[i] = NO_GROUP;
        if (!text || !*text)
            continue;
        uint32_t first = *slot_of(document, field, text) - 1;
        if (first == i && groups->n == room) {
            room = room ? room * 2 : 8;
            struct group *all = reallocarray(groups->all, room, sizeof *all);
            if (!all)
                return -ENOMEM;
            groups->all = all;
        }
        if (first == i)
            groups->all[groups->n] = (struct group){.first = i};
        group_of[i] = first == i ? (uint32_t)groups->n++ : group_of[first];
        struct group *group = &groups->all[group_of[i]];
        group->count++;
        group->n += document->items[i].id != ITEM_NO_ID;
    }
    return 0;
}

/* Gives each group its members, in order of id. */
static int find_members(const struct document *document, struct groups *groups, const uint32_t *group_of)
{
    uint32_t *at = groups->members = calloc(document->n_ids + 1, sizeof *groups->members);
    if (!at)
        return -ENOMEM;
    for (size_t g = 0; g < groups->n; g++) {
        groups->all[g].members = at;
        at += groups->all[g].n;
        groups->all[g].n = 0;
    }
    for (size_t i = 0; i < document->n_ids; i++) {
        uint32_t number = (uint32_t)(document_nth(document, i) - document->items), g = group_of[number];
        if (g != NO_GROUP)
            groups->all[g].members[groups->all[g].n++] = number;
    }
    return 0;
}

static size_t cost_of(const struct groups *groups)
{
    size_t cost = sizeof *groups + groups->n * (sizeof *groups->all + sizeof *groups->names);
    for (size_t i = 0; i < groups->n; i++)
        cost += groups->all[i].n *
                (sizeof *groups->members + (groups->all[i].ordered ? sizeof *groups->all[i].ordered : 0));
    return cost;
}

static void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    for (size_t i = 0; i < groups->n; i++)
        free(groups->all[i].ordered);
    free(groups->names);
    free(groups->members);
    free(groups->all);
    free(groups);
}

struct groups *document_groups(struct document *document, unsigned field)
{
    if (document->groups[field])
        return document->groups[field];
    _cleanup_(freep) uint32_t *group_of = calloc(document->n_items + 1, sizeof *group_of);
    struct groups *groups = calloc(1, sizeof *groups);
    if (!group_of || !groups || !index_field(document, field) || find_groups(document, field, groups, group_of) < 0 ||
        find_members(document, groups, group_of) < 0) {
        groups_free(groups);
        return NULL;
    }
    document->groups[field] = groups;
    document_grow(document, cost_of(groups));
    return groups;
}

int document_group(struct document *document, unsigned field, const char *text, struct group **ret)
{
    struct groups *groups = document_groups(document, field);
    if (!groups)
        return -ENOMEM;
    const struct item *item = *text ? document_with(document, field, text) : NULL;
    *ret = NULL;
    size_t low = 0, high = item ? groups->n : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct group *group = &groups->all[middle];
        if (&document->items[group->first] == item) {
            *ret = group;
            break;
        }
        if (&document->items[group->first] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

const struct item *group_nth(const struct document *document, const struct group *group, size_t i)
{
    return &document->items[group->members[i]];
}

size_t group_rank(const struct document *document, const struct group *group, uint64_t id)
{
    size_t low = 0, high = group->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (group_nth(document, group, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void groups_clear(struct document *document)
{
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++) {
        free(steal(&document->index[i]));
        groups_free(steal(&document->groups[i]));
        document->signatures[i] = 0;
    }
    document->signature_of_ids = 0;
    free(steal(&document->ordered));
}

size_t groups_cost(const struct document *document)
{
    size_t cost = document->ordered ? document->n_ids * sizeof *document->ordered : 0;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++) {
        cost += document->index[i] ? index_size(document) * sizeof *document->index[i] : 0;
        cost += document->groups[i] ? cost_of(document->groups[i]) : 0;
    }
    return cost;
}
