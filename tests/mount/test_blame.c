/* SPDX-License-Identifier: MIT */
/*
 * Whose failure it is: how much a failure takes down with it. Operations that do not answer, a host that is gone, an API
 * in trouble, and what is tried all the same: purges, and what was touched.
 */
#include "purge_posts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static struct fixture f;

static const char *const thousand_services[] = {"--services", "1400", NULL};

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, thousand_services, NULL);
    journal_clear(&f.sim);
    return 0;
}

static int set_up_asking(void **state)
{
    (void)state;
    fixture_start(&f, NULL, &(struct how){.options = scaled_times("ttl=0,ttl_slow=0,timeout=1,stale_if_error=0")});
    journal_clear(&f.sim);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Reads a file or writes to it, by its path in the mount: 0 or the errno, and the time it took. */
struct step {
    int error;
    int64_t ms;
};

static struct step read_file(const char *path)
{
    int64_t since = now_ms();
    char *text = slurp_path(in_mount(&f.mount, "%s", path), NULL);
    return (struct step){text ? 0 : errno, now_ms() - since};
}

static struct step purge(const char *line)
{
    int64_t since = now_ms();
    int fd = open(in_mount(&f.mount, PURGE), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("open: %s", strerror(errno));
    int error = write(fd, line, strlen(line)) < 0 ? errno : 0;
    assert_int_equal(close(fd), 0);
    return (struct step){error, now_ms() - since};
}

/* ---- an operation that does not answer ---- */

static const char *const readable[] = {"services/10421/info.json", "billing/balance",
                                       "domains/pricing/com/domainregister/EUR/1", "all/products.json"};
enum { READABLE = sizeof readable / sizeof *readable };

/* Asks everything but invoices n times. Returns the longest time of each kind in *ret. */
static void ask_the_others(unsigned n, int64_t bound[READABLE + 1], unsigned *over, int64_t ret[READABLE + 1])
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k <= READABLE; k++) {
            struct step step = k < READABLE ? read_file(readable[k]) : purge(GOOD "\n");
            if (step.error)
                fail_msg("round %u, %s: %s", i, k < READABLE ? readable[k] : PURGE, strerror(step.error));
            if (step.ms > ret[k])
                ret[k] = step.ms;
            *over += bound && step.ms > bound[k];
        }
    }
}

static bool invoices_are_closed(void *data)
{
    (void)data;
    return metric(&f.mount, "melbicomfs_operation_closed{operation=\"invoices\"}") > 0;
}

/* Invoices never answer, and eight shells want them all the time. */
static void test_stalled_invoices_hold_up_nothing_else(void **state)
{
    struct running shells[8];
    int64_t usual[READABLE + 1] = {0}, bound[READABLE + 1], stalled[READABLE + 1] = {0};
    unsigned over = 0;

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        run_start(&shells[i], f.mount.path,
                  "while [ ! -e $DIR/enough ]; do ls billing/invoices by/invoice-status/%s >/dev/null; sleep 0.2; done",
                  i % 2 ? "Paid" : "Unpaid");
    ask_the_others(100, NULL, &over, usual);
    for (unsigned k = 0; k <= READABLE; k++)
        bound[k] = usual[k] + 50 * time_scale();
    rule(&f.sim, "{\"operation\":\"invoices\",\"stall\":true}");
    journal_clear(&f.sim);
    wait_asked(&f.sim, "invoices", 1);
    ask_the_others(50, bound, &over, stalled);
    assert_true(wait_until(invoices_are_closed, NULL, 10000));
    ask_the_others(50, bound, &over, stalled);
    run_ok(&f.mount, "touch $DIR/enough");
    for (unsigned i = 0; i < 8; i++)
        assert_non_null(strstr(run_wait(&shells[i], 30000 * time_scale()).err, "Connection timed out"));
    for (unsigned k = 0; k <= READABLE; k++)
        print_message("%s: at most %lld ms, and %lld ms while invoices stall\n", k < READABLE ? readable[k] : PURGE,
                      (long long)usual[k], (long long)stalled[k]);
    /* The machine itself may be away for a moment. */
    assert_in_range(over, 0, 5);
    rules_clear(&f.sim);
}

/* ---- a host that is gone ---- */

static void test_a_host_that_is_gone(void **state)
{
    static const char *const all[] = {"services/10421/info.json", "billing/balance.json", "all/products.json",
                                      "all/product-groups.json",  "all/invoices.json",    "all/services.json"};
    enum { ALL = sizeof all / sizeof *all };
    struct running readers[ALL];
    int64_t second = 1000 * time_scale();

    (void)state;
    assert_int_equal(kill(f.sim.pid, SIGSTOP), 0);
    for (unsigned i = 0; i < ALL; i++)
        run_start(&readers[i], f.mount.path, "exec cat %s", all[i]);
    for (unsigned i = 0; i < ALL; i++) {
        struct ran ran = run_wait(&readers[i], 60000);
        assert_non_null(strstr(ran.err, "Connection timed out"));
        assert_in_range(ran.ms, 0, 2 * second); /* timeout=1 */
    }
    int64_t since = now_ms();
    for (unsigned i = 0; i < 4 * ALL; i++)
        assert_int_equal(read_file(all[i % ALL]).error, ETIMEDOUT);
    assert_in_range(now_ms() - since, 0, second / 2);
    char *status = slurp(&f.mount, ".melbicomfs/status.json", NULL);
    assert_non_null(strstr(status, "\"state\": \"failing\""));
    assert_non_null(strstr(slurp(&f.mount, ".melbicomfs/metrics", NULL), "\nmelbicomfs_host_closed 1\n"));
    assert_int_equal(kill(f.sim.pid, SIGCONT), 0);
}

