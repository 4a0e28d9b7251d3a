/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness_private.h"

/*
 * What has to be ended with the test program: process ids and mount points, in a table that the watchdog and the exit
 * handler read. The test program may end in the middle of a test, or be stuck in a mount of its own; killing the
 * program behind the mount sets it free.
 */
#define LIVE_MAX 32

/* How many times longer than usual a deep test program may take. */
#define DEEP_DEADLINES 60

static struct live {
    pid_t pid;
    char path[272]; /* its mount point, or "" */
} live[LIVE_MAX];
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;

static void live_add(pid_t pid, const char *path)
{
    pthread_mutex_lock(&live_lock);
    struct live *slot = live;
    while (slot < live + LIVE_MAX && slot->pid)
        slot++;
    if (slot < live + LIVE_MAX) {
        slot->pid = pid;
        snprintf(slot->path, sizeof slot->path, "%s", path);
    }
    pthread_mutex_unlock(&live_lock);
    if (slot == live + LIVE_MAX)
        fail_msg("harness: more than %d processes", LIVE_MAX);
}

static void live_remove(pid_t pid)
{
    pthread_mutex_lock(&live_lock);
    for (struct live *slot = live; slot < live + LIVE_MAX; slot++)
        if (slot->pid == pid)
            slot->pid = 0;
    pthread_mutex_unlock(&live_lock);
}

/* Takes a mount away that no process serves any more. Quiet: mostly there is none. */
static void unmount_lazily(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, STDERR_FILENO);
        (void)execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void end_all(void)
{
    pthread_mutex_lock(&live_lock);
    for (struct live *slot = live; slot < live + LIVE_MAX; slot++) {
        if (!slot->pid)
            continue;
        (void)kill(slot->pid, SIGKILL);
        if (slot->path[0])
            unmount_lazily(slot->path);
        slot->pid = 0;
    }
    pthread_mutex_unlock(&live_lock);
}

/* What MELBICOMFS_TIMEOUT_SCALE says: how much slower programs run here than on a machine of their own; 1 by default. */
int time_scale(void)
{
    const char *text = getenv("MELBICOMFS_TIMEOUT_SCALE");
    int n = text ? atoi(text) : 1;

    return n > 0 ? n : 1;
}

bool is_deep(void)
{
    const char *text = getenv("MELBICOMFS_DEEP");

    return text && *text && strcmp(text, "0") != 0;
}

static bool is_time(const char *option, size_t len)
{
    static const char *const names[] = {"ttl",     "ttl_slow",        "stale_if_error",
                                        "timeout", "connect_timeout", "timeout_total"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && strncmp(names[i], option, len) == 0)
            return true;
    return false;
}

char *scaled_times(const char *options)
{
    char *rest = keep_text(options), *option;
    size_t size = 16 * (strlen(options) + 1), len = 0; /* a number grows by a few digits */
    char *scaled = keep(size);

    while ((option = strsep(&rest, ","))) {
        size_t name = strcspn(option, "=");
        const char *comma = len > 0 ? "," : "";
        char *unit = NULL;
        double n = option[name] ? strtod(option + name + 1, &unit) : 0;
        if (option[name] && is_time(option, name))
            len += (size_t)snprintf(scaled + len, size - len, "%s%.*s=%.10g%s", comma, (int)name, option,
                                    n * time_scale(), unit);
        else
            len += (size_t)snprintf(scaled + len, size - len, "%s%s", comma, option);
    }
    return scaled;
}

int64_t deadline_in(int ms)
{
    return now_ms() + (int64_t)ms * time_scale();
}

static void *watch(void *unused)
{
    static const char late[] = "harness: the test program took too long and is ended\n";
    struct timespec left = {HARNESS_DEADLINE_S * time_scale() * (is_deep() ? DEEP_DEADLINES : 1), 0};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
    (void)!write(STDERR_FILENO, late, sizeof late - 1);
    end_all();
    _exit(1);
    return unused;
}

/* Programs started from here are to end as they would from a shell, whatever this one was started with: nohup, for one,
 * has SIGHUP ignored by all that runs below it. */
