/*
 * Answers with the attributes of a node that wait until the pusher has told the kernel something; told.c says why.
 *
 * Threads:   loop thread only.
 * Ownership: each takes the request; the node is held until the answer.
 * Errors:    ENOMEM is replied.
 */
#ifndef MELBICOMFS_MOUNT_TOLD_H
#define MELBICOMFS_MOUNT_TOLD_H

#include "mount/context.h"

/* Lets the kernel's entry of a file expire, then replies with the file's attributes; after 250 ms in any case. */
void reply_when_expired(struct session *session, fuse_req_t req, struct node *file);

/* Drops the kernel's pages of a directory's listing, then replies with the directory's attributes. */
void reply_when_unlisted(struct session *session, fuse_req_t req, struct node *dir);

#endif
