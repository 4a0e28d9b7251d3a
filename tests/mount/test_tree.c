/* SPDX-License-Identifier: MIT */
/*
 * The tree as a whole: what its use asks of the API, what is documented of it, and how `touch` renews it.
 */
#include "harness.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PYTHON "/usr/bin/python3 "

/* ---- what a cold walk asks ---- */

static int setup(void **state)
{
    static struct fixture fixture;
    static const char *const options[] = {"--services", "40", "--groups", "6", NULL};
    *state = &fixture;
    return fixture_start(&fixture, options, NULL);
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

/* Paths in the journal, and how many of them differ. */
static size_t distinct(struct simulator *sim, size_t *ret_all)
{
    struct json_object *list = json_tokener_parse(journal(sim, NULL)), *seen = json_object_new_object(), *path;
    *ret_all = json_object_array_length(list);
    for (size_t i = 0; i < *ret_all; i++) {
        json_object_object_get_ex(json_object_array_get_idx(list, i), "path", &path);
        json_object_object_add(seen, json_object_get_string(path), NULL);
    }
    size_t n = (size_t)json_object_object_length(seen);
    json_object_put(list);
    json_object_put(seen);
    return n;
}

static void test_grep_over_a_cold_mount_asks_once_for_each_list_filter_and_service(void **state)
{
    struct fixture *f = *state;
    size_t all;

    fixture_remount(f, NULL);
    assert_int_equal(run(&f->mount, "grep -r 'that is nowhere' .").status, 1);
    size_t different = distinct(&f->sim, &all);
    unsigned shown = (unsigned)atoi(run_ok(&f->mount, "ls services | wc -l").out);

    /*
     * Lists: groups, products, services, prices, invoices; and the balance. The version was asked before the mount.
     * Filters: services that are Pending, Cancelled or Terminated, which are in no other list; those of by/ that
     *          are Active or Suspended, its services by product, and all that is below domains and billing come from
     *          the lists. Products of all groups with configuration options; of each of six groups, with and without.
     * Services: each that is listed.
     */
    unsigned lists = 6, filters = 3 + 1 + 6 * 2;
    assert_true(shown > 20);
    assert_int_equal(all, lists + filters + shown);
    assert_int_equal(different, all);
    assert_int_equal(asked(&f->sim, "groups"), 1);
    assert_int_equal(asked(&f->sim, "products"), 2 + 6 * 2);
    assert_int_equal(asked(&f->sim, "services"), 1 + 3);
    assert_int_equal(asked(&f->sim, "service"), shown);
    assert_int_equal(asked(&f->sim, "pricing"), 1);
    assert_int_equal(asked(&f->sim, "invoices"), 1);
    assert_int_equal(asked(&f->sim, "balance"), 1);

    /* And the second asks nothing. */
    journal_clear(&f->sim);
    assert_int_equal(run(&f->mount, "grep -r 'that is nowhere' .").status, 1);
    assert_int_equal(asked(&f->sim, NULL), 0);
}

static void test_one_path_asks_for_the_least_that_serves(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *command;
        const char *paths; /* in the journal, a line each */
    } cases[] = {
        {"cat billing/invoices/90007.json",
         "/api/billing/invoices?id=90007&showInvoiceItems=true&showTransactions=true\n"},
        {"cat domains/pricing/com/domainregister/EUR/1", "/api/domains/pricing?extension=.com\n"},
        {"ls domains/pricing", "/api/domains/pricing\n"},
        {"ls by/service-status/Pending", "/api/services?serviceStatus=Pending\n"},
        {"ls by/service-product", "/api/services\n"},
        {"ls by/service-name", "/api/services\n"},
        {"ls by/invoice-status", "/api/billing/invoices?showInvoiceItems=true&showTransactions=true\n"},
        {"ls by/invoice-year", "/api/billing/invoices?showInvoiceItems=true&showTransactions=true\n"},
        {"ls by/invoice-year/2020", "/api/billing/invoices?showInvoiceItems=true&showTransactions=true\n"},
        {"ls by/invoice-number", "/api/billing/invoices?showInvoiceItems=true&showTransactions=true\n"},
        {"ls by/product-group", "/api/products/groups\n"},
        {"cat billing/unpaid", "/api/billing/invoices?showInvoiceItems=true&showTransactions=true\n"},
        {"cat reports/unpaid.csv reports/spend-by-month.csv all/invoice-items.csv all/invoice-transactions.csv",
         "/api/billing/invoices?showInvoiceItems=true&showTransactions=true\n"},
        {"cat reports/renewals.csv", "/api/services\n"},
        {"cat all/product-prices.csv", "/api/products\n"},
        {"cat all/product-options.csv", "/api/products?showConfigOptions=true\n"},
        {"cat services/10423/info.json", "/api/services/10423\n"},
        {"ls README .melbicomfs domains products by by/service-status reports all billing", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_remount(f, NULL);
        run_ok(&f->mount, "%s", cases[i].command);
        char *paths = run_ok(&f->mount, "curl -sf \"$CONTROL/_sim/journal\" | jq -r '.[].path'").out;
        if (strcmp(paths, cases[i].paths) != 0)
            fail_msg("`%s` asked for\n%sinstead of\n%s", cases[i].command, paths, cases[i].paths);
    }
}

static void test_an_invoice_by_its_number_asks_for_that_one_alone(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, NULL);
    run_ok(&f->mount, "grep -q MLB-2020-0003 by/invoice-number/MLB-2020-0003.json");
    /* The link by its number, and what it leads to by its id; never the list. */
    assert_true(asked(&f->sim, NULL) <= 2);
    run_ok(&f->mount, "curl -sf \"$CONTROL/_sim/journal\" | jq -e 'all(.[].path; test(\"[?&](id|invoicenum)=\"))'");
}

