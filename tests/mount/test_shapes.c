/* SPDX-License-Identifier: MIT */
/*
 * What the program must not depend on: the shape of answers, the type of ids, the paths of operations, and lists that
 * come in pages.
 */
#include "harness.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every name with its type, and where links lead. */
#define NAMES "find . -printf '%%y %%P %%l\\n' | LC_ALL=C sort"

/* ---- shapes ---- */

struct reference {
    struct fixture fixture;
    char *names;
};

static const char *const bare[] = {"--services", "9", "--invoices", "40", NULL};

static void copy_of(const struct mount *mount, const char *to)
{
    /* The purge log has no content of the API's; everything else is copied, links as links. */
    run_ok(mount, "mkdir '%s' && tar -c --exclude=./services/*/cdn . | tar -x -C '%s' && chmod -R u+rwX '%s'", to, to,
           to);
}

static int setup_reference(void **state)
{
    static struct reference reference;
    char copy[300];

    *state = &reference;
    fixture_start(&reference.fixture, bare, NULL);
    /* Kept beyond the stopping of other fixtures. */
    reference.names = strdup(run_ok(&reference.fixture.mount, NAMES).out);
    assert_non_null(reference.names);
    snprintf(copy, sizeof copy, "%s/copy", reference.fixture.mount.dir);
    copy_of(&reference.fixture.mount, copy);
    return 0;
}

static int teardown_reference(void **state)
{
    struct reference *reference = *state;
    free(reference->names);
    return fixture_stop(&reference->fixture);
}

/* The same account in another shape: the same names and links, and the same documents; those with ids in them only once
 * the ids' type is the same again. */
static void compare(const struct reference *reference, const char *shape, bool string_ids)
{
    const char *const options[] = {
        "--services", "9", "--invoices", "40", "--shape", shape, string_ids ? "--string-ids" : NULL, NULL};
    const char *copy = reference->fixture.mount.dir;
    struct fixture fixture;
    char other[300];

    fixture_start(&fixture, options, NULL);
    assert_string_equal(run_ok(&fixture.mount, NAMES).out, reference->names);
    snprintf(other, sizeof other, "%s/copy", fixture.mount.dir);
    copy_of(&fixture.mount, other);
    if (string_ids) {
        /* Each document with an id in it differs, tables do not; and nothing but the ids differs in them. */
        struct ran differ = run(&fixture.mount, "diff -rq --no-dereference '%s/copy' '%s'", copy, other);
        struct ran with_ids = run_ok(&fixture.mount, "grep -rlE '\"(id|productGroupId)\"' '%s/copy' | wc -l", copy);
        unsigned n = 0;
        for (const char *line = differ.out; (line = strchr(line, '\n')); line++)
            n++;
        assert_int_equal(n, atoi(with_ids.out));
        assert_true(n > 40);
        run_ok(&fixture.mount,
               "find '%s' -name '*.json' -type f -exec "
               "sed -Ei 's/^( *\"(id|productGroupId)\": )\"([0-9]+)\"/\\1\\3/' {} +",
               other);
    }
    struct ran same = run(&fixture.mount, "diff -r --no-dereference '%s/copy' '%s'", copy, other);
    if (same.status != 0)
        fail_msg("in shape %s: %.3000s", shape, same.out);
    /* Scripts see one shape too. */
    assert_string_equal(run_ok(&fixture.mount, "jq -r '.[].id' all/services.json").out,
                        run_ok(&reference->fixture.mount, "jq -r '.[].id' all/services.json").out);
    fixture_stop(&fixture);
}

static void test_lists_and_objects_under_data(void **state)
{
    compare(*state, "data", false);
}

static void test_lists_and_objects_under_value_beside_summary(void **state)
{
    compare(*state, "value", false);
}

static void test_lists_under_the_name_of_their_collection(void **state)
{
    compare(*state, "named", false);
}

static void test_ids_that_are_strings(void **state)
{
    compare(*state, "bare", true);
}

