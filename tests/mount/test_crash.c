/* SPDX-License-Identifier: MIT */
/*
 * The program is killed, stopped or unmounted at random moments, while other processes read, list, touch and purge.
 *
 *  - Nobody hangs: each process goes on as soon as the program is gone, and can be killed while the program is stopped.
 *  - The next mount at the same place takes over the dead one, and the processes work in it.
 *  - A purge that returned success was sent once; no purge was sent twice.
 *
 * Ten moments; 200 with MELBICOMFS_DEEP. CRASH_SEED in the environment chooses other moments.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS    8
#define PURGES_MAX 50000
#define PATIENCE   10000 /* ms in which a process must have gone on */

/* What came of a purge. */
enum { NOT_TRIED, SUCCESS, FAILURE };

/* A process that works in the mount, in memory that the test shares with it. */
struct worker {
    pid_t pid;
    uint64_t done, good; /* steps that ended, and steps that succeeded */
    unsigned purges;
    char outcome[PURGES_MAX]; /* of the purge of the name wW-N.example.com */
    char posts[PURGES_MAX];   /* how often that name was posted; counted at the end */
};

static struct shared {
    bool stop;
    struct worker workers[WORKERS];
} * shared;

static struct fixture f;
static unsigned dice;

static unsigned below(unsigned n)
{
    dice = dice * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)dice * n >> 32);
}

/* ---- what the workers do ---- */

static bool read_path(const char *path)
{
    char buf[65536];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    while ((n = read(fd, buf, sizeof buf)) > 0)
        ;
    (void)close(fd);
    return n == 0;
}

static bool list_path(const char *path)
{
    DIR *dir = opendir(path);
    bool good;

    if (!dir)
        return false;
    errno = 0;
    while (readdir(dir))
        ;
    good = errno == 0;
    (void)closedir(dir);
    return good;
}

static bool purge_path(struct worker *worker, const char *path)
{
    char line[64];
    unsigned n = worker->purges;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || n == PURGES_MAX) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    int len = snprintf(line, sizeof line, "w%u-%u.example.com\n", (unsigned)(worker - shared->workers), n);
    worker->purges++;
    worker->outcome[n] = write(fd, line, (size_t)len) == len ? SUCCESS : FAILURE;
    (void)close(fd);
    return worker->outcome[n] == SUCCESS;
}

static bool take_step(struct worker *worker)
{
    static const char *const files[] = {
        "billing/balance",      "all/invoices.json",        "services/10421/info.json",   "all/services.csv",
        "reports/renewals.csv", "services/10422/info.json", "products/groups/1/info.json"};
    static const char *const dirs[] = {"services", "billing/invoices", "by/invoice-year", "domains/pricing", "."};
    char path[400];
    unsigned kind = below(10);
    const char *leaf = kind < 4   ? files[below(sizeof files / sizeof *files)]
                       : kind < 6 ? dirs[below(sizeof dirs / sizeof *dirs)]
                       : kind < 8 ? (below(2) ? "billing" : "billing/balance")
                                  : "services/10421/cdn/purge";

    (void)snprintf(path, sizeof path, "%s/%s", f.mount.path, leaf);
    return kind < 4   ? read_path(path)
           : kind < 6 ? list_path(path)
           : kind < 8 ? utimensat(AT_FDCWD, path, NULL, 0) == 0
                      : purge_path(worker, path);
}

static void work(struct worker *worker)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    dice += 7919 * (unsigned)(worker - shared->workers + 1);
    while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE)) {
        bool good = take_step(worker);

        __atomic_add_fetch(&worker->good, good, __ATOMIC_RELEASE);
        __atomic_add_fetch(&worker->done, 1, __ATOMIC_RELEASE);
        (void)usleep(good ? 500 : 3000);
    }
    _exit(0);
}

/* ---- watching the workers ---- */

struct progress {
    uint64_t done[WORKERS], good[WORKERS];
};

static struct progress progress_now(void)
{
    struct progress now;

    for (unsigned i = 0; i < WORKERS; i++) {
        now.done[i] = __atomic_load_n(&shared->workers[i].done, __ATOMIC_ACQUIRE);
        now.good[i] = __atomic_load_n(&shared->workers[i].good, __ATOMIC_ACQUIRE);
    }
    return now;
}

/* The step under way, and a whole one after it. */
static bool all_went_on(void *data)
{
    const struct progress *before = data;
    struct progress now = progress_now();

    for (unsigned i = 0; i < WORKERS; i++)
        if (now.done[i] < before->done[i] + 2)
            return false;
    return true;
}

static bool all_succeeded(void *data)
{
    const struct progress *before = data;
    struct progress now = progress_now();

    for (unsigned i = 0; i < WORKERS; i++)
        if (now.good[i] < before->good[i] + 2)
            return false;
    return true;
}

