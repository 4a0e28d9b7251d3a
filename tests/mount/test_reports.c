/* SPDX-License-Identifier: MIT */
/*
 * Reports and tables in a mount: each asks for one list and no more, sums need no request when the list is at hand, and
 * all equal what tables.py makes of the API's answers.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES "/usr/bin/python3 \"$TESTS/tables.py\" "

static int setup(void **state)
{
    static struct fixture fixture;
    static const char *const options[] = {"--services", "40", "--invoices", "300", NULL};
    *state = &fixture;
    return fixture_start(&fixture, options, &(struct how){.options = scaled_times("ttl=600")});
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

static int fresh(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, &(struct how){.options = scaled_times("ttl=600")});
    return 0;
}

static void test_tables_equal_an_independent_rendering(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, TABLES "check \"$URL\" \"$MNT\"");
    assert_true(run_ok(&f->mount, "cat reports/unpaid.csv").out_len > 100);
    assert_true(run_ok(&f->mount, "cat billing/unpaid").out_len > 5);
}

/* Each is one request when nothing is at hand: the list that its rows come from. */
static void test_each_asks_for_one_list(void **state)
{
    static const struct {
        const char *path, *operation, *has;
    } rows[] = {
        {"billing/unpaid", "invoices", "showInvoiceItems=true"},
        {"reports/unpaid.csv", "invoices", "showTransactions=true"},
        {"reports/spend-by-month.csv", "invoices", "/billing/invoices?"},
        {"reports/renewals.csv", "services", "/services"},
        {"all/invoice-items.csv", "invoices", "showInvoiceItems=true"},
        {"all/invoice-transactions.csv", "invoices", "showTransactions=true"},
        {"all/product-prices.csv", "products", "/products"},
        {"all/product-options.csv", "products", "showConfigOptions=true"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fresh(state);
        run_ok(&f->mount, "cat %s; cat %s; ls -l %s", rows[i].path, rows[i].path, rows[i].path);
        assert_int_equal(asked(&f->sim, NULL), 1);
        assert_int_equal(asked(&f->sim, rows[i].operation), 1);
        assert_non_null(strstr(journal(&f->sim, NULL), rows[i].has));
    }
}

static void test_names_ask_nothing(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(run_ok(&f->mount, "ls reports").out, "renewals.csv\nspend-by-month.csv\nunpaid.csv\n");
    run_ok(&f->mount, "ls all billing; echo reports/*");
    assert_int_equal(asked(&f->sim, NULL), 0);
}

/* With the list at hand, whatever is made of it costs no request. */
static void test_a_list_at_hand_serves_all(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, "ls billing/invoices");
    assert_int_equal(asked(&f->sim, NULL), 1);
    run_ok(&f->mount, "cat billing/unpaid reports/unpaid.csv reports/spend-by-month.csv all/invoice-*.csv");
    assert_int_equal(asked(&f->sim, NULL), 1);
    run_ok(&f->mount, "ls services; cat reports/renewals.csv all/services.csv");
    assert_int_equal(asked(&f->sim, NULL), 2);
}

/* The sizes are right before anything is read, and a file that is open keeps its content. */
static void test_a_payment_changes_the_report(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, "test $(stat -c %%s reports/unpaid.csv) = $(cat reports/unpaid.csv | wc -c)");
    char *id = run_ok(&f->mount, "sed -n 2p reports/unpaid.csv | cut -d, -f 3 | tr -d '\\n'").out;
    run_ok(&f->mount, "cp reports/unpaid.csv billing/unpaid \"$DIR\"");
    account_set(&f->sim, "{\"invoice\":{\"id\":%s,\"status\":\"Paid\"}}", id);
    run_ok(&f->mount, "exec 3<reports/unpaid.csv; touch reports/unpaid.csv; cmp - \"$DIR/unpaid.csv\" <&3");
    assert_int_not_equal(run(&f->mount, "cut -d, -f 3 reports/unpaid.csv | grep -x %s", id).status, 0);
    assert_int_not_equal(run(&f->mount, "touch billing/unpaid; cmp billing/unpaid \"$DIR/unpaid\"").status, 0);
    run_ok(&f->mount, TABLES "check \"$URL\" \"$MNT\"");
}

/* An amount that is no plain decimal number is in the log once, and in the rows. */
static void test_an_odd_amount_is_logged_once(void **state)
{
    struct fixture *f = *state;
    char *id = run_ok(&f->mount, "sed -n 2p reports/unpaid.csv | cut -d, -f 3 | tr -d '\\n'").out;
    account_set(&f->sim, "{\"invoice\":{\"id\":%s,\"total\":\"1,234.50\"}}", id);
    run_ok(&f->mount, "touch billing/unpaid; cat billing/unpaid reports/*.csv billing/unpaid");
    assert_string_equal(run_ok(&f->mount, "grep -c 'is no plain decimal number' .melbicomfs/log").out, "1\n");
    run_ok(&f->mount, "grep 'invoice %s: its total, \"1,234.50\", is no plain' .melbicomfs/log", id);
    run_ok(&f->mount, "grep ',%s,.*,\"1,234.50\",' reports/unpaid.csv", id);
    run_ok(&f->mount, TABLES "check \"$URL\" \"$MNT\"");
}

/* Errors are those of the list. */
static void test_errors_of_the_list(void **state)
{
    struct fixture *f = *state;
    rule(&f->sim, "{\"operation\":\"invoices\",\"status\":403}");
    struct ran ran = run(&f->mount, "cat billing/unpaid");
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.err, "Permission denied"));
    rules_clear(&f->sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_equal_an_independent_rendering),
        cmocka_unit_test(test_each_asks_for_one_list),
        cmocka_unit_test_setup(test_names_ask_nothing, fresh),
        cmocka_unit_test_setup(test_a_list_at_hand_serves_all, fresh),
        cmocka_unit_test_setup(test_a_payment_changes_the_report, fresh),
        cmocka_unit_test_setup(test_an_odd_amount_is_logged_once, fresh),
        cmocka_unit_test_setup(test_errors_of_the_list, fresh),
    };
    harness_begin();
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1); /* tables.py asks the API itself */
    return cmocka_run_group_tests_name("reports", tests, setup, teardown);
}
