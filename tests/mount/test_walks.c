/* SPDX-License-Identifier: MIT */
/*
 * Walks over the whole tree of a large account, links followed and not: every program ends without an error, and no link
 * leads nowhere.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* What `find . -type l -exec test ! -e {} \; -print` prints, with a process for thousands of links, not for each. */
#define DANGLING "find . -type l -exec sh -c 'for link; do test -e \"$link\" || echo \"$link\"; done' sh {} +"

/* It ends well, and complains of nothing. Returns what it printed. */
static const char *assert_silent(const struct mount *mount, const char *command)
{
    struct ran ran = run(mount, "%s", command);
    if (ran.status != 0 || ran.err_len > 0)
        fail_msg("`%s` exits %d and says: %.2000s", command, ran.status, ran.err);
    return ran.out;
}

static const char *const large[] = {"--services", "2000", "--invoices", "10000", NULL};

static int setup_large(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    /* Longer than the walks take, on any machine. */
    return fixture_start(&fixture, large, &(struct how){.options = scaled_times("ttl=600")});
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

static void test_no_link_dangles(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(assert_silent(&f->mount, DANGLING), "");
    assert_string_equal(assert_silent(&f->mount, "find -L . -type l"), "");
    /* Services in no list but the filtered ones have their links, too. */
    run_ok(&f->mount, "cat by/service-status/Terminated/10425/info.json | grep -q '\"Terminated\"'");
    assert_int_equal(atoi(run_ok(&f->mount, "find by/service-status -type l | wc -l").out), 2000);
    assert_int_equal(atoi(run_ok(&f->mount, "find by/invoice-number -type l | wc -l").out), 10000);
    assert_int_equal(atoi(run_ok(&f->mount, "find by/invoice-status -type l | wc -l").out), 10000);
    assert_int_equal(atoi(run_ok(&f->mount, "find by/invoice-year -type l | wc -l").out), 10000);
}

/* Files are outside by/, links are inside, so that each thing is counted once. */
static void test_files_and_links_are_disjoint_trees(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(assert_silent(&f->mount, "find . -path ./by -prune -o -type l -print"), "");
    assert_string_equal(assert_silent(&f->mount, "find by ! -type l ! -type d"), "");
    assert_int_equal(atoi(run_ok(&f->mount, "find billing/invoices -name '*.json' | wc -l").out), 10000);
    assert_int_equal(atoi(run_ok(&f->mount, "ls billing/invoices | wc -l").out), 10000);
    int services = atoi(run_ok(&f->mount, "jq length all/services.json").out);
    assert_true(services > 0);
    assert_int_equal(atoi(run_ok(&f->mount, "ls services | wc -l").out), services);
    int unpaid = atoi(run_ok(&f->mount, "jq 'map(select(.status == \"Unpaid\")) | length' all/invoices.json").out);
    assert_true(unpaid > 0);
    assert_int_equal(atoi(run_ok(&f->mount, "busybox grep -rl Unpaid billing/invoices | wc -l").out), unpaid);
    assert_int_equal(atoi(run_ok(&f->mount, "grep -rl Unpaid . --include='[0-9]*.json' | wc -l").out), unpaid);
}

static void test_ls_walks_it_without_an_error(void **state)
{
    struct fixture *f = *state;
    assert_silent(&f->mount, "ls -lR >\"$DIR/out\"");
}

static void test_tree_walks_it_without_an_error(void **state)
{
    struct fixture *f = *state;
    assert_silent(&f->mount, "tree >\"$DIR/out\"");
}

static void test_find_follows_every_link_without_an_error(void **state)
{
    struct fixture *f = *state;
    assert_silent(&f->mount, "find -L . -maxdepth 6 >\"$DIR/out\"");
}

static void test_tar_follows_every_link_without_an_error(void **state)
{
    struct fixture *f = *state;
    /* Through a pipe, for tar knows /dev/null and would read nothing. */
    assert_silent(&f->mount, "(tar ch . || echo failed >&2) | cat >/dev/null");
}

static void test_rsync_follows_every_link_without_an_error(void **state)
{
    struct fixture *f = *state;
    /* The links of by/invoice-* lead to each invoice three times, and tar has followed them. */
    assert_silent(&f->mount, "rsync -aL --exclude=/by/invoice-number --exclude=/by/invoice-status "
                             "--exclude=/by/invoice-year . \"$DIR/copy/\"");
    assert_int_equal(atoi(run_ok(&f->mount, "find \"$DIR/copy/billing/invoices\" -name '*.json' | wc -l").out), 10000);
    run_ok(&f->mount, "rm -rf \"$DIR/copy\"");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_link_dangles),
        cmocka_unit_test(test_files_and_links_are_disjoint_trees),
        cmocka_unit_test(test_ls_walks_it_without_an_error),
        cmocka_unit_test(test_tree_walks_it_without_an_error),
        cmocka_unit_test(test_find_follows_every_link_without_an_error),
        cmocka_unit_test(test_tar_follows_every_link_without_an_error),
        cmocka_unit_test(test_rsync_follows_every_link_without_an_error),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup_large, teardown);
}
