/* SPDX-License-Identifier: MIT */
/*
 * The session: the mount itself, from mount(2) to its end.
 *
 * The session receives the kernel's requests, asks the tree, and replies. A request that can be answered from memory is
 * answered at once. A request that needs the network waits as a `struct pending`, and the loop goes on with other
 * requests. OPEN, OPENDIR and FLUSH are answered ENOSYS: the kernel then opens files by itself, and reads of cached
 * pages never leave the kernel.
 *
 * Threads:   loop thread only. Two threads of the pusher (push.h) send notifications.
 * Ownership: session_new() gives, session_free() frees; session_free() unmounts first.
 * Errors:    negative errno. session_mount() also logs one line that says what is wrong and what to do.
 */
#ifndef MELBICOMFS_MOUNT_SESSION_H
#define MELBICOMFS_MOUNT_SESSION_H

struct config;
struct loop;
struct metrics;
struct session;
struct tree;

/* The arguments are borrowed until session_free(). NULL when out of memory or file descriptors. session_free(NULL) is
 * fine. */
struct session *session_new(struct loop *loop, struct tree *tree, const struct config *config, struct metrics *metrics);
void session_free(struct session *session);

/*
 * Mounts at config->mountpoint, if mountpoint_check() (mountpoint.h) still finds it fit. Returns 0; an error of
 * mountpoint_check(); -EINVAL: libfuse refused the mount options, or memory ran out; -EIO: the mount failed; or another
 * -errno: the FUSE device could not be set up.
 */
int session_mount(struct session *session);

/* Starts the pusher's threads, and serves requests on the loop from then on. To be called after session_mount() and
 * after the fork. Returns 0 or -errno, without a line in the log. When the file system is unmounted from outside
 * (umount, fusermount3 -u), the loop ends with status 0. */
int session_start(struct session *session);

/* Answers EIO to the requests that wait, and unmounts. Blocks until the pusher's threads have ended, and answers the
 * kernel's requests meanwhile. Does nothing when nothing is mounted. */
void session_unmount(struct session *session);

#endif
