/*
 * The context in which the kernel's requests are served: the struct behind `struct session` of session.h, which makes and
 * ends it. The files that serve requests work on it; whatever only one of them uses has a comment that names the file.
 *
 * Threads:   loop thread only.
 * Ownership: session.c owns the struct and all that it holds; what session_new() was given is borrowed.
 * Errors:    none of its own.
 */
#ifndef MELBICOMFS_MOUNT_CONTEXT_H
#define MELBICOMFS_MOUNT_CONTEXT_H

#define FUSE_USE_VERSION 314

#include "base/loop.h"
#include "base/metrics.h"
#include "mount/nodes.h"
#include "mount/push.h"
#include "tree/listing.h"
#include "tree/tree.h"
#include "tree/views.h"

#include <fuse3/fuse_lowlevel.h>

struct config;
struct page;
struct pending;

struct session {
    struct loop *loop;
    struct tree *tree;
    const struct config *config;
    struct metrics *metrics;
    struct nodes *nodes;
    struct push *push;
    struct fuse_session *fuse;
    struct fuse_buf buffer;   /* session.c: the request that is being read */
    bool mounted;             /* session.c */
    bool greeted;             /* session.c: the reply to INIT has been sent */
    bool expires_entries;     /* the kernel can let an entry expire without dropping it */
    struct pending *pendings; /* pending.c: the requests that wait */
    struct timer interrupts;  /* pending.c: set while some pending request is marked as interrupted */
    struct timer release;     /* session.c: set when documents were dropped for want of space */
    struct page *ahead;       /* directories.c: a page of a listing that was written before it was asked for */
    struct task ahead_task;
    struct timer ahead_expiry;
};

/* The session that a request belongs to. */
static inline struct session *session_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

#endif
