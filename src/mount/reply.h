/* SPDX-License-Identifier: MIT */
/*
 * Replies: entries and attributes for the kernel, and how long the kernel may keep them.
 *
 * Threads:   loop thread only.
 * Ownership: reply_…() take the fuse_req_t; it must not be used afterwards. Nodes are borrowed.
 * Errors:    none are returned. When the kernel refuses an entry, because the request was interrupted, the lookup that
 *            the entry counted is taken back.
 */
#ifndef MELBICOMFS_MOUNT_REPLY_H
#define MELBICOMFS_MOUNT_REPLY_H

#include "mount/context.h"

#include <sys/stat.h>

/* Returns the node with number `ino`, and counts the request as `kind` in the metrics. When there is no such node,
 * replies ESTALE and returns NULL. */
struct node *node_of(fuse_req_t req, fuse_ino_t ino, enum kernel_request kind);

/* Fills in all attributes of a node. */
void attr_of(struct session *session, struct node *node, struct stat *st);

/* For how many seconds the kernel may keep the attributes of a node; the table at the head of reply.c says which. The
 * caller must pass the value on to the kernel: of a directory, it is remembered as `told_until`. */
double attr_timeout(struct session *session, struct node *node);

/* The time from now to `until` (on clock_ms()), in seconds: 0 when `until` has passed, and 1e9 for CLOCK_NEVER. */
double seconds_until(int64_t until);

/* Whether the kernel may still hold a listing of `dir` that has expired. Before it answers true for the first time it
 * calls links_hold(), which may prolong the listing or drop links. */
bool listing_expired(struct session *session, struct node *dir);

/* Looks at the names and ids that `dir` has now, without a request to the API. If they differ from those seen last,
 * moves the directory's mtime forward. Returns whether the mtime moved. The first look moves nothing, nor does a look
 * while no fresh listing is in memory. */
bool see_names(struct session *session, struct node *dir);

/* Replies to a LOOKUP with an entry that the kernel may keep until `expires` (on clock_ms(); 0: not at all), and counts
 * the lookup. The kernel may not keep the entry of an unbound node, whatever `expires` is. The node may be freed on
 * return if the kernel refuses the reply. */
void reply_entry(struct session *session, fuse_req_t req, struct node *node, int64_t expires);

/* Replies that the name does not exist. The kernel may keep this answer for `seconds`. */
void reply_absent(fuse_req_t req, double seconds);

/* Replies with the attributes of a node, and with how long they hold. Calls see_names() first for a directory whose
 * names have been seen before. */
void reply_attr(struct session *session, fuse_req_t req, struct node *node);

#endif
