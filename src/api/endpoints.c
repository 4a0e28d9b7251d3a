/* SPDX-License-Identifier: MIT */
#include "api/endpoints.h"

#include "api/overrides.h"
#include "base/closest.h"
#include "base/config.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

const char *const endpoint_service_statuses[] = {"Active", "Suspended", "Pending", "Cancelled", "Terminated", NULL};
const char *const endpoint_invoice_statuses[] = {"Paid", "Unpaid", "Cancelled", "Refunded", NULL};

/* The fields of a service, in the list and alone. */
#define SERVICE_FIELDS                                                                                                 \
    [SERVICE_PRODUCT] = {"product", {"productName", "productname", "name"}, NULL},                                     \
    [SERVICE_STATUS] = {"status", {"status", "serviceStatus"}, endpoint_service_statuses},                             \
    [SERVICE_NAME] = {"name", {"domain", "domainName", "domainname", "hostname", "hostName"}, NULL}

/* clang-format off */
static const struct endpoint table[OPERATIONS] = {
    [OP_VERSION] = {
        .name = "version", .method = "GET", .evidence = "inferred",
        .paths = {"/utility/version", "/version", "/utility/api-version"},
        .shape = SHAPE_OBJECT, .names = {"version"}, .slow = true, .date_field = -1,
        .fields = {[VERSION_VERSION] = {"version", {"version", "apiVersion"}, NULL}},
    },
    [OP_GROUPS] = {
        .name = "groups", .method = "GET", .evidence = "inferred",
        .paths = {"/products/groups", "/productgroups", "/product-groups", "/products/productgroups"},
        .shape = SHAPE_LIST, .slow = true, .date_field = -1,
        .names = {"groups", "group", "productGroups", "productGroup", "productgroups", "productgroup",
                  "product_groups", "product_group"},
        .ids = {"productGroupId", "productgroupid", "id", "groupId"}, .by_id = true,
        .fields = {[GROUP_NAME] = {"name", {"productGroup", "productgroup", "name"}, NULL}},
    },
    [OP_PRODUCTS] = {
        .name = "products", .method = "GET", .evidence = "documented",
        .paths = {"/products"},
        .shape = SHAPE_LIST, .names = {"products", "product"}, .slow = true, .date_field = -1,
        .ids = {"id", "productId", "productid", "pid"},
        .params = {[PRODUCTS_GROUP] = {"group", "productGroupId[]", NULL, NULL},
                   [PRODUCTS_OPTIONS] = {"options", "showConfigOptions", NULL, NULL}},
        .fields = {[PRODUCT_NAME] = {"name", {"name", "productName", "productname"}, NULL},
                   [PRODUCT_PRICES] = {"prices", {"pricing", "prices", "price"}, NULL},
                   [PRODUCT_OPTIONS] = {"options", {"configOptions", "configoptions", "options"}, NULL}},
    },
    [OP_SERVICES] = {
        .name = "services", .method = "GET", .evidence = "documented",
        .paths = {"/services"},
        .shape = SHAPE_LIST, .names = {"services", "service"}, .date_field = -1,
        .ids = {"id", "serviceId", "serviceid", "service_id"}, .by_id = true,
        .params = {[SERVICES_STATUS] = {"status", "serviceStatus", NULL, NULL},
                   [SERVICES_PRODUCT] = {"product", "productName", NULL, NULL}},
        .fields = {SERVICE_FIELDS,
                   [SERVICE_DUE] = {"due", {"nextDueDate", "nextduedate", "next_due_date", "dueDate", "duedate"}, NULL},
                   [SERVICE_AMOUNT] = {"amount", {"amount", "recurringAmount", "recurringamount", "price"}, NULL},
                   [SERVICE_CURRENCY] = {"currency", {"currency", "currencyCode", "currencycode"}, NULL},
                   [SERVICE_CYCLE] = {"cycle", {"billingCycle", "billingcycle", "billing_cycle", "cycle"}, NULL}},
    },
    [OP_SERVICE] = {
        .name = "service", .method = "GET", .evidence = "documented",
        .paths = {"/services/{id}"},
        .shape = SHAPE_OBJECT, .names = {"service", "services"}, .date_field = -1,
        .ids = {"id", "serviceId", "serviceid", "service_id"},
        .fields = {SERVICE_FIELDS},
    },
    [OP_PURGE] = {
        .name = "purge", .method = "POST", .evidence = "inferred",
        .paths = {"/services/{id}/cdn/purge"},
        .shape = SHAPE_OBJECT, .date_field = -1,
    },
    [OP_PRICING] = {
        .name = "pricing", .method = "GET", .evidence = "inferred",
        .paths = {"/domains/pricing", "/domains/prices", "/domains"},
        .shape = SHAPE_PRICES, .names = {"pricing", "prices", "domains"}, .slow = true, .date_field = -1,
        .params = {[PRICING_EXTENSION] = {"extension", "extension", NULL, "."},
                   [PRICING_OPERATION] = {"operation", "operationType", NULL, NULL},
                   [PRICING_CURRENCY] = {"currency", "currency", NULL, NULL}},
    },
    [OP_INVOICES] = {
        .name = "invoices", .method = "GET", .evidence = "observed",
        .paths = {"/billing/invoices"},
        .shape = SHAPE_LIST, .names = {"invoices", "invoice"}, .date_field = INVOICE_DATE,
        .year_field = INVOICE_YEAR,
        .ids = {"id", "invoiceId", "invoiceid", "invoice_id"}, .by_id = true,
        .params = {[INVOICES_ID] = {"id", "id", NULL, NULL},
                   [INVOICES_NUMBER] = {"number", "invoicenum", NULL, NULL},
                   [INVOICES_STATUS] = {"status", "status", NULL, NULL},
                   [INVOICES_ITEMS] = {"items", "showInvoiceItems", "true", NULL},
                   [INVOICES_TRANSACTIONS] = {"transactions", "showTransactions", "true", NULL}},
        .fields = {[INVOICE_NUMBER] = {"number", {"invoicenum", "invoiceNum", "invoicenumber", "number"}, NULL},
                   [INVOICE_STATUS] = {"status", {"status"}, endpoint_invoice_statuses},
                   [INVOICE_DATE] = {"date", {"date", "invoiceDate"}, NULL},
                   [INVOICE_DUE] = {"due", {"duedate", "dueDate", "due_date"}, NULL},
                   [INVOICE_TOTAL] = {"total", {"total"}, NULL},
                   [INVOICE_CURRENCY] = {"currency", {"currency", "currencyCode", "currencycode"}, NULL},
                   [INVOICE_ITEMS] = {"items", {"items", "invoiceItems", "invoiceitems", "invoice_items"}, NULL},
                   [INVOICE_TRANSACTIONS] = {"transactions", {"transactions", "invoiceTransactions"}, NULL}},
    },
    [OP_BALANCE] = {
        .name = "balance", .method = "GET", .evidence = "observed",
        .paths = {"/billing/creditbalance", "/billing/balance", "/billing/credit-balance"},
        .shape = SHAPE_OBJECT, .names = {"creditbalance", "balance", "credit"}, .date_field = -1,
        .fields = {[BALANCE_AMOUNT] = {"amount", {"balance", "credit", "amount"}, NULL},
                   [BALANCE_CURRENCY] = {"currency", {"currency", "currencyCode"}, NULL}},
    },
};
/* clang-format on */

