/* SPDX-License-Identifier: MIT */
/*
 * The pusher: sends notifications to the kernel, that is messages that answer no request.
 *
 * A notification waits for locks of the kernel. A request that this program has not answered yet may hold such a lock.
 * So the loop never sends a notification: it queues a job, and a thread of the pusher sends the notification. There are
 * two threads, each with a queue of its own, because there are two kinds of lock:
 *
 *   names   push_drop_entry(), push_expire_entry(): they wait for the lock of the directory, which a READDIR holds
 *           until it is answered
 *   pages   push_drop_inode(), push_drop_attributes(), push_size(), push_bytes(): they wait for the locks of single pages, which the
 *           kernel holds while it copies a page or reads it from a bound node, and never while a request waits for the
 *           network
 *
 * So the answer to a request may wait for a "pages" job. An answer that waits for a "names" job needs a time limit (see
 * told.c). "names" jobs run in order. "pages" jobs that drop run before those that store bytes. Before a "pages" job is
 * queued for an inode, the SETATTR or WRITE of this inode has been answered.
 *
 * Threads:   push_…() from the loop thread; the pusher's threads run from push_start() to push_free().
 * Ownership: push_new() gives, push_free() frees, with the jobs still queued. A queued job holds a reference to its
 *            snapshot; the bytes are not copied.
 * Errors:    push_start(): negative errno. No error of a notification is reported: when the kernel refuses it (mostly
 *            because it has forgotten the inode), or there is no memory for the job, it is skipped.
 */
#ifndef MELBICOMFS_MOUNT_PUSH_H
#define MELBICOMFS_MOUNT_PUSH_H

#include <stdbool.h>
#include <stdint.h>

struct fuse_session;
struct loop;
struct metrics;
struct push;
struct snapshot;

/* The arguments are borrowed until push_free(). NULL when out of memory or file descriptors. push_free() waits for the
 * threads to end; push_free(NULL) is fine. */
struct push *push_new(struct loop *loop, struct metrics *metrics);
void push_free(struct push *push);

/* Starts the threads. To be called after the fork. `session` is borrowed until push_free(). */
int push_start(struct push *push, struct fuse_session *session);

/* push_stop() starts no more notifications. A notification under way may wait for a lock whose holder waits for an
 * answer from this program, so the caller must go on answering requests until push_ended() returns true: both threads
 * have ended, or were never started. */
void push_stop(struct push *push);
bool push_ended(struct push *push);

/* In the following functions `dir` and `nodeid` are node numbers; names are copied. */

/* Drops a name from the kernel's directory cache: the next access makes a new LOOKUP, and the kernel forgets the node
 * once no program has it open. */
void push_drop_entry(struct push *push, uint64_t dir, const char *name);

/* Lets a name expire: the next access revalidates the name, without taking the directory's lock. (Linux before 6.2
 * drops the name instead.) The notification itself takes the directory's lock, which a READDIR or UNLINK may hold for
 * long. Afterwards the loop calls done(data), exactly once. Two exceptions: push_free() calls done if the loop has not
 * done so yet, and this function calls done before it returns if there is no memory for the job. done may be NULL. */
void push_expire_entry(struct push *push, uint64_t dir, const char *name, void (*done)(void *data), void *data);

/* Drops the pages and attributes of a file, or the attributes and the cached listing of a directory. done is called as
 * by push_expire_entry(). */
void push_drop_inode(struct push *push, uint64_t nodeid, void (*done)(void *data), void *data);

/* Tells the kernel that a file has grown to `size` bytes (1 or more), by storing its last byte. If the kernel holds the
 * page of that byte, the page must have all bytes up to `size`. done is called as by push_expire_entry(). */
void push_size(struct push *push, uint64_t nodeid, uint64_t size, char last, void (*done)(void *data), void *data);

/* Drops the attributes only. */
void push_drop_attributes(struct push *push, uint64_t nodeid);

/* Stores the bytes of a snapshot, from offset 0, in the page cache of node `nodeid`, which shows this snapshot. */
void push_bytes(struct push *push, uint64_t nodeid, struct snapshot *snapshot);

/* How many jobs wait in both queues. */
unsigned push_queued(struct push *push);

#endif