static void test_what_is_outside_a_set_is_not_there_and_asks_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {
        "by/service-status/Bogus",
        "by/service-status/active",
        "by/service-status/Paid",
        "by/service-status/Pending/x",
        "by/invoice-status/paid",
        "by/invoice-year/26",
        "by/invoice-year/20260",
        "by/invoice-year/202x",
        "services/00421",
        "services/-1",
        "services/1x",
        "services/12345678901234567890",
        "billing/invoices/90001",
        "billing/invoices/90001.JSON",
        "billing/invoices/x.json",
        "products/groups/x",
        "services/.git",
        ".git",
        "all/autorun.inf",
        "by/invoice-number/x",
        "by/invoice-number/%zz.json",
        ".melbicomfs/x",
    };
    static const char *const known[] = {
        "domains/pricing/com/domainsell",
        "domains/pricing/com/DomainRegister",
        "domains/pricing/com/domainregister/GBP",
        "domains/pricing/com/domainregister/eur",
        "domains/pricing/com/domainregister/EUR/x",
        "domains/pricing/com/domainregister/EUR/100",
        "services/10421/cdn/x",
        "services/10421/x",
    };
    fixture_remount(f, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct ran ran = run(&f->mount, "stat '%s'", paths[i]);
        assert_int_equal(ran.status, 1);
        assert_non_null(strstr(ran.err, "No such file or directory"));
        if (asked(&f->sim, NULL) != 0)
            fail_msg("'%s' asked: %s", paths[i], journal(&f->sim, NULL));
    }
    /* Whether there is an extension, or a service, the API alone can tell. */
    run_ok(&f->mount, "stat domains/pricing/com/domainregister/EUR services/10421");
    journal_clear(&f->sim);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct ran ran = run(&f->mount, "stat '%s'", known[i]);
        assert_non_null(strstr(ran.err, "No such file or directory"));
        assert_int_equal(asked(&f->sim, NULL), 0);
    }
}

/* ---- what is documented ---- */

static void assert_documented(struct fixture *f, const char *page)
{
    struct ran ran = run(&f->mount, PYTHON "\"$TESTS/documented.py\" %s \"$MNT\"", page);
    if (ran.status != 0)
        fail_msg("%s: %s%s", page, ran.out, ran.err);
}

static void test_the_readme_of_the_mount_documents_the_tree(void **state)
{
    assert_documented(*state, "README");
}

/* melbicomfs(1) and the README of the mount name the attributes, which no program lists. */
static void test_the_attributes_that_are_documented_can_be_read(void **state)
{
    struct fixture *f = *state;

    if (run(&f->mount, "command -v getfattr").status != 0)
        skip();
    struct ran shown =
        run_ok(&f->mount, "cat billing/balance >\"$DIR/balance\"; sed -n 's/^[.]It Va \\(user[.].*\\)/\\1/p' "
                          "\"$TESTS/../../src/data/melbicomfs.1\" | tee \"$DIR/names\" | sort | xargs");
    assert_string_equal(shown.out, "user.melbicomfs.etag user.melbicomfs.expires user.melbicomfs.fetched "
                                   "user.melbicomfs.stale user.melbicomfs.url\n");
    run_ok(&f->mount, "while read name; do getfattr -n $name billing/balance || exit 1; done <\"$DIR/names\"");
    shown = run_ok(&f->mount, "sed -n 's/^  \\(getfattr -n [^ ]* [^ ]*\\) .*/\\1/p' README");
    assert_string_equal(shown.out, "getfattr -n user.melbicomfs.expires billing/balance\n");
}

