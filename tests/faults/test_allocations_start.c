/* SPDX-License-Identifier: MIT */
/*
 * The start of the program, with every allocation failing in turn: either it mounts and works, or it ends with a
 * documented status and says why. It never hangs and never leaves a mount behind.
 */
#include "../mount/harness.h"
#include "../mount/harness_private.h"
#include "allocations.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS    20000
#define SAMPLE_ALL  24 /* of so many allocations each is failed; of the others, about SAMPLE_MORE */
#define SAMPLE_MORE 40

static struct simulator sim;
static struct allocations *shared;
static char dir[256], path[300], log_path[300], config[300], shared_path[64];

struct start {
    pid_t pid;
    dev_t below;
    int status; /* as of waitpid(); valid if `ended` */
    bool ended, mounted;
};

static pid_t launch(const char *const *argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        int out = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        (void)dup2(out, STDOUT_FILENO);
        (void)dup2(out, STDERR_FILENO);
        setenv("XDG_CONFIG_HOME", config, 1);
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static bool is_mounted(void)
{
    struct stat up, st;

    return stat(dir, &up) == 0 && (stat(path, &st) < 0 || st.st_dev != up.st_dev);
}

/* Whether the program has mounted or ended. */
static bool has_started(void *data)
{
    struct start *start = data;

    start->ended = start->ended || waitpid(start->pid, &start->status, WNOHANG) == start->pid;
    start->mounted = !start->ended && is_mounted();
    return start->ended || start->mounted;
}

static bool has_ended(void *data)
{
    (void)has_started(data);
    return ((struct start *)data)->ended;
}

static void assert_plain_end(const struct start *start, long n)
{
    static const int documented[] = {1, 32, 69, 77, 78};
    const char *log = keep_file(log_path);
    int status = WIFEXITED(start->status) ? WEXITSTATUS(start->status) : -1;
    bool known = false;

    for (size_t i = 0; i < sizeof documented / sizeof *documented; i++)
        known = known || status == documented[i];
    if (!known || !log || !*log || suspicious(log))
        fail_msg("allocation %ld: the program ends with %d and says:\n%s", n, status, log);
}

static void assert_works_and_ends(struct start *start, long n)
{
    size_t len;
    char file[320];

    (void)snprintf(file, sizeof file, "%s/version", path);
    bool works = slurp_path(file, &len) && len > 0;
    if (!works && wait_until(has_ended, start, START_MS)) {
        assert_plain_end(start, n); /* the kernel shows the mount before it has served its first request */
        return;
    }
    if (!works)
        fail_msg("allocation %ld: %s: %s; the log:\n%s", n, file, strerror(errno), keep_file(log_path));
    kill(start->pid, SIGTERM);
    if (!wait_until(has_ended, start, START_MS))
        fail_msg("allocation %ld: the program does not end", n);
    const char *log = keep_file(log_path);
    if (start->status != 0 || suspicious(log))
        fail_msg("allocation %ld: the program ends with %d and says:\n%s", n, start->status, log);
}

/* Returns whether the n-th allocation was reached. */
static bool start_with_failure(const char *const *argv, long n, long *mounts)
{
    struct start start = {.status = 0};

    allocations_arm(shared, n, 1);
    start.pid = launch(argv);
    if (!wait_until(has_started, &start, START_MS)) {
        kill(start.pid, SIGKILL);
        fail_msg("allocation %ld: the program neither mounts nor ends; the log:\n%s", n, keep_file(log_path));
    }
    bool reached = allocations_disarm(shared) >= n;
    *mounts += start.mounted;
    if (start.mounted)
        assert_works_and_ends(&start, n);
    else if (n == 0 || !reached)
        fail_msg("the program does not mount:\n%s", keep_file(log_path));
    else
        assert_plain_end(&start, n);
    if (is_mounted())
        fail_msg("allocation %ld: a mount is left behind", n);
    keep_none();
    return reached;
}

static void run_all(const char *const *argv)
{
    bool deep = getenv("MELBICOMFS_DEEP") != NULL;
    const char *from = getenv("SCENARIO_FROM");
    long mounts = 0, starts = 0;

    (void)start_with_failure(argv, 0, &mounts);
    long all = atomic_load(&shared->seen), step = deep ? 1 : 1 + (all - SAMPLE_ALL) / SAMPLE_MORE;
    for (long n = from ? atol(from) : 1; start_with_failure(argv, n, &mounts); n += n < SAMPLE_ALL ? 1 : step)
        starts++;
    print_message("%ld allocations, %ld starts with one that failed, %ld of them mounted\n", all, starts, mounts - 1);
}

static void test_with_a_file_and_profile(void **state)
{
    const char *argv[] = {getenv("MELBICOMFS"), "-f", "work", path, "-o", "push=0", NULL};

    (void)state;
    run_all(argv);
}

static void write_file(const char *name, const char *text)
{
    char file[320];

    (void)snprintf(file, sizeof file, "%s/melbicomfs/%s", config, name);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static int setup(void **state)
{
    static const char *const options[] = {"--services", "3", "--invoices", "3", NULL};
    char text[1024], below[320];

    (void)state;
    simulator_start(&sim, options);
    scratch_make(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/mnt", dir);
    (void)snprintf(log_path, sizeof log_path, "%s/stderr", dir);
    (void)snprintf(config, sizeof config, "%s/config", dir);
    (void)snprintf(below, sizeof below, "%s/melbicomfs", config);
    assert_true(mkdir(path, 0700) == 0 && mkdir(config, 0700) == 0 && mkdir(below, 0700) == 0);
    (void)snprintf(text, sizeof text,
                   "ttl = 120\n\n[work]\nurl = %s\ntoken_file = %s/token\n\n[endpoints]\ninvoices.page_size = 100\n",
                   sim.url, below);
    write_file("config", text);
    write_file("token", HARNESS_TOKEN "\n");
    return 0;
}

static int teardown(void **state)
{
    char command[320];

    (void)state;
    simulator_stop(&sim);
    (void)snprintf(command, sizeof command, "rm -r '%s'", dir);
    int r = system(command); /* NOLINT: the path is our own */
    keep_none();
    return r;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_with_a_file_and_profile)};

    (void)snprintf(shared_path, sizeof shared_path, "/dev/shm/melbicomfs-allocations-XXXXXX");
    int fd = mkstemp(shared_path);
    if (fd < 0 || ftruncate(fd, sizeof *shared) < 0)
        abort();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    close(fd);
    setenv("MELBICOMFS_ALLOCATIONS", shared_path, 1);
    harness_begin();
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    (void)unlink(shared_path);
    return failed;
}
