/* SPDX-License-Identifier: MIT */
/*
 * Lists as they should not be: entries without an id, or with one that is none, or with one that another has; names
 * that are empty, alike, or longer than a file name. What can be shown is shown and reachable, what cannot is counted
 * and logged once, and nothing is taken for something else.
 */
#include "harness.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The simulator answers `operation` with `body`, as it stands. */
static void set_raw(struct simulator *sim, const char *operation, const char *body)
{
    struct json_object *set = json_object_new_object(), *raw = json_object_new_object();
    json_object_object_add(raw, "operation", json_object_new_string(operation));
    json_object_object_add(raw, "body", json_object_new_string(body));
    json_object_object_add(set, "raw", raw);
    account_set(sim, "%s", json_object_to_json_string(set));
    json_object_put(set);
}

static int setup(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    return fixture_start(&fixture, NULL, NULL);
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

static void assert_shows(const struct mount *mount, const char *command, const char *want)
{
    struct ran ran = run(mount, "%s", command);
    if (strcmp(ran.out, want) != 0)
        fail_msg("`%s` shows\n%s%sinstead of\n%s", command, ran.out, ran.err, want);
}

/* Items that have no usable id, as a JSON list goes on with them; fifteen. */
#define NO_IDS                                                                                                         \
    "{\"status\":\"Active\"},{\"id\":-5},{\"id\":99999999999999999999},{\"id\":9223372036854775807},"                  \
    "{\"id\":\"007\"},{\"id\":1.5},{\"id\":null},{\"id\":true},{\"id\":\"\"},{\"id\":\"12x\"},{\"id\":[1]},"           \
    "42,\"text\",null,[{\"id\":13}]"
#define N_NO_IDS 15

static void assert_counted_and_logged_once(struct fixture *f, const char *document, unsigned unshown, const char *path)
{
    const struct mount *mount = &f->mount;
    char want[32];
    snprintf(want, sizeof want, "%u\n%u\n", unshown, unshown);
    char command[256];
    snprintf(command, sizeof command,
             "jq '.entries_without_id, (.documents[] | select(.document == \"%s\") | .entries_without_id)' "
             ".melbicomfs/status.json",
             document);
    assert_shows(mount, command, want);
    /* Renewed without a change, it is not said again. */
    run_ok(mount, "touch %s; cat %s >\"$DIR/read\"; touch %s; cat %s >\"$DIR/read\"", path, path, path, path);
    snprintf(command, sizeof command, "grep -c '%s: .*; got %u without' .melbicomfs/log", document, unshown);
    assert_shows(mount, command, "1\n");
}

static void test_services_without_ids_are_counted_and_the_others_shown(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;

    set_raw(&f->sim, "services",
            "[{\"id\":10,\"productName\":\"A\",\"status\":\"Active\",\"unheard\":{\"of\":[1,{}]}}," NO_IDS
            ",{\"id\":10,\"productName\":\"B\",\"status\":\"Suspended\"},{\"id\":\"11\",\"productName\":null,"
            "\"status\":null},"
            "{\"id\":12,\"productName\":{\"a\":1},\"status\":[\"Active\"]},{\"id\":13,\"productName\":\"A\",\"status\":"
            "\"Active\"},"
            "{\"id\":0,\"productName\":\"\",\"status\":\"\"}]");
    fixture_remount(f, NULL);
    assert_shows(mount, "ls services", "0\n10\n11\n12\n13\n");
    assert_shows(mount, "ls by/service-product/A by/service-status/Active",
                 "by/service-product/A:\n10\n13\n\nby/service-status/Active:\n10\n13\n");
    /* The second with the id 10 is not the first. */
    assert_shows(mount, "ls by/service-product/B by/service-status/Suspended",
                 "by/service-product/B:\n\nby/service-status/Suspended:\n");
    /* The collection is whole, whatever is in it. */
    assert_shows(mount, "jq length all/services.json", "21\n");
    assert_shows(mount, "jq -c '.[0].unheard, .[12], .[14], .[15]' all/services.json",
                 "{\"of\":[1,{}]}\n42\nnull\n[{\"id\":13}]\n");
    run_ok(mount, "grep -q '\"id\": 99999999999999999999' all/services.json");
    run_ok(mount, "/usr/bin/python3 \"$TESTS/render.py\" check-csv all/services.json all/services.csv");
    assert_counted_and_logged_once(f, "services", N_NO_IDS + 1, "all/services.json");
    set_raw(&f->sim, "services", "[]");
}

static void test_invoices_without_ids_are_counted_and_the_others_shown(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;

    set_raw(&f->sim, "invoices",
            "[" NO_IDS
            ",{\"id\":3,\"invoicenum\":\"N-3\",\"status\":\"Paid\",\"date\":\"2026-10-01\",\"mark\":\"first\"},"
            "{\"id\":3,\"invoicenum\":\"N-4\",\"status\":\"Unpaid\",\"date\":\"never\",\"mark\":\"second\"},"
            "{\"id\":2,\"invoicenum\":5,\"status\":\"Draft\",\"date\":\"0000-00-00\",\"mark\":\"third\"}]");
    fixture_remount(f, NULL);
    assert_shows(mount, "ls billing/invoices", "2.json\n3.json\n");
    assert_shows(mount, "jq -r .mark billing/invoices/3.json billing/invoices/2.json by/invoice-number/N-3.json",
                 "first\nthird\nfirst\n");
    assert_shows(mount, "ls by/invoice-number by/invoice-status/Paid by/invoice-status/Unpaid",
                 "by/invoice-number:\n5.json\nN-3.json\n\nby/invoice-status/Paid:\n3.json\n\n"
                 "by/invoice-status/Unpaid:\n");
    assert_int_equal(run(mount, "cat by/invoice-number/N-4.json").status, 1);
    assert_shows(mount, "date -u +%Y-%m-%dT%H -r billing/invoices/3.json", "2026-10-01T12\n");
    assert_counted_and_logged_once(f, "invoices", N_NO_IDS + 1, "all/invoices.json");
}

/* A status that is not known has its directory, too. */
static void test_statuses_of_invoices_that_are_not_known(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;

    set_raw(
        &f->sim, "invoices",
        "[{\"id\":7,\"status\":\"Payment Pending\"},{\"id\":8,\"status\":\"Draft\"},{\"id\":9,\"status\":\"unpaid\"}]");
    fixture_remount(f, NULL);
    journal_clear(&f->sim);
    assert_shows(mount, "ls by/invoice-status/Draft", "8.json\n");
    assert_shows(mount, "ls by/invoice-status", "Cancelled\nDraft\nPaid\nPayment Pending\nRefunded\nUnpaid\n");
    assert_shows(mount, "cd by/invoice-status && jq -c .id 'Payment Pending/7.json' Unpaid/9.json", "7\n9\n");
    assert_int_equal(run(mount, "ls by/invoice-status/Open").status, 2);
    assert_int_equal(asked(&f->sim, NULL), 1);
}

static void test_groups_and_prices_that_make_no_sense(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;

    set_raw(&f->sim, "groups",
            "[{\"productGroupId\":1,\"productGroup\":\"Same\"},{\"productGroupId\":2,\"productGroup\":\"Same\"},"
            "{\"productGroup\":\"No id\"},{\"productGroupId\":3},{\"productGroupId\":4,\"productGroup\":\"\"}]");
    set_raw(&f->sim, "pricing",
            "{\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"11.00\",\"soon\":\"1\"},\"eur\":{\"1\":\"2\"}},"
            "\"free\":true},\"garbage\":5,\".net\":null,\".org\":[],\".eu\":{}}");
    fixture_remount(f, NULL);
    assert_shows(mount, "ls products/groups", "1\n2\n3\n4\n");
    assert_shows(mount, "ls by/product-group; readlink by/product-group/*",
                 "Same\nSame%=2\n../../products/groups/1\n../../products/groups/2\n");
    assert_shows(mount, "find domains/pricing -type f -exec cat {} +", "11.00\n");
    assert_shows(mount, "tr -d '\\r' <all/pricing.csv",
                 "extension,operation,currency,years,price\ncom,domainregister,EUR,1,11.00\n");
    run_ok(mount, "jq -e '.garbage == 5' all/pricing.json >\"$DIR/read\"");
    run_ok(mount,
           "jq -e '.documents[] | select(.document == \"pricing\") | .entries_without_id > 0' .melbicomfs/status.json");
}

static void test_answers_of_another_kind_are_errors_and_never_empty(void **state)
{
    struct fixture *f = *state;
    static const char *const bodies[] = {"42",   "\"text\"", "true",           "{\"a\":{}}",
                                         "[1,2", "",         "[{\"id\":1}] x", "{\"other\":{\"id\":1}}"};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        set_raw(&f->sim, "services", bodies[i]);
        fixture_remount(f, NULL);
        struct ran ran = run(&f->mount, "ls services");
        if (ran.status == 0)
            fail_msg("%s reads as a list: %s", bodies[i], ran.out);
        assert_non_null(strstr(ran.err, "Input/output error"));
        run_ok(&f->mount, "grep -q services: .melbicomfs/log; cat billing/balance");
    }
}

