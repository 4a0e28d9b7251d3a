/* SPDX-License-Identifier: MIT */
#include "mount/guard.h"

#include "mount/mountpoint.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The guard is this program once more, so that it shares no memory with the program that holds the token. It has the
 * abort file as its standard input and no other descriptor. This file stays tied to the connection, even when the
 * number of the connection has been given to another.
 *
 * The end of a pipe would not tell the guard of the program's death: the thread that hangs keeps all descriptors open.
 * The signal that the kernel sends at the end of the parent's thread (PR_SET_PDEATHSIG) does. The name differs from the
 * program's, so that `pkill -9 melbicomfs` spares the guard.
 */
#define NAME      "fuse-abort"
#define CONTROL   "/sys/fs/fuse/connections"
#define NO_FILE   "-"
#define ARGUMENTS 3 /* NAME, the program's process id, and the mount point where it has to be unmounted by force */

/* The abort file, or -1. */
static int open_abort(const char *path)
{
    char file[64];
    unsigned device;

    if (mountpoint_device(path, &device) < 0)
        return -1;
    (void)snprintf(file, sizeof file, CONTROL "/%u/abort", device);
    return open(file, O_WRONLY | O_CLOEXEC);
}

/* In the child: becomes the guard. From the first moment on, the kernel sends it a signal when the program's thread ends. */
static void become_guard(char *const argv[], int abort_fd)
{
    static char *const nothing[] = {NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0 && prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && dup2(null, STDOUT_FILENO) >= 0 &&
        dup2(null, STDERR_FILENO) >= 0 && dup2(abort_fd >= 0 ? abort_fd : null, STDIN_FILENO) >= 0)
        (void)execve("/proc/self/exe", argv, nothing);
    _exit(1);
}

/* Returns when the guard is ready: `started` has no other writer than the child, which closes it when it becomes the
 * guard. Until then the program has one thread, and cannot leave one behind. */
static pid_t spawn(char *const argv[], int abort_fd)
{
    sigset_t all, old;
    int started[2];
    char byte;

    if (pipe2(started, O_CLOEXEC) < 0)
        return 0;
    (void)sigfillset(&all); /* the guard blocks all signals: those of a terminal are for the program */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t pid = fork();
    if (pid == 0)
        become_guard(argv, abort_fd);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)close(started[1]);
    while (pid > 0 && read(started[0], &byte, 1) < 0 && errno == EINTR)
        ;
    (void)close(started[0]);
    return pid > 0 ? pid : 0;
}

pid_t guard_start(const char *path)
{
    _cleanup_(closep) int abort_fd = open_abort(path);
    _cleanup_(freep) char *where = strdup(abort_fd >= 0 ? NO_FILE : path);
    char name[] = NAME, parent[16];
    char *argv[] = {name, parent, where, NULL};

    if (!where || (abort_fd < 0 && geteuid() != 0))
        return 0;
    (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
    return spawn(argv, abort_fd);
}

void guard_end(pid_t guard)
{
    if (guard <= 0)
        return;
    (void)kill(guard, SIGKILL);
    while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool guard_is(int argc, char **argv)
{
    return argc == ARGUMENTS && strcmp(argv[0], NAME) == 0;
}

static void end_connection(const char *path)
{
    if (strcmp(path, NO_FILE) != 0)
        (void)umount2(path, MNT_FORCE | UMOUNT_NOFOLLOW);
    else
        (void)!write(STDIN_FILENO, "1", 1);
}

int guard_main(char **argv)
{
    pid_t parent = (pid_t)strtol(argv[1], NULL, 10);
    siginfo_t info;
    sigset_t death;

    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)prctl(PR_SET_NAME, NAME);
    (void)chdir("/");
    (void)sigemptyset(&death);
    (void)sigaddset(&death, SIGUSR1);
    /* Others may send this signal, too. */
    while (getppid() == parent)
        if (sigwaitinfo(&death, &info) == SIGUSR1 && info.si_pid == parent)
            break;
    end_connection(argv[2]);
    return 0;
}
