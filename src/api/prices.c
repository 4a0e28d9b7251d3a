/* SPDX-License-Identifier: MIT */
#include "api/prices.h"

#include "api/documents.h"
#include "api/endpoints.h"

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
