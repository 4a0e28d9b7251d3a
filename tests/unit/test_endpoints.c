/* SPDX-License-Identifier: MIT */
/*
 * The table of what the API offers, what [endpoints] makes of it, and how a query becomes a path.
 */
#include "api/endpoints.h"

#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/config.h"
#include "base/log.h"

/* The endpoints that `n` overrides make, or NULL; the config is cleared by clear(). */
static struct endpoints *make(struct config *config, const char *const (*rows)[3], size_t n)
{
    config_init(config);
    config->overrides = calloc(n + 1, sizeof(*config->overrides));
    assert_non_null(config->overrides);
    for (; config->n_overrides < n; config->n_overrides++)
        config->overrides[config->n_overrides] = (struct config_override){
            .operation = strdup(rows[config->n_overrides][0]),
            .key = strdup(rows[config->n_overrides][1]),
            .value = strdup(rows[config->n_overrides][2]),
            .origin = strdup("config:1"),
        };
    return endpoints_new(config);
}

static void clear(struct config *config, struct endpoints *endpoints)
{
    endpoints_free(endpoints);
    config_clear(config);
    log_free();
}

static void assert_path(const struct endpoints *endpoints, const struct query *query, size_t offset, const char *path)
{
    struct printbuf *out = printbuf_new();

    assert_int_equal(endpoints_path(endpoints, query, endpoints_first(endpoints, query->operation), offset, out), 0);
    assert_string_equal(out->buf, path);
    printbuf_free(out);
}

static void assert_key(const struct query *query, const char *key)
{
    struct printbuf *out = printbuf_new();

    query_key(query, out);
    assert_string_equal(out->buf, key);
    printbuf_free(out);
}

/* ---- the table ---- */

static unsigned count(const char *const *texts, unsigned room)
{
    unsigned n = 0;

    while (n < room && texts[n])
        n++;
    for (unsigned i = n; i < room; i++)
        assert_null(texts[i]); /* no hole */
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(texts[i], texts[k]);
    return n;
}

static void check_params(const struct endpoint *endpoint)
{
    bool ended = false;

    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++) {
        const struct endpoint_param *param = &endpoint->params[i];

        ended = ended || !param->key;
        assert_int_equal(param->key == NULL, ended);
        assert_int_equal(param->name == NULL, ended);
        for (unsigned k = 0; k < i && !ended; k++)
            assert_string_not_equal(param->key, endpoint->params[k].key);
    }
}

/* Neither among the fields that are kept nor among the others is a hole. No two have the same key. */
static void check_fields(const struct endpoint *endpoint)
{
    bool ended = false;

    for (unsigned i = 0; i < ENDPOINT_FIELDS; i++) {
        const struct endpoint_field *field = &endpoint->fields[i];

        ended = (ended && i != SNAPSHOT_FIELDS) || !field->key;
        assert_int_equal(field->key == NULL, ended);
        assert_int_equal(count(field->names, ENDPOINT_ALIASES) == 0, ended);
        assert_true(!ended || !field->known);
        for (unsigned k = 0; k < i && !ended; k++)
            assert_true(!endpoint->fields[k].key || strcmp(field->key, endpoint->fields[k].key) != 0);
    }
}

static bool has_name(const struct endpoint *endpoint, const char *name, size_t len)
{
    for (unsigned i = 0; i < ENDPOINT_ALIASES && endpoint->names[i]; i++)
        if (strlen(endpoint->names[i]) == len && strncmp(endpoint->names[i], name, len) == 0)
            return true;
    return false;
}

/* {"invoices":{"invoice":[…]}} is a list, too. */
static void test_a_list_has_its_name_in_both_numbers(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPERATIONS; op++) {
        const struct endpoint *endpoint = endpoint_of((enum operation)op);

        for (unsigned i = 0; i < ENDPOINT_ALIASES && endpoint->names[i] && endpoint->shape == SHAPE_LIST; i++) {
            char plural[64];
            size_t len = strlen(endpoint->names[i]);

            (void)snprintf(plural, sizeof(plural), "%ss", endpoint->names[i]);
            assert_true(endpoint->names[i][len - 1] == 's' ? has_name(endpoint, endpoint->names[i], len - 1)
                                                           : has_name(endpoint, plural, len + 1));
        }
    }
}