static void test_what_is_documented_or_there_alone_is_noticed(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *edit, *said;
    } cases[] = {
        {"/cdn.purge.log/d", "services/10421/cdn/purge.log is there and not documented"},
        {"s/, metrics//", ".melbicomfs/metrics is there and not documented"},
        {"s/^  version .*/&\\n  billing\\/credit.json   the credit/",
         "billing/credit.json is documented and not there"},
        {"s/, Refunded//", "its status Refunded is not documented"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_ok(&f->mount, "sed '%s' README >\"$DIR/page\"", cases[i].edit);
        struct ran ran = run(&f->mount, PYTHON "\"$TESTS/documented.py\" \"$DIR/page\" \"$MNT\"");
        assert_int_equal(ran.status, 1);
        if (!strstr(ran.out, cases[i].said))
            fail_msg("%s: %s%s", cases[i].edit, ran.out, ran.err);
    }
}

/* ---- touch ---- */

static const char *balance_of(const struct mount *mount)
{
    return run_ok(mount, "cat billing/balance").out;
}

static void test_touch_shows_a_balance_that_changed_inside_the_ttl(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, NULL);
    assert_string_equal(balance_of(&f->mount), "100.00 EUR\n");
    for (int euros = 99; euros > 89; euros--) {
        char want[32];
        account_set(&f->sim, "{\"balance\": \"%d.00\"}", euros);
        snprintf(want, sizeof want, "%d.00 EUR\n", euros + 1);
        assert_string_equal(balance_of(&f->mount), want);
        snprintf(want, sizeof want, "%d.00 EUR\n", euros);
        assert_string_equal(run_ok(&f->mount, "touch billing/balance; cat billing/balance").out, want);
    }
    assert_int_equal(asked(&f->sim, NULL), 11);
    account_set(&f->sim, "{\"balance\": \"100.00\"}");
}

/* An attribute as seconds since 1970. */
static double time_of(const struct mount *mount, const char *attribute)
{
    return atof(
        run_ok(mount, "date +%%s.%%N -d \"$(getfattr --only-values -n user.melbicomfs.%s billing/balance)\"", attribute)
            .out);
}

static void test_attributes_say_when_it_was_fetched_and_when_it_expires(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, &(struct how){.options = "ttl=300"});
    double before = atof(run_ok(&f->mount, "date +%%s.%%N").out);
    balance_of(&f->mount);
    char *all =
        run_ok(&f->mount, "for name in url stale etag; do getfattr -n user.melbicomfs.$name billing/balance; done").out;
    assert_non_null(strstr(all, "user.melbicomfs.url=\"/billing/creditbalance\""));
    assert_non_null(strstr(all, "user.melbicomfs.stale=\"no\""));
    assert_non_null(strstr(all, "user.melbicomfs.etag="));
    double fetched = time_of(&f->mount, "fetched"), expires = time_of(&f->mount, "expires");
    assert_true(fetched >= before - 0.01 && fetched < before + 30 * time_scale());
    assert_true(expires - fetched > 299.5 && expires - fetched < 300.5);
    assert_int_equal(asked(&f->sim, NULL), 1);

    run_ok(&f->mount, "touch billing/balance; cat billing/balance");
    assert_true(time_of(&f->mount, "fetched") > fetched);
    assert_true(time_of(&f->mount, "expires") > expires);
}

struct showing {
    const struct mount *mount;
    const char *command, *want;
};

static bool shows(void *data)
{
    struct showing *showing = data;
    struct ran ran = run(showing->mount, "%s", showing->command);
    return ran.status == 0 && strcmp(ran.out, showing->want) == 0;
}

/* The kernel is told of a directory's renewal after its SETATTR has been answered, so it may take a moment. */
static void assert_shows_soon(const struct mount *mount, const char *command, const char *want)
{
    struct showing showing = {mount, command, want};
    if (!wait_until(shows, &showing, 5000))
        fail_msg("`%s` shows %s, not %s", command, run(mount, "%s", command).out, want);
}

static void test_touch_of_a_directory_renews_what_is_below_it(void **state)
{
    struct fixture *f = *state;
    static const char unpaid[] = "grep -h '\"total\"' billing/invoices/90001.json";
    char *before, *count;

    fixture_remount(f, NULL);
    before = run_ok(&f->mount, unpaid).out;
    count = run_ok(&f->mount, "ls billing/invoices | wc -l").out;
    account_set(&f->sim, "{\"invoice\": {\"id\": 90001, \"total\": \"1234.56\"}, \"add_invoices\": 1}");
    assert_string_equal(run_ok(&f->mount, unpaid).out, before);
    assert_string_equal(run_ok(&f->mount, "ls billing/invoices | wc -l").out, count);

    run_ok(&f->mount, "touch billing/invoices");
    char want[32];
    snprintf(want, sizeof want, "%d\n", atoi(count) + 1);
    assert_shows_soon(&f->mount, "ls billing/invoices | wc -l", want);
    assert_shows_soon(&f->mount, unpaid, "  \"total\": \"1234.56\",\n");
    assert_shows_soon(&f->mount, "ls -l billing/invoices | grep -c json",
                      run_ok(&f->mount, "ls billing/invoices | grep -c json").out);
}

