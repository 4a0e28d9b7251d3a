/* SPDX-License-Identifier: MIT */
#include "tree/routes.h"

#include <string.h>

static const char *const price_operations[] = {"domainregister", "domaintransfer", "domainrenew", NULL};
static const char *const currencies[] = {"EUR", "USD", NULL};

#define ALL(op)                                                                                                        \
    {                                                                                                                  \
        .used = true, .operation = (op)                                                                                \
    }
#define DIR(p)                                                                                                         \
    {                                                                                                                  \
        .path = (p), .kind = ROUTE_DIR                                                                                 \
    }
#define MADE(p, what)                                                                                                  \
    {                                                                                                                  \
        .path = (p), .kind = ROUTE_FILE, .render = RENDER_MADE, .made = (what)                                         \
    }
#define COLLECTION(p, op, how)                                                                                         \
    {                                                                                                                  \
        .path = (p), .kind = ROUTE_FILE, .select = SELECT_ONLY, .render = (how), .list = ALL(op)                       \
    }
#define PRICE(p, how)                                                                                                  \
    .path = (p), .kind = (how), .select = SELECT_PRICE, .list = ALL(OP_PRICING),                                       \
    .narrow = {.used = true, .operation = OP_PRICING, .params = {[PRICING_EXTENSION] = ARG(0)}}

