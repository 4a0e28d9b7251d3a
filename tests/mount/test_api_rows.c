/* SPDX-License-Identifier: MIT */
/*
 * Every row of openapi.yaml, each parameter and each enum value, through a path of the mount; compared with the
 * simulator's own answer, which render.py fetches directly and renders by its own rules.
 *
 * The table below and the file must have the same rows: one that is added to the file fails the first test until it
 * has a path here. The rows are driven in the table's order on one mount, the narrow queries before the lists that
 * would answer for them.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RENDER     "/usr/bin/python3 \"$TESTS/render.py\" "
#define WHOLE      "showInvoiceItems=true&showTransactions=true"
#define GET(path)  "\"method\":\"GET\",\"path\":\"/api" path "\""
#define POST(path) "\"method\":\"POST\",\"path\":\"/api" path "\""
#define TABLED(row, path)                                                                                              \
    {                                                                                                                  \
        row " or " path,                                                                                               \
            "\"$MELBICOMFS\" --endpoints | grep -oE '(path =|candidates:|,) " path "(,|$)' | grep -o '/[^,]*'",        \
            "echo '" path "'", NULL                                                                                    \
    }

struct row {
    const char *row;  /* as openapi_rows.py prints it */
    const char *show; /* a command in the mount */
    const char *want; /* a command whose output must be the same */
    const char *sent; /* part of a line of the journal that the first command must have caused, or NULL */
};