/* A row in force. */
struct in_force {
    struct overrides overrides;
    unsigned choice; /* index of the candidate path to begin with */
    bool settled;    /* this candidate has proved right */
};

struct endpoints {
    const struct config *config;
    struct in_force rows[OPERATIONS];
};

const struct endpoint *endpoint_of(enum operation operation)
{
    return &table[operation];
}

enum operation endpoint_named(const char *name)
{
    for (unsigned i = 0; i < OPERATIONS; i++)
        if (strcmp(table[i].name, name) == 0)
            return (enum operation)i;
    return OP_NONE;
}

static void log_no_operation(const struct config_override *line)
{
    struct printbuf *names = printbuf_new();
    struct closest closest = {.word = line->operation};
    if (!names)
        return;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        sprintbuf(names, "%s%s", i ? ", " : "", table[i].name);
        closest_try(&closest, table[i].name);
    }
    if (closest.name)
        log_error("%s: %s.%s = %s: there is no such operation; did you mean %s? The operations are %s", line->origin,
                  line->operation, line->key, line->value, closest.name, names->buf);
    else
        log_error("%s: %s.%s = %s: there is no such operation; the operations are %s", line->origin, line->operation,
                  line->key, line->value, names->buf);
    printbuf_free(names);
}

static bool apply(struct endpoints *endpoints, const struct config_override *line)
{
    enum operation operation = endpoint_named(line->operation);
    if (operation != OP_NONE)
        return overrides_apply(&endpoints->rows[operation].overrides, &table[operation], line);
    log_no_operation(line);
    return false;
}