static void test_an_expired_list_is_renewed_rather_than_its_items_one_by_one(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, NULL);
    run_ok(&f->mount, "ls billing/invoices");
    journal_clear(&f->sim);
    run_ok(&f->mount, "touch billing/invoices/90001.json; cat billing/invoices/90001.json billing/invoices/90002.json");
    assert_int_equal(asked(&f->sim, NULL), 1);
    assert_non_null(strstr(journal(&f->sim, "invoices"), "/api/billing/invoices?show"));
    assert_non_null(strstr(journal(&f->sim, "invoices"), "\"conditional\":true"));
}

static void test_touch_of_the_root_renews_everything_when_it_is_next_used(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, NULL);
    run_ok(&f->mount, "cat billing/balance version services/10421/info.json; ls services; cat "
                      "domains/pricing/com/domainregister/EUR/1");
    account_set(&f->sim, "{\"balance\": \"7.00\", \"service\": {\"id\": 10421, \"domain\": \"new.example.com\"},"
                         " \"delete_service\": 10422}");
    journal_clear(&f->sim);
    run_ok(&f->mount, "touch .");
    /* Nobody has asked yet. */
    assert_int_equal(asked(&f->sim, NULL), 0);
    assert_shows_soon(&f->mount, "cat billing/balance", "7.00 EUR\n");
    assert_shows_soon(&f->mount, "jq -r .domain services/10421/info.json", "new.example.com\n");
    assert_shows_soon(&f->mount, "ls services | grep -c 10422 || true", "0\n");
    assert_shows_soon(&f->mount, "cat version", "1.2.6\n");
    assert_int_equal(asked(&f->sim, "balance"), 1);
    assert_int_equal(asked(&f->sim, "service"), 1);
    assert_int_equal(asked(&f->sim, "version"), 1);
}

static void test_touch_of_a_directory_asks_whether_it_is_there(void **state)
{
    struct fixture *f = *state;
    static const char gone[] = "stat services/10423 >/dev/null 2>&1 && echo there || echo gone";
    fixture_remount(f, NULL);
    run_ok(&f->mount, "ls services; stat services/10423; cat services/10423/info.json");
    account_set(&f->sim, "{\"delete_service\": 10423}");
    assert_string_equal(run_ok(&f->mount, gone).out, "there\n");
    run_ok(&f->mount, "touch services/10423");
    assert_shows_soon(&f->mount, gone, "gone\n");
    account_set(&f->sim, "{\"service\": {\"id\": 10423, \"status\": \"Active\"}}");
}

static void test_touch_does_not_create_and_sets_no_times(void **state)
{
    struct fixture *f = *state;
    struct ran ran = run(&f->mount, "touch billing/nothing");
    assert_int_equal(ran.status, 1);
    ran = run(&f->mount, "touch -d 2020-01-01 billing/balance");
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.err, is_root() ? "Read-only file system" : "touch"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grep_over_a_cold_mount_asks_once_for_each_list_filter_and_service),
        cmocka_unit_test(test_one_path_asks_for_the_least_that_serves),
        cmocka_unit_test(test_an_invoice_by_its_number_asks_for_that_one_alone),
        cmocka_unit_test(test_what_is_outside_a_set_is_not_there_and_asks_nothing),
        cmocka_unit_test(test_the_readme_of_the_mount_documents_the_tree),
        cmocka_unit_test(test_the_attributes_that_are_documented_can_be_read),
        cmocka_unit_test(test_what_is_documented_or_there_alone_is_noticed),
        cmocka_unit_test(test_touch_shows_a_balance_that_changed_inside_the_ttl),
        cmocka_unit_test(test_attributes_say_when_it_was_fetched_and_when_it_expires),
        cmocka_unit_test(test_touch_of_a_directory_renews_what_is_below_it),
        cmocka_unit_test(test_an_expired_list_is_renewed_rather_than_its_items_one_by_one),
        cmocka_unit_test(test_touch_of_the_root_renews_everything_when_it_is_next_used),
        cmocka_unit_test(test_touch_of_a_directory_asks_whether_it_is_there),
        cmocka_unit_test(test_touch_does_not_create_and_sets_no_times),
    };
    harness_begin();
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    return cmocka_run_group_tests(tests, setup, teardown);
}
