/* SPDX-License-Identifier: MIT */
/*
 * The mount point: whether an account can be mounted there.
 *
 * Threads:   main thread.
 * Ownership: nothing is kept.
 * Errors:    negative errno, after one line in the log that says what is wrong and what to do.
 */
#ifndef MELBICOMFS_MOUNT_MOUNTPOINT_H
#define MELBICOMFS_MOUNT_MOUNTPOINT_H

#include <stdbool.h>

/*
 * Checks a mount point, given as in config->mountpoint: it must be an empty directory that this user may mount on, or
 * one that mountpoint_make() can make, and no melbicomfs may be mounted there or around it. If a melbicomfs that has died is still mounted there, unmounts
 * that first; with `look_only`, leaves it and calls it no fault, but warns of places that AppArmor probably forbids.
 * Returns 0; -EBUSY: a melbicomfs that lives is mounted there, or it is inside of one; -ENOTCONN: a dead mount that is
 * none of this program, or cannot be removed; -ENOTDIR; -ENOTEMPTY; -EACCES: it is another user's; -ENOENT: neither it nor
 * the directory above exists; or another errno of stat(2), access(2) or opendir(3) for the directory.
 */
int mountpoint_check(const char *path, bool look_only);

/* Makes the directory at `path`, with the mode that the umask leaves, unless it is there. The one above must be there.
 * Returns 0, or -errno of mkdir(2). */
int mountpoint_make(const char *path);

/* What is wrong if fusermount3 is not permitted to mount, and what to do about it. A constant. */
const char *mountpoint_forbidden_advice(void);

/* Finds the minor device number of the melbicomfs that is mounted at `path`, by which the kernel calls its connection.
 * Returns 0, or -ENOENT if there is none. Asks no file system, so the mount need not answer yet. */
int mountpoint_device(const char *path, unsigned *ret);

#endif
