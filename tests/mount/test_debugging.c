/* SPDX-License-Identifier: MIT */
/* log_level=: what a person sees who looks for a fault, and that it is never the token. */
#include "harness.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    return fixture_start(&f, NULL, &(struct how){.options = "log_level=debug"});
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* How many lines of the program's output match an extended regular expression, which is anchored at both ends of what
 * follows the time. */
static unsigned lines_like(const char *pattern)
{
    char anchored[500], *log = mount_log(&f.mount);
    unsigned n = 0;
    regex_t regex;

    (void)snprintf(anchored, sizeof anchored, "^[0-9T:.-]+Z %s$", pattern);
    assert_int_equal(regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB), 0);
    for (char *line; (line = strsep(&log, "\n"));)
        n += regexec(&regex, line, 0, NULL, 0) == 0;
    regfree(&regex);
    return n;
}

static void assert_line(const char *pattern)
{
    if (lines_like(pattern) == 0)
        fail_msg("no line is like '%s':\n%s", pattern, mount_log(&f.mount));
}

#define MS " \\([0-9]+\\.[0-9] ms\\)"

static void test_each_request_of_the_kernel_is_a_line(void **state)
{
    static const char *const lines[] = {
        "LOOKUP billing -> node [0-9]+" MS,
        "LOOKUP billing/balance -> node [0-9]+" MS,
        "GETATTR billing/balance waits",
        "GETATTR billing/balance -> 11 bytes" MS,
        "READ billing/balance [0-9]+ bytes at 0 -> 11 bytes" MS,
        "READDIR(PLUS)? services [0-9]+ bytes at 0 waits",
        "READDIR(PLUS)? services [0-9]+ bytes at 0 -> [0-9]+ bytes" MS,
        "LOOKUP services/\\.git -> no such name" MS,
        "MKDIR new -> EROFS" MS,
        "GETXATTR billing/balance user\\.melbicomfs\\.url -> done" MS,
        "SETATTR billing/balance -> 11 bytes" MS,
        "WRITE services/10421/cdn/purge 16 bytes at 0 waits",
        "WRITE services/10421/cdn/purge 16 bytes at 0 -> done" MS,
        "WRITE services/10421/cdn/purge 3 bytes at 0 -> EINVAL" MS,
        "GETATTR billing/invoices/7\\.json -> ENOENT" MS,
    };

    (void)state;
    (void)run_ok(&f.mount, "cat billing/balance && ls services && getfattr -n user.melbicomfs.url billing/balance && "
                           "touch billing/balance && echo cdn.example.com >services/10421/cdn/purge");
    (void)run(&f.mount, "cat services/.git; mkdir new; printf 'a\\tb' >services/10421/cdn/purge; "
                        "cat billing/invoices/7.json");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char pattern[300];
        (void)snprintf(pattern, sizeof pattern, "debug kernel: %s", lines[i]);
        assert_line(pattern);
    }
    /* What is written is not shown. */
    assert_int_equal(lines_like("debug kernel: .*cdn\\.example\\.com.*"), 0);
}

static void test_each_exchange_is_a_line(void **state)
{
    (void)state;
    assert_line("debug check: GET http://127\\.0\\.0\\.1:[0-9]+/api/[a-z/]+ -> 200, [0-9]+ bytes, [0-9.]+ ms, new "
                "connection");
    (void)run_ok(&f.mount, "cat billing/balance");
    assert_line("debug balance: GET /[a-z/]+ -> 200, [0-9]+ bytes, [0-9.]+ ms, new connection, attempt 1");
    rule(&f.sim, "{\"operation\":\"products\",\"status\":503,\"times\":1}");
    (void)run_ok(&f.mount, "cat all/products.json");
    assert_line("debug products: GET /[a-zA-Z/?=-]+ -> 503, [0-9]+ bytes, [0-9.]+ ms, reused connection, attempt 1");
    assert_line("debug products: GET /[a-zA-Z/?=-]+ -> 200, [0-9]+ bytes, [0-9.]+ ms, reused connection, attempt 2");
    rule(&f.sim, "{\"operation\":\"pricing\",\"truncate\":9}");
    (void)run(&f.mount, "cat all/pricing.json");
    assert_line("debug pricing: GET /[^ ]+ -> 200, failed: .+, 9 bytes, [0-9.]+ ms, [a-z]+ connection, attempt 1");
    api_down(&f.sim);
    (void)run(&f.mount, "cat all/product-groups.json");
    assert_line("debug [a-z_-]*groups: GET /[^ ]+ -> failed: .+, 0 bytes, [0-9.]+ ms, no connection, attempt 1");
    api_up(&f.sim);
}

