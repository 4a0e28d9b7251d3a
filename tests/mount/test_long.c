/* SPDX-License-Identifier: MIT */
/*
 * A long life in little time: answers that live for a second, lists that grow, shrink and rename, every twentieth request
 * failing, and processes that look up, read, list, touch and purge all the while. At the end the program must hold as
 * much memory and as many descriptors as after its youth, the kernel must have given all nodes back, and the files must
 * show what the account is.
 *
 * With MELBICOMFS_DEEP until a million LOOKUPs of the kernel and 100,000 purged names, otherwise for half a minute. With
 * LONG_SANITIZED the program's memory is not judged: a sanitizer keeps what was freed.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS     3
#define SHORT_MS    24000
#define LOOKUPS     1000000u
#define PURGES      100000u
#define BATCH       4     /* names in a write to `purge` */
#define FIRST_ID    70001 /* of the invoices and services that come and go */
#define EXTRAS      200
#define RENAMES     3
#define TROUBLES    12 /* faults that are ordered at once: for 240 requests */
#define WINDOWS     10 /* parts of the life in which the largest values are kept */
#define FIRST_LATER 2  /* the first part after the youth */

static struct fixture f;

/* In memory that the test shares with its workers. */
static struct shared {
    bool stop;
    unsigned steps, absent, failures; /* steps that found nothing, and those whose failure a fault explains */
    unsigned sent, refused;           /* names that were purged, or not */
    char wrong[256];                  /* what no fault explains */
} * shared;

static unsigned dice;

static unsigned below(unsigned n)
{
    dice = dice * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)dice * n >> 32);
}

/* ---- the workers ---- */

static void failed(const char *path, int error)
{
    static const int explained[] = {EIO, ETIMEDOUT, EHOSTUNREACH, EBUSY};

    if (error == ENOENT) {
        __atomic_add_fetch(&shared->absent, 1, __ATOMIC_RELAXED);
        return;
    }
    for (size_t i = 0; i < sizeof explained / sizeof *explained; i++)
        if (error == explained[i]) {
            __atomic_add_fetch(&shared->failures, 1, __ATOMIC_RELAXED);
            return;
        }
    if (!shared->wrong[0])
        (void)snprintf(shared->wrong, sizeof shared->wrong, "%s: %s", path, strerror(error));
}

static void read_one(const char *path)
{
    char buf[65536];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        failed(path, errno);
        return;
    }
    while ((n = read(fd, buf, sizeof buf)) > 0)
        ;
    if (n < 0)
        failed(path, errno);
    (void)close(fd);
}

static void list_one(const char *path)
{
    DIR *dir = opendir(path);

    if (!dir) {
        failed(path, errno);
        return;
    }
    errno = 0;
    while (readdir(dir))
        ;
    if (errno)
        failed(path, errno);
    (void)closedir(dir);
}

static void purge_one(const char *path)
{
    char text[BATCH * 32];
    size_t len = 0;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0) {
        failed(path, errno);
        return;
    }
    for (unsigned i = 0; i < BATCH; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "n%u.example.com\n", below(100000));
    bool good = write(fd, text, len) == (ssize_t)len;
    if (!good)
        failed(path, errno);
    __atomic_add_fetch(good ? &shared->sent : &shared->refused, BATCH, __ATOMIC_RELAXED);
    (void)close(fd);
}

/* Most paths need no request of their own. */
static void look_up(void)
{
    unsigned id = FIRST_ID + below(EXTRAS);
    char path[128];
    struct stat st;

    switch (below(40)) {
    case 0:
        (void)snprintf(path, sizeof path, "services/%u/info.json", id);
        break;
    case 1:
        (void)snprintf(path, sizeof path, "services/%u", 10400 + below(100)); /* some are not there */
        break;
    default:
        if (below(2))
            (void)snprintf(path, sizeof path, "by/invoice-number/N-%u-%u.json", id, below(RENAMES));
        else
            (void)snprintf(path, sizeof path, "billing/invoices/%u.json",
                           below(2) ? id : 1 + below(2000)); /* most of those are not there */
    }
    if (lstat(path, &st) < 0)
        failed(path, errno);
}

