/* SPDX-License-Identifier: MIT */
/*
 * A machine that slept: what the kernel holds is checked again, although the kernel's own clock stood still. The program
 * under test is built with moved_clock.c, so that a night takes no time.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NIGHT_MS (INT64_C(8) * 3600 * 1000)
#define HOUR     "ttl=3600,ttl_slow=86400"

static struct fixture f;
static char clock_path[128];
static int64_t *ahead; /* of the program's CLOCK_BOOTTIME and CLOCK_REALTIME, in ms */

static int setup(void **state)
{
    (void)state;
    return fixture_start(&f, NULL, &(struct how){.options = HOUR});
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

static void sleep_for(int64_t ms)
{
    __atomic_add_fetch(ahead, ms, __ATOMIC_RELEASE);
}

/* ---- what is seen after the night ---- */

struct expected {
    const char *command, *text;
};

static bool says(void *data)
{
    const struct expected *expected = data;
    struct ran ran = run(&f.mount, "%s", expected->command);

    return ran.status == 0 && strcmp(ran.out, expected->text) == 0;
}

/* The pusher is told within moments of the machine's waking up. */
static void becomes(const char *command, const char *text)
{
    if (!wait_until(says, &(struct expected){command, text}, 10000))
        fail_msg("'%s' says '%s' and not '%s'", command, run(&f.mount, "%s", command).out, text);
}

static void stays(const char *command, const char *text)
{
    assert_string_equal(run_ok(&f.mount, "%s", command).out, text);
}

static void test_the_balance_of_the_morning_is_shown(void **state)
{
    (void)state;
    account_set(&f.sim, "{\"balance\":\"11.00\"}");
    becomes("cat billing/balance", "11.00 EUR\n");
    account_set(&f.sim, "{\"balance\":\"22.00\"}");
    stays("cat billing/balance", "11.00 EUR\n"); /* it is fresh */
    sleep_for(NIGHT_MS);
    becomes("cat billing/balance", "22.00 EUR\n");
    /* Once more: the program goes on looking. */
    account_set(&f.sim, "{\"balance\":\"33.00\"}");
    stays("cat billing/balance", "22.00 EUR\n");
    sleep_for(NIGHT_MS);
    becomes("cat billing/balance", "33.00 EUR\n");
}

static void test_directories_show_what_came_and_went(void **state)
{
    static const char *const lists[] = {"ls services | wc -l", "ls billing/invoices | wc -l",
                                        "ls by/invoice-number | wc -l", "ls by/service-status/Active | wc -l"};
    char before[4][32];

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        (void)snprintf(before[i], sizeof before[i], "%s", run_ok(&f.mount, "%s", lists[i]).out);
    account_set(&f.sim, "{\"service\":{\"id\":77001,\"status\":\"Active\"}}");
    account_set(&f.sim, "{\"invoice\":{\"id\":99001,\"invoicenum\":\"N-99001\",\"status\":\"Unpaid\"}}");
    for (unsigned i = 0; i < 4; i++)
        stays(lists[i], before[i]);
    sleep_for(NIGHT_MS);
    for (unsigned i = 0; i < 4; i++) {
        char after[32];
        (void)snprintf(after, sizeof after, "%d\n", atoi(before[i]) + 1);
        becomes(lists[i], after);
    }
    becomes("test -d services/77001 && readlink by/invoice-number/N-99001.json", "../../billing/invoices/99001.json\n");
}

static void test_paths_that_were_used_lead_to_what_is_there_now(void **state)
{
    static const char read_status[] = "grep -o '\"status\": \"[A-Z][a-z]*\"' billing/invoices/99002.json",
                      find_link[] = "readlink by/invoice-status/*/99002.json by/invoice-status/Paid/99002.json";

    (void)state;
    account_set(&f.sim, "{\"invoice\":{\"id\":99002,\"status\":\"Unpaid\"}}");
    account_set(&f.sim, "{\"service\":{\"id\":77002,\"status\":\"Active\"}}");
    sleep_for(NIGHT_MS);
    becomes("ls by/invoice-status/Unpaid | grep -c 99002", "1\n");
    stays(read_status, "\"status\": \"Unpaid\"\n");
    stays("cat services/77002/info.json >/dev/null && echo there", "there\n");
    account_set(&f.sim, "{\"invoice\":{\"id\":99002,\"status\":\"Paid\"}}");
    account_set(&f.sim, "{\"delete_service\":77002}");
    stays(read_status, "\"status\": \"Unpaid\"\n");
    sleep_for(NIGHT_MS);
    becomes(read_status, "\"status\": \"Paid\"\n");
    becomes("cat services/77002/info.json 2>/dev/null || echo gone", "gone\n");
    becomes(find_link, "../../../billing/invoices/99002.json\n../../../billing/invoices/99002.json\n");
    becomes("test ! -e by/invoice-status/Unpaid/99002.json && echo gone", "gone\n");
}

/* What is fresh by the time that has passed is checked by the kernel, but not fetched again. */
static void test_what_is_still_fresh_is_not_fetched_again(void **state)
{
    (void)state;
    stays("cat all/products.json | wc -l | grep -c .", "1\n");
    journal_clear(&f.sim);
    struct kernel_mark mark = kernel_mark(&f.mount);
    sleep_for(NIGHT_MS);
    account_set(&f.sim, "{\"balance\":\"44.00\"}");
    becomes("cat billing/balance", "44.00 EUR\n");
    stays("cat all/products.json | wc -l | grep -c .", "1\n");
    assert_int_equal(asked(&f.sim, "products"), 0);
    assert_true(kernel_since(&f.mount, &mark).lookup > 0);
}

static void test_open_files_and_working_directories_stay(void **state)
{
    struct running running;

    (void)state;
    account_set(&f.sim, "{\"service\":{\"id\":77003,\"status\":\"Active\",\"note\":\"evening\"}}");
    sleep_for(NIGHT_MS);
    becomes("grep -c evening services/77003/info.json", "1\n");
    run_start(&running, in_mount(&f.mount, "services/77003"),
              "exec 3<info.json; while [ ! -e \"$DIR/morning\" ]; do sleep 0.02; done; grep -c evening <&3; /bin/pwd; "
              "cd cdn; "
              "ls purge.log");
    (void)run_ok(&f.mount, "while ! ls -l /proc/%d/fd | grep -q info.json; do sleep 0.02; done", (int)running.pid);
    account_set(&f.sim, "{\"service\":{\"id\":77003,\"note\":\"morning\"}}");
    sleep_for(NIGHT_MS);
    becomes("grep -c morning services/77003/info.json", "1\n");
    (void)run_ok(&f.mount, "touch \"$DIR/morning\"");
    struct ran ran = run_wait(&running, 10000);
    char expected[400];
    (void)snprintf(expected, sizeof expected, "1\n%s/services/77003\npurge.log\n", f.mount.path);
    assert_string_equal(ran.out, expected);
    assert_string_equal(ran.err, "");
}

/* A peer that is silent while the machine sleeps is not late. */
static void test_an_answer_on_its_way_is_waited_for(void **state)
{
    struct running running;

    (void)state;
    fixture_remount(&f, &(struct how){.options = "timeout=30,timeout_total=300"});
    rule(&f.sim, "{\"operation\":\"balance\",\"latency_ms\":700,\"times\":1}");
    run_start(&running, f.mount.path, "cat billing/balance");
    wait_asked(&f.sim, "balance", 1);
    sleep_for(100000);
    struct ran ran = run_wait(&running, 10000);
    assert_string_equal(ran.err, "");
    assert_int_equal(ran.status, 0);
}

/* The inode numbers of the program's connections. */
static const char *connections(void)
{
    return run_ok(&f.mount, "ls -l /proc/%d/fd | grep -o 'socket:.*'; true", (int)f.mount.pid).out;
}

/* The other side has forgotten a connection long before the morning. */
static void test_a_connection_of_the_evening_is_not_used_again(void **state)
{
    (void)state;
    fixture_remount(&f, &(struct how){.options = HOUR ",max_connections=1"});
    run_ok(&f.mount, "touch billing/balance && cat billing/balance");
    const char *evening = connections();
    assert_non_null(strstr(evening, "socket:"));
    let_pass(3000); /* libcurl counts whole seconds */
    run_ok(&f.mount, "touch billing/balance && cat billing/balance");
    assert_string_equal(connections(), evening);
    let_pass(3000);
    account_set(&f.sim, "{\"balance\":\"55.00\"}");
    sleep_for(NIGHT_MS);
    becomes("cat billing/balance", "55.00 EUR\n");
    assert_null(strstr(connections(), evening));
}

/* ---- the cost ---- */

static long switches(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)f.mount.pid);
    const char *text = slurp_path(path, NULL), *at = text ? strstr(text, "\nvoluntary_ctxt_switches:") : NULL;
    assert_non_null(at);
    return strtol(strchr(at, ':') + 1, NULL, 10);
}

