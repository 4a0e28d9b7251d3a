/* SPDX-License-Identifier: MIT */
/*
 * Reading ahead: two guesses at which files will be read next. A guess is made only after it has come true a few times;
 * see ahead.c.
 *
 * Threads:   loop thread only.
 * Ownership: nodes are borrowed for the call.
 * Errors:    none are reported; when memory or a connection is missing, nothing is read ahead.
 */
#ifndef MELBICOMFS_MOUNT_AHEAD_H
#define MELBICOMFS_MOUNT_AHEAD_H

#include "mount/context.h"

/* To be called after a READ at offset 0 of `node`. May push the bytes of other files in its directory into the kernel's
 * page cache. */
void ahead_of_read(struct session *session, struct node *node);

/* To be called at the first GETATTR of `node`, or when a LOOKUP revalidates `node`. May fetch the documents of files
 * with the same name in the next directories. */
void ahead_of_getattr(struct session *session, struct node *node);

#endif