static void test_ids_that_are_strings_in_an_envelope(void **state)
{
    compare(*state, "value", true);
}

/* ---- paths ---- */

/* Reads something of each of the four operations whose paths are guesses, anew from the API. */
static void read_guesses(const struct mount *mount)
{
    run_ok(mount, "touch billing/balance version all/pricing.json all/product-groups.json");
    assert_string_equal(run_ok(mount, "cat billing/balance version").out, "100.00 EUR\n1.2.6\n");
    assert_string_equal(run_ok(mount, "cat domains/pricing/com/domainregister/EUR/1").out, "11.00\n");
    assert_string_equal(run_ok(mount, "readlink 'by/product-group/BGP Session'").out, "../../products/groups/2\n");
    run_ok(mount, "cat all/pricing.csv all/product-groups.csv products/groups/2/info.json >\"$DIR/read\"");
}

/* Requests in the journal for exactly this path (a query may follow) that were answered so. */
static unsigned answered(struct simulator *sim, const char *path, int status)
{
    struct json_object *list = json_tokener_parse(journal(sim, NULL)), *member;
    unsigned n = 0;

    assert_non_null(list);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *entry = json_object_array_get_idx(list, i);
        json_object_object_get_ex(entry, "path", &member);
        const char *asked_path = json_object_get_string(member) + strlen("/api");
        size_t len = strcspn(asked_path, "?");
        json_object_object_get_ex(entry, "status", &member);
        n += (!path || (strlen(path) == len && strncmp(path, asked_path, len) == 0)) &&
             json_object_get_int(member) == status;
    }
    json_object_put(list);
    return n;
}

static void test_second_candidates_cost_one_404_each_a_mount(void **state)
{
    static const char *const options[] = {"--candidate", "balance=1",   "--candidate", "version=1", "--candidate",
                                          "groups=1",    "--candidate", "pricing=1",   NULL};
    static const char *const first[] = {"/billing/creditbalance", "/utility/version", "/products/groups",
                                        "/domains/pricing"};
    static const char *const second[] = {"/billing/balance", "/version", "/productgroups", "/domains/prices"};
    struct fixture f;
    (void)state;

    fixture_start(&f, options, NULL);
    for (unsigned mounts = 1; mounts <= 2; mounts++) {
        read_guesses(&f.mount);
        read_guesses(&f.mount);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(answered(&f.sim, first[i], 404), 1);
            assert_true(answered(&f.sim, second[i], 200) + answered(&f.sim, second[i], 304) >= 2);
        }
        assert_int_equal(answered(&f.sim, NULL, 404), 4);
        /* Again from the start, the check before the first access included. */
        if (mounts == 1) {
            mount_stop(&f.mount);
            journal_clear(&f.sim);
            mount_start(&f.mount, &f.sim, &(struct how){NULL});
        }
    }
    fixture_stop(&f);
}

static void test_last_candidates_are_found_too(void **state)
{
    static const char *const options[] = {"--candidate", "balance=2",   "--candidate", "version=2", "--candidate",
                                          "groups=3",    "--candidate", "pricing=2",   NULL};
    struct fixture f;
    (void)state;

    fixture_start(&f, options, NULL);
    read_guesses(&f.mount);
    read_guesses(&f.mount);
    assert_int_equal(answered(&f.sim, NULL, 404), 2 + 2 + 3 + 2);
    fixture_stop(&f);
}

static const char *const unheard_of[] = {"--path", "balance=/money/left",   "--path", "version=/about",
                                         "--path", "groups=/catalog/kinds", "--path", "pricing=/tlds/costs",
                                         NULL};

