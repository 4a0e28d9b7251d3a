/* SPDX-License-Identifier: MIT */
/*
 * The guard: a small process that aborts the mount's connection if this program is killed.
 *
 * When a program with a FUSE mount is killed, the kernel closes its descriptors, and every process that waits for the
 * mount gets an error. But a thread of the pusher (push.h) may be inside a notification, waiting for the lock of a
 * directory that a READDIR holds. The kernel does not end that wait, so the thread and its descriptors live on, and the
 * READDIR waits for an answer that never comes: all processes in the mount hang, and cannot even be killed. The guard
 * ends that through the file "abort" of /sys/fs/fuse/connections. For root it can also do so by `umount -f`, where that
 * directory is not mounted; an ordinary user has no guard there.
 *
 * Threads:   guard_start() and guard_end() on the thread that lives as long as the program (the loop's).
 * Ownership: guard_start() gives a process, guard_end() ends it.
 * Errors:    none: the program works without a guard.
 */
#ifndef MELBICOMFS_MOUNT_GUARD_H
#define MELBICOMFS_MOUNT_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts a guard for the mount at `path`, which must be mounted. To be called after the fork. Returns its process id, or 0
 * if there is none. */
pid_t guard_start(const char *path);

/* Ends the guard; the connection stays. To be called before unmounting. Does nothing for 0. */
void guard_end(pid_t guard);

/* Whether main() was called in a guard: it must then return guard_main() at once. */
bool guard_is(int argc, char **argv);
int guard_main(char **argv);

#endif
