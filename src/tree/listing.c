/* SPDX-License-Identifier: MIT */
#include "tree/listing.h"

#include "api/endpoints.h"
#include "base/config.h"
#include "tree/context.h"
#include "tree/sources.h"

#include "api/groups.h"
#include "api/prices.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "tree/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ordinals. A listing is sorted by ordinal, and an ordinal is never given to another entry of the same directory. A
 * resumed listing therefore neither loses nor repeats the entries that stayed. Ordinals also become the offsets of
 * directory entries. A 32-bit program without large-file support can only read offsets below 2^31: beyond, readdir(3)
 * fails with EOVERFLOW, which such a program takes for the end of the directory. So the ordinals are:
 *
 *      1 … 2^30              ids below 2^30, each plus one; the names of a set; and names from the API in order of
 *                            first appearance (registry.h), after those of a set
 *      2^30 + 1 … FIXED_BASE ids from 2^30 on, in order of first appearance
 *      FIXED_BASE …          the directory's fixed names, in the order of the table
 *
 * No directory has both entries of the API and fixed names; if one had, the fixed names would come last.
 */
#define ANY_BASE   1
#define SMALL_IDS  (UINT64_C(1) << 30)
#define LARGE_BASE (ANY_BASE + SMALL_IDS)
#define FIXED_BASE ((UINT64_C(1) << 31) - 256)

static int compare_names(const void *a, const void *b)
{
    uint64_t x = ((const struct group_name *)a)->ordinal, y = ((const struct group_name *)b)->ordinal;
    return x < y ? -1 : x > y;
}

/* Returns the ordinal of an item that is listed by its id; 0 when out of memory. */
static uint64_t ordinal_of_id(const struct listing *listing, uint64_t id)
{
    char digits[24];
    if (id < SMALL_IDS)
        return ANY_BASE + id;
    snprintf(digits, sizeof digits, "%" PRIu64, id);
    uint64_t number = registry_ordinal(listing->tree->registry, route_index(listing->any), digits);
    return number ? LARGE_BASE + number : 0;
}

/* Returns how many names of a fixed set come before the API's names. */
static size_t set_before(const struct route *any)
{
    size_t n = 0;
    while (route_has_more_names(any) && any->names[n])
        n++;
    return n;
}

static int name_item(const struct listing *listing, const struct item *item, const char *text, struct group_name *ret)
{
    uint64_t ordinal = registry_ordinal(listing->tree->registry, route_index(listing->any), text);
    *ret = (struct group_name){ANY_BASE + set_before(listing->any) + ordinal, item, text};
    return ordinal ? 0 : -ENOMEM;
}

/* Lists the distinct texts of a field. They are sorted once and kept with the field's groups, which only this directory
 * lists. */
static int names_of_groups(struct listing *listing, unsigned field)
{
    struct document *document = listing->document;
    struct groups *groups = document_groups(document, field);
    if (!groups)
        return -ENOMEM;
    if (!groups->names) {
        _cleanup_(freep) struct group_name *names = calloc(groups->n + 1, sizeof *names);
        if (!names)
            return -ENOMEM;
        for (size_t i = 0; i < groups->n; i++) {
            const struct item *item = &document->items[groups->all[i].first];
            if (name_item(listing, item, snapshot_field(item->snapshot, field), &names[i]) < 0)
                return -ENOMEM;
        }
        qsort(names, groups->n, sizeof *names, compare_names);
        groups->names = steal(&names);
    }
    listing->names = groups->names;
    listing->n = groups->n;
    return 0;
}

/* Lists the names of one level of the prices. Equal names are neighbours. Only the level of the extensions is long
 * enough to be worth keeping. */
