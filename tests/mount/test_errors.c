/* SPDX-License-Identifier: MIT */
/* What the API does becomes an errno and one line in the log; and what is served of a copy while it cannot be asked. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Reads the first bytes: 0 or the errno. */
static int read_error(const char *path)
{
    char byte;
    int fd = open(in_mount(&f.mount, "%s", path), O_RDONLY | O_CLOEXEC), error = 0;

    if (fd < 0)
        return errno;
    if (read(fd, &byte, 1) < 0)
        error = errno;
    assert_int_equal(close(fd), 0);
    return error;
}

/* The lines of the log that hold `text`, and the last of them. */
static unsigned lines_with(char *log, const char *text, const char **last)
{
    unsigned n = 0;
    for (char *line; (line = strsep(&log, "\n"));)
        if (strstr(line, text)) {
            n++;
            *last = line;
        }
    return n;
}

/* ---- errno ---- */

struct error_row {
    const char *rule; /* NULL: the API is down */
    int error;
    const char *says[3]; /* the line does: the status, the API's message, what to do */
};

static const struct error_row rows[] = {
    {"\"status\":401,\"body\":\"{\\\"message\\\":\\\"Unauthenticated.\\\"}\"",
     EACCES,
     {"HTTP 401", "Unauthenticated.", "token"}},
    {"\"status\":403,\"body\":\"{\\\"message\\\":\\\"not yours\\\"}\"", EACCES, {"HTTP 403", "not yours", "token"}},
    {"\"status\":404,\"body\":\"{\\\"message\\\":\\\"no such thing\\\"}\"", ENOENT, {"404", "/billing/", ""}},
    {"\"status\":400,\"body\":\"{\\\"message\\\":\\\"bad thing\\\"}\"", EINVAL, {"HTTP 400", "bad thing", "check"}},
    {"\"status\":422,\"body\":\"{\\\"errors\\\":{\\\"x\\\":[\\\"x is bad\\\"]}}\"",
     EINVAL,
     {"HTTP 422", "x is bad", "check"}},
    {"\"status\":418", EIO, {"HTTP 418", "", "check"}},
    {"\"status\":429", EBUSY, {"HTTP 429", "", "try again later"}},
    {"\"status\":429,\"headers\":{\"Retry-After\":\"60\"}", EBUSY, {"HTTP 429", "", "try again after"}},
    {"\"status\":500,\"body\":\"{\\\"error\\\":\\\"broken\\\"}\"", EIO, {"HTTP 500", "broken", "try again later"}},
    {"\"status\":503", EIO, {"HTTP 503", "", "try again later"}},
    {"\"redirect\":\"http://127.0.0.1:1/x\"", EIO, {"HTTP 302", "to http://127.0.0.1:1/x", "set url="}},
    {"\"redirect\":\"/login\"", EIO, {"HTTP 302", "/login", "check the token"}},
    {"\"status\":304", EIO, {"HTTP 304", "304 (not modified) to a request without", "cache"}},
    {"\"status\":403,\"body\":\"<title>Stop</title>\"", EACCES, {"HTTP 403", "a web page, \"Stop\"", "in front of"}},
    {"\"garbage\":true", EIO, {"; got ", "expected", "--doctor"}},
    {"\"huge\":1000000", EIO, {"HTTP 200", "", "max_body"}},
    {"\"truncate\":4", EIO, {"", "", "check"}},
    {"\"reset\":true", EIO, {"", "", "check"}},
    {"\"stall\":true", ETIMEDOUT, {"", "", "timeout"}},
    {"\"slow_body_bps\":1", ETIMEDOUT, {"", "", "timeout"}},
    {NULL, EHOSTUNREACH, {"", "", "network"}},
};

static void check_row(const struct error_row *row)
{
    const char *name = row->rule ? row->rule : "down", *line = "";

    fixture_remount(&f, &(struct how){.options = scaled_times("timeout=0.3,timeout_total=0.8,max_body=1K")});
    if (row->rule)
        rule(&f.sim, "{\"operation\":\"balance\",%s}", row->rule);
    else
        api_down(&f.sim);
    int64_t failed = 0;
    for (unsigned again = 0; again < 3; again++) {
        int error = read_error("billing/balance");
        failed = failed ? failed : now_ms();
        if (error != row->error)
            fail_msg("%s: %s instead of %s", name, strerror(error), strerror(row->error));
    }
    /* Asked three times within a second, it failed once; once more for each second that the reads took. */
    unsigned most = 1 + (unsigned)((now_ms() - failed) / 1000);
    char *log = slurp(&f.mount, ".melbicomfs/log", NULL), *copy = strdup(log);
    unsigned lines = lines_with(copy, " balance: ", &line);
    bool told = strstr(line, "GET /billing/") != NULL;
    for (unsigned i = 0; i < 3; i++)
        told = told && strstr(line, row->says[i]);
    /* A 404 moves on to the other candidates of the path, a line each. */
    if (!told || lines == 0 || (lines > most && row->error != ENOENT))
        fail_msg("%s: %u lines in the log, not one with '%s', '%s', '%s':\n%s", name, lines, row->says[0], row->says[1],
                 row->says[2], log);
    free(copy);
    rules_clear(&f.sim);
    if (!row->rule)
        api_up(&f.sim);
}

