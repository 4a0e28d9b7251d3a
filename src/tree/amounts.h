/* SPDX-License-Identifier: MIT */
/*
 * Amounts: adds up the totals of invoices, and keeps track of those that are no plain decimal numbers.
 *
 * Such a total ("1,234.50", 1e3, null) is left out of every sum. The log names the first one, once for each content of
 * the list, and again if another report leaves out more of them.
 *
 * Threads:   loop thread only.
 * Ownership: a struct amounts is its user's. It points into the document.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TREE_AMOUNTS_H
#define MELBICOMFS_TREE_AMOUNTS_H

#include "json/json.h"

#include <stddef.h>

struct decimal;
struct document;
struct item;
struct printbuf;

/* The totals that were left out. Zero-initialised, there are none. */
struct amounts {
    size_t left_out;
    const struct item *item; /* the first invoice that one was left out of */
    struct json_slice total; /* its total; `at` is NULL if it has none */
};

/* Adds the total of an invoice, a JSON value, to `sum`, or counts it as left out. */
void amounts_add(struct amounts *amounts, struct decimal *sum, const struct item *item, struct json_slice total);

/* Names in the log what was left out, unless that has been done for the document's present content. `scratch` is
 * overwritten. */
void amounts_log(const struct amounts *amounts, struct document *document, struct printbuf *scratch);

#endif
