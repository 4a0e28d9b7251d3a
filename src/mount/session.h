/*
 * The session: the mount itself, from mount(2) to its end.
 *
 * It decodes the kernel's requests, asks the tree, and replies. What can be answered from memory is answered in the
 * callback; what needs the network waits as a `struct pending` on a document and holds up nobody. OPEN, OPENDIR and
 * FLUSH are answered ENOSYS, so that opens and warm reads never leave the kernel.
 *
 * Threads:   loop thread; the pusher's thread only sends notifications.
 * Ownership: session_new() gives, session_free() takes back, and unmounts what is mounted.
 * Errors:    negative errno, after one logged line where session_mount() fails.
 */
#ifndef MELBICOMFS_MOUNT_SESSION_H
#define MELBICOMFS_MOUNT_SESSION_H

struct config;
struct loop;
struct metrics;
struct session;
struct tree;

/* All borrowed. NULL when out of memory, or when an option is none that libfuse knows. session_free(NULL) is fine. */
struct session *session_new(struct loop *loop, struct tree *tree, const struct config *config, struct metrics *metrics);
void session_free(struct session *session);

/*
 * Mounts at config->mountpoint: an existing, empty directory. A dead mount of this program there (ENOTCONN) is taken
 * away first. -ENOENT, -ENOTDIR, -ENOTEMPTY, -EACCES, or what mount(2) said.
 */
int session_mount(struct session *session);

/* Starts to serve, on the loop, after the fork. Ends the loop with status 0 when the file system is unmounted from
 * outside. */
int session_start(struct session *session);

/* Unmounts now; what waits is answered with EIO. */
void session_unmount(struct session *session);

#endif