/* clang-format off */
static const struct row rows[] = {
    {"GET /utility/version", "touch version; cat version", RENDER "version $URL /utility/version", GET("/utility/version")},
    TABLED("GET /utility/version", "/utility/version"),
    TABLED("GET /utility/version", "/version"),
    TABLED("GET /utility/version", "/utility/api-version"),

    {"GET /products/groups", "cat all/product-groups.json", RENDER "json $URL /products/groups", GET("/products/groups")},
    TABLED("GET /products/groups", "/products/groups"),
    TABLED("GET /products/groups", "/productgroups"),
    TABLED("GET /products/groups", "/product-groups"),
    TABLED("GET /products/groups", "/products/productgroups"),

    {"GET /products productGroupId[]", "cat products/groups/2/products.json",
     RENDER "json $URL '/products?productGroupId[]=2'", GET("/products?productGroupId%5B%5D=2")},
    {"GET /products showConfigOptions", "cat products/groups/2/config-options.json",
     RENDER "json $URL '/products?productGroupId[]=2&showConfigOptions=true'",
     GET("/products?productGroupId%5B%5D=2&showConfigOptions=true")},
    {"GET /products", "cat all/products.json all/products.csv",
     RENDER "json $URL /products; " RENDER "csv $URL /products", GET("/products")},

    {"GET /services/{serviceId}", "cat services/10421/info.json", RENDER "one $URL /services/10421", GET("/services/10421")},
    {"GET /services/{serviceId} serviceId", "cat services/10425/info.json", RENDER "one $URL /services/10425",
     GET("/services/10425")},
    {"GET /services productName", "ls by/service-product/CDN\\ Europe",
     RENDER "entries $URL '/services?productName=CDN%20Europe' id", GET("/services?productName=CDN%20Europe")},
    {"GET /services serviceStatus=Active", "ls by/service-status/Active",
     RENDER "entries $URL '/services?serviceStatus=Active' id", GET("/services?serviceStatus=Active")},
    {"GET /services serviceStatus=Suspended", "ls by/service-status/Suspended",
     RENDER "entries $URL '/services?serviceStatus=Suspended' id", GET("/services?serviceStatus=Suspended")},
    {"GET /services serviceStatus=Pending", "ls by/service-status/Pending",
     RENDER "entries $URL '/services?serviceStatus=Pending' id", GET("/services?serviceStatus=Pending")},
    {"GET /services serviceStatus=Cancelled", "ls by/service-status/Cancelled",
     RENDER "entries $URL '/services?serviceStatus=Cancelled' id", GET("/services?serviceStatus=Cancelled")},
    {"GET /services serviceStatus=Terminated", "ls by/service-status/Terminated",
     RENDER "entries $URL '/services?serviceStatus=Terminated' id", GET("/services?serviceStatus=Terminated")},
    {"GET /services serviceStatus", "ls by/service-status",
     "printf '%s\\n' Active Cancelled Pending Suspended Terminated", NULL},
    {"GET /services", "cat all/services.json all/services.csv; ls services",
     RENDER "json $URL /services; " RENDER "csv $URL /services; " RENDER "entries $URL /services id", GET("/services")},

    {"POST /services/{serviceId}/cdn/purge",
     "echo cdn.example.com >services/10421/cdn/purge; tail -n 1 services/10421/cdn/purge.log | cut -f 2-4",
     "printf 'ok\\tcdn.example.com\\t200\\n'", POST("/services/10421/cdn/purge")},
    {"POST /services/{serviceId}/cdn/purge serviceId",
     "echo nothing >services/10425/cdn/purge; tail -n 1 services/10425/cdn/purge.log | cut -f 3-5",
     "printf 'nothing\\t404\\tResource nothing not found\\n'", POST("/services/10425/cdn/purge")},
    {"POST /services/{serviceId}/cdn/purge resource_name",
     "echo static.example.com >services/10421/cdn/purge; tail -n 1 services/10421/cdn/purge.log | cut -f 2-4",
     "printf 'ok\\tstatic.example.com\\t200\\n'", "{\\\"resource_name\\\":\\\"static.example.com\\\"}"},

    {"GET /domains/pricing extension", "cat domains/pricing/co.uk/domainregister/EUR/1",
     RENDER "prices-csv $URL '/domains/pricing?extension=.co.uk' | grep '^co.uk,domainregister,EUR,1,' | cut -d, -f 5 | tr -d '\\r'",
     GET("/domains/pricing?extension=.co.uk")},
#define LEAVES(which) "grep -r '' domains/pricing | grep '" which "' | sed 's,^domains/pricing/,,; s,:,/,' | sort"
#define PRICES(query) RENDER "prices-csv $URL '/domains/pricing?" query "' | tr -d '\\r' | sed '1d;s,\\,,/,g' | sort"
    {"GET /domains/pricing operationType=domainregister", LEAVES("/domainregister/"), PRICES("operationType=domainregister"),
     GET("/domains/pricing")},
    {"GET /domains/pricing operationType=domaintransfer", LEAVES("/domaintransfer/"), PRICES("operationType=domaintransfer"), NULL},
    {"GET /domains/pricing operationType=domainrenew", LEAVES("/domainrenew/"), PRICES("operationType=domainrenew"), NULL},
    {"GET /domains/pricing operationType", "ls domains/pricing/com",
     "printf '%s\\n' domainregister domainrenew domaintransfer", NULL},
    {"GET /domains/pricing currency=EUR", LEAVES("/EUR/"), PRICES("currency=EUR"), NULL},
    {"GET /domains/pricing currency=USD", LEAVES("/USD/"), PRICES("currency=USD"), NULL},
    {"GET /domains/pricing currency", "ls domains/pricing/com/domainregister", "printf '%s\\n' EUR USD", NULL},
    {"GET /domains/pricing", "cat all/pricing.json all/pricing.csv",
     RENDER "prices $URL /domains/pricing; " RENDER "prices-csv $URL /domains/pricing", NULL},
    TABLED("GET /domains/pricing", "/domains/pricing"),
    TABLED("GET /domains/pricing", "/domains/prices"),
    TABLED("GET /domains/pricing", "/domains"),

    {"GET /billing/invoices id", "cat billing/invoices/90002.json", RENDER "one $URL '/billing/invoices?id=90002&" WHOLE "'",
     GET("/billing/invoices?id=90002&" WHOLE)},
    {"GET /billing/invoices invoicenum", "cat by/invoice-number/MLB-2020-0003.json",
     RENDER "one $URL '/billing/invoices?invoicenum=MLB-2020-0003&" WHOLE "'",
     GET("/billing/invoices?invoicenum=MLB-2020-0003&" WHOLE)},
#define STATUS(status)                                                                                                 \
    {"GET /billing/invoices status=" status, "ls by/invoice-status/" status,                                  \
     RENDER "entries $URL '/billing/invoices?status=" status "' id .json",                                             \
     GET("/billing/invoices?status=" status "&" WHOLE)}
    STATUS("Paid"), STATUS("Unpaid"), STATUS("Cancelled"), STATUS("Refunded"),
    {"GET /billing/invoices showInvoiceItems", "jq -c '.[].items' all/invoices.json",
     "curl -sf -H \"Authorization: Bearer $MELBICOM_TOKEN\" \"$URL/billing/invoices?showInvoiceItems=true\" | jq -c '.[].items'",
     GET("/billing/invoices?" WHOLE)},
    {"GET /billing/invoices status", "ls by/invoice-status", "printf '%s\\n' Cancelled Paid Refunded Unpaid", NULL},
    {"GET /billing/invoices showTransactions", "jq -c '.[].transactions' all/invoices.json",
     "curl -sf -H \"Authorization: Bearer $MELBICOM_TOKEN\" \"$URL/billing/invoices?showTransactions=true\" | jq -c '.[].transactions'",
     NULL},
    {"GET /billing/invoices", "cat all/invoices.json all/invoices.csv; ls billing/invoices | grep json",
     RENDER "json $URL '/billing/invoices?" WHOLE "'; " RENDER "csv $URL '/billing/invoices?" WHOLE "'; "
     RENDER "entries $URL /billing/invoices id .json", NULL},
    {"GET /billing/invoices limitnum", NULL, NULL, NULL}, /* by configuration: a test of its own */

    {"GET /billing/creditbalance", "cat billing/balance billing/balance.json",
     RENDER "balance $URL /billing/creditbalance; " RENDER "one $URL /billing/creditbalance", GET("/billing/creditbalance")},
    TABLED("GET /billing/creditbalance", "/billing/creditbalance"),
    TABLED("GET /billing/creditbalance", "/billing/balance"),
    TABLED("GET /billing/creditbalance", "/billing/credit-balance"),
};
/* clang-format on */