struct endpoints *endpoints_new(const struct config *config)
{
    struct endpoints *endpoints = calloc(1, sizeof *endpoints);
    if (!endpoints) {
        log_error("cannot start: out of memory");
        return NULL;
    }
    endpoints->config = config;
    for (unsigned i = 0; i < OPERATIONS; i++)
        overrides_init(&endpoints->rows[i].overrides, &table[i]);
    for (size_t i = 0; i < config->n_overrides; i++)
        if (!apply(endpoints, &config->overrides[i])) {
            endpoints_free(endpoints);
            return NULL;
        }
    return endpoints;
}

void endpoints_free(struct endpoints *endpoints)
{
    free(endpoints);
}

/* ---- paths ---- */

/* Appends `text` percent-encoded, except RFC 3986's unreserved characters. */
static int append_encoded(struct printbuf *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const char *p = text; *p; p++) {
        int r =
            strchr(plain, *p) ? printbuf_memappend(out, p, 1) : sprintbuf(out, "%%%02X", (unsigned)(unsigned char)*p);
        if (r < 0)
            return -ENOMEM;
    }
    return 0;
}

static int append_param(struct printbuf *out, char *separator, const char *name, const char *prefix, const char *value)
{
    if (printbuf_memappend(out, separator, 1) < 0 || append_encoded(out, name) < 0 || printbuf_strappend(out, "=") < 0)
        return -ENOMEM;
    *separator = '&';
    return prefix && append_encoded(out, prefix) < 0 ? -ENOMEM : append_encoded(out, value);
}

static int append_paging(struct printbuf *out, char *separator, const struct endpoint_paging *paging, size_t offset)
{
    char number[32];
    snprintf(number, sizeof number, "%u", paging->size);
    if (append_param(out, separator, paging->size_name, NULL, number) < 0)
        return -ENOMEM;
    snprintf(number, sizeof number, "%zu", paging->number_name ? offset / paging->size + 1 : offset);
    return append_param(out, separator, paging->number_name ? paging->number_name : paging->offset_name, NULL, number);
}

static const char *path_of(const struct endpoints *endpoints, enum operation op, unsigned choice)
{
    const char *path = endpoints->rows[op].overrides.path;
    return path ? path : table[op].paths[choice];
}

int endpoints_path(const struct endpoints *endpoints, const struct query *query, unsigned choice, size_t offset,
                   struct printbuf *out)
{
    const struct endpoint *endpoint = &table[query->operation];
    const struct overrides *overrides = &endpoints->rows[query->operation].overrides;
    const char *path = path_of(endpoints, query->operation, choice);
    const char *id = strstr(path, "{id}");

