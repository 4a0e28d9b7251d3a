/* SPDX-License-Identifier: MIT */
/*
 * The traps of snapshots that are about what passes between the kernel and the program: interrupts, notifications,
 * locks, and pushing siblings. DESIGN section 2, its table.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define STALLED "services/10421/info.json"

static struct fixture fixture;
static struct mount *const mnt = &fixture.mount;
static struct simulator *const sim = &fixture.sim;

static int setup(void **state)
{
    static const char *const options[] = {"--invoices", "600", NULL};
    (void)state;
    return fixture_start(&fixture, options, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&fixture);
}

/* Each test begins with a cold mount. */
static int cold(void **state)
{
    (void)state;
    rules_clear(sim);
    fixture_remount(&fixture, NULL);
    return 0;
}

/* ---- FUSE_INTERRUPT ---- */

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void on(int number, int flags)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

/* In a child: opens and reads; its exit status is 0, or the errno. 250: no signal came (those that come
 * while the kernel waits for the answer are delivered behind it, each kind once). */
static int read_it(const char *path, bool want_signals)
{
    char buf[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t n = read(fd, buf, sizeof buf);
    if (n < 0)
        return errno;
    return want_signals && signals == 0 ? 250 : n == sizeof buf ? 0 : 251;
}

/* Forks a child that reads `path` with a timer and with handlers of all kinds of signals. */
static pid_t start_reader(const char *path, int alarm_flags)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct itimerval every = {{0, 10000}, {0, 10000}};
    on(SIGALRM, alarm_flags);
    on(SIGUSR1, 0);
    on(SIGCHLD, 0);
    on(SIGWINCH, 0);
    setitimer(ITIMER_REAL, &every, NULL);
    _exit(read_it(path, true));
}

static int exit_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_signals_that_end_nothing_do_not_interrupt_a_read(void **state)
{
    (void)state;
    static const int kinds[] = {SIGUSR1, SIGCHLD, SIGWINCH};
    rule(sim, "{\"operation\":\"service\",\"latency_ms\":%d}", 500 * time_scale());
    pid_t plain = start_reader(in_mount(mnt, STALLED), 0);
    wait_asked(sim, "service", 1); /* so that it handles the signals by now */
    pid_t restarting = start_reader(in_mount(mnt, STALLED), SA_RESTART);
    for (int i = 0; i < 30; i++) {
        kill(plain, kinds[i % 3]);
        let_pass(5);
    }
    assert_int_equal(exit_of(plain), 0);
    assert_int_equal(exit_of(restarting), 0);
    assert_int_equal(asked(sim, "service"), 1);
}