static int names_of_prices(struct listing *listing, const struct args *args)
{
    const struct document *document = listing->document;
    const char *last = "";
    size_t i, end;

    if (args->n == PRICE_EXTENSION)
        return names_of_groups(listing, PRICE_EXTENSION);
    if (!args_known(args))
        return 0;
    prices_range(document, args->n, args->texts, &i, &end);
    listing->names = listing->own = calloc(end - i + 1, sizeof *listing->own);
    if (!listing->own)
        return -ENOMEM;
    for (; i < end; i++) {
        const struct item *item = &document->items[i];
        const char *text = snapshot_field(item->snapshot, args->n);
        if (!text || strcmp(text, last) == 0)
            continue;
        last = text;
        if (name_item(listing, item, text, &listing->own[listing->n++]) < 0)
            return -ENOMEM;
    }
    qsort(listing->own, listing->n, sizeof *listing->own, compare_names);
    return 0;
}

static size_t names_up_to(const struct listing *listing, uint64_t ordinal)
{
    size_t low = 0, high = listing->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (listing->names[middle].ordinal <= ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct item *nth_item(const struct listing *listing, size_t i)
{
    return listing->group ? group_nth(listing->document, listing->group, i) : document_nth(listing->document, i);
}

/* The document and the group hold their items in order of id. Unless ids are large, this is also the order of ordinals.
 * If ids are large, the items are sorted by ordinal once, and the result is kept with the document or the group. */
static int order_items(struct listing *listing)
{
    struct group_name **kept = listing->group ? &listing->group->ordered : &listing->document->ordered;
    if (listing->n == 0 || nth_item(listing, listing->n - 1)->id < SMALL_IDS)
        return 0;
    if (!*kept) {
        _cleanup_(freep) struct group_name *ordered = calloc(listing->n, sizeof *ordered);
        if (!ordered)
            return -ENOMEM;
        for (size_t i = 0; i < listing->n; i++) {
            const struct item *item = nth_item(listing, i);
            ordered[i] = (struct group_name){.ordinal = ordinal_of_id(listing, item->id), .item = item};
            if (!ordered[i].ordinal)
                return -ENOMEM;
        }
        qsort(ordered, listing->n, sizeof *ordered, compare_names);
        *kept = steal(&ordered);
    }
    listing->names = *kept;
    return 0;
}

/* Chooses the items whose field equals the directory's argument. There are none while the argument is not known. */
static int choose_items(struct listing *listing, const struct args *args)
{
    const struct route *any = listing->any;
    const char *text = any->where ? args->texts[any->where - 1] : NULL;
    struct group *group = NULL;
    int r = text ? document_group(listing->document, any->where_field, text, &group) : 0;
    listing->group = group;
    listing->n = group ? group->n : any->where ? 0 : listing->document->n_ids;
    return r < 0 ? r : order_items(listing);
}

static size_t items_below(const struct listing *listing, uint64_t id)
{
    if (listing->group)
        return group_rank(listing->document, listing->group, id);
    return listing->n ? document_rank(listing->document, id) : 0;
}

/* Chooses the names or items to list, and the position of the first one with an ordinal above `after`. */
static int choose_entries(struct listing *listing, uint64_t after)
{
    struct args args;
    int r;

    args_of(listing->dir, &args);
    switch (listing->any->select) {
    case SELECT_GROUP:
        r = names_of_groups(listing, listing->any->field);
        break;
    case SELECT_PRICE:
        r = names_of_prices(listing, &args);
        break;
    default:
        r = choose_items(listing, &args);
        break;
    }
    if (r == 0 && after > 0)
        listing->position = listing->names ? names_up_to(listing, after) : items_below(listing, after - ANY_BASE + 1);
    return r;
}

int listing_open(struct listing *listing, struct tree *tree, struct place *dir, uint64_t after)
{
    *listing = (struct listing){.tree = tree, .dir = dir};
    if (dir->route->kind != ROUTE_DIR)
        return -ENOTDIR;
    if (after >= FIXED_BASE) {
        listing->fixed = (unsigned)(after - FIXED_BASE) + 1;
        return 1;
    }
    listing->any = route_shape(dir->route)->any;
    if (!listing->any)
        return 1;
    listing->set = (size_t)after;
    if (listing->any->select == SELECT_NONE)
        return 1;

    struct document *document = list_document(tree, dir, false);
    if (!document || !(document_fresh(document) || (after > 0 && document->loaded)))
        return 0;
    listing->document = document_ref(document);
    int r = choose_entries(listing, after);
    if (r < 0)
        listing_close(listing);
    return r < 0 ? r : 1;
}

void listing_close(struct listing *listing)
{
    document_unref(listing->document);
    free(listing->own);
    listing->document = NULL;
    listing->own = NULL;
}

static bool next_fixed(struct listing *listing, struct listed *ret)
{
    const struct route_shape *shape = route_shape(listing->dir->route);
    while (listing->fixed < shape->n_children) {
        unsigned i = listing->fixed++;
        const struct route *route = shape->children[i];
        if (route->hidden)
            continue;
        *ret = (struct listed){.ordinal = FIXED_BASE + i,
                               .name = route_shape(route)->name,
                               .route = route,
                               .id = ITEM_NO_ID,
                               .name_id = ITEM_NO_ID};
        ret->known = route->kind == ROUTE_DIR;
        ret->view = (struct view){.mtime = listing->tree->started, .expires = CLOCK_NEVER};
        return true;
    }
    return false;
}

static bool next_of_set(struct listing *listing, struct listed *ret)
{
    size_t i = listing->set;
    const char *const *names = listing->any->names;
    for (size_t k = 0; k <= i; k++)
        if (!names[k])
            return false;
    *ret = (struct listed){.ordinal = ++listing->set,
                           .name = names[i],
                           .text = names[i],
                           .route = listing->any,
                           .id = ITEM_NO_ID,
                           .name_id = ITEM_NO_ID};
    ret->known = true;
    ret->view = (struct view){.mtime = listing->tree->started, .expires = CLOCK_NEVER};
    return true;
}

static void fill(struct listing *listing, const struct item *item, struct listed *ret)
{
    const struct route *any = listing->any;
    ret->route = any;
    ret->name = listing->name;
    ret->known = true;
    ret->view = (struct view){.expires = listing->document->expires, .mtime = listing->document->changed};
    if (any->kind == ROUTE_DIR)
        return;
    ret->view.mtime = item->snapshot->mtime;
    if (any->kind == ROUTE_FILE)
        ret->view.snapshot = item->snapshot;
    else
        ret->view.id = item->id;
}

static bool next_name(struct listing *listing, struct listed *ret)
{
    if (route_has_more_names(listing->any) && next_of_set(listing, ret))
        return true;
    while (listing->position < listing->n && route_has_more_names(listing->any) &&
           route_has_name(listing->any, listing->names[listing->position].text))
        listing->position++;
    if (listing->position >= listing->n)
        return false;
    const struct group_name *name = &listing->names[listing->position++];
    *ret = (struct listed){.ordinal = name->ordinal, .id = ITEM_NO_ID, .name_id = ITEM_NO_ID, .text = name->text};
    names_encode(name->text, strlen(name->text), route_shape(listing->any)->suffix, listing->name);
    fill(listing, name->item, ret);
    return true;
}

/* Writes an id and the suffix. snprintf() would take a tenth of a listing's time. */
static void id_name(uint64_t id, const char *suffix, char *name)
{
    char digits[24];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + id % 10);
    while ((id /= 10) > 0);
    memcpy(name, digits + n, sizeof digits - n);
    strcpy(name + sizeof digits - n, suffix);
}

static bool next_item(struct listing *listing, struct listed *ret)
{
    const struct route *any = listing->any;
    const char *suffix = route_shape(any)->suffix;
    struct document *document = listing->document;

    while (listing->position < listing->n) {
        size_t i = listing->position++;
        const struct item *item = listing->names ? listing->names[i].item : nth_item(listing, i);
        uint64_t ordinal = listing->names ? listing->names[i].ordinal : ANY_BASE + item->id;
        *ret = (struct listed){.ordinal = ordinal, .id = item->id, .name_id = item->id};
        if (any->select == SELECT_NAME) {
            ret->text = snapshot_field(item->snapshot, any->field);
            if (!ret->text || !*ret->text)
                continue;
            if (document_with(document, any->field, ret->text) == item) {
                ret->name_id = ITEM_NO_ID;
                names_encode(ret->text, strlen(ret->text), suffix, listing->name);
            } else {
                names_shared(ret->text, item->id, suffix, listing->name);
            }
        } else {
            id_name(item->id, suffix, listing->name);
        }
        fill(listing, item, ret);
        return true;
    }
    return false;
}

static bool next_any(struct listing *listing, struct listed *ret)
{
    switch (listing->any->select) {
    case SELECT_NONE:
        return next_of_set(listing, ret);
    case SELECT_GROUP:
    case SELECT_PRICE:
        return next_name(listing, ret);
    case SELECT_ONLY:
    case SELECT_ID:
    case SELECT_NAME:
        break;
    }
    return next_item(listing, ret);
}

bool listing_next(struct listing *listing, struct listed *ret)
{
    return (listing->any && next_any(listing, ret)) || next_fixed(listing, ret);
}

int listing_place(struct place *dir, const struct listed *listed, struct place *ret)
{
    if (listed->id != ITEM_NO_ID) {
        *ret = (struct place){.above = dir, .route = listed->route, .name = listed->name, .id = listed->name_id};
        return 0;
    }
    if (place_child(dir, listed->name, ret) < 0)
        return -ENOMEM;
    if (!ret->text && listed->text)
        ret->text = strdup(listed->text);
    return ret->text || !listed->text ? 0 : -ENOMEM;
}

int listing_error(int error)
{
    return error == -ENOENT ? -EIO : error;
}

/* ---- signatures ---- */

/* Returns where the listing's signature is kept until the document's content changes. NULL: it is not kept, because the
 * listing is short (a level of the prices below an extension) or empty. */
static uint64_t *signature_of(struct listing *listing)
{
    struct document *document = listing->document;

    if (listing->group)
        return &listing->group->signature;
    if (listing->any->where)
        return NULL; /* no item has the argument's text, so the listing is empty */
    switch (listing->any->select) {
    case SELECT_ID:
        return &document->signature_of_ids;
    case SELECT_NAME:
    case SELECT_GROUP:
        return &document->signatures[listing->any->field];
    case SELECT_PRICE:
        return listing->own ? NULL : &document->signatures[PRICE_EXTENSION];
    case SELECT_NONE:
    case SELECT_ONLY:
        break;
    }
    return NULL;
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * UINT64_C(0x100000001b3);
}

/* Computes the signature from the whole listing. Ids are hashed as numbers, without making names of them. */
static uint64_t sum_of(struct listing *listing)
{
    struct listed listed;
    uint64_t sum = 1;

    if (listing->any->select == SELECT_ID)
        for (size_t i = 0; i < listing->n; i++)
            sum = mix(sum, nth_item(listing, i)->id);
    else
        while (next_any(listing, &listed))
            sum = mix(sum, names_hash(listed.name, strlen(listed.name)) ^ listed.id);
    return sum ? sum : 1;
}

uint64_t tree_list_signature(struct tree *tree, struct place *dir)
{
    struct listing listing;

    if (listing_open(&listing, tree, dir, 0) != 1)
        return 0;
    uint64_t *kept = listing.document ? signature_of(&listing) : NULL, sum = kept ? *kept : 1;
    if (listing.document && (!kept || sum == 0))
        sum = sum_of(&listing);
    if (kept)
        *kept = sum;
    listing_close(&listing);
    return sum;
}

/* ---- how long a listing holds ---- */

struct document *tree_listed(struct tree *tree, struct place *dir)
{
    return list_document(tree, dir, false);
}

int64_t tree_list_expires(struct tree *tree, struct place *dir)
{
    const struct route *any = route_shape(dir->route)->any;
    if (!any || any->select == SELECT_NONE)
        return CLOCK_NEVER;
    struct document *document = list_document(tree, dir, false);
    return document && document_fresh(document) ? document->expires : 0;
}

int64_t tree_list_life(struct tree *tree, struct place *dir)
{
    const struct route *any = route_shape(dir->route)->any;
    if (!any || any->select == SELECT_NONE)
        return CLOCK_NEVER;
    enum operation operation = any->list.used ? any->list.operation : any->narrow.operation;
    return (int64_t)(endpoint_of(operation)->slow ? tree->config->ttl_slow_s : tree->config->ttl_s) * 1000;
}
