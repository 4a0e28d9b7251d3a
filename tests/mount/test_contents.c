/* SPDX-License-Identifier: MIT */
/*
 * What files hold: every tool that reads them gets the bytes that render.py makes of the API's answers by the rules of
 * the design, whole, with exact sizes and the times, modes and owners that were promised.
 */
#include "harness.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PYTHON "/usr/bin/python3 "
#define RENDER PYTHON "\"$TESTS/render.py\" "
/* Made by the program, of nothing the API said. */
#define OURS "-x README -x purge.log"

/* ---- the account at rest ---- */

static int setup(void **state)
{
    static struct fixture fixture;
    static const char *const options[] = {"--services", "20", "--invoices", "150", NULL};
    *state = &fixture;
    fixture_start(&fixture, options, &(struct how){.options = scaled_times("ttl=600")});
    run_ok(&fixture.mount, RENDER "tree \"$URL\" \"$DIR/want\"");
    run_ok(&fixture.mount, "test $(find \"$DIR/want\" | wc -l) -gt 500");
    return 0;
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

static void assert_copy(const struct mount *mount, const char *copy)
{
    struct ran ran = run(mount, "diff -r --no-dereference " OURS " \"$DIR/want\" %s", copy);
    if (ran.status != 0)
        fail_msg("%s: %.3000s%.1000s", copy, ran.out, ran.err);
}

/* Copies keep the modes that nobody may write; so that they can be taken away, they are given others. */
static void unlock(const struct mount *mount)
{
    run_ok(mount, "chmod -R u+rwX \"$DIR\"/copy-*");
}

/* The command prints the same in the mount and in the rendering, and prints something. */
static void assert_same(const struct mount *mount, const char *command)
{
    struct ran shown = run_ok(mount, "%s", command);
    struct ran wanted = run_ok(mount, "cd \"$DIR/want\"; %s", command);
    assert_true(wanted.out_len > 0);
    if (shown.out_len != wanted.out_len || memcmp(shown.out, wanted.out, wanted.out_len) != 0)
        fail_msg("`%s` prints\n%.1500s\ninstead of\n%.1500s", command, shown.out, wanted.out);
}

static void test_every_file_and_link_equals_an_independent_rendering(void **state)
{
    struct fixture *f = *state;
    assert_copy(&f->mount, "\"$MNT\"");
}

static void test_tar(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, "mkdir \"$DIR/copy-tar\" && tar c . | tar -x -C \"$DIR/copy-tar\"");
    assert_copy(&f->mount, "\"$DIR/copy-tar\"");
    /* With sizes and times as they were read. */
    run_ok(&f->mount, "tar c billing/invoices | tar d");
    unlock(&f->mount);
}

static void test_cp(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, "cp -r . \"$DIR/copy-cp\"");
    assert_copy(&f->mount, "\"$DIR/copy-cp\"");
    unlock(&f->mount);
}

static void test_rsync(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, "rsync -a . \"$DIR/copy-rsync/\"");
    assert_copy(&f->mount, "\"$DIR/copy-rsync\"");
    /* Sizes and times are what rsync goes by: nothing is left to copy. Directories' own times move. */
    struct ran again = run_ok(&f->mount, "rsync -aiO --exclude=cdn --exclude=.melbicomfs . \"$DIR/copy-rsync/\"");
    assert_null(strstr(again.out, ">f"));
    unlock(&f->mount);
}

static void test_wc(void **state)
{
    struct fixture *f = *state;
    assert_same(&f->mount, "find . -type f ! -name README ! -name purge.log | LC_ALL=C sort | xargs -d '\\n' wc -c");
    assert_same(&f->mount, "find . -type f ! -name README ! -name purge.log -printf '%s %p\\n' | LC_ALL=C sort");
}

static void test_find_by_the_dates_of_invoices(void **state)
{
    struct fixture *f = *state;
    assert_same(&f->mount, "find billing/invoices -type f -newermt 2020-01-01 ! -newermt 2021-06-01 | LC_ALL=C sort");
    assert_same(&f->mount, "find billing/invoices -type f -printf '%T+ %p\\n' | LC_ALL=C sort");
    assert_same(&f->mount, "ls -t billing/invoices/*.json");
    run_ok(&f->mount, "test \"$(date -u +%%T -r billing/invoices/90010.json)\" = 12:00:00");
}

