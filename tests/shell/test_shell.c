/* SPDX-License-Identifier: MIT */
/*
 * --cat and --ls: the same texts, names, errors and exit statuses as the mount, with the least requests.
 */
#include "door.h"

#include <stdlib.h>

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

/* All files that show the account, the links among them. What belongs to a mount (its log of purges) differs. */
#define FILES "find . -name cdn -prune -o ! -type d -print | LC_ALL=C sort"

static void test_cat_prints_what_the_mount_shows(void **state)
{
    (void)state;
    assert_same_output(&f.mount, FILES " | xargs cat", FILES " | xargs sh -c '" SHELL "--cat \"$@\"' x");
    assert_same_output(&f.mount, "cat services/*/info.json", SHELL "--cat 'services/*/info.json'");
    assert_same_output(&f.mount, "cat services/10421/cdn/*", SHELL "--cat 'services/10421/cdn/*'");
    assert_same_output(&f.mount, "cat by/*/*/10421/info.json", SHELL "--cat 'by/*/*/10421/info.json'");
    assert_same_output(&f.mount, "cat /dev/null", SHELL "--cat .melbicomfs/status.json >/dev/null");
}

/* cat(1) in the mount, and --cat, say the same of each path and exit alike; only the program's name differs. */
static void test_errors_are_those_of_the_mount(void **state)
{
    static const char *const paths[] = {"services",
                                        "nope",
                                        "services/999/info.json",
                                        "services/999",
                                        "services/x",
                                        "README/",
                                        "README/x",
                                        "services/10421/x",
                                        "services/10421/cdn",
                                        "by/service-status/active",
                                        "by/service-status/Active/999/info.json",
                                        "billing/invoices/1.json",
                                        "billing/invoices/90001",
                                        "services/../nope",
                                        "./billing//nope",
                                        "domains/pricing/nope/x/EUR/1",
                                        ".",
                                        "''",
                                        "services/10421/info.json/",
                                        "services/10421/info.json/..",
                                        "billing/*/nope",
                                        "nope/*",
                                        "by/invoice-year/1x"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct ran cat = run(&f.mount, "cat %s 2>&1 | sed 's/^cat: //; s/^.*: //'; exit ${PIPESTATUS:-0}", paths[i]);
        struct ran own = run(&f.mount, SHELL "--cat %s%s%s 2>&1 | grep -v ': GET ' | sed 's/^.*: //'",
                             strchr(paths[i], '*') ? "'" : "", paths[i], strchr(paths[i], '*') ? "'" : "");
        if (strcmp(cat.out, own.out) != 0)
            fail_msg("%s: cat says %s, --cat says %s", paths[i], cat.out, own.out);
        assert_int_equal(run(&f.mount, SHELL "--cat '%s'", paths[i]).status, 1);
    }
}

static void test_walking_up_and_down(void **state)
{
    (void)state;
    assert_same_output(&f.mount, "cat services/../billing/./balance ./README README",
                       SHELL "--cat services/../billing/./balance ./README /README");
}

/* What the API refuses, or cannot answer, makes the exit status. */
static void test_exit_statuses(void **state)
{
    (void)state;
    struct ran ran = run(&f.mount, "MELBICOM_TOKEN=wrong \"$MELBICOMFS\" \"$URL\" --cat billing/balance");
    assert_int_equal(ran.status, 77);
    assert_non_null(strstr(ran.err, "melbicomfs: billing/balance: Permission denied\n"));
    ran = run(&f.mount, "MELBICOM_TOKEN=x \"$MELBICOMFS\" http://127.0.0.1:1/api --cat billing/balance");
    assert_int_equal(ran.status, 69);
    assert_non_null(strstr(ran.err, "melbicomfs: billing/balance: No route to host\n"));
    ran = run(&f.mount,
              "env -u MELBICOM_TOKEN XDG_CONFIG_HOME=/nowhere HOME=/nowhere \"$MELBICOMFS\" \"$URL\" --cat README");
    assert_int_equal(ran.status, 77);
    ran = run(&f.mount, SHELL "-o ttl=x --cat README");
    assert_int_equal(ran.status, 1);
    ran = run(&f.mount, "MELBICOM_TOKEN=x \"$MELBICOMFS\" no-such-profile --cat README");
    assert_int_equal(ran.status, 78);
    /* Of several failures, the gravest; and the other files are printed. */
    ran = run(&f.mount, SHELL "--cat nope version");
    assert_int_equal(ran.status, 1);
    assert_string_equal(ran.out, "1.2.6\n");
}

