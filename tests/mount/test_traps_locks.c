/* SPDX-License-Identifier: MIT */
/*
 * The traps of snapshots that are about the kernel's locks: who waits for the API while others wait for a lock. DESIGN
 * section 2, "no operation in flight" and "LOOKUP never waits for a first fetch".
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;
static struct mount *const mnt = &fixture.mount;
static struct simulator *const sim = &fixture.sim;

static int setup(void **state)
{
    static const char *const options[] = {"--invoices", "300", NULL};
    (void)state;
    return fixture_start(&fixture, options, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&fixture);
}

static int cold(void **state)
{
    (void)state;
    rules_clear(sim);
    account_set(sim, "{\"latency_ms\":0}");
    fixture_remount(&fixture, NULL);
    return 0;
}

/*
 * Root's `rm` holds the directory's lock while it waits for the file's, which `touch` holds until its SETATTR is
 * answered; and the notification that the answer waits for takes the directory's lock.
 */
static void test_touch_beside_unlink_deadlocks_nobody(void **state)
{
    (void)state;
    struct running workers[4];
    static const char *const work[] = {
        "i=0; while [ $i -lt 12 ]; do i=$((i+1)); touch billing/balance || exit 1; done",
        "i=0; while [ $i -lt 60 ]; do i=$((i+1)); rm -f billing/balance 2>/dev/null; done; exit 0",
    };
    run_ok(mnt, "cat billing/balance");
    for (size_t i = 0; i < 4; i++)
        run_start(&workers[i], mnt->path, "%s", work[i % 2]);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(run_wait(&workers[i], 60000).status, 0);
}

/* A listing holds its directory's lock while it waits for the API, and the names in it are being expired. */
static void test_touch_returns_while_a_listing_of_touched_names_stalls(void **state)
{
    (void)state;
    struct running list;
    fixture_remount(&fixture, &(struct how){.options = "ttl=1"});
    run_ok(mnt, "cat billing/balance; ls -l billing/invoices");
    let_pass(1200);
    unsigned before = asked(sim, "invoices");
    rule(sim, "{\"operation\":\"invoices\",\"stall\":true}");
    run_start(&list, mnt->path, "exec ls billing/invoices");
    wait_asked(sim, "invoices", before + 1);
    run_wait_blocked(&list, "ls");
    run_ok(mnt, "touch billing");
    int64_t start = now_ms();
    run_ok(mnt, "touch billing/balance");
    int64_t took = now_ms() - start;
    print_message("touch beside a stalled listing took %d ms\n", (int)took);
    assert_false(run_ended(&list));
    assert_true(took < SOON_MS);
    rules_clear(sim);
    assert_int_equal(run_wait(&list, 10000).status, 0);
}

/* Somebody expires a file more often than it takes to fetch it: by its directory, since to touch the file itself is to
 * wait for it. */
static void test_a_reader_is_answered_however_often_others_touch(void **state)
{
    (void)state;
    struct running toucher;
    char *stop = in_mount(mnt, "../stop");

    run_ok(mnt, "cat billing/balance; ls billing/invoices");
    account_set(sim, "{\"latency_ms\":200}");
    run_start(&toucher, mnt->path, "until test -e %s; do touch billing; sleep 0.03; done", stop);
    for (int i = 0; i < 3; i++) {
        struct ran ran = run_ok(mnt, "cat billing/balance");
        assert_string_equal(ran.out, "100.00 EUR\n");
        assert_true(ran.ms < 4000 * time_scale());
        ran = run_ok(mnt, "ls billing/invoices | wc -l; test -s all/invoices.json");
        assert_string_equal(ran.out, "300\n");
        assert_true(ran.ms < 8000 * time_scale());
    }
    run_ok(mnt, "touch %s", stop);
    assert_int_equal(run_wait(&toucher, 10000).status, 0);
}

/*
 * The kernel has thrown an entry away, and the file is open: whoever looks its name up is not revalidating, and holds
 * the directory's lock meanwhile.
 */
static void test_a_lost_entry_of_an_open_file_is_looked_up_without_waiting(void **state)
{
    (void)state;
    struct running stuck[2];

    fixture_remount(&fixture, &(struct how){.options = scaled_times("ttl=1,stale_if_error=0")});
    run_ok(mnt, "cat services/10421/info.json");
    int fd = open(in_mount(mnt, "services/10421/info.json"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    rule(sim, "{\"operation\":\"service\",\"status\":403}");
    let_expire(1);
    assert_int_equal(run(mnt, "cat services/10421/info.json").status, 1);
    rules_clear(sim);
    let_pass(1200); /* an error stands for a second */
    unsigned before = asked(sim, "service");
    rule(sim, "{\"operation\":\"service\",\"stall\":true}");
    run_ok(mnt, "ls services >/dev/null");
    for (int i = 0; i < 2; i++)
        run_start(&stuck[i], mnt->path, "exec cat services/10421/info.json");
    wait_asked(sim, "service", before + 1);
    for (int i = 0; i < 2; i++)
        run_wait_blocked(&stuck[i], "cat");
    int64_t start = now_ms();
    assert_int_equal(mkdir(in_mount(mnt, "services/10421/x"), 0700), -1);
    run_ok(mnt, "cat services/10421/cdn/purge.log >/dev/null");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kill(stuck[i].pid, SIGKILL), 0);
        assert_int_equal(run_wait(&stuck[i], 10000).status, 128 + SIGKILL);
    }
    int64_t took = now_ms() - start;
    print_message("mkdir, a neighbour and two kill -9 took %d ms\n", (int)took);
    assert_true(took < SOON_MS);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup(name, cold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_touch_beside_unlink_deadlocks_nobody),
        TEST(test_touch_returns_while_a_listing_of_touched_names_stalls),
        TEST(test_a_reader_is_answered_however_often_others_touch),
        TEST(test_a_lost_entry_of_an_open_file_is_looked_up_without_waiting),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