/* clang-format off */
static const struct route table[] = {
    DIR(""),
    {.path = "README", .kind = ROUTE_FILE, .render = RENDER_MADE, .made = MADE_README, .constant = true},
    COLLECTION("version", OP_VERSION, RENDER_VERSION),
    DIR("all"),
    COLLECTION("all/product-groups.json", OP_GROUPS, RENDER_JSON),
    COLLECTION("all/product-groups.csv", OP_GROUPS, RENDER_CSV),
    COLLECTION("all/products.json", OP_PRODUCTS, RENDER_JSON),
    COLLECTION("all/products.csv", OP_PRODUCTS, RENDER_CSV),
    COLLECTION("all/services.json", OP_SERVICES, RENDER_JSON),
    COLLECTION("all/services.csv", OP_SERVICES, RENDER_CSV),
    COLLECTION("all/invoices.json", OP_INVOICES, RENDER_JSON),
    COLLECTION("all/invoices.csv", OP_INVOICES, RENDER_CSV),
    COLLECTION("all/pricing.json", OP_PRICING, RENDER_WHOLE),
    COLLECTION("all/pricing.csv", OP_PRICING, RENDER_PRICES),
    COLLECTION("all/invoice-items.csv", OP_INVOICES, RENDER_INVOICE_ITEMS),
    COLLECTION("all/invoice-transactions.csv", OP_INVOICES, RENDER_INVOICE_TRANSACTIONS),
    COLLECTION("all/product-prices.csv", OP_PRODUCTS, RENDER_PRODUCT_PRICES),
    {.path = "all/product-options.csv", .kind = ROUTE_FILE, .select = SELECT_ONLY, .render = RENDER_PRODUCT_OPTIONS,
     .narrow = {.used = true, .operation = OP_PRODUCTS, .params = {[PRODUCTS_OPTIONS] = ARG_TRUE}}},
    DIR("products"),
    DIR("products/groups"),
    {.path = "products/groups/<id>", .kind = ROUTE_DIR, .select = SELECT_ID, .list = ALL(OP_GROUPS)},
    {.path = "products/groups/<id>/info.json", .kind = ROUTE_FILE, .select = SELECT_ID, .list = ALL(OP_GROUPS)},
    {.path = "products/groups/<id>/products.json", .kind = ROUTE_FILE, .select = SELECT_ONLY, .render = RENDER_JSON,
     .narrow = {.used = true, .operation = OP_PRODUCTS, .params = {[PRODUCTS_GROUP] = ARG(0)}}},
    {.path = "products/groups/<id>/config-options.json", .kind = ROUTE_FILE, .select = SELECT_ONLY, .render = RENDER_JSON,
     .narrow = {.used = true, .operation = OP_PRODUCTS,
                .params = {[PRODUCTS_GROUP] = ARG(0), [PRODUCTS_OPTIONS] = ARG_TRUE}}},
    DIR("services"),
    {.path = "services/<id>", .kind = ROUTE_DIR, .select = SELECT_ID, .list = ALL(OP_SERVICES),
     .narrow = {.used = true, .operation = OP_SERVICE, .id = ARG(0)}},
    {.path = "services/<id>/info.json", .kind = ROUTE_FILE, .select = SELECT_ONLY,
     .narrow = {.used = true, .operation = OP_SERVICE, .id = ARG(0)}},
    DIR("services/<id>/cdn"),
    {.path = "services/<id>/cdn/purge", .kind = ROUTE_COMMAND},
    MADE("services/<id>/cdn/purge.log", MADE_PURGE_LOG),
    DIR("domains"),
    DIR("domains/pricing"),
    {PRICE("domains/pricing/<extension>", ROUTE_DIR)},
    {PRICE("domains/pricing/<extension>/<operation>", ROUTE_DIR), .names = price_operations},
    {PRICE("domains/pricing/<extension>/<operation>/<currency>", ROUTE_DIR), .names = currencies},
    {PRICE("domains/pricing/<extension>/<operation>/<currency>/<years>", ROUTE_FILE), .digits = {1, 2}},
    DIR("billing"),
    COLLECTION("billing/balance", OP_BALANCE, RENDER_BALANCE),
    COLLECTION("billing/balance.json", OP_BALANCE, RENDER_ITEM),
    COLLECTION("billing/unpaid", OP_INVOICES, RENDER_UNPAID_SUMS),
    DIR("billing/invoices"),
    {.path = "billing/invoices/<id>.json", .kind = ROUTE_FILE, .select = SELECT_ID, .list = ALL(OP_INVOICES),
     .narrow = {.used = true, .operation = OP_INVOICES, .params = {[INVOICES_ID] = ARG(0)}}},
    DIR("by"),
    DIR("by/product-group"),
    {.path = "by/product-group/<name>", .kind = ROUTE_LINK, .select = SELECT_NAME, .field = GROUP_NAME,
     .target = "../../products/groups/%s", .list = ALL(OP_GROUPS)},
    DIR("by/service-status"),
    {.path = "by/service-status/<status>", .kind = ROUTE_DIR, .names = endpoint_service_statuses},
    {.path = "by/service-status/<status>/<id>", .kind = ROUTE_LINK, .select = SELECT_ID, .target = "../../../services/%s",
     .where = ARG(0), .where_field = SERVICE_STATUS, .list_knows = 2, .list = ALL(OP_SERVICES),
     .narrow = {.used = true, .operation = OP_SERVICES, .params = {[SERVICES_STATUS] = ARG(0)}}},
    DIR("by/service-product"),
    {.path = "by/service-product/<name>", .kind = ROUTE_DIR, .select = SELECT_GROUP, .field = SERVICE_PRODUCT,
     .list = ALL(OP_SERVICES),
     .narrow = {.used = true, .operation = OP_SERVICES, .params = {[SERVICES_PRODUCT] = ARG(0)}}},
    {.path = "by/service-product/<name>/<id>", .kind = ROUTE_LINK, .select = SELECT_ID, .target = "../../../services/%s",
     .where = ARG(0), .where_field = SERVICE_PRODUCT, .list = ALL(OP_SERVICES),
     .narrow = {.used = true, .operation = OP_SERVICES, .params = {[SERVICES_PRODUCT] = ARG(0)}}},
    DIR("by/service-name"),
    {.path = "by/service-name/<domain>", .kind = ROUTE_LINK, .select = SELECT_NAME, .field = SERVICE_NAME,
     .target = "../../services/%s", .list = ALL(OP_SERVICES)},
    DIR("by/invoice-number"),
    {.path = "by/invoice-number/<number>.json", .kind = ROUTE_LINK, .select = SELECT_NAME, .field = INVOICE_NUMBER,
     .target = "../../billing/invoices/%s.json", .list = ALL(OP_INVOICES),
     .narrow = {.used = true, .operation = OP_INVOICES, .params = {[INVOICES_NUMBER] = ARG(0)}}},
    DIR("by/invoice-status"),
    {.path = "by/invoice-status/<status>", .kind = ROUTE_DIR, .select = SELECT_GROUP, .field = INVOICE_STATUS,
     .names = endpoint_invoice_statuses, .list = ALL(OP_INVOICES)},
    {.path = "by/invoice-status/<status>/<id>.json", .kind = ROUTE_LINK, .select = SELECT_ID,
     .target = "../../../billing/invoices/%s.json", .where = ARG(0), .where_field = INVOICE_STATUS,
     .list = ALL(OP_INVOICES),
     .narrow = {.used = true, .operation = OP_INVOICES, .params = {[INVOICES_STATUS] = ARG(0)}}},
    DIR("by/invoice-year"),
    {.path = "by/invoice-year/<year>", .kind = ROUTE_DIR, .select = SELECT_GROUP, .field = INVOICE_YEAR,
     .digits = {4, 4}, .list = ALL(OP_INVOICES)},
    {.path = "by/invoice-year/<year>/<id>.json", .kind = ROUTE_LINK, .select = SELECT_ID,
     .target = "../../../billing/invoices/%s.json", .where = ARG(0), .where_field = INVOICE_YEAR,
     .list = ALL(OP_INVOICES)},
    DIR("reports"),
    COLLECTION("reports/unpaid.csv", OP_INVOICES, RENDER_UNPAID),
    COLLECTION("reports/spend-by-month.csv", OP_INVOICES, RENDER_SPEND),
    COLLECTION("reports/renewals.csv", OP_SERVICES, RENDER_RENEWALS),
    {.path = ".melbicomfs", .kind = ROUTE_DIR, .hidden = true},
    MADE(".melbicomfs/status.json", MADE_STATUS),
    MADE(".melbicomfs/metrics", MADE_METRICS),
    MADE(".melbicomfs/log", MADE_LOG),
};
/* clang-format on */