static void assert_nobody_hangs(const char *when)
{
    struct progress before = progress_now();
    if (!wait_until(all_went_on, &before, PATIENCE))
        fail_msg("a process hangs after %s", when);
}

static void assert_all_work(const char *when)
{
    struct progress before = progress_now();
    if (!wait_until(all_succeeded, &before, PATIENCE))
        fail_msg("a process cannot work after %s", when);
}

/* ---- moments ---- */

static const struct how how = {.options = "ttl=1,stale_if_error=0"};

static void kill_it(void)
{
    (void)kill(f.mount.pid, SIGKILL);
    int status = mount_ended(&f.mount, 5000);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_nobody_hangs("kill -9");
    mount_again(&f.mount, &how);
}

/* A process that waits for a stopped program can be killed. */
static void stop_it(void)
{
    struct running running;

    (void)kill(f.mount.pid, SIGSTOP);
    run_start(&running, "/", "exec cat '%s/by/invoice-status/Paid/%u.json'", f.mount.path, 1000000 + below(1000000));
    let_pass(50 + (int)below(200));
    (void)kill(running.pid, SIGKILL);
    assert_int_equal(run_wait(&running, 5000).status, 128 + SIGKILL);
    (void)kill(f.mount.pid, SIGCONT);
    assert_nobody_hangs("SIGSTOP and SIGCONT");
}

/* The program ends, with status 0, as soon as nobody uses the detached mount any more. */
static void await_the_end(const char *when)
{
    assert_nobody_hangs(when);
    int status = mount_ended(&f.mount, PATIENCE);
    if (status != 0)
        fail_msg("after %s the program ended with wait status %d; it says:\n%s", when, status, mount_log(&f.mount));
    mount_again(&f.mount, &how);
}

/* What `umount -l` does; only root may. */
static void detach_it(void)
{
    if (umount2(f.mount.path, MNT_DETACH) < 0)
        fail_msg("umount -l: %s", strerror(errno));
    await_the_end("umount -l");
}

static void unmount_it_lazily(void)
{
    struct running running;

    run_start(&running, "/", "fusermount3 -u -z '%s'", f.mount.path);
    struct ran ran = run_wait(&running, 10000);
    assert_string_equal(ran.err, "");
    assert_int_equal(ran.status, 0);
    await_the_end("fusermount3 -uz");
}

static void terminate_it(void)
{
    (void)kill(f.mount.pid, SIGTERM);
    await_the_end("SIGTERM");
}

static void one_moment(unsigned n)
{
    static void (*const others[])(void) = {stop_it, unmount_it_lazily, detach_it, terminate_it};
    void (*act)(void) = n % 2 == 0 ? kill_it : others[n / 2 % 4];

    if (act == detach_it && !is_root())
        act = kill_it;
    let_pass((int)below(300));
    act();
    assert_all_work("a new mount");
}

/* ---- what was sent ---- */

static void count_posts(void)
{
    struct json_object *list = json_tokener_parse(journal(&f.sim, "purge"));

    assert_true(json_object_is_type(list, json_type_array));
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *body = json_object_get_string(json_object_object_get(json_object_array_get_idx(list, i), "body"));
        unsigned w, n;
        if (!body || sscanf(body, "{\"resource_name\":\"w%u-%u.example.com\"}", &w, &n) != 2)
            continue; /* the program died while it sent the body */
        assert_true(w < WORKERS && n < PURGES_MAX);
        shared->workers[w].posts[n]++;
    }
    json_object_put(list);
}

static void check_purges(void)
{
    unsigned total = 0, good = 0, doubtful = 0;

    count_posts();
    for (unsigned w = 0; w < WORKERS; w++) {
        const struct worker *worker = &shared->workers[w];
        for (unsigned n = 0; n < worker->purges; n++) {
            if (worker->posts[n] > 1 || (worker->outcome[n] == SUCCESS && worker->posts[n] == 0))
                fail_msg("w%u-%u.example.com was sent %d times, and the write %s", w, n, worker->posts[n],
                         worker->outcome[n] == SUCCESS ? "succeeded" : "failed");
            good += worker->outcome[n] == SUCCESS;
            doubtful += worker->outcome[n] != SUCCESS && worker->posts[n] == 1;
        }
        total += worker->purges;
    }
    print_message("%u purges: %u succeeded, %u failed of which %u had been sent\n", total, good, total - good,
                  doubtful);
    assert_true(good > 0);
}

static int setup(void **state)
{
    const char *seed = getenv("CRASH_SEED");

    (void)state;
    dice = seed ? (unsigned)strtoul(seed, NULL, 10) : 20261127;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    fixture_start(&f, NULL, &how);
    rule(&f.sim, "{\"operation\":\"purge\",\"status\":200,\"body\":\"{\\\"status\\\":\\\"success\\\"}\"}");
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *worker = &shared->workers[i];
        pid_t pid = fork(); /* of its own: in shared memory, the process would see what its parent stores */
        assert_true(pid >= 0);
        if (pid == 0)
            work(worker);
        worker->pid = pid;
    }
    return 0;
}

