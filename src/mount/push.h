/*
 * The pusher: what this program tells the kernel unasked.
 *
 * Notifications wait for locks of the kernel's that are held until some request is answered, so they come from a thread
 * of their own, from one queue, in order, and the loop never waits for them. None is queued for an inode that has a
 * request in flight which holds its lock (SETATTR, WRITE): those are answered first. A name's notification waits for
 * its directory's lock, and whoever waits for that notification waits for so long only (see writes.c).
 *
 * Threads:   push_… from the loop thread; the pusher's thread runs from push_start() to push_free().
 * Ownership: push_new() gives, push_free() takes back, with what is queued. Snapshots in the queue are referenced,
 *            never copied.
 * Errors:    push_start(): negative errno. A notification that the kernel refuses (mostly because it has forgotten
 *            the inode) is dropped.
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

/* All borrowed. NULL when out of memory. push_free(NULL) is fine. */
struct push *push_new(struct loop *loop, struct metrics *metrics);
void push_free(struct push *push);

/* Starts the thread; after the fork. */
int push_start(struct push *push, struct fuse_session *session);

/* No notification is begun any more. The one under way may wait for a lock until requests that the kernel has made are
 * answered; push_ended() says when the thread has come to its end. */
void push_stop(struct push *push);
bool push_ended(struct push *push);

/* Drops a name from the kernel's directory cache: the next access looks it up, and the kernel forgets the node once
 * nobody has it open. */
void push_drop_entry(struct push *push, uint64_t dir, const char *name);

/* Lets a name expire: the next access revalidates it, without the directory's lock. (Linux 6.1 drops it.) The
 * notification itself takes the directory's lock, which a READDIR or UNLINK may hold for long. done (may be NULL) is
 * called on the loop's thread afterwards; by push_free() if there is no afterwards. */
void push_expire_entry(struct push *push, uint64_t dir, const char *name, void (*done)(void *data), void *data);

/* Drops the pages and attributes of a file, or the attributes and the cached listing of a directory. */
void push_drop_inode(struct push *push, uint64_t nodeid);

/* Drops the attributes alone. */
void push_drop_attributes(struct push *push, uint64_t nodeid);

/* Puts the bytes of a snapshot into the page cache of the file that shows it. */
void push_bytes(struct push *push, uint64_t nodeid, struct snapshot *snapshot);

/* Jobs that wait. */
unsigned push_queued(struct push *push);

#endif