static void test_every_row(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPERATIONS; op++) {
        const struct endpoint *endpoint = endpoint_of((enum operation)op);
        unsigned n = count(endpoint->paths, ENDPOINT_PATHS);

        assert_int_equal(endpoint_named(endpoint->name), op);
        assert_true(strcmp(endpoint->method, op == OP_PURGE ? "POST" : "GET") == 0);
        assert_true(n > 0 && n < ENDPOINT_PATHS);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(endpoint->paths[i][0], '/');
            assert_true(strlen(endpoint->paths[i]) > 1 && !strchr(endpoint->paths[i], '?'));
            assert_int_equal(!strstr(endpoint->paths[0], "{id}"), !strstr(endpoint->paths[i], "{id}"));
        }
        assert_true(strcmp(endpoint->evidence, "documented") == 0 || strcmp(endpoint->evidence, "observed") == 0 ||
                    strcmp(endpoint->evidence, "inferred") == 0);
        assert_true(count(endpoint->names, ENDPOINT_ALIASES) < ENDPOINT_ALIASES);
        unsigned ids = count(endpoint->ids, ENDPOINT_ALIASES);
        assert_true(!endpoint->by_id || ids > 0);
        assert_true(!endpoint->by_id || endpoint->shape == SHAPE_LIST);
        check_fields(endpoint);
        assert_true(endpoint->date_field < SNAPSHOT_FIELDS);
        if (endpoint->date_field >= 0)
            assert_non_null(endpoint->fields[endpoint->date_field].key);
        check_params(endpoint);
    }
    assert_int_equal(endpoint_named("no-such-operation"), OP_NONE);
    assert_int_equal(endpoint_named(""), OP_NONE);
}

static void test_only_prices_and_catalogues_live_long(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OPERATIONS; op++) {
        bool slow = op == OP_VERSION || op == OP_GROUPS || op == OP_PRODUCTS || op == OP_PRICING;

        assert_int_equal(endpoint_of((enum operation)op)->slow, slow);
    }
}

/* ---- against the description of the API ---- */

static char *read_openapi(void)
{
    const char *path = getenv("OPENAPI");
    FILE *file = fopen(path ? path : "tests/openapi.yaml", "re");
    char *text = calloc(1, 1 << 18);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 18) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

/* The operation that has `path`, which writes ids as {serviceId}, among its candidates at `place`. */
static enum operation operation_at(const char *path, unsigned place)
{
    char ours[128];
    const char *id = strstr(path, "{serviceId}");

    (void)snprintf(ours, sizeof(ours), "%.*s%s%s", (int)(id ? id - path : (int)strlen(path)), path, id ? "{id}" : "",
                   id ? id + strlen("{serviceId}") : "");
    for (unsigned op = 0; op < OPERATIONS; op++) {
        const char *have = endpoint_of((enum operation)op)->paths[place];

        if (have && strcmp(have, ours) == 0)
            return (enum operation)op;
    }
    return OP_NONE;
}

static void check_candidates(const char *line, enum operation operation)
{
    char list[512], *rest = list, *path;
    unsigned n = 0;

    (void)snprintf(list, sizeof(list), "%s", strchr(line, '[') + 1);
    list[strcspn(list, "]")] = '\0';
    while ((path = strtok_r(rest, ", ", &rest))) {
        assert_int_equal(operation_at(path, n), operation);
        n++;
    }
    assert_true(n > 1);
    assert_null(endpoint_of(operation)->paths[n]);
}