#define ROWS (sizeof rows / sizeof *rows)

static const char *const account[] = {"--invoices", "400", "--services", "40", NULL};

static int setup(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    return fixture_start(&fixture, account, NULL);
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

/* ---- the file and the table have the same rows ---- */

static const struct row *row_named(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].row, name) == 0)
            return &rows[i];
    return NULL;
}

/* The first row of the file (changed by `more`, JSON) that has no path here, or the reverse; NULL: they agree. */
static const char *difference(const struct mount *mount, const char *more)
{
    static char found[256];
    bool seen[ROWS] = {false};
    struct ran ran = run_ok(mount, "/usr/bin/python3 \"$TESTS/openapi_rows.py\" \"$TESTS/../openapi.yaml\" '%s'", more);

    for (char *save, *line = strtok_r(ran.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const struct row *row = row_named(line);
        snprintf(found, sizeof found, "%s", line);
        if (!row)
            return found;
        seen[row - rows] = true;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (!seen[i])
            return rows[i].row;
    return NULL;
}

static void test_every_row_of_the_api_has_a_path(void **state)
{
    struct fixture *f = *state;
    const char *row = difference(&f->mount, "{}");
    if (row)
        fail_msg("\"%s\" is in one of openapi.yaml and test_api_rows.c, and not in the other", row);
}

static void test_a_row_added_to_the_api_is_noticed(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *more, *row;
    } added[] = {
        {"{\"paths\": {\"/dns/zones\": {\"get\": {}}}}", "GET /dns/zones"},
        {"{\"paths\": {\"/products\": {\"put\": {}}}}", "PUT /products"},
        {"{\"paths\": {\"/products\": {\"get\": {\"parameters\": [{\"name\": \"hidden\"}]}}}}", "GET /products hidden"},
        {"{\"paths\": {\"/products\": {\"get\": {\"parameters\": [{\"name\": \"x\", \"schema\": {\"enum\": [1]}}]}}}}",
         "GET /products x"},
        {"{\"paths\": {\"/utility/version\": {\"get\": {\"x-candidates\": [\"/v\"]}}}}", "GET /utility/version or /v"},
        {"{\"components\": {\"parameters\": {\"serviceId\": {\"schema\": {\"enum\": [7]}}}}}",
         "GET /services/{serviceId} serviceId=7"},
    };
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        const char *row = difference(&f->mount, added[i].more);
        assert_non_null(row);
        assert_string_equal(row, added[i].row);
    }
}

/* ---- each row, through its path ---- */

static void drive(struct fixture *f, const struct row *row)
{
    journal_clear(&f->sim);
    struct ran shown = run(&f->mount, "%s", row->show);
    const char *requests = journal(&f->sim, NULL);

    if (row->sent && !strstr(requests, row->sent))
        fail_msg("%s: `%s` did not send %s, but:\n%s\nand said: %s", row->row, row->show, row->sent, requests,
                 shown.err);
    struct ran wanted = run_ok(&f->mount, "%s", row->want);
    if (wanted.out_len == 0)
        fail_msg("%s: the account has nothing to show for it", row->row);
    if (shown.out_len != wanted.out_len || memcmp(shown.out, wanted.out, wanted.out_len) != 0)
        fail_msg("%s: `%s` shows\n%.1500s\n%s\ninstead of\n%.1500s", row->row, row->show, shown.out, shown.err,
                 wanted.out);
}

static void test_each_row_shows_what_the_api_answers(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].show)
            drive(f, &rows[i]);
}

static void test_limitnum_of_invoices_by_configuration(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, &(struct how){.config = "[endpoints]\ninvoices.query = limitnum=7\n"});
    drive(f, &(struct row){"GET /billing/invoices limitnum", "cat all/invoices.json; ls billing/invoices | grep json",
                           RENDER "json $URL '/billing/invoices?limitnum=7&" WHOLE "'; " RENDER
                                  "entries $URL '/billing/invoices?limitnum=7' id .json",
                           GET("/billing/invoices?" WHOLE "&limitnum=7")});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_api_has_a_path),
        cmocka_unit_test(test_a_row_added_to_the_api_is_noticed),
        cmocka_unit_test(test_each_row_shows_what_the_api_answers),
        cmocka_unit_test(test_limitnum_of_invoices_by_configuration),
    };
    harness_begin();
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    return cmocka_run_group_tests(tests, setup, teardown);
}