static void take_step(void)
{
    static const char *const files[] = {"billing/balance",    "all/invoices.csv",        "all/services.json",
                                        "reports/unpaid.csv", ".melbicomfs/status.json", "all/product-prices.csv"};
    static const char *const dirs[] = {"services", "billing/invoices", "by/invoice-number", "by/service-status/Active"};
    char path[128];
    unsigned kind = below(100);

    if (kind < 60) {
        for (unsigned i = 0; i < 20; i++)
            look_up();
    } else if (kind < 70) {
        read_one(files[below(6)]);
    } else if (kind < 75) {
        list_one(dirs[below(4)]);
    } else if (kind < 80) {
        (void)snprintf(path, sizeof path, "billing/invoices/%u.json", FIRST_ID + below(EXTRAS));
        read_one(path);
        if (utimensat(AT_FDCWD, path, NULL, 0) < 0)
            failed(path, errno);
    } else {
        purge_one(below(2) ? "services/10421/cdn/purge" : "services/10422/cdn/purge");
    }
    __atomic_add_fetch(&shared->steps, 1, __ATOMIC_RELAXED);
}

static void work(unsigned number)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    dice = 7919 * (number + 1);
    if (chdir(f.mount.path) < 0)
        _exit(1);
    while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE))
        take_step();
    _exit(0);
}

/* ---- what happens to the account ---- */

static void change_something(void)
{
    unsigned id = FIRST_ID + below(EXTRAS);

    switch (below(5)) {
    case 0:
    case 1:
        account_set(&f.sim, "{\"invoice\":{\"id\":%u,\"invoicenum\":\"N-%u-%u\",\"status\":\"%s\"}}", id, id,
                    below(RENAMES), below(2) ? "Paid" : "Unpaid");
        break;
    case 2:
        account_set(&f.sim, "{\"delete_invoice\":%u}", id);
        break;
    case 3:
        account_set(&f.sim, "{\"service\":{\"id\":%u,\"status\":\"Active\",\"domain\":\"d%u.example.com\"}}", id,
                    below(RENAMES * EXTRAS));
        break;
    default:
        account_set(&f.sim, "{\"delete_service\":%u}", id);
    }
    account_set(&f.sim, "{\"balance\":\"%u.00\"}", below(1000));
}

/* The purges of any name succeed; one request in twenty fails, in any way. The first rule that matches counts. */
static void order_trouble(void)
{
    static const char *const ways[] = {"\"status\":503",
                                       "\"reset\":true",
                                       "\"truncate\":40",
                                       "\"garbage\":true",
                                       "\"status\":500",
                                       "\"latency_ms\":300",
                                       "\"status\":429,\"headers\":{\"Retry-After\":\"0\"}"};

    rules_clear(&f.sim);
    for (unsigned i = 0; i < TROUBLES; i++)
        rule(&f.sim, "{\"operation\":\"*\",%s,\"after\":%u,\"times\":1}", ways[below(7)], 20 * i + below(20));
    rule(&f.sim, "{\"operation\":\"purge\",\"status\":200,\"body\":\"{\\\"status\\\":\\\"success\\\"}\"}");
}

/* ---- what the program holds ---- */

struct holds {
    unsigned rss_kb, fds, nodes; /* rss_kb: without the purge logs */
};

/* 0 for an ordinary user, who may not look into a program that leaves no core file. */
static unsigned count_fds(void)
{
    char path[64];
    unsigned n = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)f.mount.pid);
    DIR *dir = opendir(path);
    if (!dir && errno == EACCES && !is_root())
        return 0;
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n - 2;
}

/* The memory of the purge logs, which only grow: what they hold can be read. */
static unsigned logs_kb(void)
{
    static off_t known[2];
    struct stat st;

    for (unsigned i = 0; i < 2; i++)
        if (stat(in_mount(&f.mount, "services/%u/cdn/purge.log", 10421 + i), &st) == 0)
            known[i] = st.st_size;
    return (unsigned)((known[0] + known[1]) / 1024);
}