static void test_less_and_vim_and_jq_and_rg(void **state)
{
    struct fixture *f = *state;
    assert_same(&f->mount, "less all/invoices.json");
    assert_same(&f->mount, "cd all; vim -R -es -b -u NONE -i NONE -c 'w! /dev/stdout' -c 'qa!' services.json");
    assert_same(&f->mount, "find . -name '*.json' -type f | LC_ALL=C sort | xargs jq -c .");
    assert_same(
        &f->mount,
        "rg --no-config -n --sort path -g '!README' -g '!purge.log' -e Amsterdam -e '\"Unpaid\"' -e '11\\.00' .");
    assert_same(&f->mount, "rg --no-config -c --sort path Zürich billing all");
}

/* ---- attributes ---- */

/* Every file and directory: size and blocks exact before it is opened, one link, modes and owner as promised. */
static void assert_attributes(const struct mount *mount, unsigned uid, unsigned gid, unsigned mask)
{
    struct ran files = run_ok(mount, "find . -type f ! -name 'purge*' -printf '%%s %%b %%n %%m %%U %%G %%p\n'");
    char want[512];
    unsigned n = 0;

    for (char *save, *line = strtok_r(files.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++) {
        const char *path = strchr(line, '/') + 1;
        size_t len;
        slurp(mount, path, &len);
        snprintf(want, sizeof want, "%zu %zu 1 %o %u %u ./%s", len, (len + 511) / 512, 0444 & ~mask, uid, gid, path);
        assert_string_equal(line, want);
    }
    assert_true(n > 100);
    snprintf(want, sizeof want, "1 %o %u %u\n", 0755 & ~mask, uid, gid);
    assert_string_equal(run_ok(mount, "find . -type d -printf '%%n %%m %%U %%G\\n' | sort -u").out, want);
    snprintf(want, sizeof want, "0 0 1 %o %u %u\n", 0644 & ~mask, uid, gid);
    assert_string_equal(run_ok(mount, "find . -name purge -printf '%%s %%b %%n %%m %%U %%G\\n' | sort -u").out, want);
}

static void test_sizes_blocks_links_modes_and_owners(void **state)
{
    struct fixture *f = *state;
    assert_attributes(&f->mount, (unsigned)atoi(run_ok(&f->mount, "id -u").out),
                      (unsigned)atoi(run_ok(&f->mount, "id -g").out), 077);
    fixture_remount(f, &(struct how){.options = scaled_times("umask=022,uid=1234,gid=4321,ttl=600")});
    assert_attributes(&f->mount, 1234, 4321, 022);
    fixture_remount(f, &(struct how){.options = scaled_times("umask=0,ttl=600")});
    run_ok(&f->mount, "test $(stat -c %%a services/10421/cdn/purge) = 644 -a $(stat -c %%a version) = 444 -a $(stat -c "
                      "%%a all) = 755 -a $(stat -c %%a by/service-status/Active/10421) = 777");
}

struct again {
    struct fixture *f;
    unsigned n;
};

static bool balance_was_asked(void *data)
{
    struct again *again = data;
    run_ok(&again->f->mount, "stat billing/balance");
    return asked(&again->f->sim, "balance") >= again->n;
}

static void test_times_of_other_files_are_when_their_content_last_changed(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, &(struct how){.options = "ttl=1"});
    char *first = run_ok(&f->mount, "stat -c '%%y %%i' billing/balance").out;
    /* Fetched again and equal: the same time, and the same file. */
    assert_true(wait_until(balance_was_asked, &(struct again){f, 2}, 5000));
    assert_string_equal(run_ok(&f->mount, "stat -c '%%y %%i' billing/balance").out, first);
    account_set(&f->sim, "{\"balance\": \"1.00\"}");
    unsigned before = asked(&f->sim, "balance");
    assert_true(wait_until(balance_was_asked, &(struct again){f, before + 1}, 5000));
    char *second = run_ok(&f->mount, "stat -c '%%y %%i' billing/balance").out;
    assert_true(strcmp(second, first) > 0);
    account_set(&f->sim, "{\"balance\": \"100.00\"}");
}

