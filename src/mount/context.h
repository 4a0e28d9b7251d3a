/* SPDX-License-Identifier: MIT */
/*
 * The fields of `struct session`, for the files of this folder that serve the kernel's requests. session.h makes and
 * frees the struct. A field that only one file uses has a comment that names the file.
 *
 * Threads:   loop thread only.
 * Ownership: session.c owns the struct, its nodes, its pusher and its FUSE session. The loop, the tree, the
 *            configuration and the metrics are borrowed from the caller of session_new().
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
struct trace;
struct unanswered;
struct wake;

struct session {
    struct loop *loop;
    struct tree *tree;
    const struct config *config;
    struct metrics *metrics;
    struct nodes *nodes;
    struct push *push;
    struct wake *wake; /* session.c */
    struct fuse_session *fuse;
    struct fuse_buf buffer;        /* session.c: the bytes of the request that is being read */
    struct trace *trace;           /* session.c: NULL unless the log takes debugging messages */
    bool mounted;                  /* session.c */
    pid_t guard;                   /* session.c: the process that guards the connection, or 0 */
    bool greeted;                  /* session.c: the reply to INIT has been sent */
    bool served;                   /* the kernel's INIT has been taken */
    bool expires_entries;          /* the kernel knows FUSE_EXPIRE_ONLY (Linux 6.2, protocol 7.38) */
    struct pending *pendings;      /* pending.c: the requests that wait, newest first */
    struct timer interrupts;       /* pending.c: set while a pending request is marked as interrupted */
    struct timer release;          /* session.c: set when the cache has dropped documents to make room */
    struct unanswered *unanswered; /* growth.c: the WRITEs that wait until purge.log shows their lines */
    struct page *ahead; /* directories.c: the last page answered, until ahead_task replaces it by the next page,
                                 which is written before the kernel asks for it; or NULL */
    struct task ahead_task;
    struct timer ahead_expiry;
};

/* The session that a request belongs to. */
static inline struct session *session_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

#endif
