/* SPDX-License-Identifier: MIT */
/*
 * Forms: the ways in which a whole document is printed as the text of one file.
 *
 * render.c prints a text in steps, and turns to other work between two of them. The steps are the calls of the form's
 * functions, in this order:
 *
 *      open()                                          once
 *      scan() for each item                            first pass
 *      begin()                                         once
 *      item() for each item                            second pass
 *      row() with 0, 1, 2, … until it returns 0        third pass
 *      end()                                           once
 *      close()                                         once; also after an error, and when the document has changed
 *
 * Each may be NULL. close() returns nothing, row() 1 after a row and 0 when there are no more, the others 0; or an
 * error.
 *
 * Threads:   loop thread only.
 * Ownership: forms are constant. What open() puts into `state` belongs to the form, and close() frees it.
 * Errors:    -ENOMEM; -EIO when the document lacks a field that the text needs; -EFBIG when the text is too long.
 */
#ifndef MELBICOMFS_TREE_FORMS_H
#define MELBICOMFS_TREE_FORMS_H

#include "api/document.h"
#include "tree/routes.h"
#include "json/json.h"

#include <stdint.h>

struct printbuf;

/* A text that is being printed. */
struct print {
    struct document *document; /* its content stays the same until close() */
    const struct endpoint_reading *reading;
    struct printbuf *out;     /* the text */
    struct printbuf *scratch; /* for any step to overwrite */
    int64_t today;            /* date_today() */
    uint32_t tally;           /* a number that is kept beside the text; the form says what it counts */
    void *state;
};

struct form {
    int (*open)(struct print *print);
    int (*scan)(struct print *print, const struct item *item);
    int (*begin)(struct print *print);
    int (*item)(struct print *print, const struct item *item);
    int (*row)(struct print *print, size_t i);
    int (*end)(struct print *print);
    void (*close)(struct print *print);
    unsigned slot; /* the index in document->renditions where the document keeps the text */
    bool daily;    /* the text depends on print->today */
};

/* An item's text as JSON, without the newline at its end. */
static inline struct json_slice item_json(const struct item *item)
{
    return (struct json_slice){item->snapshot->data, item->snapshot->len - 1};
}

/* The form in which `how` prints a document; NULL for RENDER_ITEM, RENDER_WHOLE and RENDER_MADE. */
const struct form *form_of(enum route_render how);

/* Each in the file of its name. Slots of forms for the same operation differ. */
extern const struct form form_list;
extern const struct form form_csv, form_prices;
extern const struct form form_balance, form_version;
extern const struct form form_invoice_items, form_invoice_transactions;
extern const struct form form_product_prices, form_product_options;
extern const struct form form_unpaid, form_unpaid_sums;
extern const struct form form_spend;
extern const struct form form_renewals;

#endif