/* ---- names ---- */

#define A50  "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaa"
#define A300 A50 A50 A50 A50 A50 A50

static void test_invoice_numbers_alike_empty_and_too_long_stay_reachable(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;

    set_raw(
        &f->sim, "invoices",
        "[{\"id\":1,\"invoicenum\":\"N\"},{\"id\":2,\"invoicenum\":\"N\"},{\"id\":3,\"invoicenum\":\"N\"},"
        "{\"id\":4,\"invoicenum\":\"\"},{\"id\":5,\"invoicenum\":null},{\"id\":6},"
        "{\"id\":7,\"invoicenum\":\"" A300 "x\"},{\"id\":8,\"invoicenum\":\"" A300 "y\"},"
        "{\"id\":9,\"invoicenum\":\"" A300 "y\"},{\"id\":10,\"invoicenum\":\"N%=2\"},"
        "{\"id\":11,\"invoicenum\":\".hidden\"},{\"id\":12,\"invoicenum\":\"a\\/b\"},{\"id\":13,\"invoicenum\":\"..\"},"
        "{\"id\":14,\"invoicenum\":\"line\\nbreak \\u00e9\"}]");
    fixture_remount(f, NULL);
    assert_shows(mount, "ls billing/invoices | grep -c json", "14\n");
    assert_shows(mount,
                 "cd by/invoice-number; for name in * .[!.]*; do [ -e \"$name\" ] && jq .id \"$name\"; done | "
                 "sort -n | tr '\\n' ' '",
                 "1 2 3 7 8 9 10 11 12 13 14 ");
    assert_shows(mount, "ls by/invoice-number | LC_ALL=C sort | grep -v aaa | tail -n +1",
                 "%2E..json\n%2Ehidden.json\nN%25=2.json\nN%=2.json\nN%=3.json\nN.json\na%2Fb.json\nline%0Abreak "
                 "\xc3\xa9.json\n");
    /* The name says the same right after mounting, when no list is at hand. */
    char *names = run_ok(mount, "cd by/invoice-number; find . -type l -printf '%%P %%l\\n' | sort").out;
    char *copy = strdup(names);
    for (char *save, *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *target = strstr(line, " ../");
        *target = '\0';
        fixture_remount(f, NULL);
        char want[64], command[700];
        snprintf(command, sizeof command, "readlink \"by/invoice-number/%s\"", line);
        snprintf(want, sizeof want, "%s\n", target + 1);
        assert_shows(mount, command, want);
    }
    free(copy);
}