#define ROWS (sizeof table / sizeof *table)
_Static_assert(ROWS <= ROUTES_MAX, "ROUTES_MAX is too small for the table");

static struct route_shape shapes[ROWS];

unsigned routes_count(void)
{
    return (unsigned)ROWS;
}

const struct route *routes_at(unsigned i)
{
    return &table[i];
}

unsigned route_index(const struct route *route)
{
    return (unsigned)(route - table);
}

const struct route_shape *route_shape(const struct route *route)
{
    return &shapes[route - table];
}

bool route_has_name(const struct route *route, const char *name)
{
    const char *const *names = route->names;
    while (names && *names && strcmp(*names, name) != 0)
        names++;
    return names && *names;
}

static const struct route *find_parent(const char *path, size_t len)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(table[i].path) == len && strncmp(table[i].path, path, len) == 0)
            return &table[i];
    return NULL;
}

static void shape_row(const struct route *route)
{
    struct route_shape *shape = &shapes[route - table];
    const char *slash = strrchr(route->path, '/');

    shape->name = slash ? slash + 1 : route->path;
    shape->suffix = "";
    shape->segment = SEGMENT_FIXED;
    if (shape->name[0] == '<') {
        shape->segment = strncmp(shape->name, "<id>", 4) == 0 ? SEGMENT_ID : SEGMENT_TEXT;
        shape->suffix = strchr(shape->name, '>') + 1;
    }
    for (const char *p = route->path; *p; p++)
        shape->args += *p == '<';
    if (route == table)
        return;

    shape->parent = find_parent(route->path, slash ? (size_t)(slash - route->path) : 0);
    struct route_shape *above = &shapes[shape->parent - table];
    for (const struct route *up = shape->parent; up && route->kind == ROUTE_COMMAND; up = shapes[up - table].parent)
        shapes[up - table].leads_to_command = true;
    if (shape->segment == SEGMENT_FIXED)
        above->children[above->n_children++] = route;
    else
        above->any = route;
}

void routes_init(void)
{
    memset(shapes, 0, sizeof shapes);
    for (size_t i = 0; i < ROWS; i++)
        shape_row(&table[i]);
}