static bool worker_ended(void *data)
{
    return waitpid(*(pid_t *)data, NULL, WNOHANG) != 0;
}

static void end_workers(void)
{
    bool hang = false;

    __atomic_store_n(&shared->stop, true, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < WORKERS; i++) {
        pid_t *pid = &shared->workers[i].pid;
        if (*pid && !wait_until(worker_ended, pid, PATIENCE)) {
            hang = true;
            (void)kill(*pid, SIGKILL);
        }
        *pid = 0;
    }
    if (hang)
        fail_msg("a process hangs at the end");
}

static int teardown(void **state)
{
    (void)state;
    end_workers();
    (void)munmap(shared, sizeof *shared);
    return fixture_stop(&f);
}

static void test_nothing_hangs_and_no_purge_is_lost_or_sent_twice(void **state)
{
    unsigned moments = is_deep() ? 200 : 10;

    (void)state;
    assert_all_work("the start");
    for (unsigned n = 0; n < moments; n++)
        one_moment(n);
    end_workers();
    check_purges();
}

/* ---- a thread that the kernel does not end ---- */

static int setup_alone(void **state)
{
    (void)state;
    return fixture_start(&f, NULL, &(struct how){.options = "ttl=60"});
}

static int teardown_alone(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* `ls` waits for the API and holds the directory's lock, and the notification that `touch` causes waits for this lock
 * when the program is killed. */
static void test_a_notification_under_way_does_not_keep_a_dead_mount_alive(void **state)
{
    struct running list;

    (void)state;
    run_ok(&f.mount, "cat services/10421/info.json >/dev/null");
    rule(&f.sim, "{\"operation\":\"services\",\"stall\":true}");
    run_start(&list, f.mount.path, "ls services");
    wait_asked(&f.sim, "services", 1);
    run_ok(&f.mount, "touch services/10421");
    let_pass(100);
    (void)kill(f.mount.pid, SIGKILL);
    if (!WIFSIGNALED(mount_ended(&f.mount, 5000)))
        fail_msg("a thread of the program cannot be killed");
    assert_int_not_equal(run_wait(&list, 5000).status, 0);
    rules_clear(&f.sim);
    mount_again(&f.mount, NULL);
    run_ok(&f.mount, "ls services | grep -qx 10421");
}

/* The program's guard, when it is ready; 0 if there is none. */
static bool is_ready(void *data)
{
    int *guard = data;
    struct ran ran = run(&f.mount, "ps --ppid %d -o pid=,comm= | grep fuse-abort", (int)f.mount.pid);

    return sscanf(ran.out, "%d", guard) == 1 &&
           strcmp(run(&f.mount, "ls /proc/%d/fd | tr '\\n' ' '", *guard).out, "0 1 2 ") == 0;
}

static int find_guard(void)
{
    int guard = 0;
    if (!wait_until(is_ready, &guard, PATIENCE))
        fail_msg("there is no guard with three descriptors");
    return guard;
}

/* Others may end the guard. It knows nothing of the program's environment, and does not outlive it. */
static void test_the_program_works_without_its_guard(void **state)
{
    (void)state;
    int guard = find_guard();
    assert_int_equal(run_ok(&f.mount, "cat /proc/%d/environ", guard).out_len, 0);
    (void)kill(guard, SIGTERM); /* it ends with the program, or by SIGKILL */
    (void)kill(guard, SIGUSR1);
    let_pass(50);
    assert_int_equal(find_guard(), guard);
    (void)kill(guard, SIGKILL);
    run_ok(&f.mount, "touch billing/balance && cat billing/balance");
    fixture_remount(&f, NULL);
    guard = find_guard();
    mount_stop(&f.mount);
    assert_int_equal(kill(guard, 0), -1);
    mount_start(&f.mount, &f.sim, NULL);
}

/* Without a guard, a process could hang for good, and the test with it. */
static bool has_guard(void)
{
    struct stat st, above;
    return is_root() || (stat("/sys/fs/fuse/connections", &st) == 0 && stat("/sys/fs/fuse", &above) == 0 &&
                         st.st_dev != above.st_dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_notification_under_way_does_not_keep_a_dead_mount_alive, setup_alone,
                                        teardown_alone),
        cmocka_unit_test_setup_teardown(test_the_program_works_without_its_guard, setup_alone, teardown_alone),
        cmocka_unit_test_setup_teardown(test_nothing_hangs_and_no_purge_is_lost_or_sent_twice, setup, teardown),
    };

    harness_begin();
    if (!has_guard()) {
        fprintf(stderr, "skipped: /sys/fs/fuse/connections is not mounted\n");
        return 77;
    }
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
