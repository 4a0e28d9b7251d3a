/*
 * Pending requests: those of the kernel that wait, mostly for a document.
 *
 *      pending_new() --pending_ask()--> waits --resume(0 or -errno)--> pending_take(), a reply, pending_free()
 *                                         ^                        \--pending_ask() again
 *                                         +----------------------------+
 *
 * A fatal signal of the requester ends the wait: `resume` is called with -EINTR.
 *
 * Threads:   loop thread only.
 * Ownership: a pending request owns its fuse_req_t until pending_take(), holds its node, and is the caller's until
 *            pending_free() or pending_fail().
 * Errors:    negative errno, as tree.h.
 */
#ifndef MELBICOMFS_MOUNT_PENDING_H
#define MELBICOMFS_MOUNT_PENDING_H

#include "mount/context.h"

struct purge_write;

struct pending {
    struct session *session;
    fuse_req_t req;    /* NULL once it was taken */
    struct node *node; /* held */
    /* What the request waits for has come (error 0) or failed (-errno). Replies and frees, or asks again. */
    void (*resume)(struct pending *pending, int error);
    void (*release)(struct pending *pending); /* called when the pending is freed; NULL: nobody */
    void *extra;                              /* the owner's of `release` */

    /* Of a READ or READDIR: what was asked for. Of a WRITE: where it goes. */
    off_t offset;
    size_t size;
    bool plus; /* of a READDIR: with attributes */

    /* Of a WRITE to a command: its bytes (malloc'd, freed with the pending) while it waits for a document; then the write
     * under way. */
    char *bytes;
    struct purge_write *write;

    /* pending.c's. */
    struct tree_wait wait;
    bool interrupted;
    unsigned tries;
    struct pending *next, **link;
};

/* Makes a pending request, with everything behind `resume` zero. NULL when out of memory, after the reply ENOMEM. */
struct pending *pending_new(struct session *session, fuse_req_t req, struct node *node,
                            void (*resume)(struct pending *pending, int error));

/* Asks the tree for what the pending's node shows, or for the listing of the directory it is. Calls resume at once when
 * that is at hand or has failed, else later. */
void pending_ask(struct pending *pending);
void pending_ask_list(struct pending *pending);

/* Takes the request away from the pending, for a reply: nothing interrupts it any more. pending_free() must follow. */
fuse_req_t pending_take(struct pending *pending);

/* Stops waiting, lets the node go and frees the pending, whose request has been taken. */
void pending_free(struct pending *pending);

/* Replies with an error (-errno), and frees. */
void pending_fail(struct pending *pending, int error);

/* Replies to all pending requests with an error (-errno), and frees them. */
void pendings_fail(struct session *session, int error);

/* The function of the session's timer `interrupts`; data is the session. */
void pendings_check_interrupts(void *data);

#endif
