/* SPDX-License-Identifier: MIT */
#include "command/private_file.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int private_file_make_directory(const char *path)
{
    _cleanup_(freep) char *part = strdup(path);
    if (!part)
        return -ENOMEM;
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

/* Fills the new file `fd`. `old` is the file that it replaces, or NULL. */
static int fill(int fd, const char *bytes, size_t len, const struct stat *old, bool keep_mode)
{
    int error = file_write(fd, bytes, len);
    if (error)
        return error;
    /* Root may write another user's file. Who is not root can only keep the owner. */
    if (old && (old->st_uid != geteuid() || old->st_gid != getegid()) && fchown(fd, old->st_uid, old->st_gid) < 0 &&
        errno != EPERM)
        return -errno;
    if (fchmod(fd, old && keep_mode ? old->st_mode & 07777U : 0600) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

/* Makes the new name durable. A file system that cannot do this is no reason to fail: the file is there. */
static void sync_directory(const char *path)
{
    _cleanup_(freep) char *directory = strndup(path, (size_t)(strrchr(path, '/') + 1 - path));
    _cleanup_(closep) int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0)
        (void)fsync(fd);
}

static int replace(const char *path, const char *bytes, size_t len, bool keep_mode)
{
    _cleanup_(freep) char *real = realpath(path, NULL), *temporary = NULL;
    _cleanup_(closep) int fd = -1;
    struct stat old;
    bool exists = real && stat(real, &old) == 0;
    if (!real && errno != ENOENT)
        return -errno;
    const char *target = real ? real : path;
    if (exists && !S_ISREG(old.st_mode))
        return S_ISDIR(old.st_mode) ? -EISDIR : -EEXIST;
    if (asprintf(&temporary, "%s.XXXXXX", target) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fill(fd, bytes, len, exists ? &old : NULL, keep_mode);
    if (!error && rename(temporary, target) < 0)
        error = -errno;
    if (error)
        (void)unlink(temporary);
    else
        sync_directory(target);
    return error;
}

int private_file_write(const char *path, const char *bytes, size_t len, bool keep_mode)
{
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigaddset(&ends, SIGQUIT);
    (void)sigprocmask(SIG_BLOCK, &ends, &before);
    int error = replace(path, bytes, len, keep_mode);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return error;
}
