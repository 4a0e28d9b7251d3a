/* SPDX-License-Identifier: MIT */
/*
 * Pending requests: requests of the kernel that cannot be answered yet, mostly because a document has to be fetched.
 *
 *      pending_new() --pending_ask()--> waits --resume(0 or -errno)--> pending_take(), a reply, pending_free()
 *                                         ^                        \--pending_ask() again
 *                                         +----------------------------+
 *
 * When the requesting thread gets a signal that ends programs, the wait ends and `resume` is called with -EINTR. (A
 * WRITE is answered EINTR without `resume`; once one of its POSTs may have left, only SIGKILL ends it.)
 *
 * Threads:   loop thread only.
 * Ownership: pending_new() gives the pending to the caller; pending_free() or pending_fail() frees it. Until
 *            pending_take() it owns the fuse_req_t. Until it is freed it holds its node.
 * Errors:    negative errno, as views.h.
 */
#ifndef MELBICOMFS_MOUNT_PENDING_H
#define MELBICOMFS_MOUNT_PENDING_H

#include "mount/context.h"

struct purge_write;

struct pending {
    struct session *session;
    fuse_req_t req;    /* NULL after pending_take() */
    struct node *node; /* held */
    /* Called when what the request waits for is in memory (error 0) or could not be got (-errno). Must either reply and
     * free the pending, or ask again. */
    void (*resume)(struct pending *pending, int error);
    void (*release)(struct pending *pending); /* called when the pending is freed; or NULL */
    void *extra;                              /* data for `release` */

    /* Of a READ, READDIR or WRITE: the offset and the number of bytes in the request. */
    off_t offset;
    size_t size;
    bool plus; /* the request is a READDIRPLUS */

    /* Of a WRITE to a command: first a copy of its bytes, while the WRITE waits for the service's document (malloc'd,
     * freed with the pending); then the write under way. */
    char *bytes;
    struct purge_write *write;

    /* For pending.c only. */
    struct tree_wait wait;
    bool interrupted;
    struct pending *next, **link;
};

/* Makes a pending request and holds `node`. The fields after `resume` are zero. When out of memory, replies ENOMEM and
 * returns NULL. */
struct pending *pending_new(struct session *session, fuse_req_t req, struct node *node,
                            void (*resume)(struct pending *pending, int error));

/* Asks the tree for what the node shows (pending_ask()) or for the directory's listing (pending_ask_list()). When that
 * is in memory or fails at once, calls `resume` before returning, so the pending may be freed on return; otherwise
 * calls `resume` later. tree_ask() ends a wait that would go on for ever. */
void pending_ask(struct pending *pending);
void pending_ask_list(struct pending *pending);

/* Returns the request, for a reply. The caller must reply, then call pending_free(). A signal no longer interrupts the
 * request. */
fuse_req_t pending_take(struct pending *pending);

/* Cancels the wait, releases the node, calls `release`, and frees the pending with its `bytes`. `release` must not use
 * the node, which may have been freed. The request must have been taken. */
void pending_free(struct pending *pending);

/* Replies with an error (-errno), and frees the pending. */
void pending_fail(struct pending *pending, int error);

/* Replies to all pending requests with an error (-errno), without calling `resume`, and frees them. Gives up writes
 * under way (purge_give_up()). */
void pendings_fail(struct session *session, int error);

/* The function of the session's timer `interrupts`: ends the interrupted requests whose thread has a fatal signal.
 * `data` is the session. */
void pendings_check_interrupts(void *data);

#endif