static unsigned rss_kb(void)
{
    char path[64];
    unsigned pages = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)f.mount.pid);
    FILE *file = fopen(path, "re");
    assert_true(file && fscanf(file, "%*u %u", &pages) == 1);
    (void)fclose(file);
    return pages * (unsigned)(sysconf(_SC_PAGESIZE) / 1024);
}

/* The nodes that the kernel has not forgotten, and directories. */
static unsigned count_nodes(void)
{
    struct statvfs st;

    assert_int_equal(statvfs(f.mount.path, &st), 0);
    return (unsigned)(st.f_files - st.f_ffree);
}

static void hold_more(struct holds *most)
{
    unsigned rss = rss_kb(), logs = logs_kb();
    struct holds now = {rss > logs ? rss - logs : 0, count_fds(), count_nodes()};

    most->rss_kb = now.rss_kb > most->rss_kb ? now.rss_kb : most->rss_kb;
    most->fds = now.fds > most->fds ? now.fds : most->fds;
    most->nodes = now.nodes > most->nodes ? now.nodes : most->nodes;
}

/* Lets the kernel drop all names of this mount that nobody uses, and no others: that is what a remount does. Only root
 * may. */
static void drop_names(void)
{
    if (mount(NULL, f.mount.path, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, NULL) < 0)
        fail_msg("remounting: %s", strerror(errno));
}

/* ---- the life ---- */

static unsigned share_done(int64_t begun, uint64_t lookups)
{
    unsigned of_lookups = (unsigned)(100 * lookups / LOOKUPS),
             of_purges = (unsigned)(100 * (uint64_t)__atomic_load_n(&shared->sent, __ATOMIC_RELAXED) / PURGES);

    if (is_deep())
        return of_lookups < of_purges ? of_lookups : of_purges;
    return (unsigned)(100 * (now_ms() - begun) / SHORT_MS);
}

static void live(struct holds most[WINDOWS])
{
    int64_t begun = now_ms();
    struct kernel_mark mark = kernel_mark(&f.mount);
    uint64_t lookups = 0;
    unsigned tick = 0, done;

    while ((done = share_done(begun, lookups)) < 100) {
        if (tick % 25 == 0)
            order_trouble();
        if (tick % 50 == 0)
            journal_clear(&f.sim); /* it would grow */
        change_something();
        if (tick++ % 10 == 0)
            lookups = kernel_since(&f.mount, &mark).lookup;
        hold_more(&most[done * WINDOWS / 100]);
        if (shared->wrong[0])
            fail_msg("no fault explains this: %s", shared->wrong);
        let_pass(20);
    }
    hold_more(&most[WINDOWS - 1]);
    print_message(
        "%u steps, %ju LOOKUPs, %u found nothing, %u failed; %u names purged, %u in doubt or refused; %.0f s\n",
        shared->steps, (uintmax_t)kernel_since(&f.mount, &mark).lookup, shared->absent, shared->failures, shared->sent,
        shared->refused, (double)(now_ms() - begun) / 1000);
}

static void start_workers(pid_t pids[WORKERS])
{
    for (unsigned i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            work(i);
    }
}

static bool worker_ended(void *data)
{
    return waitpid(*(pid_t *)data, NULL, WNOHANG) != 0;
}

static void end_workers(pid_t pids[WORKERS])
{
    __atomic_store_n(&shared->stop, true, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < WORKERS; i++)
        if (!wait_until(worker_ended, &pids[i], 10000))
            fail_msg("a process hangs");
}

/* No more than a tenth above the youth's. */
static void check_growth(const struct holds most[WINDOWS])
{
    struct holds youth = most[FIRST_LATER - 1], age = most[WINDOWS - 1];

    print_message("the purge logs hold %u KB, which do not count below\n", logs_kb());
    for (unsigned i = 0; i < WINDOWS; i++)
        print_message("part %2u: %u KB, %u descriptors, %u nodes\n", i + 1, most[i].rss_kb, most[i].fds, most[i].nodes);
    if (!getenv("LONG_SANITIZED") && age.rss_kb > youth.rss_kb + youth.rss_kb / 10)
        fail_msg("%u KB at the end, %u KB after a fifth", age.rss_kb, youth.rss_kb);
    if (age.fds > youth.fds + (youth.fds + 9) / 10)
        fail_msg("%u descriptors at the end, %u after a fifth", age.fds, youth.fds);
}

