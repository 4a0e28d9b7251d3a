/* SPDX-License-Identifier: MIT */
/*
 * A list as a table: a row for each item. And the table of prices, whose columns are fixed.
 */
#include "tree/columns.h"
#include "tree/csv.h"
#include "tree/forms.h"
#include "tree/text.h"

#include <errno.h>

static const struct json_slice nothing = {NULL, 0};

static int open_table(struct print *print)
{
    print->state = columns_new(NULL, NULL);
    return print->state ? 0 : -ENOMEM;
}

static void close_table(struct print *print)
{
    columns_free(print->state);
}

static int scan(struct print *print, const struct item *item)
{
    return columns_learn(print->state, item_json(item), nothing);
}

static int begin(struct print *print)
{
    struct csv_row row = csv_row(print->out, print->scratch);
    if (columns_none(print->state))
        return 0;
    columns_names(print->state, &row);
    return csv_end(&row);
}

static int print_item(struct print *print, const struct item *item)
{
    struct csv_row row = csv_row(print->out, print->scratch);
    if (columns_none(print->state))
        return 0;
    int r = columns_set(print->state, item_json(item), nothing);
    if (r < 0)
        return r;
    columns_print(print->state, &row);
    return csv_end(&row);
}

const struct form form_csv = {
    .open = open_table, .scan = scan, .begin = begin, .item = print_item, .close = close_table, .slot = 1};

static int begin_prices(struct print *print)
{
    return text_puts(print->out, "extension,operation,currency,years,price\r\n");
}

static int print_price(struct print *print, const struct item *item)
{
    struct csv_row row = csv_row(print->out, print->scratch);
    const struct snapshot *price = item->snapshot;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        csv_text(&row, snapshot_field(price, i));
    csv_bytes(&row, price->data, price->len - 1);
    return csv_end(&row);
}

const struct form form_prices = {.begin = begin_prices, .item = print_price, .slot = 1};
