/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_private.h"

void command_environment(const struct mount *mount)
{
    char control[64];

    snprintf(control, sizeof control, "http://127.0.0.1:%u", mount->control);
    setenv("MNT", mount->path, 1);
    setenv("DIR", mount->dir, 1);
    setenv("URL", mount->url, 1);
    setenv("CONTROL", control, 1);
}

static void __attribute__((format(printf, 3, 0)))
start(struct running *running, const char *cwd, const char *format, va_list arguments)
{
    char *command;

    if (vasprintf(&command, format, arguments) < 0)
        abort();
    running->out = memfd_create("out", MFD_CLOEXEC);
    running->err = memfd_create("err", MFD_CLOEXEC);
    running->started = now_ms();
    running->pid = fork();
    if (running->pid == 0) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        (void)setpgid(0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(running->out, STDOUT_FILENO);
        (void)dup2(running->err, STDERR_FILENO);
        if (chdir(cwd) < 0) {
            fprintf(stderr, "%s: %s\n", cwd, strerror(errno));
            _exit(126);
        }
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)setpgid(running->pid, running->pid);
    free(command);
    if (running->pid < 0)
        fail_msg("fork: %s", strerror(errno));
}

void run_start(struct running *running, const char *cwd, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    start(running, cwd, format, arguments);
    va_end(arguments);
}

bool run_ended(const struct running *running)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

struct ran run_wait(struct running *running, int ms)
{
    struct ran ran = {.status = -1};
    int64_t end = deadline_in(ms);
    bool late = false;
    int status = 0;

    while (waitpid(running->pid, &status, WNOHANG) == 0) {
        if (!late && now_ms() >= end) {
            late = true;
            (void)kill(-running->pid, SIGKILL);
        }
        (void)poll(NULL, 0, 1);
    }
    ran.ms = now_ms() - running->started;
    ran.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    ran.out = keep_fd(running->out, &ran.out_len);
    ran.err = keep_fd(running->err, &ran.err_len);
    close(running->out);
    close(running->err);
    if (late)
        fail_msg("a command had not ended after %d ms; it said:\n%.2000s%.2000s", ms, ran.out, ran.err);
    return ran;
}

struct ran run(const struct mount *mount, const char *format, ...)
{
    struct running running;
    va_list arguments;
    va_start(arguments, format);
    command_environment(mount);
    start(&running, mount->path, format, arguments);
    va_end(arguments);
    return run_wait(&running, RUN_MS);
}

struct ran run_ok(const struct mount *mount, const char *format, ...)
{
    struct running running;
    va_list arguments;
    va_start(arguments, format);
    command_environment(mount);
    start(&running, mount->path, format, arguments);
    va_end(arguments);
    struct ran ran = run_wait(&running, RUN_MS);
    if (ran.status != 0)
        fail_msg("\"%s\" exits %d; it said:\n%.2000s%.2000s\nthe program's stderr:\n%s", format, ran.status, ran.out,
                 ran.err, mount_log(mount));
    return ran;
}

/* ---- who waits ---- */

/* /proc/PID/stat: the name, the state, and the parent. */
static bool process_stat(pid_t pid, char name[64], char *state, pid_t *parent)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    char *open = read ? strchr(line, '(') : NULL, *close = read ? strrchr(line, ')') : NULL;
    if (!open || !close || sscanf(close + 1, " %c %d", state, parent) != 2)
        return false;
    snprintf(name, 64, "%.*s", (int)(close - open - 1), open + 1);
    return true;
}

struct blocked {
    pid_t above;
    const char *name;
};

static bool is_blocked(void *data)
{
    const struct blocked *blocked = data;
    DIR *proc = opendir("/proc");
    char name[64], state;
    pid_t parent;
    bool found = false;

    for (struct dirent *entry; !found && proc && (entry = readdir(proc));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!isdigit((unsigned char)entry->d_name[0]) || !process_stat(pid, name, &state, &parent))
            continue;
        found = (pid == blocked->above || parent == blocked->above) && strcmp(name, blocked->name) == 0 &&
                (state == 'S' || state == 'D');
    }
    if (proc)
        closedir(proc);
    return found;
}

void run_wait_blocked(const struct running *running, const char *name)
{
    struct blocked blocked = {running->pid, name};
    if (!wait_until(is_blocked, &blocked, 10000))
        fail_msg("no %s waits", name);
}