static void each_failure_has_its_errno_and_one_line_in_the_log(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

static void what_coreutils_say(void **state)
{
    (void)state;
    rule(&f.sim, "{\"operation\":\"balance\",\"status\":403}");
    rule(&f.sim, "{\"operation\":\"services\",\"status\":400}");
    struct ran ran = run(&f.mount, "cat billing/balance");
    assert_int_equal(ran.status, 1);
    assert_string_equal(ran.err, "cat: billing/balance: Permission denied\n");
    assert_string_equal(ran.out, "");
    ran = run(&f.mount, "ls services");
    assert_int_equal(ran.status, 2);
    assert_non_null(strstr(ran.err, "Invalid argument"));
    assert_string_equal(ran.out, "");
}

/* ---- stale copies ---- */

/* Copies that expire soon. */
#define COPIES "ttl=0,timeout=0.5,timeout_total=1"

static bool is_stale(const char *path, const char *expected)
{
    char value[8] = "";
    ssize_t n = getxattr(in_mount(&f.mount, "%s", path), "user.melbicomfs.stale", value, sizeof value - 1);
    return n > 0 && strcmp(value, expected) == 0;
}

/* Reads balance, services and a service, and changes the API. */
static void read_and_spoil(const char *options, const char *trouble)
{
    fixture_remount(&f, &(struct how){.options = scaled_times(options)});
    run_ok(&f.mount, "cat billing/balance services/10421/info.json all/services.json");
    assert_true(is_stale("billing/balance", "no"));
    if (trouble)
        rule(&f.sim, "%s", trouble);
    else
        api_down(&f.sim);
}

static bool is_fresh_again(void *path)
{
    return read_error(path) == 0 && is_stale(path, "no");
}

static void a_copy_is_served_while_the_api_is_down_and_says_so(void **state)
{
    const char *line = "";

    (void)state;
    read_and_spoil("ttl=1,timeout=0.5", NULL);
    let_expire(1);
    struct ran ran = run_ok(&f.mount, "cat billing/balance services/10421/info.json all/services.json && ls services");
    assert_non_null(strstr(ran.out, "EUR"));
    assert_true(is_stale("billing/balance", "yes"));
    assert_true(is_stale("services/10421/info.json", "yes"));
    assert_non_null(strstr(slurp(&f.mount, ".melbicomfs/status.json", NULL), "\"stale\": true"));
    /* One line for the outage, not one for each of them nor each time. */
    let_expire(1);
    run_ok(&f.mount, "cat billing/balance services/10421/info.json all/services.json");
    if (lines_with(slurp(&f.mount, ".melbicomfs/log", NULL), "serving the copy", &line) != 1)
        fail_msg("the log is:\n%s", slurp(&f.mount, ".melbicomfs/log", NULL));
    /* What has no copy is an error, and never an empty directory. */
    assert_int_equal(run(&f.mount, "ls billing/invoices").status, 2);
    assert_int_equal(read_error("services/10422/info.json"), EHOSTUNREACH);
    api_up(&f.sim);
    assert_true(wait_until(is_fresh_again, (char[]){"billing/balance"}, 10000));
    assert_int_equal(lines_with(slurp(&f.mount, ".melbicomfs/log", NULL), "the API answers again", &line), 1);
}

/* What a read gives in the end, once the copy has expired. */
struct outcome {
    const char *path;
    int error;
    bool stale;
};

static bool comes_out(void *data)
{
    const struct outcome *outcome = data;
    return read_error(outcome->path) == outcome->error && (!outcome->stale || is_stale(outcome->path, "yes"));
}

static void assert_comes_out(const char *trouble, const char *path, int error, bool stale)
{
    struct outcome outcome = {path, error, stale};
    if (!wait_until(comes_out, &outcome, 5000))
        fail_msg("%s: %s gives %s, stale %d", trouble, path, strerror(read_error(path)), is_stale(path, "yes"));
    /* Nor was a copy served meanwhile that was none to be served. */
    if (!stale && strstr(slurp(&f.mount, ".melbicomfs/log", NULL), "serving the copy"))
        fail_msg("%s: a copy was served", trouble);
}

static void a_copy_is_served_for_429_and_5xx(void **state)
{
    static const char *const troubles[] = {"{\"status\":500}", "{\"status\":503}", "{\"status\":429}",
                                           "{\"status\":429,\"headers\":{\"Retry-After\":\"30\"}}", "{\"stall\":true}"};
    (void)state;
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        read_and_spoil(COPIES, troubles[i]);
        assert_comes_out(troubles[i], "billing/balance", 0, true);
        rules_clear(&f.sim);
    }
}

