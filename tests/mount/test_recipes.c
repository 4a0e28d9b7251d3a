/* SPDX-License-Identifier: MIT */
/*
 * The README's answers to what people ask of an account: each command of its table is run as it is written there.
 */
#include "harness.h"

#include <string.h>

#define HEADING "## What people ask of an account\n"

static const char *const account[] = {"--services", "12", "--invoices", "40", NULL};

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

/* In a table, Markdown writes \| for |. */
static void unescape(char *text)
{
    char *to = text;
    for (; *text; text++)
        if (text[0] != '\\' || text[1] != '|')
            *to++ = *text;
    *to = '\0';
}

static void test_each_command_answers(void **state)
{
    struct fixture *f = *state;
    char *page = run_ok(&f->mount, "cat \"$TESTS/../../README.md\"").out;
    char *line = strstr(page, HEADING);
    unsigned n = 0;

    assert_non_null(line);
    line += strlen(HEADING);
    char *end = strstr(line, "\n#");
    assert_non_null(end);
    *end = '\0';
    for (line = strtok(line, "\n"); line; line = strtok(NULL, "\n")) {
        char *command = strstr(line, "| `"), *behind = strstr(line, "` |");
        if (!command || !behind)
            continue;
        *behind = '\0';
        command += strlen("| `");
        unescape(command);
        struct ran ran = run_ok(&f->mount, "%s", command);
        if (ran.out_len == 0 && strncmp(command, "test ", 5) != 0)
            fail_msg("`%s` shows nothing", command);
        if (ran.err_len > 0)
            fail_msg("`%s` says: %s", command, ran.err);
        n++;
    }
    assert_true(n >= 10);
}

static void test_what_is_unpaid_is_the_sum_of_its_rows(void **state)
{
    struct fixture *f = *state;
    char *unpaid = run_ok(&f->mount, "cat billing/unpaid").out;
    char *sum = run_ok(&f->mount, "sqlite3 -separator ' ' :memory: '.import --csv reports/unpaid.csv u' "
                                  "\"select printf('%%.2f', sum(total)), currency from u group by 2\"")
                    .out;
    assert_string_equal(unpaid, sum);
    assert_string_equal(run_ok(&f->mount, "jq -r .id by/service-name/cdn.example.com/info.json").out, "10421\n");
}

int main(void)
{
    harness_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_command_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_unpaid_is_the_sum_of_its_rows, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