static void test_least_requests(void **state)
{
    (void)state;
    journal_clear(&f.sim);
    run_ok(&f.mount, SHELL "--cat billing/balance");
    assert_int_equal(asked(&f.sim, NULL), 1);
    run_ok(&f.mount, SHELL "--cat services/10421/info.json");
    assert_int_equal(asked(&f.sim, "service"), 1);
    assert_int_equal(asked(&f.sim, NULL), 2);
    journal_clear(&f.sim);
    run_ok(&f.mount, SHELL "--cat 'billing/invoices/*.json' 'by/invoice-year/*/*.json'");
    assert_int_equal(asked(&f.sim, NULL), 1);
    run_ok(&f.mount,
           "seq 90001 90040 | xargs printf 'billing/invoices/%%s.json\\n' | xargs sh -c '" SHELL "--cat \"$@\"' x");
    assert_int_equal(asked(&f.sim, NULL), 2);
    run_ok(&f.mount, SHELL "--ls services");
    assert_int_equal(asked(&f.sim, NULL), 3);
    run_ok(&f.mount, SHELL "--ls '[s]ervices'");
    assert_int_equal(asked(&f.sim, NULL), 4);
    run_ok(&f.mount, SHELL "--ls; " SHELL "--cat README");
    assert_int_equal(asked(&f.sim, NULL), 4);
}

static void test_ls_lists_what_the_mount_lists(void **state)
{
    (void)state;
    assert_same_output(&f.mount, "LC_ALL=C ls", SHELL "--ls");
    assert_same_output(&f.mount, "LC_ALL=C ls . by services version", SHELL "--ls . by services version");
    assert_same_output(&f.mount, "LC_ALL=C ls -d by/service-status/*/*",
                       SHELL "--ls 'by/service-status/*/*/..' >/dev/null; LC_ALL=C ls -d by/service-status/*/*");
    assert_same_output(&f.mount, "LC_ALL=C ls by/service-status/Active/10421",
                       SHELL "--ls by/service-status/Active/10421");
    assert_same_output(&f.mount, "LC_ALL=C ls -1 nope; LC_ALL=C ls version", SHELL "--ls nope; " SHELL "--ls version");
}

/* Type, permissions, size, and the targets of links; times only where they come from the account. */
static void test_ls_l(void **state)
{
    (void)state;
    assert_same_output(&f.mount, "LC_ALL=C ls -l --time-style=long-iso billing/invoices | tail -n +2 | tr -s ' '",
                       SHELL "--ls -l billing/invoices | tr -s ' '");
    assert_same_output(&f.mount,
                       "LC_ALL=C ls -l --time-style=long-iso all by/service-name by/invoice-year/2026 | awk '/^[-dl]/ "
                       "{print $1, $5, $8, $9, $10}'",
                       SHELL
                       "--ls -l all by/service-name by/invoice-year/2026 | awk '/^[-dl]/ {print $1, $5, $8, $9, $10}'");
    struct ran ran = run_ok(&f.mount, SHELL "--ls -l --json by/service-name/cdn.example.com");
    assert_non_null(strstr(
        ran.out, "{\"path\":\"by/service-name/cdn.example.com\",\"type\":\"link\",\"mode\":\"0777\",\"size\":20,"));
    assert_non_null(strstr(ran.out, ",\"target\":\"../../services/10421\"}\n"));
    ran = run_ok(&f.mount, SHELL "--json --ls services");
    assert_non_null(strstr(ran.out, "{\"path\":\"services/10421\",\"type\":\"directory\"}\n"));
}

/* What is wrong with a command line. */
static void test_command_lines(void **state)
{
    static const struct {
        const char *arguments, *says;
    } rows[] = {
        {"--cat", "--cat needs a PATH after it; what stands before it is SOURCE"},
        {"\"$URL\" README --cat version", "'README' stands before --cat, where only SOURCE may stand"},
        {"--cat --ls version", "--cat and --ls do not go together"},
        {"-l --cat version", "-l needs --ls"},
        {"--json --cat version", "--json needs --ls"},
        {"-l /mnt", "unknown option -l without --ls"},
        {"--json /mnt", "--json needs --doctor"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ran ran = run(&f.mount, "MELBICOM_TOKEN=x \"$MELBICOMFS\" %s", rows[i].arguments);
        if (ran.status != 1 || !strstr(ran.err, rows[i].says))
            fail_msg("%s exits with %d and says %s", rows[i].arguments, ran.status, ran.err);
    }
    run_ok(&f.mount,
           "MELBICOM_TOKEN=" HARNESS_TOKEN " \"$MELBICOMFS\" --cat version -o url=\"$URL\" README >/dev/null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cat_prints_what_the_mount_shows),
        cmocka_unit_test(test_errors_are_those_of_the_mount),
        cmocka_unit_test(test_walking_up_and_down),
        cmocka_unit_test(test_exit_statuses),
        cmocka_unit_test(test_least_requests),
        cmocka_unit_test(test_ls_lists_what_the_mount_lists),
        cmocka_unit_test(test_ls_l),
        cmocka_unit_test(test_command_lines),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, start, stop);
}
