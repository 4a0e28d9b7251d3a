/* SPDX-License-Identifier: MIT */
/*
 * Unpaid: what is known of the unpaid invoices without waiting and without a request, for the metrics.
 *
 *      struct unpaid unpaid;
 *      struct unpaid_sum sum;
 *      if (unpaid_peek(tree, &unpaid) == 1)
 *          while (unpaid_next(&unpaid, &sum))
 *              sprintbuf(out, "%.*s", (int)sum.amount.len, sum.amount.at);
 *
 * The figures are those of billing/unpaid. If that text has not been printed for the list of invoices that is at hand,
 * unpaid_peek() begins to print it, in slices; a later call finds it. Meanwhile the figures are those of the list before,
 * so that no alert flaps when the list changes.
 *
 * Threads:   loop thread only.
 * Ownership: all is borrowed until the next turn of the loop.
 * Errors:    -ENOMEM; what is not known is absent.
 */
#ifndef MELBICOMFS_TREE_UNPAID_H
#define MELBICOMFS_TREE_UNPAID_H

#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

struct tree;

struct unpaid {
    uint32_t overdue;       /* how many unpaid invoices were due before today, UTC */
    struct json_slice rest; /* private: the lines that unpaid_next() has not taken yet */
};

/* The sum of the unpaid invoices of a currency. */
struct unpaid_sum {
    struct json_slice amount;   /* an exact decimal number, such as 825.00 */
    struct json_slice currency; /* the API's text, which may be anything; its `len` is 0 if the invoices have none */
};

/* Fills in *ret from the list of invoices in memory, fresh or not. Returns 1; 0 if there is none, or if no
 * figures are ready yet; or -ENOMEM. */
int unpaid_peek(struct tree *tree, struct unpaid *ret);

/* Takes the next sum, in order of currency. Returns false after the last one. */
bool unpaid_next(struct unpaid *unpaid, struct unpaid_sum *ret);

#endif