static void test_every_path_and_candidate_of_the_description(void **state)
{
    char *text = read_openapi(), *rest = text, *line;
    enum operation operation = OP_NONE;
    bool seen[OPERATIONS] = {false}, paths = false;
    unsigned candidates = 0;

    (void)state;
    while ((line = strsep(&rest, "\n"))) {
        paths = paths || strcmp(line, "paths:") == 0;
        if (paths && strncmp(line, "  /", 3) == 0) {
            line[strlen(line) - 1] = '\0';
            operation = operation_at(line + 2, 0);
            assert_int_not_equal(operation, OP_NONE);
            seen[operation] = true;
        }
        if (paths && strstr(line, "x-candidates:")) {
            check_candidates(line, operation);
            candidates++;
        }
    }
    for (unsigned op = 0; op < OPERATIONS; op++)
        assert_true(seen[op]);
    assert_int_equal(candidates, 4);
    free(text);
}

static void test_every_parameter_of_the_description(void **state)
{
    char *text = read_openapi(), *rest = text, *line;
    enum operation operation = OP_NONE;
    unsigned n = 0;

    (void)state;
    while ((line = strsep(&rest, "\n"))) {
        char *name = strstr(line, "name: ");
        bool found = false;

        if (strncmp(line, "  /", 3) == 0) {
            line[strlen(line) - 1] = '\0';
            operation = operation_at(line + 2, 0);
        }
        if (operation == OP_NONE || !name || !strstr(line, "- ") || strstr(line, "limitnum") || strstr(line, "cdn"))
            continue;
        if (strstr(line, "- {") ? !strstr(line, "in: query") : !strstr(line, "- name:"))
            continue;
        name += strlen("name: ");
        name += *name == '"';
        name[strcspn(name, "\",")] = '\0';
        for (unsigned i = 0; i < ENDPOINT_PARAMS && endpoint_of(operation)->params[i].name; i++)
            found = found || strcmp(endpoint_of(operation)->params[i].name, name) == 0;
        if (!found)
            fail_msg("%s has no parameter %s", endpoint_of(operation)->name, name);
        n++;
    }
    assert_int_equal(n, 12);
    free(text);
}

/* ---- paths ---- */

static void test_paths(void **state)
{
    static const struct {
        struct query query;
        const char *path, *key;
    } rows[] = {
        {{.operation = OP_VERSION}, "/utility/version", "version"},
        {{.operation = OP_SERVICE, .id = 10421}, "/services/10421", "service/10421"},
        {{.operation = OP_SERVICE, .id = UINT64_MAX}, "/services/18446744073709551615", "service/18446744073709551615"},
        {{.operation = OP_PURGE, .id = 7}, "/services/7/cdn/purge", "purge/7"},
        {{.operation = OP_PRODUCTS, .values = {[PRODUCTS_GROUP] = "3"}},
         "/products?productGroupId%5B%5D=3",
         "products?group=3"},
        {{.operation = OP_PRODUCTS, .values = {[PRODUCTS_GROUP] = "3", [PRODUCTS_OPTIONS] = "true"}},
         "/products?productGroupId%5B%5D=3&showConfigOptions=true",
         "products?group=3&options=true"},
        {{.operation = OP_SERVICES, .values = {[SERVICES_STATUS] = "Pending"}},
         "/services?serviceStatus=Pending",
         "services?status=Pending"},
        {{.operation = OP_SERVICES, .values = {[SERVICES_PRODUCT] = "A/B &c=d?#+%caf\xc3\xa9 ~._-"}},
         "/services?productName=A%2FB%20%26c%3Dd%3F%23%2B%25caf%C3%A9%20~._-",
         "services?product=A%2FB%20%26c%3Dd%3F%23%2B%25caf%C3%A9%20~._-"},
        {{.operation = OP_SERVICES, .values = {[SERVICES_PRODUCT] = ""}},
         "/services?productName=",
         "services?product="},
        {{.operation = OP_PRICING, .values = {[PRICING_EXTENSION] = "co.uk"}},
         "/domains/pricing?extension=.co.uk",
         "pricing?extension=co.uk"},
        {{.operation = OP_INVOICES}, "/billing/invoices?showInvoiceItems=true&showTransactions=true", "invoices"},
        {{.operation = OP_INVOICES, .values = {[INVOICES_ID] = "90017"}},
         "/billing/invoices?id=90017&showInvoiceItems=true&showTransactions=true",
         "invoices?id=90017"},
        {{.operation = OP_INVOICES, .values = {[INVOICES_NUMBER] = "MLB-2026-0117", [INVOICES_STATUS] = "Paid"}},
         "/billing/invoices?invoicenum=MLB-2026-0117&status=Paid&showInvoiceItems=true&showTransactions=true",
         "invoices?number=MLB-2026-0117&status=Paid"},
        {{.operation = OP_BALANCE}, "/billing/creditbalance", "balance"},
    };
    struct config config;
    struct endpoints *endpoints = make(&config, NULL, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_path(endpoints, &rows[i].query, 0, rows[i].path);
        assert_key(&rows[i].query, rows[i].key);
    }
    clear(&config, endpoints);
}