/* ---- tables ---- */

static void test_tables_hold_exactly_the_scalar_fields(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, NULL);
    run_ok(&f->mount, "for list in product-groups products services invoices; do " RENDER
                      "check-csv all/$list.json all/$list.csv || exit 1; done; " RENDER
                      "check-prices all/pricing.json all/pricing.csv");
}

static void test_cells_that_look_like_formulas_stay_data(void **state)
{
    struct fixture *f = *state;
    account_set(&f->sim,
                "{\"invoice\": {\"id\": 90002, \"notes\": \"=1+1\", \"ref\": \"+49 30\", \"delta\": \"-5.20\", "
                "\"sum\": \"-1+2\","
                " \"at\": \"@x\", \"tab\": \"\\t=1\", \"quote\": \"say \\\"=2\\\", then\\r\\nmore\", \"=key\": \"x\","
                " \"big\": 123456789012345678, \"none\": null, \"yes\": true, \"list\": [1]}}");
    fixture_remount(f, NULL);
    run_ok(&f->mount, RENDER "check-csv all/invoices.json all/invoices.csv");
    /* And as the bytes that a spreadsheet reads. */
    struct ran row = run_ok(&f->mount, "grep -A 1 '^90002,' all/invoices.csv");
    assert_non_null(
        strstr(row.out, ",\"'=1+1\",\"'+49 30\",-5.20,\"'-1+2\",\"'@x\",\"'\t=1\",\"say \"\"=2\"\", then\r\nmore\",x,"
                        "123456789012345678,,true\r\n"));
    assert_non_null(strstr(run_ok(&f->mount, "head -n 1 all/invoices.csv").out, ",\"'=key\",big,none,yes\r\n"));
    assert_null(strstr(run_ok(&f->mount, "head -n 1 all/invoices.csv").out, "list"));
}

static void test_sqlite_imports_the_tables(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        run_ok(&f->mount,
               "sqlite3 :memory: '.import --csv all/invoices.csv i' 'select count(*), count(distinct id) from i' "
               "\"select notes, total from i where id = 90002\"")
            .out,
        run_ok(&f->mount, "jq -r '\"\\(length)|\\(map(.id) | unique | length)\", (.[] | select(.id == 90002) | "
                          "\"'\\''\\(.notes)|\\(.total)\")' all/invoices.json")
            .out);
    assert_string_equal(run_ok(&f->mount, "sqlite3 :memory: '.import --csv all/pricing.csv p' "
                                          "\"select price from p where extension = 'co.uk' and operation = "
                                          "'domainregister' and currency = 'EUR' and years = 1\"")
                            .out,
                        "8.00\n");
}

static void test_prices_are_the_same_whatever_their_nesting(void **state)
{
    struct fixture *f = *state;
    static const char *const orders[] = {
        "operation,extension,currency,years",
        "currency,operation,years,extension",
        "years,currency,extension,operation",
        "extension,currency,years,operation",
    };
    fixture_remount(f, NULL);
    char *table = run_ok(&f->mount, "cat all/pricing.csv").out;
    char *leaves = run_ok(&f->mount, "grep -r '' domains/pricing | LC_ALL=C sort").out;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct json_object *raw = json_object_new_object();
        json_object_object_add(raw, "operation", json_object_new_string("pricing"));
        json_object_object_add(raw, "body", NULL);
        account_set(&f->sim, "{\"raw\": %s}", json_object_to_json_string(raw)); /* the account's own again */
        char *nested = run_ok(&f->mount, RENDER "nest \"$URL\" %s", orders[i]).out;
        json_object_object_add(raw, "body", json_object_new_string(nested));
        account_set(&f->sim, "{\"raw\": %s}", json_object_to_json_string(raw));
        json_object_put(raw);
        fixture_remount(f, NULL);
        assert_string_equal(run_ok(&f->mount, "cat all/pricing.csv").out, table);
        assert_string_equal(run_ok(&f->mount, "grep -r '' domains/pricing | LC_ALL=C sort").out, leaves);
        run_ok(&f->mount, RENDER "check-prices all/pricing.json all/pricing.csv");
    }
    account_set(&f->sim, "{\"raw\": {\"operation\": \"pricing\", \"body\": null}}");
}