static void test_no_failure_shows_the_token(void **state)
{
    static const char *const rules[] = {"\"status\":401",
                                        "\"status\":403",
                                        "\"status\":404",
                                        "\"status\":422,\"body\":\"{\\\"message\\\":\\\"bad " HARNESS_TOKEN "\\\"}\"",
                                        "\"status\":500,\"body\":\"Bearer " HARNESS_TOKEN "\"",
                                        "\"redirect\":\"http://127.0.0.1:1/" HARNESS_TOKEN "\"",
                                        "\"in_band\":\"result-error\",\"message\":\"" HARNESS_TOKEN "\"",
                                        "\"body\":\"[\\\"" HARNESS_TOKEN "\\\"\"",
                                        "\"headers\":{\"ETag\":\"" HARNESS_TOKEN "\"}",
                                        "\"garbage\":true",
                                        "\"truncate\":4",
                                        "\"reset\":true",
                                        "\"stall\":true"};

    (void)state;
    for (size_t i = 0; i <= sizeof rules / sizeof *rules; i++) {
        fixture_remount(&f, &(struct how){.options = scaled_times("log_level=debug,timeout=0.3,timeout_total=0.8")});
        if (i < sizeof rules / sizeof *rules)
            rule(&f.sim, "{\"operation\":\"*\",%s}", rules[i]);
        else
            api_down(&f.sim);
        (void)run(&f.mount, "cat billing/balance; ls services; echo a.example >services/10421/cdn/purge; "
                            "cat " HARNESS_TOKEN " all/" HARNESS_TOKEN ".json; cat services/10421/cdn/purge.log");
        char *log = mount_log(&f.mount), *shown = slurp(&f.mount, ".melbicomfs/log", NULL);
        if (strstr(log, HARNESS_TOKEN) || strstr(shown, HARNESS_TOKEN))
            fail_msg("%s: the token is in the log:\n%s%s", i < sizeof rules / sizeof *rules ? rules[i] : "down", log,
                     shown);
        assert_non_null(strstr(log, "kernel: LOOKUP [hidden] -> "));
        rules_clear(&f.sim);
    }
    api_up(&f.sim);
}

static void test_log_level_leaves_out_what_is_less_important(void **state)
{
    static const struct {
        const char *options;
        bool error, warning, info, debug;
    } cases[] = {
        {"log_level=error", true, false, false, false}, {"log_level=warning", true, true, false, false},
        {"log_level=info", true, true, true, false},    {NULL, true, true, true, false},
        {"log_level=debug", true, true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_remount(&f, &(struct how){.options = cases[i].options});
        rule(&f.sim, "{\"operation\":\"pricing\",\"status\":400}");
        (void)run(&f.mount, "cat all/pricing.json");
        rules_clear(&f.sim);
        rule(&f.sim, "{\"operation\":\"balance\",\"status\":401}");
        (void)run(&f.mount, "cat billing/balance");
        rules_clear(&f.sim);
        assert_int_equal(lines_like("error .*") > 0, cases[i].error);
        assert_int_equal(lines_like("warning .*") > 0, cases[i].warning);
        assert_int_equal(lines_like("info .*") > 0, cases[i].info);
        assert_int_equal(lines_like("debug .*") > 0, cases[i].debug);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_each_request_of_the_kernel_is_a_line),
        TEST(test_each_exchange_is_a_line),
        TEST(test_no_failure_shows_the_token),
        TEST(test_log_level_leaves_out_what_is_less_important),
    };

    harness_begin();
    return cmocka_run_group_tests_name("debugging", tests, NULL, NULL);
}
