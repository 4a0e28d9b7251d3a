/* SPDX-License-Identifier: MIT */
/*
 * Prices: read the API's map of prices, and put the prices in order: by extension, then operation, then currency, then
 * number of years. The items of a document of prices are in this order, so the prices below any directory are
 * neighbours.
 *
 * Threads:   any; nothing is shared.
 * Ownership: all is borrowed.
 * Errors:    -EBADMSG for a map that is not valid JSON, -ENOMEM, and what a callback returns.
 */
#ifndef MELBICOMFS_API_PRICES_H
#define MELBICOMFS_API_PRICES_H

#include "api/snapshot.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

struct document;
struct snapshot;

/*
 * Calls fn for each price in `map`. Four levels of objects lead to a price; their keys are an extension, an operation,
 * a currency and a number of years. Which level has which keys does not matter: the look of a key tells what it is.
 *
 * fn gets the four keys by their PRICE_… index, the extension without its leading dot, and the price as text; both are
 * borrowed for the call. A price that is null, empty or negative means that the operation is not for sale: fn does not
 * get it. *unshown is increased by one for each member that is out of place.
 *
 * Returns 0; the negative number that fn returned, which ends the walk; -EBADMSG or -ENOMEM.
 */
int prices_each(struct json_slice map,
                int (*fn)(void *data, const char *const keys[SNAPSHOT_FIELDS], const char *price), void *data,
                size_t *unshown);

/* True for a key that shows that its object is a level of a map of prices: an extension with its dot, an operation, a
 * currency, or a number of years. */
bool prices_has_key(const char *key);

/* Compares two prices: less than, equal to or greater than 0, as for qsort(). */
int prices_compare(const struct snapshot *a, const struct snapshot *b);

/* Finds the items of a document of prices whose first n fields equal keys[0 … n-1]. They are items[*ret_first] to
 * items[*ret_end - 1]; *ret_first equals *ret_end when there are none. */
void prices_range(const struct document *document, unsigned n, const char *const keys[], size_t *ret_first,
                  size_t *ret_end);

#endif