static void test_signals_that_end_programs_end_a_blocked_reader_at_once(void **state)
{
    (void)state;
    static const int kinds[] = {SIGKILL, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct running readers[5], patient;

    rule(sim, "{\"operation\":\"service\",\"stall\":true}");
    for (size_t i = 0; i < 5; i++)
        run_start(&readers[i], mnt->path, "ulimit -c 0; exec cat " STALLED);
    run_start(&patient, mnt->path, "exec cat " STALLED);
    wait_asked(sim, "service", 1);
    for (size_t i = 0; i < 5; i++)
        run_wait_blocked(&readers[i], "cat");
    run_wait_blocked(&patient, "cat");
    for (size_t i = 0; i < 5; i++) {
        int64_t start = now_ms();
        assert_int_equal(kill(readers[i].pid, kinds[i]), 0);
        assert_int_equal(run_wait(&readers[i], 5000).status, 128 + kinds[i]);
        int64_t took = now_ms() - start;
        print_message("%s took effect after %d ms\n", strsignal(kinds[i]), (int)took);
        assert_true(took < SOON_MS);
    }
    /* The fetch went on, for the one that still waits. */
    assert_false(run_ended(&patient));
    rules_clear(sim);
    struct ran ran = run_wait(&patient, 10000);
    assert_int_equal(ran.status, 0);
    assert_non_null(strstr(ran.out, "10421"));
}

static void test_a_handler_of_sigint_gets_its_eintr(void **state)
{
    (void)state;
    rule(sim, "{\"operation\":\"service\",\"stall\":true}");
    char *path = in_mount(mnt, STALLED);
    pid_t pid = fork();
    if (pid == 0) {
        on(SIGINT, 0);
        _exit(read_it(path, false));
    }
    wait_asked(sim, "service", 1);
    int64_t start = now_ms();
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_int_equal(exit_of(pid), EINTR);
    assert_true(now_ms() - start < SOON_MS);
}

static void test_a_purge_that_has_left_is_interrupted_by_sigkill_alone(void **state)
{
    (void)state;
    char *path = in_mount(mnt, "services/10421/cdn/purge");
    rule(sim, "{\"operation\":\"purge\",\"latency_ms\":%d}", 600 * time_scale());
    pid_t pid = fork();
    if (pid == 0) {
        struct itimerval every = {{0, 10000}, {0, 10000}};
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        on(SIGINT, 0);
        on(SIGTERM, 0);
        on(SIGALRM, 0);
        setitimer(ITIMER_REAL, &every, NULL);
        ssize_t n = write(fd, "cdn.example.com\n", 16);
        _exit(n == 16 ? (signals > 0 ? 0 : 250) : n < 0 ? errno : 251);
    }
    wait_asked(sim, "purge", 1);
    kill(pid, SIGINT);
    kill(pid, SIGTERM);
    assert_int_equal(exit_of(pid), 0);
    assert_int_equal(asked(sim, "purge"), 1);
}

/* ---- notifications and locks ---- */

static void test_touching_and_renewing_while_others_read_deadlocks_nobody(void **state)
{
    (void)state;
    struct running workers[8];
    static const char *const work[] = {
        "i=0; while [ $i -lt 40 ]; do i=$((i+1)); touch billing/balance && cat billing/balance >/dev/null || exit 1; "
        "done",
        "i=0; while [ $i -lt 20 ]; do i=$((i+1)); touch billing/invoices/90001.json; cat billing/invoices/9000*.json "
        ">/dev/null || exit 1; done",
        "i=0; while [ $i -lt 10 ]; do i=$((i+1)); touch . billing/invoices; ls -l billing/invoices >/dev/null || exit "
        "1; done",
        "i=0; while [ $i -lt 10 ]; do i=$((i+1)); grep -rl Unpaid billing/invoices >/dev/null || exit 1; done",
    };
    for (size_t i = 0; i < 8; i++)
        run_start(&workers[i], mnt->path, "%s", work[i % 4]);
    if (is_root()) /* refused writes invalidate the same inodes */
        run_ok(
            mnt,
            "i=0; while [ $i -lt 40 ]; do i=$((i+1)); (echo x >>billing/balance) 2>/dev/null && exit 1; done; exit 0");
    for (size_t i = 0; i < 8; i++) {
        struct ran ran = run_wait(&workers[i], 40000);
        if (ran.status != 0)
            fail_msg("%s: exit %d: %s", work[i % 4], ran.status, ran.err);
    }
}

static void test_touch_from_many_processes_on_one_file_returns(void **state)
{
    (void)state;
    struct ran ran =
        run_ok(mnt, "for i in 1 2 3 4 5 6 7 8; do (for j in 1 2 3 4 5 6 7 8 9 10; do touch billing/balance; done) & "
                    "done; for j in 1 2 3 4 5 6 7 8 9 10; do cat billing/balance; done; wait");
    assert_non_null(strstr(ran.out, "100.00 EUR\n"));
    assert_true(ran.ms < 20000 * time_scale());
}

/* The end comes while the pusher waits for a lock, whose holder waits for an answer of the program that is ending. */
static void test_ending_amid_notifications_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++) {
        struct mount busy;
        struct running workers[3];
        mount_start(&busy, sim, NULL);
        for (int k = 0; k < 3; k++)
            run_start(&workers[k], busy.path,
                      "while touch billing/invoices && ls -l billing/invoices >/dev/null; do :; done 2>/dev/null");
        wait_asked(sim, "invoices", 3);
        mount_stop(&busy);
        for (int k = 0; k < 3; k++)
            (void)run_wait(&workers[k], 10000);
        journal_clear(sim);
    }
}

/*
 * A LOOKUP that waits: the kernel has lost the entry (touch), while the node still lives (held open) and has to be
 * revalidated. With parallel directory operations another one in the same directory is answered meanwhile.
 */
