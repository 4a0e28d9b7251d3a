/* SPDX-License-Identifier: MIT */
/*
 * Tables of the lists inside invoices: a row for each element of all invoices' `items` or `transactions`. The first
 * column is the invoice's id; the others are the elements' scalar members. An element that is a scalar itself is in a
 * column `value`.
 */
#include "api/members.h"
#include "tree/columns.h"
#include "tree/csv.h"
#include "tree/elements.h"
#include "tree/forms.h"

#include <errno.h>
#include <stdlib.h>

static const char *const fixed[] = {"invoice", NULL};
static const struct json_slice nothing = {NULL, 0};

enum { ID, LIST };

struct nested {
    struct members *members;
    struct columns *columns;
};

static void close_table(struct print *print)
{
    struct nested *nested = print->state;
    if (!nested)
        return;
    members_free(nested->members);
    columns_free(nested->columns);
    free(nested);
}

static int open_table(struct print *print, unsigned field, const char *prefix)
{
    struct nested *nested = print->state = calloc(1, sizeof *nested);
    if (!nested)
        return -ENOMEM;
    nested->members = members_new();
    nested->columns = columns_new(fixed, prefix);
    if (!nested->members || !nested->columns)
        return -ENOMEM;
    members_want(nested->members, ID, print->reading->ids);
    members_want(nested->members, LIST, print->reading->fields[field].names);
    return 0;
}

static int open_items(struct print *print)
{
    return open_table(print, INVOICE_ITEMS, "item_");
}

static int open_transactions(struct print *print)
{
    return open_table(print, INVOICE_TRANSACTIONS, "transaction_");
}

static int learn(void *data, struct json_slice element)
{
    struct nested *nested = data;
    return json_is_scalar(element) ? columns_learn_name(nested->columns, "value")
                                   : columns_learn(nested->columns, element, nothing);
}

static int scan(struct print *print, const struct item *item)
{
    struct nested *nested = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    int r = members_find_in_text(nested->members, item_json(item), found);
    return r < 0 ? r : elements_each(found[LIST], learn, nested);
}

static int begin(struct print *print)
{
    struct nested *nested = print->state;
    struct csv_row row = csv_row(print->out, print->scratch);
    columns_names(nested->columns, &row);
    return csv_end(&row);
}

/* The rows of an item. */
struct rows {
    struct print *print;
    struct json_slice id;
};

static int print_element(void *data, struct json_slice element)
{
    const struct rows *rows = data;
    struct nested *nested = rows->print->state;
    struct csv_row row = csv_row(rows->print->out, rows->print->scratch);
    int r = json_is_scalar(element) ? columns_set_name(nested->columns, "value", element)
                                    : columns_set(nested->columns, element, nothing);
    if (r < 0)
        return r;
    csv_scalar(&row, rows->id);
    columns_print(nested->columns, &row);
    return csv_end(&row);
}

static int print_item(struct print *print, const struct item *item)
{
    struct nested *nested = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    int r = members_find_in_text(nested->members, item_json(item), found);
    return r < 0 ? r : elements_each(found[LIST], print_element, &(struct rows){print, found[ID]});
}

const struct form form_invoice_items = {
    .open = open_items, .scan = scan, .begin = begin, .item = print_item, .close = close_table, .slot = 2};
const struct form form_invoice_transactions = {
    .open = open_transactions, .scan = scan, .begin = begin, .item = print_item, .close = close_table, .slot = 3};
