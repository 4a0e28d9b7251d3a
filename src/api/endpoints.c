/* SPDX-License-Identifier: MIT */
#include "api/endpoints.h"

#include "base/config.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct endpoint table[OPERATIONS] = {
    [OP_VERSION] = {
        .name = "version", .method = "GET", .evidence = "inferred",
        .paths = {"/utility/version", "/version", "/utility/api-version"},
        .shape = SHAPE_OBJECT, .names = {"version"}, .slow = true, .date_field = -1,
        .fields = {[VERSION_VERSION] = {"version", "apiVersion"}},
    },
    [OP_GROUPS] = {
        .name = "groups", .method = "GET", .evidence = "inferred",
        .paths = {"/products/groups", "/productgroups", "/product-groups", "/products/productgroups"},
        .shape = SHAPE_LIST, .names = {"groups", "productGroups", "productgroups"}, .slow = true, .date_field = -1,
        .ids = {"productGroupId", "productgroupid", "id", "groupId"}, .by_id = true,
        .fields = {[GROUP_NAME] = {"productGroup", "productgroup", "name"}},
    },
    [OP_PRODUCTS] = {
        .name = "products", .method = "GET", .evidence = "documented",
        .paths = {"/products"},
        .shape = SHAPE_LIST, .names = {"products"}, .slow = true, .date_field = -1,
        .params = {[PRODUCTS_GROUP] = {"group", "productGroupId[]", NULL, NULL},
                   [PRODUCTS_OPTIONS] = {"options", "showConfigOptions", NULL, NULL}},
    },
    [OP_SERVICES] = {
        .name = "services", .method = "GET", .evidence = "documented",
        .paths = {"/services"},
        .shape = SHAPE_LIST, .names = {"services"}, .date_field = -1,
        .ids = {"id", "serviceId", "serviceid", "service_id"}, .by_id = true,
        .params = {[SERVICES_STATUS] = {"status", "serviceStatus", NULL, NULL},
                   [SERVICES_PRODUCT] = {"product", "productName", NULL, NULL}},
        .fields = {[SERVICE_PRODUCT] = {"productName", "productname", "name"},
                   [SERVICE_STATUS] = {"status", "serviceStatus"}},
    },
    [OP_SERVICE] = {
        .name = "service", .method = "GET", .evidence = "documented",
        .paths = {"/services/{id}"},
        .shape = SHAPE_OBJECT, .names = {"service"}, .date_field = -1,
        .ids = {"id", "serviceId", "serviceid", "service_id"},
        .fields = {[SERVICE_PRODUCT] = {"productName", "productname", "name"},
                   [SERVICE_STATUS] = {"status", "serviceStatus"}},
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
        .shape = SHAPE_LIST, .names = {"invoices"}, .date_field = INVOICE_DATE,
        .ids = {"id", "invoiceId", "invoiceid", "invoice_id"}, .by_id = true,
        .params = {[INVOICES_ID] = {"id", "id", NULL, NULL},
                   [INVOICES_NUMBER] = {"number", "invoicenum", NULL, NULL},
                   [INVOICES_STATUS] = {"status", "status", NULL, NULL},
                   [INVOICES_ITEMS] = {"items", "showInvoiceItems", "true", NULL},
                   [INVOICES_TRANSACTIONS] = {"transactions", "showTransactions", "true", NULL}},
        .fields = {[INVOICE_NUMBER] = {"invoicenum", "invoiceNum", "invoicenumber", "number"},
                   [INVOICE_STATUS] = {"status"},
                   [INVOICE_DATE] = {"date", "invoiceDate"}},
    },
    [OP_BALANCE] = {
        .name = "balance", .method = "GET", .evidence = "observed",
        .paths = {"/billing/creditbalance", "/billing/balance", "/billing/credit-balance"},
        .shape = SHAPE_OBJECT, .names = {"creditbalance"}, .date_field = -1,
        .fields = {[BALANCE_AMOUNT] = {"balance", "credit", "amount"},
                   [BALANCE_CURRENCY] = {"currency", "currencyCode"}},
    },
};
/* clang-format on */

/* The overrides of one operation, and the candidate path that has proved right. */
struct in_force {
    const char *path; /* override, or NULL */
    const char *path_origin;
    const char *params[ENDPOINT_PARAMS]; /* overrides of names, or NULL */
    const char *params_origin[ENDPOINT_PARAMS];
    const char *query; /* fixed parameters, or NULL */
    struct endpoint_paging paging;
    unsigned choice; /* index of the candidate path to begin with */
    bool settled;    /* this candidate has proved right */
};

struct endpoints {
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

static int override_param(struct in_force *row, const struct endpoint *endpoint, const struct config_override *o)
{
    const char *key = o->key + strlen("param.");
    for (unsigned i = 0; i < ENDPOINT_PARAMS && endpoint->params[i].key; i++) {
        if (strcmp(endpoint->params[i].key, key) != 0 && strcmp(endpoint->params[i].name, key) != 0)
            continue;
        row->params[i] = o->value;
        row->params_origin[i] = o->origin;
        return 0;
    }
    return -EINVAL;
}

static int override_page_size(struct in_force *row, const char *value)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(value, &end, 10);
    if (errno || *end || end == value || *value == '-' || n == 0 || n > 1000000)
        return -EINVAL;
    row->paging.size = (unsigned)n;
    return 0;
}

