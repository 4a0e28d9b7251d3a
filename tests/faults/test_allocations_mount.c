/* SPDX-License-Identifier: MIT */
/*
 * The mounted program, with every allocation failing in turn.
 *
 * The program under test (melbicomfs-faulty) is linked with allocations.c, and shares the state of it with this test.
 * For n = 1, 2, 3, … what is in memory is expired, one operation is done while the n-th allocation of the program
 * fails, and then the same operation without a failure. The first ends in time, with the right result or with ENOMEM; the
 * second has the right result. A purge that returns success was sent once, and one that fails was not sent twice. At the
 * end the program is still there, and harness.h looks for leaks and for messages of sanitizers.
 */
#include "../mount/harness.h"
#include "../mount/harness_private.h"
#include "allocations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CALL_MS     5000 /* how long an operation may take */
#define SAMPLE_ALL  100  /* as in scenario.h, but each run takes longer here */
#define SAMPLE_MORE 40

/* What an operation has found. */
struct found {
    size_t len;
    char text[1 << 18];
};

static struct fixture f;
static struct allocations *shared;
static char shared_path[64];
static long failed_in_all, purges_in_all;

static void found_text(struct found *found, const char *text)
{
    size_t len = strlen(text);

    assert_true(found->len + len < sizeof found->text);
    memcpy(found->text + found->len, text, len);
    found->len += len;
}

/* ---- operations: each returns 0 or -errno ---- */

static int do_stat(const char *path, struct found *found)
{
    struct stat st;
    char text[64];

    if (lstat(path, &st) < 0)
        return -errno;
    (void)snprintf(text, sizeof text, "%o %lld\n", st.st_mode, (long long)st.st_size);
    found_text(found, text);
    return 0;
}

static int do_cat(const char *path, struct found *found)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
    ssize_t n;

    if (fd < 0)
        return -errno;
    while ((n = read(fd, found->text + found->len, sizeof found->text - found->len)) > 0)
        found->len += (size_t)n;
    if (n < 0)
        r = -errno;
    close(fd);
    return r;
}

static int walk(const char *path, struct found *found, int (*each)(const char *path, struct found *found))
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char name[PATH_MAX];
    int r = 0;

    if (!dir)
        return -errno;
    while (r == 0 && (errno = 0, entry = readdir(dir))) {
        if (*entry->d_name == '.')
            continue;
        found_text(found, entry->d_name);
        found_text(found, "\n");
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        r = each ? each(name, found) : 0;
    }
    if (r == 0 && errno)
        r = -errno;
    closedir(dir);
    return r;
}

static int do_ls(const char *path, struct found *found)
{
    return walk(path, found, NULL);
}

static int do_ls_l(const char *path, struct found *found)
{
    return walk(path, found, do_stat);
}

static int do_grep(const char *path, struct found *found)
{
    return walk(path, found, do_cat);
}

static int do_readlink(const char *path, struct found *found)
{
    char target[256];
    ssize_t n = readlink(path, target, sizeof target - 1);

    if (n < 0)
        return -errno;
    target[n] = '\0';
    found_text(found, target);
    return 0;
}

static int do_links(const char *path, struct found *found)
{
    return walk(path, found, do_readlink);
}

static int do_xattr(const char *path, struct found *found)
{
    char value[256];
    ssize_t n = getxattr(path, "user.melbicomfs.url", value, sizeof value - 1);

    if (n < 0)
        return -errno;
    value[n] = '\0';
    found_text(found, value);
    return 0;
}

static int do_statfs(const char *path, struct found *found)
{
    struct statvfs st;

    if (statvfs(path, &st) < 0)
        return -errno;
    found_text(found, st.f_namemax == 255 ? "255" : "?");
    return 0;
}

static int do_touch(const char *path, struct found *found)
{
    (void)found;
    return utimensat(AT_FDCWD, path, NULL, 0) < 0 ? -errno : 0;
}

/* A file of this mount's own: all that can be told is that it ends well. */
static int do_own(const char *path, struct found *found)
{
    int r = do_cat(path, found);

    if (r == 0 && (found->len == 0 || found->text[found->len - 1] != '\n'))
        fail_msg("%s is cut: %.*s", path, (int)found->len, found->text);
    found->len = 0;
    return r;
}

/* Purges a name that no other call has used. */
static int do_purge(const char *path, struct found *found)
{
    static unsigned serial;
    char name[48];
    unsigned before = asked(&f.sim, "purge");
    int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

    (void)found;
    if (fd < 0)
        return -errno;
    (void)snprintf(name, sizeof name, "n%u.example.com\n", ++serial);
    if (write(fd, name, strlen(name)) < 0)
        r = -errno;
    close(fd);
    unsigned sent = asked(&f.sim, "purge") - before;
    name[strlen(name) - 1] = '\0';
    if (sent > 1 || (r == 0 && sent != 1))
        fail_msg("%s: %s, and %u requests", name, r == 0 ? "success" : strerror(-r), sent);
    if (sent == 1 && !strstr(journal(&f.sim, "purge"), name))
        fail_msg("%s: another name was sent", name);
    purges_in_all++;
    return r;
}

/* ---- the runs ---- */

struct scenario {
    const char *name, *path;
    int (*run)(const char *path, struct found *found);
};

static void expire(const struct scenario *s)
{
    static struct found none;

    none.len = 0;
    (void)do_touch(in_mount(&f.mount, "%s", s->path), &none);
    (void)do_touch(f.mount.path, &none);
    /* The reply to a touch comes before all that it does is done. This request is answered after it. */
    (void)do_statfs(f.mount.path, &none);
}