/* Two queries with one key would be one document. */
static void test_keys_do_not_meet(void **state)
{
    const struct query a = {.operation = OP_SERVICES, .values = {[SERVICES_STATUS] = "x&product=y"}};
    const struct query b = {.operation = OP_SERVICES, .values = {[SERVICES_STATUS] = "x", [SERVICES_PRODUCT] = "y"}};
    struct printbuf *one = printbuf_new(), *two = printbuf_new();

    (void)state;
    query_key(&a, one);
    query_key(&b, two);
    assert_string_not_equal(one->buf, two->buf);
    printbuf_free(one);
    printbuf_free(two);
}

/* ---- candidates ---- */

static void test_a_404_moves_on_to_the_next_candidate(void **state)
{
    struct config config;
    struct endpoints *endpoints = make(&config, NULL, 0);
    const struct query balance = {.operation = OP_BALANCE};
    unsigned choice = endpoints_first(endpoints, OP_BALANCE), other = choice;

    (void)state;
    assert_int_equal(choice, 0);
    assert_true(endpoints_next(endpoints, OP_BALANCE, &choice));
    assert_int_equal(choice, 1);
    assert_path(endpoints, &balance, 0, "/billing/creditbalance"); /* nothing is proved yet */
    endpoints_settle(endpoints, OP_BALANCE, choice);
    assert_path(endpoints, &balance, 0, "/billing/balance");
    assert_true(endpoints_next(endpoints, OP_BALANCE, &other)); /* a call that was under way meanwhile */
    assert_int_equal(other, 1);
    assert_false(endpoints_next(endpoints, OP_BALANCE, &choice)); /* a true 404 of the one that is there */
    endpoints_settle(endpoints, OP_BALANCE, 2);
    assert_path(endpoints, &balance, 0, "/billing/balance");
    assert_int_equal(endpoints_first(endpoints, OP_VERSION), 0);
    clear(&config, endpoints);
}

/* What was not there at all may be there later, or was the 404 of a name that is not. */
static void test_when_no_candidate_is_there_the_next_call_begins_anew(void **state)
{
    struct config config;
    struct endpoints *endpoints = make(&config, NULL, 0);
    unsigned choice = 0, only = 0;

    (void)state;
    assert_true(endpoints_next(endpoints, OP_PRICING, &choice));
    assert_true(endpoints_next(endpoints, OP_PRICING, &choice));
    assert_false(endpoints_next(endpoints, OP_PRICING, &choice));
    assert_path(endpoints, &(struct query){.operation = OP_PRICING}, 0, "/domains/pricing");
    assert_false(endpoints_next(endpoints, OP_SERVICE, &only)); /* the only one: the service is not there */
    clear(&config, endpoints);
}

/* ---- overrides ---- */

