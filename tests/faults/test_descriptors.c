/* SPDX-License-Identifier: MIT */
/*
 * Want of file descriptors. That this program has none left for a connection says nothing about the API's host: requests
 * wait for a descriptor, and end with "too many open files" if none comes within their time.
 */
#include "../mount/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define READERS 50
#define FEW     14 /* the program itself takes 11 of them */

#define FREE_MAX 256

static struct fixture f;

static void set_limit(pid_t pid, rlim_t n)
{
    struct rlimit limit;

    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0)
        fail_msg("prlimit: %s", strerror(errno));
    limit.rlim_cur = n;
    if (prlimit(pid, RLIMIT_NOFILE, &limit, NULL) < 0)
        fail_msg("prlimit: %s", strerror(errno));
}

/* The lowest number that is free: the limit with which a process can open no more, even if there are gaps. */
static rlim_t lowest_free(pid_t pid)
{
    bool used[FREE_MAX] = {false};
    char path[48];
    rlim_t n = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (*entry->d_name != '.' && strtoul(entry->d_name, NULL, 10) < FREE_MAX)
            used[strtoul(entry->d_name, NULL, 10)] = true;
    closedir(dir);
    while (n < FREE_MAX - 1 && used[n])
        n++;
    return n;
}

static void test_many_readers_share_few_descriptors(void **state)
{
    static struct running readers[READERS];

    (void)state;
    set_limit(f.mount.pid, FEW);
    rule(&f.sim, "{\"operation\":\"service\",\"latency_ms\":100}");
    for (unsigned i = 0; i < READERS; i++)
        run_start(&readers[i], f.mount.path, "cat services/%u/info.json", 10421 + i);
    for (unsigned i = 0; i < READERS; i++) {
        struct ran ran = run_wait(&readers[i], RUN_MS);
        if (ran.status != 0 || !strstr(ran.out, "\"id\""))
            fail_msg("reader %u ends with %d: %s; the log:\n%s", i, ran.status, ran.err, mount_log(&f.mount));
    }
    rules_clear(&f.sim);
    assert_int_equal(asked(&f.sim, "service"), READERS);
    const char *log = mount_log(&f.mount);
    if (!strstr(log, "no file descriptor is left for a connection") || strstr(log, "cannot be asked"))
        fail_msg("the log says:\n%s", log);
    assert_non_null(strstr(slurp(&f.mount, ".melbicomfs/status.json", NULL), "\"state\": \"open\""));
    set_limit(f.mount.pid, 256);
}

static void test_none_left_is_said_so(void **state)
{
    (void)state;
    fixture_remount(&f, &(struct how){.options = scaled_times("ttl=600,timeout_total=2"), .config = NULL});
    let_pass(200); /* what the start has opened and needs no longer is closed */
    set_limit(f.mount.pid, lowest_free(f.mount.pid));
    struct ran ran = run(&f.mount, "cat billing/balance");
    assert_int_equal(ran.status, 1);
    if (!strstr(ran.err, strerror(EMFILE)))
        fail_msg("cat says: %s; the log:\n%s", ran.err, mount_log(&f.mount));
    ran = run(&f.mount, "echo cdn.example.com > services/10421/cdn/purge");
    assert_true(ran.status != 0);
    assert_int_equal(asked(&f.sim, NULL), 0);
    assert_non_null(strstr(slurp(&f.mount, ".melbicomfs/status.json", NULL), "\"state\": \"open\""));

    set_limit(f.mount.pid, 256);
    let_pass(1100); /* an error stands for a second */
    run_ok(&f.mount, "cat billing/balance");
    run_ok(&f.mount, "echo cdn.example.com > services/10421/cdn/purge");
    assert_int_equal(asked(&f.sim, "purge"), 1);
}

static int setup(void **state)
{
    static const char *const options[] = {"--services", "60", "--invoices", "5", NULL};

    (void)state;
    return fixture_start(&f, options, &(struct how){.options = scaled_times("ttl=600")});
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_readers_share_few_descriptors),
        cmocka_unit_test(test_none_left_is_said_so),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
