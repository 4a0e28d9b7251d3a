/* SPDX-License-Identifier: MIT */
/*
 * The order of prices: by extension, then operation, then currency, then years as a number. The items of a document of
 * prices are in this order, so the prices below any directory are neighbours.
 *
 * Threads:   any; nothing is shared.
 * Ownership: all is borrowed.
 * Errors:    none.
 */
#ifndef MELBICOMFS_API_PRICES_H
#define MELBICOMFS_API_PRICES_H

#include <stddef.h>

struct document;
struct snapshot;

/* Compares two prices: less than, equal to or greater than 0, as for qsort(). */
int prices_compare(const struct snapshot *a, const struct snapshot *b);

/* Finds the items of a document of prices whose first n fields equal keys[0 … n-1]. They are items[*ret_first] to
 * items[*ret_end - 1]; *ret_first equals *ret_end when there are none. */
void prices_range(const struct document *document, unsigned n, const char *const keys[], size_t *ret_first,
                  size_t *ret_end);

#endif