static void walk(void)
{
    run_ok(&f.mount, "find . -path ./domains -prune -o -type f -print >/dev/null; ls -R by >/dev/null; "
                     "cat billing/invoices/*.json services/*/info.json >/dev/null");
}

/* All services and invoices that come and go in this life have come once, and gone: their directories stay. */
static void let_all_come_once(void)
{
    for (unsigned id = FIRST_ID; id < FIRST_ID + EXTRAS; id++) {
        account_set(&f.sim, "{\"invoice\":{\"id\":%u,\"invoicenum\":\"N-%u-0\",\"status\":\"Paid\"}}", id, id);
        account_set(&f.sim, "{\"service\":{\"id\":%u,\"status\":\"Active\",\"domain\":\"d%u.example.com\"}}", id, id);
    }
    let_expire(1);
    walk();
    for (unsigned id = FIRST_ID; id < FIRST_ID + EXTRAS; id++) {
        account_set(&f.sim, "{\"delete_invoice\":%u}", id);
        account_set(&f.sim, "{\"delete_service\":%u}", id);
    }
    let_expire(1);
}

static bool gave_back(void *data)
{
    return count_nodes() <= *(unsigned *)data;
}

/* The nodes of directories stay, and all of them have been there from the beginning. All others must be gone. */
static void check_nodes(unsigned at_first)
{
    unsigned limit = at_first + 60;

    drop_names();
    if (!wait_until(gave_back, &limit, 5000))
        fail_msg("the program holds %u nodes when the kernel holds none; at first %u", count_nodes(), at_first);
    print_message("nodes when the kernel holds none: %u at first, %u at the end\n", at_first, count_nodes());
}

static void check_content(void)
{
    rules_clear(&f.sim);
    account_set(&f.sim, "{\"balance\":\"4711.00\"}");
    let_expire(1);
    assert_string_equal(run_ok(&f.mount, "cat billing/balance").out, "4711.00 EUR\n");
    struct ran ours = run_ok(&f.mount, "jq -S -c '.[].id' all/invoices.json | sort"),
               theirs = run_ok(&f.mount, "curl -sf -H 'Authorization: Bearer " HARNESS_TOKEN "' "
                                         "\"$URL/billing/invoices\" | jq -S -c '.[].id' | sort");
    assert_string_equal(ours.out, theirs.out);
    assert_string_equal(run_ok(&f.mount, "ls billing/invoices | sed 's/.json$//' | sort").out, theirs.out);
}

static int setup(void **state)
{
    static const char *const account[] = {"--services", "60", "--invoices", "400", NULL};

    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    dice = 20261127;
    return fixture_start(&f, account, &(struct how){.options = "ttl=1,timeout=5"});
}

static int teardown(void **state)
{
    (void)state;
    __atomic_store_n(&shared->stop, true, __ATOMIC_RELEASE);
    (void)munmap(shared, sizeof *shared);
    return fixture_stop(&f);
}

static void test_a_long_life_leaves_nothing_behind(void **state)
{
    struct holds most[WINDOWS] = {{0}};
    pid_t pids[WORKERS];
    unsigned at_first = 0;

    (void)state;
    walk();
    let_all_come_once();
    walk();
    if (is_root()) {
        drop_names();
        let_pass(500);
        at_first = count_nodes();
    }
    start_workers(pids);
    live(most);
    end_workers(pids);
    check_growth(most);
    check_content();
    if (is_root())
        check_nodes(at_first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_long_life_leaves_nothing_behind, setup, teardown),
    };

    harness_begin();
    return cmocka_run_group_tests_name("long", tests, NULL, NULL);
}