static void test_overrides(void **state)
{
    static const char *const rows[][3] = {
        {"balance", "path", "/v2/credit"},      {"services", "param.status", "state"},
        {"services", "param.productName", "p"}, {"invoices", "query", "limitnum=100000"},
        {"service", "path", "/v2/s/{id}/all"},  {"groups", "path", "/g?all=1"},
        {"products", "query", "a=b&c=d"},       {"pricing", "param.extension", "tld[]"},
    };
    struct config config;
    struct endpoints *endpoints = make(&config, rows, sizeof(rows) / sizeof(rows[0]));

    (void)state;
    assert_non_null(endpoints);
    assert_path(endpoints, &(struct query){.operation = OP_BALANCE}, 0, "/v2/credit");
    assert_false(endpoints_next(endpoints, OP_BALANCE, &(unsigned){0}));
    assert_path(
        endpoints,
        &(struct query){.operation = OP_SERVICES, .values = {[SERVICES_STATUS] = "Active", [SERVICES_PRODUCT] = "x"}},
        0, "/services?state=Active&p=x");
    assert_path(endpoints, &(struct query){.operation = OP_SERVICE, .id = 5}, 0, "/v2/s/5/all");
    assert_path(endpoints, &(struct query){.operation = OP_INVOICES}, 0,
                "/billing/invoices?showInvoiceItems=true&showTransactions=true&limitnum=100000");
    assert_path(endpoints, &(struct query){.operation = OP_PRODUCTS}, 0, "/products?a=b&c=d");
    assert_path(endpoints, &(struct query){.operation = OP_GROUPS}, 0, "/g?all=1");
    assert_path(endpoints, &(struct query){.operation = OP_PRICING, .values = {[PRICING_EXTENSION] = "com"}}, 0,
                "/domains/pricing?tld%5B%5D=.com");
    /* The key is the query's, whatever the service calls it. */
    assert_key(&(struct query){.operation = OP_SERVICES, .values = {[SERVICES_STATUS] = "Active"}},
               "services?status=Active");
    clear(&config, endpoints);
}

/* How answers are read, in a line: "list|id,id|key=name,name|…". */
static void assert_reading(const struct endpoints *endpoints, enum operation operation, const char *expected)
{
    const struct endpoint_reading *reading = endpoints_reading(endpoints, operation);
    struct printbuf *out = printbuf_new();

    sprintbuf(out, "%s|", reading->list ? reading->list : "");
    for (unsigned i = 0; i < ENDPOINT_ALIASES && reading->ids[i]; i++)
        sprintbuf(out, "%s%s", i ? "," : "", reading->ids[i]);
    for (unsigned k = 0; k < ENDPOINT_FIELDS; k++) {
        if (!reading->fields[k].key)
            continue;
        sprintbuf(out, "|%s", reading->fields[k].key);
        for (unsigned i = 0; i < ENDPOINT_ALIASES && reading->fields[k].names[i]; i++)
            sprintbuf(out, "%c%s", i ? ',' : '=', reading->fields[k].names[i]);
        assert_ptr_equal(reading->fields[k].known, endpoint_of(operation)->fields[k].known);
    }
    assert_string_equal(out->buf, expected);
    printbuf_free(out);
}

static void test_overrides_of_how_answers_are_read(void **state)
{
    static const char *const rows[][3] = {
        {"invoices", "list", "data.invoices"},
        {"services", "id", "first"},
        {"services", "id", "sid"},
        {"balance", "field.amount", "creditbalance"},
        {"service", "list", "value"},
        {"service", "field.status", "state.name"},
        {"pricing", "list", "prices"},
        {"invoices", "field.total", "sum"},
        {"products", "field.options", "extras"},
    };
    struct config config;
    struct endpoints *endpoints = make(&config, rows, sizeof(rows) / sizeof(rows[0]));

    (void)state;
    assert_non_null(endpoints);
    assert_reading(endpoints, OP_INVOICES,
                   "data.invoices|id,invoiceId,invoiceid,invoice_id|number=invoicenum,invoiceNum,invoicenumber,number|"
                   "status=status|date=date,invoiceDate|due=duedate,dueDate,due_date|total=sum|"
                   "currency=currency,currencyCode,currencycode|items=items,invoiceItems,invoiceitems,invoice_items|"
                   "transactions=transactions,invoiceTransactions");
    assert_reading(endpoints, OP_SERVICES,
                   "|sid|product=productName,productname,name|status=status,serviceStatus|"
                   "name=domain,domainName,domainname,hostname,hostName|"
                   "due=nextDueDate,nextduedate,next_due_date,dueDate,duedate|"
                   "amount=amount,recurringAmount,recurringamount,price|currency=currency,currencyCode,currencycode|"
                   "cycle=billingCycle,billingcycle,billing_cycle,cycle");
    assert_reading(endpoints, OP_BALANCE, "||amount=creditbalance|currency=currency,currencyCode");
    assert_reading(endpoints, OP_SERVICE,
                   "value|id,serviceId,serviceid,service_id|product=productName,productname,name|status=state.name|"
                   "name=domain,domainName,domainname,hostname,hostName");
    assert_reading(endpoints, OP_PRODUCTS,
                   "|id,productId,productid,pid|name=name,productName,productname|prices=pricing,prices,price|"
                   "options=extras");
    assert_reading(endpoints, OP_PRICING, "prices|");
    clear(&config, endpoints);
}