/* A mount that is left alone wakes up after a ttl and after ttl_slow, and then not at all. */
static void test_a_mount_that_is_left_alone_sleeps_well(void **state)
{
    (void)state;
    fixture_remount(&f, &(struct how){.options = "ttl=1,ttl_slow=2"});
    stays("test -s billing/balance && ls services >/dev/null && echo read", "read\n");
    let_pass(500);
    long at_first = switches();
    let_pass(5000);
    long later = switches();
    assert_in_range(later - at_first, 1, 4);
    let_pass(3000);
    assert_int_equal(switches(), later);
}

static void open_clock(void)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(clock_path, sizeof clock_path, "%s/melbicomfs-clock-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    int fd = mkstemp(clock_path);
    if (fd < 0 || ftruncate(fd, sizeof *ahead) < 0)
        abort();
    ahead = mmap(NULL, sizeof *ahead, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ahead == MAP_FAILED)
        abort();
    (void)close(fd);
    (void)setenv("MELBICOMFS_MOVED_CLOCK", clock_path, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_balance_of_the_morning_is_shown),
        cmocka_unit_test(test_directories_show_what_came_and_went),
        cmocka_unit_test(test_paths_that_were_used_lead_to_what_is_there_now),
        cmocka_unit_test(test_what_is_still_fresh_is_not_fetched_again),
        cmocka_unit_test(test_open_files_and_working_directories_stay),
        cmocka_unit_test(test_an_answer_on_its_way_is_waited_for),
        cmocka_unit_test(test_a_connection_of_the_evening_is_not_used_again),
        cmocka_unit_test(test_a_mount_that_is_left_alone_sleeps_well),
    };

    harness_begin();
    open_clock();
    int status = cmocka_run_group_tests_name("sleep", tests, setup, teardown);
    (void)unlink(clock_path);
    return status;
}
