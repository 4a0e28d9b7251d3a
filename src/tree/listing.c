#include "tree/tree_private.h"

#include "api/prices.h"
#include "base/clock.h"
#include "tree/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ordinals. The fixed names of a directory come first, in the order of the table; then what the API names: an id's
 * ordinal is the id itself, which no other entry will ever have; a name's is its number in the registry. A listing is
 * in order of ordinals, so one that is resumed after entries came or went neither loses nor repeats what stayed.
 */
#define ANY_BASE 64 /* ordinals of fixed names are below */

/* A name that may stand for several items, and the first of them. */
struct group {
    uint64_t ordinal;
    const struct item *item;
    const char *text;
};

static int compare_groups(const void *a, const void *b)
{
    uint64_t x = ((const struct group *)a)->ordinal, y = ((const struct group *)b)->ordinal;
    return x < y ? -1 : x > y;
}

static bool seen(const struct group *groups, size_t n, uint64_t ordinal)
{
    for (size_t i = n; i-- > 0;)
        if (groups[i].ordinal == ordinal)
            return true;
    return false;
}

static int add_group(struct listing *listing, const struct item *item, const char *text, uint64_t ordinal)
{
    size_t n = listing->n_groups;
    if (n == 0 || (n >= 32 && (n & (n - 1)) == 0)) {
        struct group *groups = reallocarray(listing->groups, n ? n * 2 : 32, sizeof *groups);
        if (!groups)
            return -ENOMEM;
        listing->groups = groups;
    }
    listing->groups[listing->n_groups++] = (struct group){ordinal, item, text};
    return 0;
}

static uint64_t ordinal_of(const struct listing *listing, const char *text)
{
    return ANY_BASE + registry_ordinal(listing->tree->registry, route_index(listing->any), text);
}

