/* SPDX-License-Identifier: MIT */
/*
 * Helpers for the tests of the command line: run the program as a user does, and look whether it has mounted.
 *
 * Threads:   the test's only.
 * Ownership: place_make() makes a directory with a mount point in it. place_remove() unmounts, ends the program if it
 *            is still running, and removes the directory.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_COMMAND_LINE_H
#define MELBICOMFS_TESTS_COMMAND_LINE_H

#include "harness.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OK_MS 20000 /* how long program() waits for the program's first process to end */

/* A scratch directory, and the mount point DIR/mnt in it. */
struct place {
    char dir[256], mnt[272];
};

static inline void place_make(struct place *place)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(place->dir, sizeof place->dir, "%s/melbicomfs-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(place->dir));
    (void)snprintf(place->mnt, sizeof place->mnt, "%s/mnt", place->dir);
    assert_int_equal(mkdir(place->mnt, 0700), 0);
}

/* Whether a file system is mounted at `path`, alive or dead. */
static inline bool is_mount(const char *path)
{
    char line[8192], at[4096], escaped[1200];
    FILE *info = fopen("/proc/self/mountinfo", "re");
    size_t len = 0;
    bool found = false;

    assert_non_null(info);
    for (; *path && len + 5 < sizeof escaped; path++)
        len += (size_t)snprintf(escaped + len, sizeof escaped - len, *path == ' ' ? "\\040" : "%c", *path);
    while (!found && fgets(line, sizeof line, info))
        found = sscanf(line, "%*s %*s %*s %*s %4095s", at) == 1 && strcmp(at, escaped) == 0;
    (void)fclose(info);
    return found;
}

/* Conditions for wait_until(); the data is the mount point. */
static inline bool is_mount_cond(void *path)
{
    return is_mount(path);
}

static inline bool is_no_mount(void *path)
{
    return !is_mount(path);
}

/* Reads /proc/PID/NAME, such as "comm", into `ret` with a NUL. Returns its length in bytes, 0 when the process has
 * ended. */
static inline size_t read_proc(const char *pid, const char *name, char *ret, size_t size)
{
    char path[300];

    (void)snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(ret, 1, size - 1, file) : 0;
    if (file)
        (void)fclose(file);
    ret[len] = '\0';
    return len;
}

/* The process that serves the mount point `mnt`, or 0. It is found by its name (comm) and by `mnt` in its arguments,
 * which every user may read. Under an emulator, comm is still the program's name, and the emulator is the first
 * argument. */
static inline pid_t server_of(const char *mnt)
{
    DIR *proc = opendir("/proc");
    const char *program = strrchr(getenv("MELBICOMFS"), '/') + 1;
    pid_t found = 0;

    assert_non_null(proc);
    for (struct dirent *entry; !found && (entry = readdir(proc));) {
        char name[32] = "", arguments[4096] = "";
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        (void)read_proc(entry->d_name, "comm", name, sizeof name);
        name[strcspn(name, "\n")] = '\0';
        size_t len = read_proc(entry->d_name, "cmdline", arguments, sizeof arguments);
        if (strcmp(name, program) == 0 && memmem(arguments, len, mnt, strlen(mnt)))
            found = (pid_t)atoi(entry->d_name);
    }
    (void)closedir(proc);
    return found;
}

static inline bool has_no_server(void *mnt)
{
    return server_of(mnt) == 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0;
}

static inline void place_remove(struct place *place)
{
    char command[600];

    if (is_mount(place->mnt)) {
        (void)snprintf(command, sizeof command, "fusermount3 -u -z '%s'", place->mnt);
        (void)system(command);
    }
    (void)wait_until(has_no_server, place->mnt, 5000);
    pid_t left = server_of(place->mnt);
    if (left > 0)
        (void)kill(left, SIGKILL);
    (void)nftw(place->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/*
 * Runs the program in the place's directory and waits for its first process to end. `format` gives the arguments, which
 * a shell expands: $URL is the simulator's URL (empty if `sim` is NULL), $MNT the mount point. MELBICOM_TOKEN is set to
 * `token`, or unset if `token` is NULL.
 */
static inline struct ran __attribute__((format(printf, 4, 5)))
program(const struct place *place, const struct simulator *sim, const char *token, const char *format, ...)
{
    struct running running;
    char arguments[2048];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    setenv("URL", sim ? sim->url : "", 1);
    setenv("MNT", place->mnt, 1);
    setenv("XDG_CONFIG_HOME", place->dir, 1);
    if (token)
        setenv("MELBICOM_TOKEN", token, 1);
    else
        unsetenv("MELBICOM_TOKEN");
    run_start(&running, place->dir, "exec \"$MELBICOMFS\" %s", arguments);
    unsetenv("MELBICOM_TOKEN");
    return run_wait(&running, OK_MS);
}

/* Asserts that the program exited with `status`, printed one line that begins with "melbicomfs: " and contains `what`
 * (in any case) on stderr and nothing on stdout, and mounted nothing. */
static inline void assert_fails(const struct place *place, const struct ran *ran, int status, const char *what)
{
    const char *newline = strchr(ran->err, '\n');

    if (ran->status != status || !newline || newline[1] || strncmp(ran->err, "melbicomfs: ", 12) ||
        !strcasestr(ran->err, what))
        fail_msg("exit status %d, expected %d and one line with '%s'; stderr:\n%s", ran->status, status, what,
                 ran->err);
    assert_string_equal(ran->out, "");
    assert_false(is_mount(place->mnt));
}

#endif