/* ---- explicit acts ---- */

static void close_for(int seconds)
{
    rule(&f.sim, "{\"operation\":\"balance\",\"status\":429,\"headers\":{\"Retry-After\":\"%d\"},\"times\":1}",
         seconds);
}

static bool host_is_closed(void *data)
{
    (void)data;
    return metric(&f.mount, "melbicomfs_host_closed") > 0;
}

static void test_a_purge_in_a_pause_is_sent(void **state)
{
    struct running reader;

    (void)state;
    close_for(5);
    run_start(&reader, f.mount.path, "exec cat billing/balance");
    assert_true(wait_until(host_is_closed, NULL, 5000));
    struct step step = purge(GOOD "\n");
    assert_int_equal(step.error, 0);
    assert_in_range(step.ms, 4000, 6000 + 1000 * (time_scale() - 1));
    assert_int_equal(asked(&f.sim, "purge"), 1);
    assert_int_equal(run_wait(&reader, 60000).status, 0);
}

static void test_a_purge_before_a_late_retry_after(void **state)
{
    (void)state;
    close_for(9999);
    assert_int_equal(read_file("billing/balance").error, EBUSY);
    struct step step = purge(GOOD "\n");
    assert_int_equal(step.error, EBUSY);
    assert_in_range(step.ms, 0, 200 * time_scale());
    assert_int_equal(asked(&f.sim, "purge"), 0);
    run_ok(&f.mount, "until=$(tail -n 1 " PURGE_LOG " | sed -n 's/.*asks for a pause until \\([^ ]*\\) .*/\\1/p')\n"
                     "left=$(($(date -d \"$until\" +%%s) - $(date +%%s)))\n"
                     "[ $left -gt 9900 ] && [ $left -le 10000 ]");
}

static void test_touch_and_cat_in_a_pause_is_one_attempt(void **state)
{
    (void)state;
    rule(&f.sim, "{\"operation\":\"*\",\"status\":401,\"body\":\"{\\\"message\\\":\\\"no\\\"}\"}");
    assert_int_equal(read_file("billing/balance").error, EACCES);
    unsigned before = asked(&f.sim, NULL);
    assert_int_equal(read_file("services/10421/info.json").error, EACCES);
    assert_int_equal(asked(&f.sim, NULL), before);
    run(&f.mount, "touch services/10421/info.json; cat services/10421/info.json");
    assert_int_equal(asked(&f.sim, "service"), 1);
    assert_int_equal(asked(&f.sim, NULL), before + 1);
    assert_int_equal(read_file("services/10422/info.json").error, EACCES);
    rules_clear(&f.sim);
    run_ok(&f.mount, "touch services/10421/info.json; cat services/10421/info.json");
    assert_int_equal(asked(&f.sim, NULL), before + 2);
    assert_int_equal(read_file("services/10423/info.json").error, 0);
}

/* ---- an API in trouble ---- */

static unsigned count_of(const char *text, const char *part)
{
    unsigned n = 0;

    while ((text = strstr(text, part))) {
        text += strlen(part);
        n++;
    }
    return n;
}

static void grep_in_trouble(const char *operation)
{
    /* The list has those that are active or suspended. */
    unsigned n = (unsigned)strtoul(run_ok(&f.mount, "ls services | wc -l").out, NULL, 10);
    assert_in_range(n, 1000, 1400);
    journal_clear(&f.sim);
    rule(&f.sim, "{\"operation\":\"%s\",\"status\":503,\"body\":\"\"}", operation);
    struct ran ran = run(&f.mount, "grep -r '\"id\"' services --include=info.json");
    print_message("%u services, 503: %u requests, %lld ms\n", n, asked(&f.sim, NULL), (long long)ran.ms);
    assert_int_equal(ran.status, 2);
    assert_in_range(ran.ms, 0, 30000 * time_scale());
    assert_in_range(asked(&f.sim, NULL), 8, 300);
    assert_null(strstr(ran.err, "No such file"));
    assert_int_equal(count_of(ran.err, ": Input/output error\n"), n);
    rules_clear(&f.sim);
    int64_t since = now_ms();
    while (read_file("services/10421/info.json").error)
        let_pass(50);
    assert_in_range(now_ms() - since, 0, 5000 * time_scale());
    struct ran after = run_ok(&f.mount, "ls services | wc -l; grep -rl '\"id\"' services --include=info.json | wc -l");
    char *expected;
    assert_true(asprintf(&expected, "%u\n%u\n", n, n) > 0);
    assert_string_equal(after.out, expected);
    free(expected);
}

static void test_a_thousand_services_that_fail(void **state)
{
    (void)state;
    grep_in_trouble("service");
}

static void test_a_thousand_services_when_all_fails(void **state)
{
    (void)state;
    grep_in_trouble("*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stalled_invoices_hold_up_nothing_else, set_up_asking, tear_down),
        cmocka_unit_test_setup_teardown(test_a_host_that_is_gone, set_up_asking, tear_down),
        cmocka_unit_test_setup_teardown(test_a_purge_in_a_pause_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_purge_before_a_late_retry_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_touch_and_cat_in_a_pause_is_one_attempt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_thousand_services_that_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_thousand_services_when_all_fails, set_up, tear_down),
    };

    harness_begin();
    return cmocka_run_group_tests_name("blame", tests, NULL, NULL);
}