static void test_unheard_of_paths_with_four_lines_of_endpoints(void **state)
{
    struct fixture f;
    (void)state;

    fixture_start(&f, unheard_of,
                  &(struct how){.config = "[endpoints]\n"
                                          "balance.path = /money/left\n"
                                          "version.path = /about\n"
                                          "groups.path = /catalog/kinds\n"
                                          "pricing.path = /tlds/costs\n"});
    read_guesses(&f.mount);
    assert_int_equal(answered(&f.sim, NULL, 404), 0);
    assert_int_equal(answered(&f.sim, "/money/left", 200), 1);
    /* The table in force says where it came from. */
    struct ran table = run_ok(&f.mount, "XDG_CONFIG_HOME=\"$DIR/config\" \"$MELBICOMFS\" --endpoints");
    assert_non_null(strstr(table.out, "/money/left"));
    assert_non_null(strstr(table.out, "config/melbicomfs/config:2"));
    assert_null(strstr(table.out, "/billing/creditbalance"));
    fixture_stop(&f);
}

static void test_unheard_of_paths_without_them_are_named_in_the_log(void **state)
{
    struct fixture f;
    (void)state;

    /* The check before detaching asks for services instead, since no path of the version exists. */
    fixture_start(&f, unheard_of, NULL);
    struct ran cat = run(&f.mount, "cat billing/balance");
    assert_int_equal(cat.status, 1);
    assert_non_null(strstr(cat.err, "No such file or directory"));
    assert_non_null(strstr(run_ok(&f.mount, "cat .melbicomfs/log").out, "/billing/credit-balance"));
    run_ok(&f.mount, "ls services && cat all/invoices.csv >\"$DIR/read\"");
    fixture_stop(&f);
}

static void test_other_parameter_names_by_configuration(void **state)
{
    struct fixture f;
    (void)state;

    fixture_start(&f, bare,
                  &(struct how){.config = "[endpoints]\n"
                                          "services.param.status = state\n"
                                          "invoices.param.number = no\n"});
    /* The simulator knows neither name; what was sent is what counts. */
    (void)run(&f.mount, "ls by/service-status/Pending; cat by/invoice-number/X-1.json");
    assert_non_null(strstr(journal(&f.sim, "services"), "/api/services?state=Pending\""));
    assert_non_null(strstr(journal(&f.sim, "invoices"), "?no=X-1&"));
    fixture_stop(&f);
}

/* ---- lists that are cut ---- */

static int number_in(const struct mount *mount, const char *filter)
{
    return atoi(run_ok(mount, "jq '%s' .melbicomfs/status.json", filter).out);
}

#define CUT "[.documents[] | select(.maybe_cut)] | length"

static void test_a_list_cut_at_25_is_reported(void **state)
{
    static const char *const options[] = {"--limit", "25", "--invoices", "120", NULL};
    struct fixture f;
    (void)state;

    fixture_start(&f, options, NULL);
    assert_int_equal(number_in(&f.mount, CUT), 0);
    assert_int_equal(atoi(run_ok(&f.mount, "ls billing/invoices | grep -c json").out), 25);
    assert_int_equal(number_in(&f.mount, CUT), 1);
    assert_int_equal(number_in(&f.mount, ".lists_maybe_cut"), 1);
    assert_string_equal(
        run_ok(&f.mount, "jq -r '.documents[] | select(.maybe_cut) | .document' .melbicomfs/status.json").out,
        "invoices\n");
    /* Once, however often the list is renewed. */
    run_ok(
        &f.mount,
        "touch billing/invoices; ls billing/invoices; touch all/invoices.json; cat all/invoices.json >\"$DIR/read\"");
    assert_int_equal(asked(&f.sim, "invoices"), 3);
    assert_string_equal(
        run_ok(&f.mount, "grep -c 'invoices: .*; got 25, which is a typical page size' .melbicomfs/log").out, "1\n");
    assert_non_null(strstr(mount_log(&f.mount), "invoices.page_size"));
    fixture_stop(&f);
}

