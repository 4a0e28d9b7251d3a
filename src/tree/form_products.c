/* SPDX-License-Identifier: MIT */
/*
 * Tables of what products cost and can be ordered with: all/product-prices.csv has a row for each product, currency and
 * billing cycle; all/product-options.csv has a row for each product, option and choice.
 *
 * After the fixed columns of the latter come the scalar members of the choices, and the prices of a choice that are
 * nested deeper, in columns such as EUR_monthly. An option without choices has one row.
 */
#include "api/members.h"
#include "tree/columns.h"
#include "tree/csv.h"
#include "tree/elements.h"
#include "tree/forms.h"
#include "tree/product_prices.h"
#include "tree/text.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>

static const char *const fixed[] = {"id", "product", "option", "choice", NULL};
static const char *const option_names[ENDPOINT_ALIASES] = {"name", "optionName", "optionname", "option", "label"};
static const char *const choice_lists[ENDPOINT_ALIASES] = {"options", "choices", "values", "suboptions", "subOptions"};
static const struct json_slice nothing = {NULL, 0};

/* The targets of a search. LIST is the options of a product and the choices of an option; PRICES are those of a product
 * and of a choice. */
enum { ID, NAME, LIST, PRICES };

/* The state of either table. */
struct products {
    struct members *product, *option, *choice; /* searches */
    struct columns *columns;                   /* NULL: of the table of prices */
};

static void close_table(struct print *print)
{
    struct products *products = print->state;
    if (!products)
        return;
    members_free(products->product);
    members_free(products->option);
    members_free(products->choice);
    columns_free(products->columns);
    free(products);
}

static int open_table(struct print *print)
{
    const struct endpoint_field *fields = print->reading->fields;
    struct products *products = print->state = calloc(1, sizeof *products);
    if (!products)
        return -ENOMEM;
    products->product = members_new();
    products->option = members_new();
    products->choice = members_new();
    if (!products->product || !products->option || !products->choice)
        return -ENOMEM;
    members_want(products->product, ID, print->reading->ids);
    members_want(products->product, NAME, fields[PRODUCT_NAME].names);
    members_want(products->product, LIST, fields[PRODUCT_OPTIONS].names);
    members_want(products->product, PRICES, fields[PRODUCT_PRICES].names);
    members_want(products->option, NAME, option_names);
    members_want(products->option, LIST, choice_lists);
    members_want(products->choice, NAME, option_names);
    members_want(products->choice, PRICES, fields[PRODUCT_PRICES].names);
    return 0;
}

/* ---- prices ---- */

/* What the rows of a product begin with. */
struct product {
    struct print *print;
    const struct json_slice *found;
};

static int begin_prices(struct print *print)
{
    return text_puts(print->out, "id,product,currency,cycle,price,setup_fee\r\n");
}

static int print_price(void *data, const struct product_price *price)
{
    const struct product *product = data;
    struct csv_row row = csv_row(product->print->out, product->print->scratch);
    csv_scalar(&row, product->found[ID]);
    csv_scalar(&row, product->found[NAME]);
    csv_text(&row, price->currency);
    csv_text(&row, price->cycle);
    csv_scalar(&row, price->price);
    csv_scalar(&row, price->setup);
    return csv_end(&row);
}

static int print_prices(struct print *print, const struct item *item)
{
    struct products *products = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    int r = members_find_in_text(products->product, item_json(item), found);
    return r < 0 ? r : product_prices_each(found[PRICES], print_price, &(struct product){print, found});
}

/* ---- options: both passes walk alike, and differ in what they do with a choice ---- */

struct walk {
    struct print *print;
    const struct json_slice *product; /* the product's members */
    struct json_slice option;         /* the option's name */
    unsigned choices;                 /* of the option, so far */
    int (*choice)(struct walk *walk, struct json_slice choice);
};

static int each_choice(void *data, struct json_slice choice)
{
    struct walk *walk = data;
    walk->choices++;
    return walk->choice(walk, choice);
}

static int each_option(void *data, struct json_slice option)
{
    struct walk *walk = data;
    const struct products *products = walk->print->state;
    struct json_slice found[MEMBERS_TARGETS];
    int r = members_find(products->option, option, found);
    walk->option = json_is_scalar(option) ? option : found[NAME];
    walk->choices = 0;
    if (r == 0)
        r = elements_each(found[LIST], each_choice, walk);
    return r == 0 && walk->choices == 0 ? walk->choice(walk, nothing) : r;
}

static int each_product(struct print *print, const struct item *item,
                        int (*choice)(struct walk *walk, struct json_slice choice))
{
    const struct products *products = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    struct walk walk = {.print = print, .product = found, .choice = choice};
    int r = members_find_in_text(products->product, item_json(item), found);
    return r < 0 ? r : elements_each(found[LIST], each_option, &walk);
}

static int open_options(struct print *print)
{
    int r = open_table(print);
    struct products *products = print->state;
    if (r < 0)
        return r;
    products->columns = columns_new(fixed, "choice_");
    return products->columns ? 0 : -ENOMEM;
}

/* The name of a price's column, in `scratch`. */
static const char *price_column(struct print *print, const struct product_price *price)
{
    printbuf_reset(print->scratch);
    sprintbuf(print->scratch, "%s%s%s", price->currency, *price->currency ? "_" : "", price->cycle);
    return print->scratch->buf;
}

static int learn_price(void *data, const struct product_price *price)
{
    struct print *print = data;
    struct products *products = print->state;
    return columns_learn_name(products->columns, price_column(print, price));
}

static int set_price(void *data, const struct product_price *price)
{
    struct print *print = data;
    struct products *products = print->state;
    return columns_set_name(products->columns, price_column(print, price), price->price);
}

static int learn_choice(struct walk *walk, struct json_slice choice)
{
    struct products *products = walk->print->state;
    struct json_slice found[MEMBERS_TARGETS];
    int r = members_find(products->choice, choice, found);
    if (r == 0)
        r = columns_learn(products->columns, choice, found[NAME]);
    return r < 0 ? r : product_prices_each(found[PRICES], learn_price, walk->print);
}

static int print_choice(struct walk *walk, struct json_slice choice)
{
    struct print *print = walk->print;
    struct products *products = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    struct csv_row row = csv_row(print->out, print->scratch);
    int r = members_find(products->choice, choice, found);
    if (r == 0)
        r = columns_set(products->columns, choice, found[NAME]);
    if (r == 0)
        r = product_prices_each(found[PRICES], set_price, print);
    if (r < 0)
        return r;
    csv_scalar(&row, walk->product[ID]);
    csv_scalar(&row, walk->product[NAME]);
    csv_scalar(&row, walk->option);
    csv_scalar(&row, json_is_scalar(choice) ? choice : found[NAME]);
    columns_print(products->columns, &row);
    return csv_end(&row);
}

static int scan_options(struct print *print, const struct item *item)
{
    return each_product(print, item, learn_choice);
}

static int begin_options(struct print *print)
{
    const struct products *products = print->state;
    struct csv_row row = csv_row(print->out, print->scratch);
    columns_names(products->columns, &row);
    return csv_end(&row);
}

static int print_options(struct print *print, const struct item *item)
{
    return each_product(print, item, print_choice);
}

const struct form form_product_prices = {
    .open = open_table, .begin = begin_prices, .item = print_prices, .close = close_table, .slot = 2};
const struct form form_product_options = {.open = open_options,
                                          .scan = scan_options,
                                          .begin = begin_options,
                                          .item = print_options,
                                          .close = close_table,
                                          .slot = 3};
