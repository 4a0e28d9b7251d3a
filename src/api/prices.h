/*
 * The order of prices: by extension, operation, currency, and years as a number. A document of prices is in it, so what
 * is below any directory of prices stands together.
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

/* Less than, equal to or greater than 0, as for qsort(). */
int prices_compare(const struct snapshot *a, const struct snapshot *b);

/* The items of a document of prices whose first n fields are `keys`: from *ret_first on, up to *ret_end, which is not
 * one of them; both are equal when there is none. */
void prices_range(const struct document *document, unsigned n, const char *const keys[], size_t *ret_first,
                  size_t *ret_end);

#endif
