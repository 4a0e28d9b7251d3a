/* SPDX-License-Identifier: MIT */
#include "api/endpoints.h"

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
    {                                                                                                                  \
        [SERVICE_PRODUCT] = {"product", {"productName", "productname", "name"}, NULL},                                 \
        [SERVICE_STATUS] = {"status", {"status", "serviceStatus"}, endpoint_service_statuses},                         \
        [SERVICE_NAME] = {"name", {"domain", "domainName", "domainname", "hostname", "hostName"}, NULL},               \
    }

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
    },
    [OP_SERVICES] = {
        .name = "services", .method = "GET", .evidence = "documented",
        .paths = {"/services"},
        .shape = SHAPE_LIST, .names = {"services", "service"}, .date_field = -1,
        .ids = {"id", "serviceId", "serviceid", "service_id"}, .by_id = true,
        .params = {[SERVICES_STATUS] = {"status", "serviceStatus", NULL, NULL},
                   [SERVICES_PRODUCT] = {"product", "productName", NULL, NULL}},
        .fields = SERVICE_FIELDS,
    },
    [OP_SERVICE] = {
        .name = "service", .method = "GET", .evidence = "documented",
        .paths = {"/services/{id}"},
        .shape = SHAPE_OBJECT, .names = {"service", "services"}, .date_field = -1,
        .ids = {"id", "serviceId", "serviceid", "service_id"},
        .fields = SERVICE_FIELDS,
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
        .ids = {"id", "invoiceId", "invoiceid", "invoice_id"}, .by_id = true,
        .params = {[INVOICES_ID] = {"id", "id", NULL, NULL},
                   [INVOICES_NUMBER] = {"number", "invoicenum", NULL, NULL},
                   [INVOICES_STATUS] = {"status", "status", NULL, NULL},
                   [INVOICES_ITEMS] = {"items", "showInvoiceItems", "true", NULL},
                   [INVOICES_TRANSACTIONS] = {"transactions", "showTransactions", "true", NULL}},
        .fields = {[INVOICE_NUMBER] = {"number", {"invoicenum", "invoiceNum", "invoicenumber", "number"}, NULL},
                   [INVOICE_STATUS] = {"status", {"status"}, endpoint_invoice_statuses},
                   [INVOICE_DATE] = {"date", {"date", "invoiceDate"}, NULL}},
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

/* The overrides of one operation, and the candidate path that has proved right. */
struct in_force {
    const char *path; /* override, or NULL */
    const char *path_origin;
    const char *params[ENDPOINT_PARAMS]; /* overrides of names, or NULL */
    const char *params_origin[ENDPOINT_PARAMS];
    const char *query; /* fixed parameters, or NULL */
    struct endpoint_reading reading;
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

/* ---- overrides ---- */

static const char no_such_key[] = "there is no such key";

/* An override that is being applied. */
struct overriding {
    struct in_force *row;
    const struct endpoint *endpoint;
    const char *name; /* what follows the dot of a key such as "param.status"; otherwise "" */
    const struct config_override *line;
};

/* What can be overridden. */
struct override_kind {
    const char *key; /* up to its dot, if it has one, such as "param." */
    bool (*fits)(const struct endpoint *endpoint);
    const char *(*nth)(const struct endpoint *endpoint, unsigned i); /* name i that may follow the dot, or NULL */
    const char *(*set)(const struct overriding *o);                  /* returns NULL, or what is wrong in words */
};

static bool is_any(const struct endpoint *endpoint)
{
    return endpoint != NULL;
}

static bool is_list(const struct endpoint *endpoint)
{
    return endpoint->shape == SHAPE_LIST;
}

/* The answer to a purge has nothing to find in it. */
static bool is_shown(const struct endpoint *endpoint)
{
    return endpoint != &table[OP_PURGE];
}

static bool has_id(const struct endpoint *endpoint)
{
    return endpoint->ids[0] != NULL;
}

static const char *nth_param(const struct endpoint *endpoint, unsigned i)
{
    return i < ENDPOINT_PARAMS ? endpoint->params[i].key : NULL;
}

/* The rows' fields are without a hole. */
static const char *nth_field(const struct endpoint *endpoint, unsigned i)
{
    return i < SNAPSHOT_FIELDS ? endpoint->fields[i].key : NULL;
}

static const char *set_path(const struct overriding *o)
{
    if (o->line->value[0] != '/')
        return "a path begins with / and follows the API's base URL";
    if (strstr(o->endpoint->paths[0], "{id}") && !strstr(o->line->value, "{id}"))
        return "this path needs {id}, which stands for the service's id";
    o->row->path = o->line->value;
    o->row->path_origin = o->line->origin;
    return NULL;
}

static const char *set_param(const struct overriding *o)
{
    for (unsigned i = 0; nth_param(o->endpoint, i); i++) {
        if (strcmp(o->endpoint->params[i].key, o->name) != 0 && strcmp(o->endpoint->params[i].name, o->name) != 0)
            continue;
        o->row->params[i] = o->line->value;
        o->row->params_origin[i] = o->line->origin;
        return NULL;
    }
    return no_such_key;
}

static const char *set_query(const struct overriding *o)
{
    o->row->query = o->line->value;
    return NULL;
}

static const char *set_list(const struct overriding *o)
{
    if (o->line->value[0] == '.' || o->line->value[strlen(o->line->value) - 1] == '.' || strstr(o->line->value, ".."))
        return "write the names of the members with one dot between them, such as data.items";
    o->row->reading.list = o->line->value;
    return NULL;
}

static const char *set_id(const struct overriding *o)
{
    memset(o->row->reading.ids, 0, sizeof o->row->reading.ids);
    o->row->reading.ids[0] = o->line->value;
    return NULL;
}

static const char *set_field(const struct overriding *o)
{
    for (unsigned i = 0; nth_field(o->endpoint, i); i++) {
        struct endpoint_field *field = &o->row->reading.fields[i];
        if (strcmp(field->key, o->name) != 0)
            continue;
        memset(field->names, 0, sizeof field->names);
        field->names[0] = o->line->value;
        return NULL;
    }
    return no_such_key;
}

static const char *set_page_size(const struct overriding *o)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(o->line->value, &end, 10);
    if (errno || *end || *o->line->value < '0' || *o->line->value > '9' || n == 0 || n > 1000000)
        return "the size of a page is a whole number from 1 to 1000000";
    o->row->paging.size = (unsigned)n;
    return NULL;
}

static const char *set_page_size_name(const struct overriding *o)
{
    o->row->paging.size_name = o->line->value;
    return NULL;
}

static const char *set_page_offset(const struct overriding *o)
{
    o->row->paging.offset_name = o->line->value;
    return NULL;
}

static const char *set_page_number(const struct overriding *o)
{
    o->row->paging.number_name = o->line->value;
    return NULL;
}

static const struct override_kind kinds[] = {
    {"path", is_any, NULL, set_path},
    {"param.", is_any, nth_param, set_param},
    {"query", is_any, NULL, set_query},
    {"list", is_shown, NULL, set_list},
    {"id", has_id, NULL, set_id},
    {"field.", is_any, nth_field, set_field},
    {"page_size", is_list, NULL, set_page_size},
    {"page_size_name", is_list, NULL, set_page_size_name},
    {"page_offset", is_list, NULL, set_page_offset},
    {"page_number", is_list, NULL, set_page_number},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static const char *override_one(struct in_force *row, const struct endpoint *endpoint, const struct config_override *o)
{
    for (size_t i = 0; i < KINDS; i++) {
        const struct override_kind *kind = &kinds[i];
        size_t len = strlen(kind->key);
        if (!kind->fits(endpoint) || (kind->nth ? strncmp(o->key, kind->key, len) : strcmp(o->key, kind->key)) != 0)
            continue;
        return *o->value ? kind->set(&(struct overriding){row, endpoint, o->key + len, o}) : "the value is missing";
    }
    return no_such_key;
}

/* Appends the operation's keys with commas between them. */
static void append_keys(const struct endpoint *endpoint, struct printbuf *out)
{
    const char *comma = "";
    for (size_t i = 0; i < KINDS; i++) {
        const struct override_kind *kind = &kinds[i];
        const char *name = kind->nth ? kind->nth(endpoint, 0) : "";
        for (unsigned k = 1; kind->fits(endpoint) && name; comma = ", ") {
            sprintbuf(out, "%s%s%s", comma, kind->key, name);
            name = kind->nth ? kind->nth(endpoint, k++) : NULL;
        }
    }
}

static void log_refused(const struct config_override *o, enum operation operation, const char *fault)
{
    struct printbuf *names = printbuf_new();
    if (!names)
        return;
    if (operation == OP_NONE)
        for (unsigned i = 0; i < OPERATIONS; i++)
            sprintbuf(names, "%s%s", i ? ", " : "", table[i].name);
    else
        append_keys(&table[operation], names);
    log_error("%s: %s.%s = %s: %s; the %s%s are %s", o->origin, o->operation, o->key, o->value, fault,
              operation == OP_NONE ? "operations" : "keys of ", operation == OP_NONE ? "" : table[operation].name,
              names->buf);
    printbuf_free(names);
}

static bool take_override(struct endpoints *endpoints, const struct config_override *o)
{
    enum operation operation = endpoint_named(o->operation);
    const char *fault = operation == OP_NONE ? "there is no such operation"
                                             : override_one(&endpoints->rows[operation], &table[operation], o);
    if (fault)
        log_refused(o, operation, fault);
    return !fault;
}

struct endpoints *endpoints_new(const struct config *config)
{
    struct endpoints *endpoints = calloc(1, sizeof *endpoints);
    if (!endpoints)
        return NULL;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        struct in_force *row = &endpoints->rows[i];
        row->paging = (struct endpoint_paging){0, "limitnum", "limitstart", NULL};
        memcpy(row->reading.ids, table[i].ids, sizeof row->reading.ids);
        memcpy(row->reading.fields, table[i].fields, sizeof row->reading.fields);
    }
    for (size_t i = 0; i < config->n_overrides; i++)
        if (!take_override(endpoints, &config->overrides[i])) {
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

const struct endpoint_reading *endpoints_reading(const struct endpoints *endpoints, enum operation operation)
{
    return &endpoints->rows[operation].reading;
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

/* ---- printing ---- */

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
                row->paging.number_name ? row->paging.number_name : row->paging.offset_name);
}

void endpoints_print(const struct endpoints *endpoints, FILE *out)
{
    fprintf(out, "%-9s %-4s %-26s %-10s %s\n", "OPERATION", "", "PATH", "SURE", "FROM");
    for (unsigned i = 0; i < OPERATIONS; i++)
        print_row(endpoints, (enum operation)i, out);
}
