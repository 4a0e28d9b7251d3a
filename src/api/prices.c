/* SPDX-License-Identifier: MIT */
#include "api/prices.h"

#include "api/documents.h"
#include "api/endpoints.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

/* An absent field counts as empty. Equal numbers that are written differently ("1", "01") are ordered as texts, so that
 * equal names are neighbours. */
static int compare_field(unsigned field, const char *a, const char *b)
{
    a = a ? a : "";
    b = b ? b : "";
    int r = field == PRICE_YEARS ? atoi(a) - atoi(b) : 0;
    return r ? r : strcmp(a, b);
}

int prices_compare(const struct snapshot *a, const struct snapshot *b)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < SNAPSHOT_FIELDS; i++)
        r = compare_field(i, snapshot_field(a, i), snapshot_field(b, i));
    return r;
}

static int compare_keys(const struct snapshot *price, unsigned n, const char *const keys[])
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < n; i++)
        r = compare_field(i, snapshot_field(price, i), keys[i]);
    return r;
}

/* Index of the first item, from `low` on, that is not less than the keys; with `behind`, that is greater than them. */
static size_t bound(const struct document *document, size_t low, unsigned n, const char *const keys[], bool behind)
{
    size_t high = document->n_items;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int r = compare_keys(document->items[middle].snapshot, n, keys);
        if (r < 0 || (behind && r == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void prices_range(const struct document *document, unsigned n, const char *const keys[], size_t *ret_first,
                  size_t *ret_end)
{
    *ret_first = bound(document, 0, n, keys, false);
    *ret_end = bound(document, *ret_first, n, keys, true);
}

/* ---- reading the map ---- */

struct walk {
    int (*fn)(void *data, const char *const keys[SNAPSHOT_FIELDS], const char *price);
    void *data;
    size_t *unshown;
    struct printbuf *texts[SNAPSHOT_FIELDS]; /* the keys that lead to a price, outermost first */
    struct printbuf *price;
};

/* The keys above a price, by PRICE_… index; NULL: not met yet. */
struct price_path {
    const char *keys[SNAPSHOT_FIELDS];
};

/* The level (PRICE_…) to which a key belongs by its look, or -1. The API's reference does not say in which order the
 * levels are. */
static int certain_level_of(const char *key)
{
    size_t len = strlen(key);
    if (key[0] == '.' && len > 1)
        return PRICE_EXTENSION;
    if (strcmp(key, "domainregister") == 0 || strcmp(key, "domaintransfer") == 0 || strcmp(key, "domainrenew") == 0)
        return PRICE_OPERATION;
    if (len == 3 && strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3)
        return PRICE_CURRENCY;
    return len > 0 && len <= 2 && strspn(key, "0123456789") == len ? PRICE_YEARS : -1;
}

/* The level of a key below the keys in `path`, or -1. A key that looks like nothing known is an extension without its
 * dot. */
static int level_of(const char *key, const struct price_path *path)
{
    int level = certain_level_of(key);
    return level < 0 && *key && !path->keys[PRICE_EXTENSION] ? PRICE_EXTENSION : level;
}

bool prices_has_key(const char *key)
{
    return certain_level_of(key) >= 0;
}

static int take_price(const struct walk *walk, struct json_slice value, const struct price_path *path)
{
    printbuf_reset(walk->price);
    int r = json_scalar_text(value, walk->price);
    if (r == -ENOMEM || r == -EFBIG)
        return -ENOMEM;
    const char *text = walk->price->buf;
    if (r == 0 && (value.at[0] == 'n' || !*text || *text == '-'))
        return 0;
    for (unsigned i = 0; r == 0 && i < SNAPSHOT_FIELDS; i++)
        r = path->keys[i] ? 0 : -EBADMSG;
    if (r == 0)
        return walk->fn(walk->data, path->keys, text);
    (*walk->unshown)++;
    return 0;
}

static int walk_prices(const struct walk *walk, struct json_slice value, const struct price_path *path, unsigned depth)
{
    if (value.len == 0 || value.at[0] == '[')
        return 0; /* PHP writes an empty map as [] */
    if (value.at[0] != '{')
        return take_price(walk, value, path);

    struct json_slice key, member;
    int r;
    while ((r = json_next_member(&value, &key, &member)) > 0) {
        struct price_path below = *path;
        struct printbuf *text = depth < SNAPSHOT_FIELDS ? walk->texts[depth] : NULL;
        if (text) {
            printbuf_reset(text);
            if (json_scalar_text(key, text) < 0)
                return -ENOMEM;
        }
        int level = text ? level_of(text->buf, path) : -1;
        if (level < 0 || below.keys[level]) {
            (*walk->unshown)++;
            continue;
        }
        below.keys[level] = text->buf + (level == PRICE_EXTENSION && text->buf[0] == '.');
        r = walk_prices(walk, member, &below, depth + 1);
        if (r < 0)
            return r;
    }
    return r;
}

int prices_each(struct json_slice map,
                int (*fn)(void *data, const char *const keys[SNAPSHOT_FIELDS], const char *price), void *data,
                size_t *unshown)
{
    struct walk walk = {.fn = fn, .data = data, .unshown = unshown, .price = printbuf_new()};
    bool ok = walk.price;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        ok = (walk.texts[i] = printbuf_new()) && ok;

    struct price_path path = {{NULL}};
    int r = ok ? walk_prices(&walk, map, &path, 0) : -ENOMEM;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (walk.texts[i])
            printbuf_free(walk.texts[i]);
    if (walk.price)
        printbuf_free(walk.price);
    return r;
}
