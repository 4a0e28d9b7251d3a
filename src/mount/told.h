/* SPDX-License-Identifier: MIT */
/*
 * Attribute replies that wait until the pusher has sent a notification to the kernel; told.c says why.
 *
 * Threads:   loop thread only.
 * Ownership: both functions take the request, and hold the node until the reply.
 * Errors:    when out of memory, the reply is ENOMEM; when a signal ends the wait (pending.h), EINTR.
 */
#ifndef MELBICOMFS_MOUNT_TOLD_H
#define MELBICOMFS_MOUNT_TOLD_H

#include "mount/context.h"

/* Lets the kernel's entry of a file expire, then replies with the file's attributes. Replies after 250 ms at the
 * latest, expired or not. */
void reply_when_expired(struct session *session, fuse_req_t req, struct node *node);

/* Drops the kernel's cached listing of a directory, then replies with the directory's attributes. */
void reply_when_unlisted(struct session *session, fuse_req_t req, struct node *node);

#endif
