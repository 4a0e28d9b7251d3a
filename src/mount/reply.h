/*
 * Replies: what the kernel is told of a node, and for how long that holds.
 *
 * Threads:   loop thread only.
 * Ownership: a reply ends the life of the fuse_req_t; nodes are borrowed.
 * Errors:    a reply that the kernel does not take (because the request was interrupted) gives back what it granted.
 */
#ifndef MELBICOMFS_MOUNT_REPLY_H
#define MELBICOMFS_MOUNT_REPLY_H

#include "mount/context.h"

#include <sys/stat.h>

/* The node of a number that a request names, and counts the request by its kind in the metrics. NULL after the reply
 * ESTALE, when there is no such node. */
struct node *node_of(fuse_req_t req, fuse_ino_t ino, enum kernel_request kind);

/* Fills in the attributes of a node. */
void attr_of(struct session *session, const struct node *node, struct stat *ret);

/* How long the attributes of a node hold, in seconds; 0 of a directory whose listing has expired. */
double attr_timeout(struct session *session, struct node *node);

/* The time from now to `until` (on clock_ms()), in seconds; not negative, and 1e9 for CLOCK_NEVER. */
double seconds_until(int64_t until);

/* Whether the kernel may hold a listing of the directory that has expired. */
bool listing_expired(struct session *session, struct node *dir);

/* Moves the mtime of a directory if other names are at hand than were seen last. Returns whether it moved. */
bool see_names(struct session *session, struct node *dir);

/* Replies with an entry that holds until `expires` (on clock_ms()), and counts the kernel's lookup of the node. */
void reply_entry(struct session *session, fuse_req_t req, struct node *node, int64_t expires);

/* Replies that there is no such name, which holds for so many seconds. */
void reply_absent(fuse_req_t req, double seconds);

/* Replies with the attributes of a node. */
void reply_attr(struct session *session, fuse_req_t req, struct node *node);

#endif