static void test_refused_overrides(void **state)
{
    static const char *const rows[][3] = {
        {"nothing", "path", "/x"},
        {"", "path", "/x"},
        {"balance", "path", "x"},
        {"balance", "path", ""},
        {"balance", "path", "https://api.example.com/x"},
        {"service", "path", "/services/all"},
        {"balance", "paths", "/x"},
        {"balance", "param.status", "x"},
        {"services", "param.", "x"},
        {"services", "param.colour", "x"},
        {"balance", "page_size", "100"},
        {"service", "page_offset", "skip"},
        {"balance", "page_number", "page"},
        {"services", "page_number", ""},
        {"pricing", "page_size_name", "n"},
        {"invoices", "page_size", "0"},
        {"invoices", "page_size", "-1"},
        {"invoices", "page_size", ""},
        {"invoices", "page_size", "ten"},
        {"invoices", "page_size", "10 "},
        {"invoices", "page_size", "1000001"},
        {"invoices", "page_size", "99999999999999999999"},
        {"invoices", "colour", "red"},
        {"invoices", "query", ""},
        {"invoices", "list", ""},
        {"invoices", "list", "."},
        {"invoices", "list", ".data"},
        {"invoices", "list", "data."},
        {"invoices", "list", "data..invoices"},
        {"purge", "list", "data"},
        {"balance", "id", "n"},
        {"purge", "id", "n"},
        {"invoices", "id", ""},
        {"balance", "field", "x"},
        {"balance", "field.", "x"},
        {"balance", "field.status", "x"},
        {"balance", "field.amount", ""},
        {"pricing", "field.years", "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config config;
        struct endpoints *endpoints = make(&config, &rows[i], 1);
        size_t len;
        char *log = log_recent(&len);

        if (endpoints)
            fail_msg("%s.%s = %s was taken", rows[i][0], rows[i][1], rows[i][2]);
        assert_non_null(strstr(log, "config:1"));
        assert_non_null(strstr(log, rows[i][1]));
        assert_ptr_equal(strchr(log, '\n'), log + len - 1); /* one line */
        free(log);
        clear(&config, endpoints);
    }
}

/* The line and its key, what is wrong, and what there is instead. */
static void test_a_refusal_says_which_keys_there_are(void **state)
{
    static const struct {
        const char *row[3], *line;
    } rows[] = {
        {{"balances", "path", "/x"},
         "config:1: balances.path = /x: there is no such operation; did you mean balance? The operations are "
         "version, groups, products, services, service, purge, pricing, invoices, balance\n"},
        {{"frobnicate", "path", "/x"},
         "config:1: frobnicate.path = /x: there is no such operation; the operations are version, groups, products, "
         "services, service, purge, pricing, invoices, balance\n"},
        {{"balance", "field.amout", "credit"},
         "config:1: balance.field.amout = credit: there is no such key; the keys of balance are path, query, list, "
         "field.amount, field.currency\n"},
        {{"services", "page_size", "many"},
         "config:1: services.page_size = many: the size of a page is a whole number from 1 to 1000000; the keys of "
         "services are path, param.status, param.product, query, list, id, field.product, field.status, field.name, "
         "field.due, field.amount, field.currency, field.cycle, page_size, page_size_name, page_offset, page_number\n"},
        {{"purge", "path", "/purge"},
         "config:1: purge.path = /purge: this path needs {id}, which stands for the service's id; the keys of purge "
         "are path, query\n"},
        {{"invoices", "list", ""},
         "config:1: invoices.list = : the value is missing; the keys of invoices are path, param.id, param.number, "
         "param.status, param.items, param.transactions, query, list, id, field.number, field.status, field.date, "
         "field.due, field.total, field.currency, field.items, field.transactions, page_size, page_size_name, "
         "page_offset, page_number\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config config;
        struct endpoints *endpoints = make(&config, &rows[i].row, 1);
        size_t len;
        char *log = log_recent(&len);

        assert_null(endpoints);
        assert_string_equal(strstr(log, "config:1"), rows[i].line);
        free(log);
        clear(&config, endpoints);
    }
}

static void test_paging(void **state)
{
    static const char *const rows[][3] = {
        {"invoices", "page_size", "100"},
        {"services", "page_size", "25"},
        {"services", "page_size_name", "per page"},
        {"services", "page_offset", "skip"},
        {"services", "query", "x=y"},
        {"groups", "page_size", "10"},
        {"groups", "page_number", "page"},
        {"groups", "page_offset", "from"},
    };
    struct config config;
    struct endpoints *endpoints = make(&config, rows, sizeof(rows) / sizeof(rows[0]));

    (void)state;
    assert_non_null(endpoints);
    assert_int_equal(endpoints_page(endpoints, OP_INVOICES)->size, 100);
    assert_int_equal(endpoints_page(endpoints, OP_PRODUCTS)->size, 0);
    assert_path(endpoints, &(struct query){.operation = OP_INVOICES}, 0,
                "/billing/invoices?showInvoiceItems=true&showTransactions=true&limitnum=100&limitstart=0");
    assert_path(endpoints, &(struct query){.operation = OP_SERVICES}, 50, "/services?x=y&per%20page=25&skip=50");
    assert_path(endpoints, &(struct query){.operation = OP_PRODUCTS}, 50, "/products");
    /* Pages that are numbered begin with 1, and the offset is not sent. */
    assert_path(endpoints, &(struct query){.operation = OP_GROUPS}, 0, "/products/groups?limitnum=10&page=1");
    assert_path(endpoints, &(struct query){.operation = OP_GROUPS}, 10, "/products/groups?limitnum=10&page=2");
    assert_path(endpoints, &(struct query){.operation = OP_GROUPS}, 990, "/products/groups?limitnum=10&page=100");
    clear(&config, endpoints);
}

static char *printed(const struct endpoints *endpoints)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    endpoints_print(endpoints, out);
    (void)fclose(out);
    return text;
}

/* What is built in is a comment, what is configured a line with its place above it. */
static void test_the_printed_table(void **state)
{
    static const char *const rows[][3] = {
        {"balance", "path", "/v2/credit"}, {"services", "param.productName", "p"}, {"services", "id", "first"},
        {"services", "id", "sid"},         {"services", "list", "data.items"},     {"services", "page_size", "100"},
    };
    static const char balance[] = "\n# ---- balance (GET) ----\n"
                                  "# from config:1\n"
                                  "balance.path = /v2/credit\n"
                                  "# the first of these names that is there: balance, credit, amount\n"
                                  "# balance.field.amount = balance\n"
                                  "# the first of these names that is there: currency, currencyCode\n"
                                  "# balance.field.currency = currency\n"
                                  "# not set: balance.query, balance.list\n";
    static const char services[] =
        "\n# ---- services (GET) ----\n"
        "# documented\n"
        "# services.path = /services\n"
        "# services.param.status = serviceStatus\n"
        "# from config:2\n"
        "services.param.product = p\n"
        "# from config:5\n"
        "services.list = data.items\n"
        "# from config:4\n"
        "services.id = sid\n"
        "# the first of these names that is there: productName, productname, name\n"
        "# services.field.product = productName\n"
        "# the first of these names that is there: status, serviceStatus\n"
        "# known values, in any letters: Active, Suspended, Pending, Cancelled, Terminated\n"
        "# services.field.status = status\n"
        "# the first of these names that is there: domain, domainName, domainname, hostname, "
        "hostName\n"
        "# services.field.name = domain\n"
        "# the first of these names that is there: nextDueDate, nextduedate, next_due_date, dueDate, duedate\n"
        "# services.field.due = nextDueDate\n"
        "# the first of these names that is there: amount, recurringAmount, recurringamount, price\n"
        "# services.field.amount = amount\n"
        "# the first of these names that is there: currency, currencyCode, currencycode\n"
        "# services.field.currency = currency\n"
        "# the first of these names that is there: billingCycle, billingcycle, billing_cycle, cycle\n"
        "# services.field.cycle = billingCycle\n"
        "# from config:6\n"
        "services.page_size = 100\n"
        "# services.page_size_name = limitnum\n"
        "# services.page_offset = limitstart\n"
        "# not set: services.query, services.page_number\n\n";
    static const char *const parts[] = {
        balance,
        services,
        "\n# ---- purge (POST) ----\n# inferred\n# purge.path = /services/{id}/cdn/purge\n# not set: purge.query\n\n",
        "\n# inferred; other candidates: /version, /utility/api-version\n# version.path = /utility/version\n",
        "\n# sent with every call, its value is true\n# invoices.param.items = showInvoiceItems\n",
        "\n#   OPERATION.field.NAME      what the API calls a field of an item\n",
        "\n\n[endpoints]\n\n# ---- version",
    };
    struct config config;
    struct endpoints *endpoints = make(&config, rows, sizeof(rows) / sizeof(rows[0]));

    (void)state;
    for (size_t i = 0; i < config.n_overrides; i++)
        config.overrides[i].origin[strlen("config:")] = (char)('1' + i);
    char *text = printed(endpoints);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(text, parts[i]))
            fail_msg("there is no '%s' in\n%s", parts[i], text);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 120);
    assert_null(strstr(text, "/billing/creditbalance")); /* no candidate of what is configured */
    assert_null(strstr(text, "first\n"));                /* no line that another one replaces */
    free(text);
    clear(&config, endpoints);
}