/* ---- JSON that would not survive a parser ---- */

static void test_tokens_come_through_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/odd.json", getenv("TESTS"));
    char *odd = slurp_path(path, NULL);
    assert_non_null(odd);
    struct json_object *raw = json_object_new_object();
    json_object_object_add(raw, "id", json_object_new_int(10421));
    json_object_object_add(raw, "body", json_object_new_string(odd));
    account_set(&f->sim, "{\"raw_service\": %s}", json_object_to_json_string(raw));
    json_object_put(raw);
    fixture_remount(f, NULL);

    run_ok(&f->mount, RENDER "check-tokens \"$TESTS/odd.json\" services/10421/info.json");
    assert_string_equal(run_ok(&f->mount, "cat services/10421/info.json").out,
                        run_ok(&f->mount, RENDER "one \"$URL\" /services/10421").out);
    char *shown = slurp(&f->mount, "services/10421/info.json", NULL);
    static const char *const lines[] = {
        "\n  \"big\": 123456789012345678901234567890,\n",
        "\n  \"huge\": 1e400,\n",
        "\n  \"minus\": -0,\n",
        "\n  \"price\": 0.10,\n",
        "\n  \"exponent\": 1E+2,\n",
        "\n  \"twice\": 1,\n  \"twice\": {\n    \"twice\": null,\n    \"twice\": \"last\"\n  },\n",
        "\n  \"nul\": \"a\\u0000b\",\n",
        "\n  \"lone\": \"\\ud800x\\udc00\",\n",
        "\n  \"slash\": \"AMS / 2x\",\n",
        "\n  \"caf\\u00e9\": \"caf\xc3\xa9\",\n",
        "\n  \"astral\": \"\xf0\x9f\x98\x80 \xf0\x9d\x84\x9e \xf0\x9f\x98\x80\",\n",
        "\n  \"nothing\": {},\n",
        "\n  \"none\": [],\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(shown, lines[i]))
            fail_msg("not there: %sbut:\n%s", lines[i], shown);
}

/* ---- an account that changes ---- */

static void test_tar_of_an_account_that_changes_is_never_torn(void **state)
{
    static const char *const options[] = {"--invoices", "300", NULL};
    struct fixture f;
    (void)state;

    fixture_start(&f, options, &(struct how){.options = "ttl=1"});
    struct ran ran = run_ok(&f.mount, PYTHON "\"$TESTS/changing.py\" \"$URL\" \"$CONTROL\" \"$MNT\" 4");
    print_message("%s", ran.out);
    /* Several renewals fell into it. */
    assert_true(
        atoi(run_ok(
                 &f.mount,
                 "curl -sf \"$CONTROL/_sim/journal\" | jq '[.[] | select(.path | test(\"invoices[?]show\"))] | length'")
                 .out) >= 4);
    fixture_stop(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_and_link_equals_an_independent_rendering),
        cmocka_unit_test(test_tar),
        cmocka_unit_test(test_cp),
        cmocka_unit_test(test_rsync),
        cmocka_unit_test(test_wc),
        cmocka_unit_test(test_find_by_the_dates_of_invoices),
        cmocka_unit_test(test_less_and_vim_and_jq_and_rg),
        cmocka_unit_test(test_sizes_blocks_links_modes_and_owners),
        cmocka_unit_test(test_times_of_other_files_are_when_their_content_last_changed),
        cmocka_unit_test(test_tables_hold_exactly_the_scalar_fields),
        cmocka_unit_test(test_cells_that_look_like_formulas_stay_data),
        cmocka_unit_test(test_sqlite_imports_the_tables),
        cmocka_unit_test(test_prices_are_the_same_whatever_their_nesting),
        cmocka_unit_test(test_tokens_come_through_byte_for_byte),
    };
    static const struct CMUnitTest changing[] = {
        cmocka_unit_test(test_tar_of_an_account_that_changes_is_never_torn),
    };
    harness_begin();
    setenv("MELBICOM_TOKEN", HARNESS_TOKEN, 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    return cmocka_run_group_tests(changing, NULL, NULL) + failed;
}
