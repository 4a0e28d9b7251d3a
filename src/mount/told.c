#include "mount/told.h"

#include "mount/pending.h"
#include "mount/reply.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Answers with the attributes of a node that wait until the pusher has told the kernel something.
 *
 *      touch of a file            its entry expires first, so that whoever looks after `touch` has returned sees the new
 *                                 content. The pusher takes the directory's lock for that, and whoever holds that lock
 *                                 may wait for this very answer (an unlink, which waits for the file's lock that the
 *                                 SETATTR holds) or for the API (a listing). So the answer waits for TOUCH_MS at most.
 *      GETATTR of a directory     the pages of its expired listing are dropped first, so that the kernel lists it anew.
 *      whose listing has expired  The pusher waits for no request for that, and so the answer waits without bound.
 *
 * The request may be interrupted meanwhile; the told outlives it until the pusher is done.
 */
#define TOUCH_MS 250

struct told {
    struct session *session;
    struct pending *pending; /* NULL once it has been answered */
    struct timer late;
    uint64_t listings; /* the directory's, when its pages were about to be dropped */
};

static void release(struct pending *pending)
{
    struct told *told = pending->extra;
    told->pending = NULL;
}

/* NULL when out of memory, after the reply. */
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

/* The kernel holds no page of the listing now, unless it has begun to list again meanwhile, or was still copying the end
 * of the last listing. So it is taken to hold one for another life. */
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
