/* SPDX-License-Identifier: MIT */
#include "mount/told.h"

#include "mount/pending.h"
#include "mount/reply.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Attribute replies that wait until the pusher has sent a notification.
 *
 *      touch of a file            The file's entry expires first, so that a program that opens the file after `touch`
 *                                 has returned sees the new content. The notification takes the directory's lock. The
 *                                 holder of that lock may be waiting for this very answer (an unlink waits for the
 *                                 file's lock, which the SETATTR holds) or for the API (a listing). So the answer waits
 *                                 for TOUCH_MS at most.
 *      GETATTR of a directory     The pages of the expired listing are dropped first, so that the kernel lists again.
 *      whose listing has expired  This notification never waits for a request, so the answer waits as long as it takes.
 *
 * The request may be interrupted while it waits. A `struct told` lives until the pusher is done, even then.
 */
#define TOUCH_MS 250

struct told {
    struct session *session;
    struct pending *pending; /* NULL after the reply */
    struct timer late;       /* replies after TOUCH_MS */
    uint64_t listings;       /* the directory's count of listings when the notification was queued */
};

static void release(struct pending *pending)
{
    struct told *told = pending->extra;
    told->pending = NULL;
}

/* When out of memory, replies ENOMEM and returns NULL. */
static struct told *told_new(struct session *session, fuse_req_t req, struct node *node)
{
    struct told *told = calloc(1, sizeof *told);
    if (!told) {
        fuse_reply_err(req, ENOMEM);
        return NULL;
    }
    told->session = session;
    told->pending = pending_new(session, req, node, pending_fail);
    if (!told->pending) {
        free(told);
        return NULL;
    }
    told->pending->extra = told;
    told->pending->release = release;
    return told;
}

static void answer(void *data)
{
    struct told *told = data;
    struct pending *pending = told->pending;
    if (!pending)
        return;
    reply_attr(told->session, pending_take(pending), pending->node);
    pending_free(pending);
}

static void on_told(void *data)
{
    struct told *told = data;
    answer(told);
    timer_clear(&told->late);
    free(told);
}

void reply_when_expired(struct session *session, fuse_req_t req, struct node *node)
{
    struct told *told = told_new(session, req, node);
    if (!told)
        return;
    told->late = (struct timer){.fn = answer, .data = told};
    timer_set(session->loop, &told->late, clock_ms() + TOUCH_MS);
    push_expire_entry(session->push, node->parent->nodeid, node->name, on_told, told);
}

/* The kernel now holds no page of the listing, with one exception: it may have been copying the end of the last
 * listing. So the directory is treated as if the kernel held a listing for another life. If the kernel has begun a new
 * listing, begin_listing() has set the expiry already. */
static void on_unlisted(void *data)
{
    struct told *told = data;
    struct node *node = told->pending ? told->pending->node : NULL;
    if (node && node->dir->listings == told->listings)
        node->dir->listed_until = clock_ms() + tree_list_life(told->session->tree, &node->place);
    on_told(told);
}

void reply_when_unlisted(struct session *session, fuse_req_t req, struct node *node)
{
    struct told *told = told_new(session, req, node);
    if (!told)
        return;
    told->listings = node->dir->listings;
    push_drop_inode(session->push, node->nodeid, on_unlisted, told);
}
