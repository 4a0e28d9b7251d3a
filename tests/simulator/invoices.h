/*
 * The account's invoices. Like the services they are generated whenever they are asked for, so that a million of them
 * take no memory; what a test has changed lies over them.
 *
 * Ids run from 90001 upward, oldest first. Dates spread evenly over the ten years up to 2026-11-20; a number is
 * MLB-<year>-<sequence within the year>. Invoices added later are all of the last day.
 *
 * Threads:   under the simulator's lock.
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
    long spread; /* so many are spread over the years; constant */
    long count;  /* with those added since */
    bool string_ids;
    struct overlay overlay;
};

struct invoice_filter {
    long id;            /* -1: any */
    const char *number; /* or NULL */
    const char *status; /* or NULL */
    bool items, transactions;
    struct window window;
};

void invoices_free(struct invoices *invoices);

/* Whether `status` is one of the four. */
bool invoices_know_status(const char *status);

/* Appends the JSON list; returns how many there are, outside the window too. */
size_t invoices_list(struct invoices *invoices, const struct invoice_filter *filter, struct text *out);

/* Sets members of one invoice; an id that is not there is a new invoice. */
void invoices_change(struct invoices *invoices, long id, struct json_object *changes);

void invoices_delete(struct invoices *invoices, long id);

#endif
