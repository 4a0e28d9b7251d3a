/* SPDX-License-Identifier: MIT */
#include "mount/mountpoint.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* Undoes in place the escapes of /proc/self/mountinfo, where white space and backslashes are written as \ooo
 * (octal). */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        unsigned value;
        if (*from == '\\' && strspn(from + 1, "01234567") >= 3 && sscanf(from + 1, "%3o", &value) == 1) {
            *to = (char)value;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* The topmost mount at a path, according to /proc/self/mountinfo. */
struct found {
    char type[64], source[4096];
    unsigned minor; /* of its device */
};

/* Returns whether something is mounted at `path`. The source is cut if it does not fit. */
static bool find_mount(const char *path, struct found *ret)
{
    FILE *info = fopen("/proc/self/mountinfo", "re");
    _cleanup_(freep) char *line = NULL;
    size_t room = 0;
    bool found = false;

    while (info && getline(&line, &room, info) > 0) {
        char at[4096], type[64], from[4096];
        unsigned minor;
        const char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*s %*s %*u:%u %*s %4095s", &minor, at) != 2 ||
            sscanf(rest, " - %63s %4095s", type, from) != 2)
            continue;
        unescape(at);
        if (strcmp(at, path) != 0)
            continue;
        unescape(from);
        found = true;
        ret->minor = minor;
        (void)snprintf(ret->type, sizeof ret->type, "%s", type);
        (void)snprintf(ret->source, sizeof ret->source, "%s", from);
    }
    if (info)
        fclose(info);
    return found;
}

/* Whether the topmost mount at `path` is of type fuse.melbicomfs. */
static bool is_ours(const char *path, struct found *ret)
{
    return find_mount(path, ret) && strcmp(ret->type, "fuse.melbicomfs") == 0;
}

int mountpoint_device(const char *path, unsigned *ret)
{
    struct found found;
    if (!is_ours(path, &found))
        return -ENOENT;
    *ret = found.minor;
    return 0;
}

static int run_fusermount(const char *path)
{
    char program[] = "fusermount3", flags[] = "-uzq", dashes[] = "--";
    _cleanup_(freep) char *where = strdup(path);
    char *argv[] = {program, flags, dashes, where, NULL};
    pid_t pid;
    int status;

    if (!where || posix_spawnp(&pid, program, NULL, NULL, argv, environ) != 0)
        return -ENOENT;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* Unmounts a melbicomfs that has died. */
static int recover(const char *path)
{
    if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && run_fusermount(path) < 0) {
        log_error("%s: a melbicomfs that has died is still mounted there, and unmounting it failed; unmount it: "
                  "fusermount3 -u '%s'",
                  path, path);
        return -ENOTCONN;
    }
    log_info("%s: unmounted a melbicomfs that had died", path);
    return 0;
}

static int check_empty(const char *path)
{
    DIR *dir = opendir(path);
    bool empty = true;
    if (!dir) {
        int r = -errno;
        log_error("%s: cannot read the mount point: %s; choose an empty directory that you can read", path,
                  strerror(-r));
        return r;
    }
    for (struct dirent *entry; empty && (entry = readdir(dir));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    if (!empty)
        log_error("%s: the mount point is not empty; choose an empty directory", path);
    return empty ? 0 : -ENOTEMPTY;
}

/* Asks with statvfs(), because the kernel may answer stat() of a dead mount's root from its cache. */
static bool is_dead(const char *path)
{
    struct statvfs st;
    return statvfs(path, &st) < 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

/* Looks for a mount that is there already: unmounts it if it is a melbicomfs that has died, and refuses it if it is one
 * that lives, or another file system that has died. */
static int check_mounts(const char *path)
{
    struct found found;
    bool dead = is_dead(path), ours = is_ours(path, &found);

    if (ours && dead)
        return recover(path);
    if (dead) {
        log_error("%s: the file system mounted there has died; unmount it: fusermount3 -u '%s'", path, path);
        return -ENOTCONN;
    }
    if (ours) {
        log_error("%s: already mounted: a melbicomfs of %s; to unmount it, run: fusermount3 -u '%s'", path,
                  found.source, path);
        return -EBUSY;
    }
    return 0;
}

int mountpoint_check(const char *path)
{
    struct stat st;
    int r = check_mounts(path);
    if (r < 0)
        return r;
    if (stat(path, &st) < 0) {
        r = -errno;
        log_error("%s: cannot mount there: %s%s", path, strerror(-r),
                  r == -ENOENT ? "; create the directory: mkdir -p DIRECTORY" : "");
        return r;
    }
    if (!S_ISDIR(st.st_mode)) {
        log_error("%s: cannot mount there: not a directory; choose an empty directory", path);
        return -ENOTDIR;
    }
    return check_empty(path);
}
