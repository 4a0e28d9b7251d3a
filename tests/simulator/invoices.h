/* SPDX-License-Identifier: MIT */
/*
 * The account's invoices. They are generated each time they are asked for, so that a million of them take no memory.
 * The changes that a test has made are kept in an overlay and win over the generated invoices.
 *
 * Ids run from 90001 upward, oldest first. Dates spread evenly over the ten years up to 2026-11-20; a number is
 * MLB-<year>-<sequence within the year>. Invoices that are added later all have the last day.
 *
 * Threads:   the caller holds the simulator's lock.
 * Ownership: invoices_free() frees the overlay; answers are appended to the caller's text.
 * Errors:    none; an unknown id gives an empty list.
 */
#ifndef SIMULATOR_INVOICES_H
#define SIMULATOR_INVOICES_H

#include "catalog.h"
#include "overlay.h"

#include <stdbool.h>
#include <stdint.h>

#define FIRST_INVOICE 90001

struct invoices {
    uint64_t seed;
    long spread; /* how many invoices are spread over the years; constant */
    long count;  /* how many there are now, with those added later */
    bool string_ids;
    struct overlay overlay;
};

struct invoice_filter {
    long id;                  /* -1: any */
    const char *number;       /* NULL: any */
    const char *status;       /* NULL: any */
    bool items, transactions; /* print them too */
    struct window window;
};

void invoices_free(struct invoices *invoices);

/* Whether `status` is one of the four that an invoice can have; see invoice_status(). */
bool invoices_know_status(const char *status);

/* Appends the JSON list of the invoices that match, and returns how many match, including those outside the window. */
size_t invoices_list(struct invoices *invoices, const struct invoice_filter *filter, struct text *out);

/* Sets members of one invoice. An unknown id makes a new invoice. */
void invoices_change(struct invoices *invoices, long id, struct json_object *changes);

/* Removes an invoice from the account. */
void invoices_delete(struct invoices *invoices, long id);

#endif
