/* SPDX-License-Identifier: MIT */
/*
 * Copies of the tree's files on a disk.
 *
 * A file or link that is there already and is as it should be is not touched. Any other is written to a temporary name
 * and renamed, so that at each moment there is the old one or the new one, and both are whole. What the list (kept.h)
 * does not have is never replaced.
 *
 * Threads:   loop thread only.
 * Ownership: everything is borrowed.
 * Errors:    negative errno; -EEXIST: something stands there that is not on the list.
 */
#ifndef MELBICOMFS_SHELL_COPY_H
#define MELBICOMFS_SHELL_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct kept;

/* Each makes what shall be at `path`, relative to the directory of the list, and returns 1 if it was written (in a dry
 * run: would be written), 0 if it was there. The directory that it is in must have been made before. `planned`:
 * the directory is new, so that nothing is there, and the path is on the list (kept_plan()). Modes are exact if the
 * process has no umask. */
int copy_file(struct kept *kept, const char *path, bool planned, const char *bytes, size_t len, mode_t mode,
              struct timespec mtime);
int copy_link(struct kept *kept, const char *path, bool planned, const char *target, struct timespec mtime);
int copy_directory(struct kept *kept, const char *path, mode_t mode);

/* Removes what is at a path of the list. Returns 1; or 0 if nothing is there, or a directory holds something else. */
int copy_remove(const struct kept *kept, const char *path);

#endif