static void test_product_names_alike_empty_and_too_long_stay_reachable(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;

    set_raw(
        &f->sim, "services",
        "[{\"id\":1,\"productName\":\"P\"},{\"id\":2,\"productName\":\"P\"},{\"id\":3,\"productName\":\"\"},{\"id\":4},"
        "{\"id\":5,\"productName\":\"" A300 "x\"},{\"id\":6,\"productName\":\"" A300 "y\"},"
        "{\"id\":7,\"productName\":\"AMS \\/ 2x\"},{\"id\":8,\"productName\":\".\"},{\"id\":9,\"productName\":\"50%\"},"
        "{\"id\":10,\"productName\":\"P\\u0000Q\"},{\"id\":11,\"productName\":\"\\ud83d\\ude00 \\u0085\"}]");
    fixture_remount(f, NULL);
    assert_shows(mount, "ls services | grep -vc by-", "11\n");
    assert_shows(mount, "ls by/service-product | LC_ALL=C sort | grep -v aaa",
                 "%2E\n50%25\nAMS %2F 2x\nP\nP\\u0000Q\n\xf0\x9f\x98\x80 %C2%85\n");
    assert_shows(mount, "ls by/service-product/P by/service-product/P\\\\u0000Q",
                 "by/service-product/P:\n1\n2\n\nby/service-product/P\\u0000Q:\n10\n");
    assert_shows(mount, "find by/service-product -type l | wc -l", "9\n");
    assert_shows(
        mount,
        "find by/service-product -type l -name 5 -o -type l -name 6 | xargs -d '\\n' -n 1 dirname | sort -u | wc -l",
        "2\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_services_without_ids_are_counted_and_the_others_shown),
        cmocka_unit_test(test_invoices_without_ids_are_counted_and_the_others_shown),
        cmocka_unit_test(test_statuses_of_invoices_that_are_not_known),
        cmocka_unit_test(test_groups_and_prices_that_make_no_sense),
        cmocka_unit_test(test_answers_of_another_kind_are_errors_and_never_empty),
        cmocka_unit_test(test_invoice_numbers_alike_empty_and_too_long_stay_reachable),
        cmocka_unit_test(test_product_names_alike_empty_and_too_long_stay_reachable),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