static int override_one(struct endpoints *endpoints, const struct config_override *o)
{
    enum operation op = endpoint_named(o->operation);
    if (op == OP_NONE)
        return -ENOENT;
    struct in_force *row = &endpoints->rows[op];
    bool list = table[op].shape == SHAPE_LIST;

    if (strcmp(o->key, "path") == 0) {
        if (o->value[0] != '/' || (strstr(table[op].paths[0], "{id}") && !strstr(o->value, "{id}")))
            return -EINVAL;
        row->path = o->value;
        row->path_origin = o->origin;
    } else if (strncmp(o->key, "param.", 6) == 0) {
        return override_param(row, &table[op], o);
    } else if (strcmp(o->key, "query") == 0) {
        row->query = o->value;
    } else if (list && strcmp(o->key, "page_size") == 0) {
        return override_page_size(row, o->value);
    } else if (list && strcmp(o->key, "page_size_name") == 0) {
        row->paging.size_name = o->value;
    } else if (list && strcmp(o->key, "page_offset") == 0) {
        row->paging.offset_name = o->value;
    } else {
        return -EINVAL;
    }
    return 0;
}

struct endpoints *endpoints_new(const struct config *config)
{
    struct endpoints *endpoints = calloc(1, sizeof *endpoints);
    if (!endpoints)
        return NULL;
    for (unsigned i = 0; i < OPERATIONS; i++)
        endpoints->rows[i].paging = (struct endpoint_paging){0, "limitnum", "limitstart"};
    for (size_t i = 0; i < config->n_overrides; i++) {
        const struct config_override *o = &config->overrides[i];
        int r = override_one(endpoints, o);
        if (r == 0)
            continue;
        log_error("%s: %s.%s = %s: %s; `melbicomfs --endpoints` prints the table", o->origin, o->operation, o->key,
                  o->value,
                  r == -ENOENT ? "there is no such operation" : "no setting of this operation, or not a valid value");
        endpoints_free(endpoints);
        return NULL;
    }
    return endpoints;
}

void endpoints_free(struct endpoints *endpoints)
{
    free(endpoints);
}

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
    snprintf(number, sizeof number, "%zu", offset);
    return append_param(out, separator, paging->offset_name, NULL, number);
}

static const char *path_of(const struct endpoints *endpoints, enum operation op, unsigned choice)
{
    const struct in_force *row = &endpoints->rows[op];
    return row->path ? row->path : table[op].paths[choice];
}

int endpoints_path(const struct endpoints *endpoints, const struct query *query, unsigned choice, size_t offset,
                   struct printbuf *out)
{
    const struct endpoint *endpoint = &table[query->operation];
    const struct in_force *row = &endpoints->rows[query->operation];
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
        const char *name = row->params[i] ? row->params[i] : endpoint->params[i].name;
        if (value && append_param(out, &separator, name, endpoint->params[i].prefix, value) < 0)
            return -ENOMEM;
    }
    if (row->query) {
        if (sprintbuf(out, "%c%s", separator, row->query) < 0)
            return -ENOMEM;
        separator = '&';
    }
    return row->paging.size ? append_paging(out, &separator, &row->paging, offset) : 0;
}

const struct endpoint_paging *endpoints_page(const struct endpoints *endpoints, enum operation operation)
{
    return &endpoints->rows[operation].paging;
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

    if (row->path || next == *choice || next >= ENDPOINT_PATHS || !paths[next])
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

void query_key(const struct query *query, struct printbuf *out)
{
    const struct endpoint *endpoint = &table[query->operation];
    char separator = '?';

    printbuf_memappend(out, endpoint->name, (int)strlen(endpoint->name));
    if (strstr(endpoint->paths[0], "{id}"))
        sprintbuf(out, "/%" PRIu64, query->id);
    for (unsigned i = 0; i < ENDPOINT_PARAMS && endpoint->params[i].key; i++)
        if (query->values[i])
            append_param(out, &separator, endpoint->params[i].key, NULL, query->values[i]);
}

static void print_row(const struct endpoints *endpoints, enum operation op, FILE *out)
{
    const struct in_force *row = &endpoints->rows[op];
    fprintf(out, "%-9s %-4s %-26s %-10s %s\n", table[op].name, table[op].method, path_of(endpoints, op, row->choice),
            row->path ? "configured" : table[op].evidence, row->path ? row->path_origin : "built in");
    for (unsigned i = 1; !row->path && i < ENDPOINT_PATHS && table[op].paths[i]; i++)
        fprintf(out, "%-9s %-4s %-26s %-10s %s\n", "", "or", table[op].paths[i], "inferred", "built in");
    for (unsigned i = 0; i < ENDPOINT_PARAMS && table[op].params[i].key; i++) {
        const struct endpoint_param *param = &table[op].params[i];
        fprintf(out, "%-9s   ?  %-26s %s%s%s%s\n", "", row->params[i] ? row->params[i] : param->name, param->key,
                param->fixed ? " = " : "", param->fixed ? param->fixed : "", row->params[i] ? " (configured)" : "");
    }
    if (row->query)
        fprintf(out, "%-9s   ?  %s (configured)\n", "", row->query);
    if (row->paging.size)
        fprintf(out, "%-9s   ?  pages of %u: %s, %s (configured)\n", "", row->paging.size, row->paging.size_name,
                row->paging.offset_name);
}

void endpoints_print(const struct endpoints *endpoints, FILE *out)
{
    fprintf(out, "%-9s %-4s %-26s %-10s %s\n", "OPERATION", "", "PATH", "SURE", "FROM");
    for (unsigned i = 0; i < OPERATIONS; i++)
        print_row(endpoints, (enum operation)i, out);
}