static void default_signals(void)
{
    static const int kinds[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1};
    sigset_t none;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        signal(kinds[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void harness_begin(void)
{
    pthread_t watchdog;

    if (access("/dev/fuse", R_OK | W_OK) < 0) {
        fprintf(stderr, "/dev/fuse: %s: skipped\n", strerror(errno));
        exit(77);
    }
    if (!getenv("MELBICOMFS") || !getenv("SIMULATOR")) {
        fprintf(stderr, "MELBICOMFS and SIMULATOR must name the programs\n");
        exit(1);
    }
    setenv("LC_ALL", "C", 1);
    setenv("TZ", "UTC", 1);
    unsetenv("MELBICOM_TOKEN");
    unsetenv("MELBICOM_URL");
    unsetenv("CREDENTIALS_DIRECTORY");
    umask(022);
    default_signals();
    setvbuf(stdout, NULL, _IOLBF, 0);
    atexit(end_all);
    if (getenv("TEST_FILTER"))
        cmocka_set_test_filter(getenv("TEST_FILTER"));
    if (pthread_create(&watchdog, NULL, watch, NULL) == 0)
        pthread_detach(watchdog);
}

bool is_root(void)
{
    return geteuid() == 0;
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool wait_until(bool (*cond)(void *data), void *data, int ms)
{
    int64_t end = deadline_in(ms);
    while (!cond(data)) {
        if (now_ms() >= end)
            return false;
        (void)poll(NULL, 0, 3);
    }
    return true;
}

void let_pass(int ms)
{
    int64_t end = now_ms() + ms;
    for (int64_t left = ms; left > 0; left = end - now_ms())
        (void)poll(NULL, 0, (int)left);
}

void let_expire(int ttl_s)
{
    let_pass(1000 * ttl_s * time_scale() + 200);
}

/* ---- directories and processes ---- */

void scratch_make(char *dir, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, size, "%s/melbicomfs-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        fail_msg("%s: %s", dir, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0;
}

/* Stays on its file system, so nothing below a mount that might be left is touched. */
static void scratch_remove(const char *dir)
{
    if (dir[0])
        (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Waits for a child; false when it has not ended in time. */
static bool reap(pid_t pid, int ms, int *status)
{
    int64_t end = deadline_in(ms);
    for (;;) {
        pid_t r = waitpid(pid, status, WNOHANG);
        if (r == pid || (r < 0 && errno != EINTR))
            return r == pid;
        if (now_ms() >= end)
            return false;
        (void)poll(NULL, 0, 2);
    }
}

/* SIGTERM, then SIGKILL; whether it ended by itself with status 0. */
static bool end_child(pid_t pid, int ms)
{
    int status = -1;
    (void)kill(pid, SIGTERM);
    bool ended = reap(pid, ms, &status);
    if (!ended) {
        (void)kill(pid, SIGKILL);
        (void)reap(pid, 5000, &status);
    }
    live_remove(pid);
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- the simulator ---- */

static bool exists(void *path)
{
    return access(path, F_OK) == 0;
}

void simulator_start(struct simulator *sim, const char *const *options)
{
    char port_file[300], log[300];
    const char *argv[64] = {getenv("SIMULATOR"), "--exit-with-parent", "--token",
                            HARNESS_TOKEN,       "--port-file",        port_file};
    unsigned n = 6, port = 0;

    memset(sim, 0, sizeof *sim);
    scratch_make(sim->dir, sizeof sim->dir);
    snprintf(port_file, sizeof port_file, "%s/port", sim->dir);
    snprintf(log, sizeof log, "%s/log", sim->dir);
    while (options && *options && n < 63)
        argv[n++] = *options++;
    sim->pid = fork();
    if (sim->pid == 0) {
        int out = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        (void)dup2(out, STDOUT_FILENO);
        (void)dup2(out, STDERR_FILENO);
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    live_add(sim->pid, "");
    if (!wait_until(exists, port_file, 20000))
        fail_msg("the simulator does not start: %s", keep_file(log));
    const char *text = keep_file(port_file), *port_at = text ? strrchr(text, ':') : NULL;
    if (!text || sscanf(text, "%127s", sim->url) != 1 || !port_at || sscanf(port_at, ":%u", &port) != 1)
        fail_msg("the simulator's port file holds %s", text ? text : "nothing");
    sim->control = (uint16_t)port;
    sim->port = (uint16_t)strtoul(strrchr(sim->url, ':') + 1, NULL, 10);
}

void simulator_stop(struct simulator *sim)
{
    char log[300];
    if (sim->pid <= 0)
        return;
    bool good = end_child(sim->pid, 10000);
    sim->pid = 0;
    snprintf(log, sizeof log, "%s/log", sim->dir);
    const char *text = keep_file(log), *why = suspicious(text);
    scratch_remove(sim->dir);
    if (why || !good)
        fail_msg("the simulator %s; its output:\n%s", why ? why : "did not end with status 0", text);
}

/* ---- the mount ---- */

static void write_config(const struct mount *mount, const char *text)
{
    char path[320];
    snprintf(path, sizeof path, "%s/config/melbicomfs", mount->dir);
    (void)mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/config/melbicomfs/config", mount->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        fail_msg("%s: %s", path, strerror(errno));
    close(fd);
}

/* The default times of the program, for slow programs: a test that asks once for each list has the default ttl to do it
 * in. Later options win. */
static const char *slow_defaults(void)
{
    return time_scale() > 1 ? scaled_times("ttl=60,timeout=30,connect_timeout=10,timeout_total=300") : NULL;
}

/* In the child: becomes the program. */
static void become_program(const struct mount *mount, const struct how *how, pid_t parent)
{
    char config[300];
    const char *token = how->token ? how->token : HARNESS_TOKEN;
    int out = open(mount->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    snprintf(config, sizeof config, "%s/config", mount->dir);
    setenv("XDG_CONFIG_HOME", config, 1);
    if (*token)
        setenv("MELBICOM_TOKEN", token, 1);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    const char *program = getenv("MELBICOMFS");
    const char *given[] = {slow_defaults(), how->options};
    const char *argv[9] = {program, "-f", mount->url, mount->path};
    size_t n = 4;
    for (size_t i = 0; i < 2; i++)
        if (given[i]) {
            argv[n++] = "-o";
            argv[n++] = given[i];
        }
    (void)execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* The mount point shows another device than its directory, or the program has ended. */
struct starting {
    const struct mount *mount;
    dev_t below;
    bool ended;
};

static bool is_mounted(void *data)
{
    struct starting *starting = data;
    struct stat st;
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)starting->mount->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
        return starting->ended = true;
    return stat(starting->mount->path, &st) == 0 && st.st_dev != starting->below;
}

/* Starts the program. */
static void launch(struct mount *mount, const struct how *how)
{
    static const struct how plain = {0};
    pid_t parent = getpid();

    mount->pid = fork();
    if (mount->pid == 0)
        become_program(mount, how ? how : &plain, parent);
    live_add(mount->pid, mount->path);
    command_environment(mount);
}

void mount_start(struct mount *mount, const struct simulator *sim, const struct how *how)
{
    struct starting starting = {.mount = mount};
    struct stat st;
    char config[300];

    memset(mount, 0, sizeof *mount);
    scratch_make(mount->dir, sizeof mount->dir);
    snprintf(mount->path, sizeof mount->path, "%s/mnt", mount->dir);
    snprintf(mount->log, sizeof mount->log, "%s/stderr", mount->dir);
    snprintf(config, sizeof config, "%s/config", mount->dir);
    if (mkdir(mount->path, 0700) < 0 || mkdir(config, 0700) < 0 || stat(mount->path, &st) < 0)
        fail_msg("%s: %s", mount->dir, strerror(errno));
    starting.below = st.st_dev;
    if (how && how->config)
        write_config(mount, how->config);
    snprintf(mount->url, sizeof mount->url, "%s", how && how->source ? how->source : sim->url);
    mount->control = sim ? sim->control : 0;
    launch(mount, how);
    if (!wait_until(is_mounted, &starting, 20000) || starting.ended)
        fail_msg("the program does not mount: %s", mount_log(mount));
}

/* A program that is to mount again, and how long the log was before. */
struct again {
    const struct mount *mount;
    off_t from;
    bool mounted;
};

static off_t log_length(const struct mount *mount)
{
    struct stat st;
    return stat(mount->log, &st) < 0 ? 0 : st.st_size;
}

static bool has_mounted_again(void *data)
{
    struct again *again = data;
    char text[4096];
    int fd = open(again->mount->log, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, again->from);
    siginfo_t info = {.si_pid = 0};

    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    again->mounted = strstr(text, ": mounted http");
    return again->mounted ||
           (waitid(P_PID, (id_t)again->mount->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid);
}

void mount_again(struct mount *mount, const struct how *how)
{
    struct again again = {mount, log_length(mount), false};

    live_remove(mount->pid);
    launch(mount, how);
    if (!wait_until(has_mounted_again, &again, 20000) || !again.mounted) {
        const char *log = mount_log(mount);
        size_t len = strlen(log), from = (size_t)again.from < len ? (size_t)again.from : len;
        fail_msg("the program does not mount again: %.2000s", log + from);
    }
}

int mount_ended(struct mount *mount, int ms)
{
    int status;
    return reap(mount->pid, ms, &status) ? status : -1;
}

static bool still_mounted(const char *path)
{
    struct stat st, up;
    char above[300];
    snprintf(above, sizeof above, "%s/..", path);
    return stat(path, &st) < 0 ? errno == ENOTCONN : stat(above, &up) == 0 && st.st_dev != up.st_dev;
}

void mount_stop(struct mount *mount)
{
    if (mount->pid <= 0)
        return;
    bool good = end_child(mount->pid, 15000);
    mount->pid = 0;
    bool left = still_mounted(mount->path);
    if (left)
        unmount_lazily(mount->path);
    const char *log = mount_log(mount), *why = suspicious(log);
    scratch_remove(mount->dir);
    if (why || !good)
        fail_msg("the program %s; its stderr:\n%s", why ? why : "did not end with status 0", log);
    if (left)
        fail_msg("the program left its mount behind; its stderr:\n%s", log);
}

char *mount_log(const struct mount *mount)
{
    char *text = keep_file(mount->log);
    return text ? text : keep_text("");
}

/* ---- both ---- */

int fixture_start(struct fixture *fixture, const char *const *options, const struct how *how)
{
    memset(fixture, 0, sizeof *fixture);
    simulator_start(&fixture->sim, options);
    mount_start(&fixture->mount, &fixture->sim, how);
    return 0;
}

int fixture_stop(struct fixture *fixture)
{
    mount_stop(&fixture->mount);
    simulator_stop(&fixture->sim);
    keep_none();
    return 0;
}

void fixture_remount(struct fixture *fixture, const struct how *how)
{
    mount_stop(&fixture->mount);
    mount_start(&fixture->mount, &fixture->sim, how);
    journal_clear(&fixture->sim);
}