static int run_once(const struct scenario *s, struct found *found)
{
    int64_t began = now_ms();

    found->len = 0;
    int r = s->run(in_mount(&f.mount, "%s", s->path), found);
    if (now_ms() - began > CALL_MS * time_scale())
        fail_msg("%s %s takes %d ms", s->name, s->path, (int)(now_ms() - began));
    return r;
}

static void compare(const struct scenario *s, long n, const char *when, int r, const struct found *found,
                    const struct found *right)
{
    if (r != 0 || found->len != right->len || memcmp(found->text, right->text, found->len) != 0)
        fail_msg("%s %s, allocation %ld, %s: %s, %zu bytes and not %zu:\n%.*s\nand not\n%.*s", s->name, s->path, n,
                 when, strerror(-r), found->len, right->len, found->len < 2000 ? (int)found->len : 2000, found->text,
                 right->len < 2000 ? (int)right->len : 2000, right->text);
}

/* Returns whether the n-th allocation was reached. */
static bool run_with_failure(const struct scenario *s, long n, long times, const struct found *right)
{
    static struct found found;

    expire(s);
    allocations_arm(shared, n, times);
    int r = run_once(s, &found);
    bool reached = allocations_disarm(shared) >= n;
    failed_in_all += shared->failed;
    if (r != -ENOMEM)
        compare(s, n, "with the failure", r, &found, right);
    r = run_once(s, &found);
    compare(s, n, "after the failure", r, &found, right);
    return reached;
}

static void test_scenario(void **state)
{
    static struct found right;
    const struct scenario *s = *state;
    bool deep = getenv("MELBICOMFS_DEEP") != NULL;
    int64_t began = now_ms();

    assert_int_equal(run_once(s, &right), 0);
    expire(s);
    allocations_arm(shared, 0, 0);
    assert_int_equal(run_once(s, &right), 0);
    long all = allocations_disarm(shared), step = deep ? 1 : (all - SAMPLE_ALL) / SAMPLE_MORE;
    long last = 0;
    const char *from = getenv("SCENARIO_FROM");
    for (long n = from ? atol(from) : 1; run_with_failure(s, n, 1, &right) || n <= all / 2;
         n += n < SAMPLE_ALL || step < 1 ? 1 : step)
        last = n;
    for (long n = 1; run_with_failure(s, n, 8, &right) && n <= all; n += deep ? 1 : step < 8 ? 8 : step)
        ;
    print_message("%s %s: %ld allocations, failed up to %ld, %d ms\n", s->name, s->path, all, last,
                  (int)(now_ms() - began));
    keep_none();
}

static const struct scenario all[] = {
    {"stat", "services/10421/info.json", do_stat},
    {"cat", "services/10421/info.json", do_cat},
    {"cat", "billing/balance", do_cat},
    {"cat", "all/services.csv", do_cat},
    {"cat", "reports/spend-by-month.csv", do_cat},
    {"ls", "services", do_ls},
    {"ls", "by/invoice-status", do_ls},
    {"ls -l", "billing/invoices", do_ls_l},
    {"grep -r", "billing/invoices", do_grep},
    {"grep -r", "domains/pricing/com/domainregister/EUR", do_grep},
    {"readlink", "by/service-product", do_ls},
    {"readlink", "by/service-status/Active", do_links},
    {"touch", "billing/balance", do_touch},
    {"xattr", "billing/balance", do_xattr},
    {"statfs", "", do_statfs},
    {"purge", "services/10421/cdn/purge", do_purge},
    {"own", "services/10421/cdn/purge.log", do_own},
    {"own", ".melbicomfs/status.json", do_own},
    {"own", ".melbicomfs/metrics", do_own},
    {"own", ".melbicomfs/log", do_own},
};

static int setup(void **state)
{
    static const char *const options[] = {"--services", "8", "--invoices", "12", NULL};

    (void)state;
    allocations_disarm(shared);
    fixture_start(&f, options, &(struct how){.options = scaled_times("ttl=600,timeout=4")});
    rule(&f.sim, "{\"operation\":\"purge\",\"status\":200,\"body\":\"{\\\"status\\\":\\\"success\\\"}\"}");
    return 0;
}

/* fixture_stop() fails the test if the program has died or leaked. */
static int teardown(void **state)
{
    (void)state;
    allocations_disarm(shared);
    return fixture_stop(&f);
}

static void share(void)
{
    (void)snprintf(shared_path, sizeof shared_path, "/dev/shm/melbicomfs-allocations-XXXXXX");
    int fd = mkstemp(shared_path);

    if (fd < 0 || ftruncate(fd, sizeof *shared) < 0)
        abort();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    close(fd);
    setenv("MELBICOMFS_ALLOCATIONS", shared_path, 1);
}

int main(void)
{
    enum { N = sizeof all / sizeof *all };
    struct CMUnitTest tests[N] = {0};
    const char *only = getenv("SCENARIO");
    size_t n = 0;

    share();
    harness_begin();
    for (size_t i = 0; i < N; i++) {
        char *name;
        if (asprintf(&name, "%s %s", all[i].name, all[i].path) < 0)
            abort();
        if (!only || strstr(name, only))
            tests[n++] = (struct CMUnitTest){
                .name = name, .test_func = test_scenario, .initial_state = (void *)(uintptr_t)&all[i]};
        else
            free(name);
    }
    int failed = _cmocka_run_group_tests("mount", tests, n, setup, teardown);
    (void)unlink(shared_path);
    print_message("mount: %ld allocations failed, %ld purges\n", failed_in_all, purges_in_all);
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)tests[i].name);
    return failed;
}