/* A file's name may hold anything; it must not become a line of its own. */
static void test_the_place_of_a_line_stays_a_comment(void **state)
{
    static const char *const row[][3] = {{"balance", "query", "; a=b"}};
    struct config config;
    struct endpoints *endpoints = make(&config, row, 1);

    (void)state;
    free(config.overrides[0].origin);
    config.overrides[0].origin = strdup("/tmp/a\nbalance.path = /x:1");
    char *text = printed(endpoints);
    assert_non_null(strstr(text, "# from /tmp/a\nbalance.query = ; a=b\n"));
    free(text);
    clear(&config, endpoints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_a_list_has_its_name_in_both_numbers),
        cmocka_unit_test(test_only_prices_and_catalogues_live_long),
        cmocka_unit_test(test_every_path_and_candidate_of_the_description),
        cmocka_unit_test(test_every_parameter_of_the_description),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_keys_do_not_meet),
        cmocka_unit_test(test_a_404_moves_on_to_the_next_candidate),
        cmocka_unit_test(test_when_no_candidate_is_there_the_next_call_begins_anew),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_overrides_of_how_answers_are_read),
        cmocka_unit_test(test_refused_overrides),
        cmocka_unit_test(test_a_refusal_says_which_keys_there_are),
        cmocka_unit_test(test_paging),
        cmocka_unit_test(test_the_printed_table),
        cmocka_unit_test(test_the_place_of_a_line_stays_a_comment),
    };

    return cmocka_run_group_tests_name("endpoints", tests, NULL, NULL);
}