/* The distinct texts of a field. */
static int collect_groups(struct listing *listing)
{
    const struct document *document = listing->document;
    for (size_t i = 0; i < document->n_items; i++) {
        const struct item *item = &document->items[i];
        const char *text = snapshot_field(item->snapshot, listing->any->field);
        if (!text || !*text)
            continue;
        uint64_t ordinal = ordinal_of(listing, text);
        if (!seen(listing->groups, listing->n_groups, ordinal) && add_group(listing, item, text, ordinal) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* The names of one level of the prices, of which equal ones stand together. */
static int collect_prices(struct listing *listing)
{
    const struct document *document = listing->document;
    const char *last = "";
    struct args args;
    size_t i, end;

    args_of(listing->dir, &args);
    if (!args_known(&args))
        return 0;
    prices_range(document, args.n, args.texts, &i, &end);
    for (; i < end; i++) {
        const struct item *item = &document->items[i];
        const char *text = snapshot_field(item->snapshot, args.n);
        if (!text || strcmp(text, last) == 0)
            continue;
        last = text;
        if (add_group(listing, item, text, ordinal_of(listing, text)) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* The names of this level, in order of their ordinals. */
static int collect(struct listing *listing)
{
    int r = listing->any->select == SELECT_PRICE ? collect_prices(listing) : collect_groups(listing);
    if (r == 0 && listing->n_groups > 1)
        qsort(listing->groups, listing->n_groups, sizeof *listing->groups, compare_groups);
    return r;
}

int listing_open(struct listing *listing, struct tree *tree, struct place *dir, uint64_t after)
{
    *listing = (struct listing){.tree = tree, .dir = dir, .position = after < ANY_BASE ? after : ANY_BASE};
    if (dir->route->kind != ROUTE_DIR)
        return -ENOTDIR;
    listing->any = route_shape(dir->route)->any;
    if (!listing->any)
        return 1;
    if (listing->any->select == SELECT_NONE) {
        listing->position = after;
        return 1;
    }

    struct document *document = list_document(tree, dir, false);
    if (!document || !(document_fresh(document) || (after > 0 && document->loaded)))
        return 0;
    listing->document = document_ref(document);
    if (listing->any->select == SELECT_GROUP || listing->any->select == SELECT_PRICE) {
        int r = collect(listing);
        if (r < 0) {
            listing_close(listing);
            return r;
        }
        if (after >= ANY_BASE)
            while (listing->position - ANY_BASE < listing->n_groups &&
                   listing->groups[listing->position - ANY_BASE].ordinal <= after)
                listing->position++;
    } else if (after >= ANY_BASE) {
        listing->position += document_rank(document, after - ANY_BASE + 1);
    }
    return 1;
}

void listing_close(struct listing *listing)
{
    document_unref(listing->document);
    free(listing->groups);
    listing->document = NULL;
    listing->groups = NULL;
}

static bool next_fixed(struct listing *listing, struct listed *ret)
{
    const struct route_shape *shape = route_shape(listing->dir->route);
    while (listing->position < shape->n_children) {
        const struct route *route = shape->children[listing->position++];
        if (route->hidden)
            continue;
        *ret = (struct listed){
            .ordinal = listing->position, .name = route_shape(route)->name, .route = route, .id = ITEM_NO_ID};
        ret->known = route->kind == ROUTE_DIR;
        ret->view = (struct view){.mtime = listing->tree->started, .expires = CLOCK_NEVER};
        return true;
    }
    if (listing->position < ANY_BASE)
        listing->position = ANY_BASE;
    return false;
}

static bool next_of_set(struct listing *listing, struct listed *ret)
{
    size_t i = listing->position - ANY_BASE;
    const char *const *names = listing->any->names;
    for (size_t k = 0; k <= i; k++)
        if (!names[k])
            return false;
    *ret = (struct listed){
        .ordinal = ++listing->position, .name = names[i], .text = names[i], .route = listing->any, .id = ITEM_NO_ID};
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

static bool next_group(struct listing *listing, struct listed *ret)
{
    size_t i = listing->position - ANY_BASE;
    if (i >= listing->n_groups)
        return false;
    const struct group *group = &listing->groups[i];
    listing->position++;
    *ret = (struct listed){.ordinal = group->ordinal, .id = ITEM_NO_ID, .text = group->text};
    names_encode(group->text, strlen(group->text), route_shape(listing->any)->suffix, listing->name);
    fill(listing, group->item, ret);
    return true;
}

void listing_shared_name(const char *text, uint64_t id, const char *suffix, char name[NAMES_MAX + 1])
{
    char mark[64], encoded[NAMES_MAX + 1];
    int n = snprintf(mark, sizeof mark, "%%=%" PRIu64 "%s", id, suffix);
    size_t len = names_encode(text, strlen(text), "", encoded);
    if (len + (size_t)n > NAMES_MAX)
        len = NAMES_MAX - (size_t)n;
    memcpy(name, encoded, len);
    memcpy(name + len, mark, (size_t)n + 1);
}

/* An id as a name. snprintf() would be a tenth of a listing's time. */
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
    struct args args;

    args_of(listing->dir, &args);
    while (listing->position - ANY_BASE < document->n_ids) {
        const struct item *item = document_nth(document, listing->position++ - ANY_BASE);
        const char *field = any->where ? snapshot_field(item->snapshot, any->where_field) : NULL;
        if (any->where && (!field || !args.texts[any->where - 1] || strcmp(field, args.texts[any->where - 1]) != 0))
            continue;
        *ret = (struct listed){.ordinal = ANY_BASE + item->id, .id = item->id};
        if (any->select == SELECT_NAME) {
            ret->text = snapshot_field(item->snapshot, any->field);
            if (!ret->text || !*ret->text)
                continue;
            if (document_with(document, any->field, ret->text) == item)
                names_encode(ret->text, strlen(ret->text), suffix, listing->name);
            else
                listing_shared_name(ret->text, item->id, suffix, listing->name);
        } else {
            id_name(item->id, suffix, listing->name);
        }
        fill(listing, item, ret);
        return true;
    }
    return false;
}

bool listing_next(struct listing *listing, struct listed *ret)
{
    if (next_fixed(listing, ret))
        return true;
    if (!listing->any)
        return false;
    switch (listing->any->select) {
    case SELECT_NONE:
        return next_of_set(listing, ret);
    case SELECT_GROUP:
    case SELECT_PRICE:
        return next_group(listing, ret);
    case SELECT_ONLY:
    case SELECT_ID:
    case SELECT_NAME:
        break;
    }
    return next_item(listing, ret);
}

uint64_t tree_list_signature(struct tree *tree, struct place *dir)
{
    struct listing listing;
    struct listed listed;
    uint64_t sum = 1;

    if (listing_open(&listing, tree, dir, 0) != 1)
        return 0;
    while (listing_next(&listing, &listed))
        sum = (sum ^ names_hash(listed.name, strlen(listed.name)) ^ listed.id) * 0x100000001b3;
    listing_close(&listing);
    return sum;
}