static void test_a_stalled_lookup_does_not_hold_up_another_in_its_directory(void **state)
{
    (void)state;
    struct running waiter;
    struct stat st;

    slurp(mnt, "billing/balance", NULL);
    int fd = open(in_mount(mnt, "billing/balance"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    run_ok(mnt, "touch billing/balance");
    rule(sim, "{\"operation\":\"balance\",\"stall\":true}");
    unsigned before = asked(sim, "balance");
    run_start(&waiter, "/", "exec cat %s", in_mount(mnt, "billing/balance"));
    wait_asked(sim, "balance", before + 1);

    int64_t start = now_ms();
    assert_int_equal(stat(in_mount(mnt, "billing/invoices"), &st), 0);
    assert_int_equal(access(in_mount(mnt, "billing/no-such-name"), F_OK), -1);
    int64_t took = now_ms() - start;
    print_message("two other lookups beside a stalled one took %d ms\n", (int)took);
    if (run_ended(&waiter))
        fail_msg("the reader did not wait");
    rules_clear(sim);
    assert_int_equal(run_wait(&waiter, 10000).status, 0);
    assert_true(took < SOON_MS);
    close(fd);
}

static void test_a_first_lookup_never_waits(void **state)
{
    (void)state;
    struct running waiter;
    rule(sim, "{\"operation\":\"balance\",\"stall\":true}");
    run_start(&waiter, mnt->path, "exec cat billing/balance");
    wait_asked(sim, "balance", 1);
    /* Nothing holds the directory's lock: what takes it exclusively is answered. */
    int64_t start = now_ms();
    assert_int_equal(mkdir(in_mount(mnt, "billing/new"), 0700), -1);
    assert_true(errno == EROFS || errno == EACCES);
    run_ok(mnt, "ls billing >/dev/null");
    int64_t took = now_ms() - start;
    print_message("mkdir and ls beside a stalled read took %d ms\n", (int)took);
    assert_true(took < SOON_MS);
    rules_clear(sim);
    assert_int_equal(run_wait(&waiter, 10000).status, 0);
}

/* ---- max_background ---- */

/* The number in /sys/fs/fuse/connections, or in a private mount of fusectl; -1 where neither can be had. */
static int connection_number(const char *name)
{
    char path[400], dir[300];
    struct stat st;
    int number = -1;

    assert_int_equal(stat(mnt->path, &st), 0);
    snprintf(path, sizeof path, "/sys/fs/fuse/connections/%u/%s", minor(st.st_dev), name);
    char *text = slurp_path(path, NULL);
    if (text)
        return atoi(text);
    snprintf(dir, sizeof dir, "%s/fusectl", mnt->dir);
    if (mkdir(dir, 0700) < 0 || mount("none", dir, "fusectl", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%u/%s", dir, minor(st.st_dev), name);
    text = slurp_path(path, NULL);
    if (text)
        number = atoi(text);
    umount2(dir, MNT_DETACH);
    rmdir(dir);
    return number;
}

static void test_max_background_is_256(void **state)
{
    (void)state;
    run_ok(mnt, "ls >/dev/null");
    int number = connection_number("max_background");
    if (number < 0) {
        print_message("fusectl cannot be read here\n");
        skip();
    }
    assert_int_equal(number, 256);
}

/* ---- pushing siblings ---- */

#define PUSHED "melbicomfs_pushed_files_total"

static void test_listing_pushes_nothing(void **state)
{
    (void)state;
    run_ok(mnt, "ls -l billing/invoices >/dev/null; find . -path ./services -prune -o -size +1k >/dev/null");
    assert_true(metric(mnt, PUSHED) == 0);
}

static void test_a_lone_reader_pushes_nothing(void **state)
{
    (void)state;
    run_ok(mnt, "ls billing/invoices >/dev/null; cat billing/invoices/90001.json >/dev/null; cat "
                "billing/invoices/90100.json >/dev/null");
    assert_true(metric(mnt, PUSHED) == 0);
}

#define INVOICES 600

/* Reads one invoice after the other, each a few milliseconds after the last: files that are read more than a second
 * apart, as by processes on a slow machine, do not count as a row. */
static void read_in_a_row(const struct mount *mount, char *texts[INVOICES])
{
    char name[64];

    run_ok(mount, "ls billing/invoices >/dev/null");
    for (int i = 0; i < INVOICES; i++) {
        snprintf(name, sizeof name, "billing/invoices/%d.json", 90001 + i);
        texts[i] = slurp(mount, name, NULL);
        let_pass(1);
    }
}

static void test_reading_file_after_file_pushes_the_others_and_their_bytes_are_right(void **state)
{
    (void)state;
    static char *pushed[INVOICES], *plainly[INVOICES];
    struct mount plain;
    struct kernel_mark mark = kernel_mark(mnt);
    read_in_a_row(mnt, pushed);
    unsigned reads = (unsigned)kernel_since(mnt, &mark).read;
    print_message("600 files read: %.0f pushed, %u reads\n", metric(mnt, PUSHED), reads);
    assert_true(metric(mnt, PUSHED) > 300);
    assert_true(reads < 300);

    mount_start(&plain, sim, &(struct how){.options = "push=0"});
    mark = kernel_mark(&plain);
    read_in_a_row(&plain, plainly);
    assert_true(kernel_since(&plain, &mark).read >= INVOICES);
    assert_true(metric(&plain, PUSHED) == 0);
    for (int i = 0; i < INVOICES; i++)
        assert_string_equal(pushed[i], plainly[i]);
    mount_stop(&plain);
}

/* Whether the text is one whole JSON object of that invoice, of one round of changes. */
static void check_whole(const char *text, size_t len, unsigned id)
{
    char want[64];
    snprintf(want, sizeof want, "{\n  \"id\": %u,\n", id);
    const char *begin = strchr(text, '{');
    if (!begin || begin != text || strlen(text) != len || len < 3 || strcmp(text + len - 3, "\n}\n") != 0 ||
        strstr(text, "\n}\n") != text + len - 3 || strncmp(text, want, strlen(want)) != 0)
        fail_msg("%u.json shows:\n%s", id, text);
}

struct shown {
    unsigned id;
    int round;
};

/* The names below a touched directory are dropped behind the answer to touch, so the change may take a moment to
 * show. */
static bool shows_round(void *data)
{
    const struct shown *shown = data;
    char name[64];
    size_t len;
    snprintf(name, sizeof name, "billing/invoices/%u.json", shown->id);
    char *text = slurp(mnt, name, &len);
    check_whole(text, len, shown->id);
    const char *at = strstr(text, "\"round ");
    return at && strtol(at + 7, NULL, 10) == shown->round;
}

/* A push on its way must never reach a newer snapshot of the same name, nor an old one new bytes. */
static void test_pushes_beside_renewals_never_mix_snapshots(void **state)
{
    (void)state;
    struct running readers[2];
    char *stop = in_mount(mnt, "../stop");

    for (int i = 0; i < 2; i++)
        run_start(&readers[i], mnt->path, "until test -e %s; do cat billing/invoices/*.json >/dev/null || exit 1; done",
                  stop);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 20; k++)
            account_set(sim, "{\"invoice\":{\"id\":%d,\"notes\":\"round %d %.*s\"}}", 90001 + k * 29, i, i * 7,
                        "------------------------------------------------");
        run_ok(mnt, "touch billing/invoices");
        for (unsigned id = 90001; id <= 90600; id++) {
            char name[64];
            size_t len;
            snprintf(name, sizeof name, "billing/invoices/%u.json", id);
            char *text = slurp(mnt, name, &len);
            check_whole(text, len, id);
            if (i > 0 && (id - 90001) % 29 == 0 && id < 90001 + 20 * 29)
                assert_true(strstr(text, "\"round "));
        }
        for (unsigned k = 0; k < 20; k++) {
            struct shown shown = {90001 + k * 29, i};
            if (!wait_until(shows_round, &shown, 3000))
                fail_msg("%u.json does not show round %d", shown.id, i);
        }
    }
    run_ok(mnt, "touch %s", stop);
    for (int i = 0; i < 2; i++)
        assert_int_equal(run_wait(&readers[i], 20000).status, 0);
    assert_true(metric(mnt, PUSHED) > 100);
}

#define TEST(name) cmocka_unit_test_setup(name, cold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_signals_that_end_nothing_do_not_interrupt_a_read),
        TEST(test_signals_that_end_programs_end_a_blocked_reader_at_once),
        TEST(test_a_handler_of_sigint_gets_its_eintr),
        TEST(test_a_purge_that_has_left_is_interrupted_by_sigkill_alone),
        TEST(test_touching_and_renewing_while_others_read_deadlocks_nobody),
        TEST(test_touch_from_many_processes_on_one_file_returns),
        TEST(test_ending_amid_notifications_ends),
        TEST(test_a_stalled_lookup_does_not_hold_up_another_in_its_directory),
        TEST(test_a_first_lookup_never_waits),
        TEST(test_max_background_is_256),
        TEST(test_listing_pushes_nothing),
        TEST(test_a_lone_reader_pushes_nothing),
        TEST(test_reading_file_after_file_pushes_the_others_and_their_bytes_are_right),
        TEST(test_pushes_beside_renewals_never_mix_snapshots),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