static void show_every_invoice(const char *count, unsigned pages)
{
    const char *const options[] = {"--limit", "25", "--invoices", count, NULL};
    struct fixture f;

    fixture_start(&f, options,
                  &(struct how){.config = "[endpoints]\n"
                                          "invoices.page_size = 25\n"
                                          "invoices.page_offset = limitstart\n"});
    char *all = run_ok(&f.mount, "ls billing/invoices | grep -c json; jq length all/invoices.json; "
                                 "jq '.[].id' all/invoices.json | sort -u | wc -l; sed 1d all/invoices.csv | wc -l")
                    .out;
    char want[64];
    snprintf(want, sizeof want, "%s\n%s\n%s\n%s\n", count, count, count, count);
    assert_string_equal(all, want);
    /* One page after another, until one isn't full; and nothing is reported as cut. */
    assert_int_equal(asked(&f.sim, "invoices"), pages);
    assert_int_equal(number_in(&f.mount, ".lists_maybe_cut"), 0);
    /* A filtered list is paged as well. */
    unsigned paid =
        (unsigned)atoi(run_ok(&f.mount, "jq '[.[] | select(.status == \"Paid\")] | length' all/invoices.json").out);
    fixture_remount(&f, &(struct how){.config = "[endpoints]\n"
                                                "invoices.page_size = 25\n"
                                                "invoices.page_offset = limitstart\n"});
    assert_int_equal(atoi(run_ok(&f.mount, "ls by/invoice-status/Paid | wc -l").out), (int)paid);
    assert_int_equal(asked(&f.sim, "invoices"), paid / 25 + 1);
    fixture_stop(&f);
}

static void test_three_lines_of_configuration_show_every_invoice(void **state)
{
    (void)state;
    show_every_invoice("120", 5);
}

static void test_pages_that_are_all_full_end_with_an_empty_one(void **state)
{
    (void)state;
    show_every_invoice("100", 5);
}

static void test_a_page_that_fails_is_no_short_list(void **state)
{
    static const char *const options[] = {"--limit", "25", "--invoices", "120", NULL};
    struct fixture f;
    (void)state;

    fixture_start(&f, options,
                  &(struct how){.config = "[endpoints]\n"
                                          "invoices.page_size = 25\n"
                                          "invoices.page_offset = limitstart\n",
                                .options = scaled_times("timeout_total=1")});
    rule(&f.sim, "{\"operation\": \"invoices\", \"path\": \"limitstart=50\", \"status\": 500}");
    struct ran ls = run(&f.mount, "ls billing/invoices");
    assert_int_not_equal(ls.status, 0);
    assert_null(strstr(ls.out, "json"));
    rules_clear(&f.sim);
    run_ok(&f.mount, "touch billing/invoices");
    assert_int_equal(atoi(run_ok(&f.mount, "ls billing/invoices | grep -c json").out), 120);
    fixture_stop(&f);
}

int main(void)
{
    static const struct CMUnitTest shapes[] = {
        cmocka_unit_test(test_lists_and_objects_under_data),
        cmocka_unit_test(test_lists_and_objects_under_value_beside_summary),
        cmocka_unit_test(test_lists_under_the_name_of_their_collection),
        cmocka_unit_test(test_ids_that_are_strings),
        cmocka_unit_test(test_ids_that_are_strings_in_an_envelope),
    };
    static const struct CMUnitTest paths[] = {
        cmocka_unit_test(test_second_candidates_cost_one_404_each_a_mount),
        cmocka_unit_test(test_last_candidates_are_found_too),
        cmocka_unit_test(test_unheard_of_paths_with_four_lines_of_endpoints),
        cmocka_unit_test(test_unheard_of_paths_without_them_are_named_in_the_log),
        cmocka_unit_test(test_other_parameter_names_by_configuration),
        cmocka_unit_test(test_a_list_cut_at_25_is_reported),
        cmocka_unit_test(test_three_lines_of_configuration_show_every_invoice),
        cmocka_unit_test(test_pages_that_are_all_full_end_with_an_empty_one),
        cmocka_unit_test(test_a_page_that_fails_is_no_short_list),
    };
    harness_begin();
    int failed = cmocka_run_group_tests(shapes, setup_reference, teardown_reference);
    return cmocka_run_group_tests(paths, NULL, NULL) + failed;
}
