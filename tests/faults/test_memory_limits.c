/* SPDX-License-Identifier: MIT */
/*
 * A mount with little memory: under a limit of its address space (ulimit -v), and in a small control group. What fits is
 * served; what does not is ENOMEM and a line in the log; and the program goes on.
 */
#include "../mount/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
/* The list of invoices takes about 100 MiB, that of services 1 MiB. */
#define ROOM (12 * MIB)

static struct fixture f;

/* A line of /proc/PID/status, in bytes. */
static size_t status_of(pid_t pid, const char *name)
{
    char path[48];
    unsigned long kib = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    const char *at = slurp_path(path, NULL);
    at = at ? strstr(at, name) : NULL;
    assert_true(at && sscanf(at + strlen(name), ": %lu kB", &kib) == 1);
    return kib * 1024;
}

static void set_limit(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

    if (prlimit(f.mount.pid, RLIMIT_AS, &limit, NULL) < 0)
        fail_msg("prlimit: %s", strerror(errno));
}

/* The large list does not fit, everything else does. */
static void assert_serves_what_fits(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct ran ran = run(&f.mount, "ls billing/invoices");
        if (ran.status == 0 || !strstr(ran.err, strerror(ENOMEM)))
            fail_msg("ls ends with %d: %s; the log:\n%s", ran.status, ran.err, mount_log(&f.mount));
        run_ok(&f.mount, "cat billing/balance services/10421/info.json > /dev/null");
        run_ok(&f.mount, "ls services > /dev/null; cat .melbicomfs/status.json > /dev/null");
    }
    if (!strstr(mount_log(&f.mount), "no memory"))
        fail_msg("the log does not say that there is no memory:\n%s", mount_log(&f.mount));
}

static void test_address_space(void **state)
{
    (void)state;
    run_ok(&f.mount, "cat version > /dev/null");
    set_limit(status_of(f.mount.pid, "VmSize") + ROOM);
    assert_serves_what_fits();
    set_limit(RLIM_INFINITY);
    assert_true(run_ok(&f.mount, "ls billing/invoices | wc -l").out_len > 4);
    run_ok(&f.mount, "grep -c . billing/invoices/90001.json all/invoices.json > /dev/null");
}

/* ---- a control group ---- */

#define GROUPS    "/sys/fs/cgroup"
#define GROUP_MAX (44 * MIB)

static char group[128], program[300];

static bool write_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool set_in_group(const char *file, const char *text)
{
    char path[192];

    (void)snprintf(path, sizeof path, "%s/%s", group, file);
    return access(path, W_OK) == 0 && write_text(path, text, 0600);
}

/* Makes a control group with a limit of memory. Returns why not, or NULL. */
static const char *make_group(void)
{
    static const char *const roots[] = {GROUPS "/memory", GROUPS};
    static const char *const limits[] = {"memory.limit_in_bytes", "memory.max"};
    char text[32];

    (void)snprintf(text, sizeof text, "%zu", GROUP_MAX);
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(group, sizeof group, "%s/cgroup.procs", roots[i]);
        if (access(group, W_OK) < 0)
            continue;
        (void)snprintf(group, sizeof group, "%s/melbicomfs-test-%d", roots[i], (int)getpid());
        if (mkdir(group, 0700) < 0)
            return "no control group can be made";
        if (set_in_group(limits[i], text))
            return NULL;
        (void)rmdir(group);
        return "the control group has no limit of memory";
    }
    return "there is no control group with a limit of memory";
}

/* Mounts from within the group. */
static void mount_in_group(void)
{
    char script[600];
    const char *plain = getenv("MELBICOMFS");

    (void)snprintf(program, sizeof program, "%s/in-group", f.sim.dir);
    (void)snprintf(script, sizeof script, "#!/bin/sh\necho $$ > %s/cgroup.procs && exec '%s' \"$@\"\n", group, plain);
    assert_true(write_text(program, script, 0700));
    setenv("MELBICOMFS", program, 1);
    fixture_remount(&f, &(struct how){.options = scaled_times("ttl=600")});
}

static void test_control_group(void **state)
{
    const char *why = make_group();
    char path[192];

    (void)state;
    if (why) {
        print_message("%s: skipped\n", why);
        skip();
    }
    mount_in_group();
    assert_serves_what_fits();
    (void)snprintf(path, sizeof path, "%s/cgroup.procs", group);
    const char *procs = slurp_path(path, NULL);
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%d\n", (int)f.mount.pid);
    assert_true(procs && strstr(procs, pid));
}

static int setup(void **state)
{
    static const char *const options[] = {"--services", "200", "--invoices", "60000", NULL};

    (void)state;
    return fixture_start(&f, options, &(struct how){.options = scaled_times("ttl=600")});
}

static int teardown(void **state)
{
    (void)state;
    int r = fixture_stop(&f);
    if (*group)
        (void)rmdir(group);
    return r;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_address_space), cmocka_unit_test(test_control_group)};

    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
