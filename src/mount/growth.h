/* SPDX-License-Identifier: MIT */
/*
 * A file that grows (purge.log): when the kernel is told its new size. growth.c says why that takes care.
 *
 * Threads:   loop thread only.
 * Ownership: nodes are borrowed; reply_when_shown() takes the request.
 * Errors:    none. When out of memory, the new size is told at once.
 */
#ifndef MELBICOMFS_MOUNT_GROWTH_H
#define MELBICOMFS_MOUNT_GROWTH_H

#include "mount/context.h"

#include <sys/stat.h>

/* Fills in the size (as it may be told now) and the times of a file that grows, and its text for a READ. The bytes are
 * borrowed until the text grows. */
void growth_attr(struct session *session, struct node *node, struct stat *st);
void growth_text(struct session *session, const struct node *node, const char **bytes, size_t *len);

/* The purge log of service `id` has grown: shows the new size as soon as the kernel has dropped the file's pages.
 * `data` is the session. */
void growth_of_log(void *data, uint64_t id);

/* Answers all WRITEs that wait, at once. To be called while unmounting. */
void growth_end(struct session *session);

/* Replies to a WRITE to the purge of service `id`, with an error (-errno) or the number of bytes written, once the
 * service's log shows its present size. The reply may come before the function returns. */
void reply_when_shown(struct session *session, fuse_req_t req, uint64_t id, ssize_t result);

#endif