    if (id) {
        if (printbuf_memappend(out, path, (int)(id - path)) < 0 ||
            sprintbuf(out, "%" PRIu64 "%s", query->id, id + 4) < 0)
            return -ENOMEM;
    } else if (sprintbuf(out, "%s", path) < 0) {
        return -ENOMEM;
    }

    char separator = strchr(path, '?') ? '&' : '?';
    for (unsigned i = 0; i < ENDPOINT_PARAMS && endpoint->params[i].key; i++) {
        const char *value = endpoint->params[i].fixed ? endpoint->params[i].fixed : query->values[i];
        if (value && append_param(out, &separator, overrides->params[i], endpoint->params[i].prefix, value) < 0)
            return -ENOMEM;
    }
    if (overrides->query) {
        if (sprintbuf(out, "%c%s", separator, overrides->query) < 0)
            return -ENOMEM;
        separator = '&';
    }
    return overrides->paging.size ? append_paging(out, &separator, &overrides->paging, offset) : 0;
}

const struct endpoint_reading *endpoints_reading(const struct endpoints *endpoints, enum operation operation)
{
    return &endpoints->rows[operation].overrides.reading;
}

const struct endpoint_paging *endpoints_page(const struct endpoints *endpoints, enum operation operation)
{
    return &endpoints->rows[operation].overrides.paging;
}

unsigned endpoints_first(const struct endpoints *endpoints, enum operation operation)
{
    return endpoints->rows[operation].choice;
}

bool endpoints_next(const struct endpoints *endpoints, enum operation operation, unsigned *choice)
{
    const struct in_force *row = &endpoints->rows[operation];
    const char *const *paths = table[operation].paths;
    unsigned next = row->settled ? row->choice : *choice + 1;

    if (row->overrides.path || next == *choice || next >= ENDPOINT_PATHS || !paths[next])
        return false;
    log_info("%s: %s is not there (404); trying %s", table[operation].name, paths[*choice], paths[next]);
    *choice = next;
    return true;
}

void endpoints_settle(struct endpoints *endpoints, enum operation operation, unsigned choice)
{
    struct in_force *row = &endpoints->rows[operation];

    if (row->settled)
        return;
    row->choice = choice;
    row->settled = true;
}

int query_key(const struct query *query, struct printbuf *out)
{
    const struct endpoint *endpoint = &table[query->operation];
    char separator = '?';

    if (printbuf_memappend(out, endpoint->name, (int)strlen(endpoint->name)) < 0)
        return -ENOMEM;
    if (strstr(endpoint->paths[0], "{id}") && sprintbuf(out, "/%" PRIu64, query->id) < 0)
        return -ENOMEM;
    for (unsigned i = 0; i < ENDPOINT_PARAMS && endpoint->params[i].key; i++)
        if (query->values[i] && append_param(out, &separator, endpoint->params[i].key, NULL, query->values[i]) < 0)
            return -ENOMEM;
    return 0;
}

/* ---- printing ---- */

static const char about[] =
    "# What melbicomfs takes for granted about the API, as a section of the configuration file.\n"
    "#\n"
    "# A line without # is in force because the configuration file has it; the comment above says where. A line with "
    "#\n"
    "# is built in. To change it, copy it without its # below [endpoints] in the configuration file, and write what "
    "is\n"
    "# right. All of this may be pasted into the file: that alone changes nothing.\n"
    "#\n";

static const char about_paths[] =
    "#\n"
    "# Above each path stands how sure it is. documented: the API's reference has it. observed: a published program\n"
    "# uses it. inferred: it is a guess. If the API answers 404, the other candidates are tried in turn.\n"
    "\n"
    "[endpoints]\n";

void endpoints_print(const struct endpoints *endpoints, FILE *out)
{
    fputs(about, out);
    overrides_print_keys(out);
    fputs(about_paths, out);
    for (unsigned i = 0; i < OPERATIONS; i++)
        overrides_print(&table[i], endpoints->config, out);
}