/* An account whose invoices cannot be listed is not an account without invoices. */
static void a_collection_that_the_api_does_not_have_is_no_empty_directory(void **state)
{
    static const char *const commands[] = {"ls billing/invoices", "grep -r Unpaid billing/invoices",
                                           "find billing/invoices", "ls by/invoice-status/Paid", "ls by/invoice-year"};
    (void)state;
    fixture_remount(&f, NULL);
    rule(&f.sim, "{\"operation\":\"invoices\",\"status\":404}");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct ran ran = run(&f.mount, "%s", commands[i]);
        if (ran.status == 0 || !strstr(ran.err, "Input/output error"))
            fail_msg("`%s` ends with %d and says: %s", commands[i], ran.status, ran.err);
    }
    assert_non_null(strstr(slurp(&f.mount, ".melbicomfs/log", NULL), "invoices: GET /billing/invoices"));
    rules_clear(&f.sim);
}

static void no_copy_is_served_after_401_403_and_404(void **state)
{
    static const struct {
        const char *trouble;
        int error;
    } table[] = {{"{\"status\":401}", EACCES}, {"{\"status\":403}", EACCES}, {"{\"status\":404}", ENOENT}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        read_and_spoil(COPIES, table[i].trouble);
        assert_comes_out(table[i].trouble, "billing/balance", table[i].error, false);
        assert_comes_out(table[i].trouble, "services/10421/info.json", table[i].error, false);
        rules_clear(&f.sim);
    }
}

static void a_copy_is_served_for_so_long_only(void **state)
{
    (void)state;
    read_and_spoil(COPIES ",stale_if_error=0", NULL);
    assert_comes_out("stale_if_error=0", "billing/balance", EHOSTUNREACH, false);
    api_up(&f.sim);
    read_and_spoil(COPIES ",stale_if_error=2", NULL);
    assert_comes_out("stale_if_error=2", "billing/balance", 0, true);
    struct outcome over = {"billing/balance", EHOSTUNREACH, false};
    assert_true(wait_until(comes_out, &over, 8000));
    api_up(&f.sim);
}

/* After a 401 the token is read again: one that was changed in its file is taken up without a new mount. */
static void a_new_token_is_taken_up(void **state)
{
    char path[300], options[400];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/token", f.sim.dir);
    (void)snprintf(options, sizeof options, "ttl=0,token_file=%s", path);
    for (unsigned i = 0; i < 2; i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        const char *token = i ? "another-token-987" : HARNESS_TOKEN;
        assert_int_equal(write(fd, token, strlen(token)), strlen(token));
        assert_int_equal(close(fd), 0);
        if (i == 0)
            fixture_remount(&f, &(struct how){.options = options, .token = ""});
        else
            account_set(&f.sim, "{\"token\":\"another-token-987\"}");
        journal_clear(&f.sim);
        assert_int_equal(read_error("billing/balance"), 0);
        assert_int_equal(asked(&f.sim, "balance"), i + 1); /* with the old token, and with the new one */
        let_pass(200);                                     /* with ttl=0 an answer still lives for 100 ms */
    }
    account_set(&f.sim, "{\"token\":\"" HARNESS_TOKEN "\"}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_failure_has_its_errno_and_one_line_in_the_log),
        TEST(what_coreutils_say),
        TEST(a_copy_is_served_while_the_api_is_down_and_says_so),
        TEST(a_copy_is_served_for_429_and_5xx),
        TEST(a_collection_that_the_api_does_not_have_is_no_empty_directory),
        TEST(no_copy_is_served_after_401_403_and_404),
        TEST(a_copy_is_served_for_so_long_only),
        TEST(a_new_token_is_taken_up),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
