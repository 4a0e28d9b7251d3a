/* SPDX-License-Identifier: MIT */
#include "shell/copy.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "shell/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Gets what is at the path: 1; 0: nothing; or an error. */
static int look_at(const struct kept *kept, const char *path, struct stat *st)
{
    if (kept->dir < 0)
        return 0;
    if (fstatat(kept->dir, path, st, AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

/* Whether an open file has these bytes, and no others behind them. */
static bool has_bytes(int fd, const char *bytes, size_t len)
{
    char part[65536];
    ssize_t n;
    while ((n = read(fd, part, sizeof part)) > 0) {
        if ((size_t)n > len || memcmp(part, bytes, (size_t)n) != 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return n == 0 && len == 0;
}

static bool is_same_file(const struct kept *kept, const char *path, const struct stat *st, const char *bytes,
                         size_t len, mode_t mode)
{
    if (!S_ISREG(st->st_mode) || (size_t)st->st_size != len || (st->st_mode & 07777) != (mode & 07777))
        return false;
    _cleanup_(closep) int fd = openat(kept->dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && has_bytes(fd, bytes, len);
}

/* Checks that what is at the path may be replaced, and puts the path on the list. A directory that was written earlier
 * and is empty makes way. */
static int make_way(struct kept *kept, const char *path, const struct stat *st)
{
    char dir[PATH_MAX];
    if (st && S_ISDIR(st->st_mode)) {
        size_t len = strlen(path);
        if (len + 2 > sizeof dir)
            return -ENAMETOOLONG;
        memcpy(dir, path, len);
        memcpy(dir + len, "/", 2);
        if (!kept_has(kept, dir))
            return -EEXIST;
        if (!kept->readonly && unlinkat(kept->dir, path, AT_REMOVEDIR) < 0)
            return -errno;
    } else if (st && !kept_has(kept, path)) {
        return -EEXIST;
    }
    return kept_add(kept, path);
}

static int write_temp(const struct kept *kept, const char *bytes, size_t len, mode_t mode, struct timespec mtime)
{
    const struct timespec times[2] = {mtime, mtime};
    _cleanup_(closep) int fd =
        openat(kept->dir, KEPT_TEMP, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 07777);
    if (fd < 0)
        return -errno;
    int r = file_write(fd, bytes, len);
    if (r < 0)
        return r;
    return futimens(fd, times) < 0 ? -errno : 0;
}

/* Renames what was made, or removes it after an error. Returns 1 or an error. */
static int rename_temp(const struct kept *kept, const char *path, int error)
{
    if (error == 0 && renameat(kept->dir, KEPT_TEMP, kept->dir, path) < 0)
        error = -errno;
    if (error < 0)
        (void)unlinkat(kept->dir, KEPT_TEMP, 0);
    return error < 0 ? error : 1;
}

int copy_file(struct kept *kept, const char *path, bool planned, const char *bytes, size_t len, mode_t mode,
              struct timespec mtime)
{
    struct stat st;
    int there = planned ? 0 : look_at(kept, path, &st);
    if (there < 0)
        return there;
    if (there && is_same_file(kept, path, &st, bytes, len, mode))
        return kept_add(kept, path);
    int r = planned ? 0 : make_way(kept, path, there ? &st : NULL);
    if (r < 0 || kept->readonly)
        return r < 0 ? r : 1;
    r = write_temp(kept, bytes, len, mode, mtime);
    return rename_temp(kept, path, r);
}

int copy_link(struct kept *kept, const char *path, bool planned, const char *target, struct timespec mtime)
{
    const struct timespec times[2] = {mtime, mtime};
    struct stat st;
    char is[256];
    int there = planned ? 0 : look_at(kept, path, &st);
    if (there < 0)
        return there;
    ssize_t len = there && S_ISLNK(st.st_mode) ? readlinkat(kept->dir, path, is, sizeof is) : -1;
    if (len >= 0 && (size_t)len == strlen(target) && memcmp(is, target, (size_t)len) == 0)
        return kept_add(kept, path);
    int r = planned ? 0 : make_way(kept, path, there ? &st : NULL);
    if (r < 0 || kept->readonly)
        return r < 0 ? r : 1;
    if (symlinkat(target, kept->dir, KEPT_TEMP) < 0 || utimensat(kept->dir, KEPT_TEMP, times, AT_SYMLINK_NOFOLLOW) < 0)
        r = -errno;
    return rename_temp(kept, path, r);
}

int copy_directory(struct kept *kept, const char *path, mode_t mode)
{
    char with_slash[PATH_MAX];
    struct stat st;
    size_t len = strlen(path);
    if (len + 2 > sizeof with_slash)
        return -ENAMETOOLONG;
    memcpy(with_slash, path, len);
    memcpy(with_slash + len, "/", 2);
    int there = look_at(kept, path, &st);
    if (there < 0)
        return there;
    /* A directory that somebody else has made is used, but is not removed later. */
    if (there && S_ISDIR(st.st_mode))
        return kept_has(kept, with_slash) ? kept_add(kept, with_slash) : 0;
    if (there && !kept_has(kept, path))
        return -EEXIST;
    if (there && !kept->readonly && unlinkat(kept->dir, path, 0) < 0)
        return -errno;
    int r = kept_add(kept, with_slash);
    if (r < 0 || kept->readonly)
        return r < 0 ? r : 1;
    return mkdirat(kept->dir, path, mode & 07777) < 0 ? -errno : 1;
}

int copy_remove(const struct kept *kept, const char *path)
{
    size_t len = strlen(path);
    bool dir = len > 0 && path[len - 1] == '/';
    struct stat st;
    int there = look_at(kept, path, &st);
    if (there <= 0 || kept->readonly)
        return there;
    if (unlinkat(kept->dir, path, dir ? AT_REMOVEDIR : 0) == 0)
        return 1;
    /* Something else is there now, which is not ours to remove. */
    return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR || errno == EISDIR ? 0 : -errno;
}
