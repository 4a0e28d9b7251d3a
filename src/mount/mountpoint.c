/* SPDX-License-Identifier: MIT */
#include "mount/mountpoint.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
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

/* Finds a melbicomfs inside of which `path` is. Returns whether there is one, with its mount point in *ret_at. */
static bool is_inside_ours(const char *path, struct found *ret, char **ret_at)
{
    _cleanup_(freep) char *above = strdup(path);
    char *slash;
    while (above && (slash = strrchr(above, '/')) && slash > above) {
        *slash = '\0';
        if (!find_mount(above, ret))
            continue;
        if (strcmp(ret->type, "fuse.melbicomfs") == 0)
            *ret_at = steal(&above);
        return *ret_at != NULL;
    }
    return false;
}

/* Looks for a mount that is there already: refuses it if it is a melbicomfs that lives, or another file system that has
 * died. Unmounts a melbicomfs that has died, unless it shall only look. */
static int check_mounts(const char *path, bool look_only)
{
    struct found found;
    _cleanup_(freep) char *at = NULL;
    bool dead = is_dead(path), ours = is_ours(path, &found);

    if (ours && dead)
        return look_only ? 0 : recover(path);
    if (dead) {
        log_error("%s: the file system mounted there has died; unmount it: fusermount3 -u '%s'", path, path);
        return -ENOTCONN;
    }
    if (ours) {
        log_error("%s: already mounted: a melbicomfs of %s; to unmount it, run: fusermount3 -u '%s'", path,
                  found.source, path);
        return -EBUSY;
    }
    if (is_inside_ours(path, &found, &at)) {
        log_error("%s: cannot mount there: it is inside a melbicomfs of %s, mounted at %s; choose a directory outside "
                  "of it",
                  path, found.source, at);
        return -EBUSY;
    }
    return 0;
}

/* The name of a user, in a static buffer. */
static const char *name_of(uid_t uid)
{
    static char name[64];
    const struct passwd *user = getpwuid(uid);
    (void)snprintf(name, sizeof name, "%.*s", user ? (int)sizeof name - 1 : 0, user ? user->pw_name : "");
    if (!user)
        (void)snprintf(name, sizeof name, "%u", (unsigned)uid);
    return name;
}

/* What fusermount3 checks for an ordinary user: the directory must be writable, and the user's own if it is sticky, as
 * /tmp is. */
static int check_owner(const char *path, const struct stat *st)
{
    uid_t uid = getuid();
    if (uid == 0 || (access(path, W_OK) == 0 && (st->st_uid == uid || !(st->st_mode & S_ISVTX))))
        return 0;
    if (st->st_uid == uid)
        log_error("%s: cannot mount there: you cannot write to this directory; run: chmod u+w '%s'", path, path);
    else
        log_error(
            "%s: cannot mount there: the directory belongs to %s; choose a directory of your own, or run as root: "
            "chown %u '%s'",
            path, name_of(st->st_uid), (unsigned)uid, path);
    return -EACCES;
}

/* ---- security modules ---- */

/* Root mounts without fusermount3, and where root is forbidden to, it is mostly Docker's profile that does so. */
const char *mountpoint_forbidden_advice(void)
{
    if (geteuid() == 0)
        return "a security module such as AppArmor forbids it; start a container with --security-opt "
               "apparmor=unconfined";
    return "a security module such as AppArmor forbids fusermount3 to mount there; choose a directory in your home "
           "directory, or let root allow this one in /etc/apparmor.d/local/fusermount3";
}

/* Whether `path` is below a directory. */
static bool is_below(const char *path, const char *directory)
{
    size_t len = directory ? strlen(directory) : 0;
    return len > 1 && strncmp(path, directory, len) == 0 && path[len] == '/';
}

/* The profile of recent Ubuntu allows mounts in these places only. It can be asked by trying alone, so this is a guess
 * for those who only look. */
static int guess_forbidden(const char *path)
{
    const struct passwd *user = getpwuid(getuid());
    if (getuid() == 0 || access("/etc/apparmor.d/fusermount3", F_OK) != 0 ||
        is_below(path, user ? user->pw_dir : NULL) || is_below(path, getenv("HOME")) || is_below(path, "/home") ||
        is_below(path, "/mnt") || is_below(path, "/media") || is_below(path, "/tmp") || is_below(path, "/run/user"))
        return 0;
    log_error("%s: cannot mount: %s", path, mountpoint_forbidden_advice());
    return -EACCES;
}

/* ---- all together ---- */

/* Whether a directory that does not exist can be made: by an ordinary user, in a directory that can be written. */
static int check_missing(const char *path)
{
    const char *slash = strrchr(path, '/');
    _cleanup_(freep) char *above = slash ? strndup(path, (size_t)(slash - path + (slash == path))) : NULL;
    struct stat st;
    if (!above || stat(above, &st) < 0 || !S_ISDIR(st.st_mode)) {
        log_error("%s: cannot mount there: the directory does not exist; make it: mkdir -p '%s'", path, path);
        return -ENOENT;
    }
    if (access(above, W_OK | X_OK) < 0) {
        int r = -errno;
        log_error(
            "%s: cannot mount there: the directory does not exist, and you cannot make it: %s; choose a directory "
            "of your own",
            path, strerror(-r));
        return r;
    }
    return 0;
}

static int check_directory(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        int r = -errno;
        if (r == -ENOENT)
            return check_missing(path);
        log_error("%s: cannot mount there: %s; choose an empty directory of your own", path, strerror(-r));
        return r;
    }
    if (!S_ISDIR(st.st_mode)) {
        log_error("%s: cannot mount there: not a directory; choose an empty directory", path);
        return -ENOTDIR;
    }
    /* First whether it is empty: nobody shall be told to take over a directory that is in use. */
    int r = access(path, R_OK) == 0 ? check_empty(path) : 0;
    if (r == 0)
        r = check_owner(path, &st);
    return r == 0 ? check_empty(path) : r;
}

int mountpoint_make(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    int r = -errno;
    log_error("%s: cannot mount there: the directory cannot be made: %s; choose a directory of your own", path,
              strerror(-r));
    return r;
}

int mountpoint_check(const char *path, bool look_only)
{
    int r = check_mounts(path, look_only);
    if (r < 0 || (look_only && is_dead(path)))
        return r;
    r = check_directory(path);
    return r == 0 && look_only ? guess_forbidden(path) : r;
}
