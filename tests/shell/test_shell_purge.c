/* SPDX-License-Identifier: MIT */
/* --find and --purge: what find(1) prints in the mount, and what writing to a purge file does. */
#include "door.h"

static struct fixture f;

static int start(void **state)
{
    (void)state;
    return door_start(&f);
}

static int stop(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

static void test_find_prints_the_set_of_find(void **state)
{
    (void)state;
    assert_same_output(&f.mount, "find . | LC_ALL=C sort", SHELL "--find | LC_ALL=C sort");
    assert_same_output(
        &f.mount, "find services/ by/invoice-year version by/service-name/cdn.example.com | LC_ALL=C sort",
        SHELL "--find services/ by/invoice-year version by/service-name/cdn.example.com | LC_ALL=C sort");
    struct ran ran = run(&f.mount, SHELL "--find nope services/10421");
    assert_int_equal(ran.status, 1);
    assert_string_equal(ran.err, "melbicomfs: nope: No such file or directory\n");
    assert_string_equal(ran.out, "services/10421\nservices/10421/info.json\nservices/10421/cdn\n"
                                 "services/10421/cdn/purge\nservices/10421/cdn/purge.log\n");
}

/* Names are found without a request for what they show. */
static void test_find_asks_for_lists_only(void **state)
{
    (void)state;
    journal_clear(&f.sim);
    run_ok(&f.mount, SHELL "--find services billing >/dev/null");
    assert_int_equal(asked(&f.sim, NULL), 2);
}

static void test_find_when_a_list_fails(void **state)
{
    (void)state;
    rule(&f.sim, "{\"operation\":\"invoices\",\"status\":500}");
    struct ran ran = run(&f.mount, SHELL "-o timeout_total=1 --find billing");
    rules_clear(&f.sim);
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.err, "melbicomfs: billing/invoices: Input/output error\n"));
    assert_non_null(strstr(ran.out, "billing/invoices\n"));
}

static void test_purge_prints_a_line_a_name(void **state)
{
    (void)state;
    journal_clear(&f.sim);
    struct ran ran = run_ok(&f.mount, SHELL "--purge 10421 cdn.example.com static.example.com | cut -f 2-4 | sort");
    assert_string_equal(ran.out, "ok\tcdn.example.com\t200\nok\tstatic.example.com\t200\n");
    assert_int_equal(asked(&f.sim, "purge"), 2);
    ran = run_ok(&f.mount, "printf 'cdn.example.com\\nstatic.example.com' | " SHELL
                           "--purge by/service-name/cdn.example.com | cut -f 2-4 | sort");
    assert_string_equal(ran.out, "ok\tcdn.example.com\t200\nok\tstatic.example.com\t200\n");
    assert_int_equal(asked(&f.sim, "purge"), 4);
    ran = run_ok(&f.mount, SHELL "--purge --json 10421 cdn.example.com");
    assert_non_null(strstr(ran.out, "\"result\":\"ok\",\"name\":\"cdn.example.com\",\"status\":200,"));
}

/* More names than one write to the purge file may hold. */
static void test_many_names(void **state)
{
    (void)state;
    struct ran ran = run_ok(&f.mount, "yes cdn.example.com | head -n 1500 | " SHELL "--purge 10421 | grep -c '\tok\t'");
    assert_string_equal(ran.out, "1500\n");
}

static void test_a_name_that_fails(void **state)
{
    (void)state;
    struct ran ran = run(&f.mount, SHELL "--purge 10421 cdn.example.com nowhere.example.net");
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.out, "\tok\tcdn.example.com\t200\t"));
    assert_non_null(strstr(ran.out, "\tNo such file or directory\tnowhere.example.net\t404\t"));
    assert_non_null(strstr(ran.err, "melbicomfs: services/10421/cdn/purge: No such file or directory\n"));
}

/* One name that must be refused: none is sent. */
static void test_all_names_are_checked_first(void **state)
{
    static const char *const refused[] = {"''", "'#x'", "\"$(printf 'a\\tb')\"", "\"$(printf 'a\\nb')\"",
                                          "\"$(printf 'a\\377')\""};
    (void)state;
    journal_clear(&f.sim);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct ran ran = run(&f.mount, SHELL "--purge 10421 cdn.example.com %s", refused[i]);
        assert_int_equal(ran.status, 1);
        assert_non_null(strstr(ran.err, "melbicomfs: services/10421/cdn/purge: Invalid argument\n"));
        assert_non_null(strstr(ran.out, "\tcdn.example.com\t-\tnot sent: another name was refused\t"));
    }
    assert_int_equal(asked(&f.sim, "purge"), 0);
}

static void test_nothing_is_sent(void **state)
{
    (void)state;
    journal_clear(&f.sim);
    struct ran ran = run_ok(&f.mount, SHELL "--purge -n 10421 cdn.example.com x");
    assert_string_equal(ran.out, "would purge\tcdn.example.com\nwould purge\tx\n");
    assert_int_equal(run(&f.mount, SHELL "--purge --dry-run 10421 '#x'").status, 1);
    ran = run(&f.mount, SHELL "-o ro --purge 10421 cdn.example.com");
    assert_int_equal(ran.status, 1);
    assert_string_equal(ran.err, "melbicomfs: services/10421/cdn/purge: Read-only file system\n");
    assert_int_equal(run(&f.mount, SHELL "--purge 999 cdn.example.com").status, 1);
    assert_int_equal(run(&f.mount, SHELL "--purge version cdn.example.com").status, 1);
    assert_int_equal(
        run(&f.mount, "MELBICOM_TOKEN=wrong \"$MELBICOMFS\" \"$URL\" --purge 10421 cdn.example.com").status, 77);
    assert_int_equal(asked(&f.sim, "purge"), 1); /* with the wrong token: reading may fail where purging does not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_prints_the_set_of_find),
        cmocka_unit_test(test_find_asks_for_lists_only),
        cmocka_unit_test(test_find_when_a_list_fails),
        cmocka_unit_test(test_purge_prints_a_line_a_name),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_a_name_that_fails),
        cmocka_unit_test(test_all_names_are_checked_first),
        cmocka_unit_test(test_nothing_is_sent),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, start, stop);
}
