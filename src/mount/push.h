/*
 * The pusher: what this program tells the kernel unasked.
 *
 * A notification waits for locks of the kernel, and some request that this program has not answered yet may hold them.
 * So the loop never sends one: it queues a job, and a thread of the pusher sends it. There are two threads, each with a
 * queue of its own, because there are two kinds of lock:
 *
 *   names   push_drop_entry(), push_expire_entry(): they wait for the lock of the directory, which a READDIR holds
 *           until it is answered
 *   pages   push_drop_inode(), push_drop_attributes(), push_bytes(): they wait for the locks of single pages, which the
 *           kernel holds while it copies a page or reads it from a bound node, and never while a request waits for the
 *           network
 *
 * So an answer may wait for a job of the second kind. An answer that waits for one of the first kind must not wait
 * without bound (see writes.c). Within "names" jobs run in order. Within "pages" those that drop overtake those that
 * store bytes. No job is queued for an inode that has a SETATTR or WRITE in flight: those are answered first.
 *
 * Threads:   push_… from the loop thread; the pusher's threads run from push_start() to push_free().
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

/* Starts the threads; after the fork. */
int push_start(struct push *push, struct fuse_session *session);

/* No notification is begun any more. One under way may wait for a lock until requests that the kernel has made are
 * answered; push_ended() says when both threads have come to their ends. */
void push_stop(struct push *push);
bool push_ended(struct push *push);

/* Drops a name from the kernel's directory cache: the next access looks it up, and the kernel forgets the node once
 * nobody has it open. */
void push_drop_entry(struct push *push, uint64_t dir, const char *name);

/* Lets a name expire: the next access revalidates it, without the directory's lock. (Linux 6.1 drops it.) The
 * notification itself takes the directory's lock, which a READDIR or UNLINK may hold for long. done (may be NULL) is
 * called on the loop's thread afterwards; by push_free() if there is no afterwards. */
void push_expire_entry(struct push *push, uint64_t dir, const char *name, void (*done)(void *data), void *data);

/* Drops the pages and attributes of a file, or the attributes and the cached listing of a directory. done as for
 * push_expire_entry(). */
void push_drop_inode(struct push *push, uint64_t nodeid, void (*done)(void *data), void *data);

/* Drops the attributes alone. */
void push_drop_attributes(struct push *push, uint64_t nodeid);

/* Puts the bytes of a snapshot into the page cache of the file that shows it. */
void push_bytes(struct push *push, uint64_t nodeid, struct snapshot *snapshot);

/* Jobs that wait, of both kinds. */
unsigned push_queued(struct push *push);

#endif
