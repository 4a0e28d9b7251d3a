/*
 * Reading ahead: two guesses at what will be read, each made only after it has come true a few times; see ahead.c.
 *
 * Threads:   loop thread only.
 * Ownership: nodes are borrowed for the call.
 * Errors:    a guess that cannot be followed is dropped.
 */
#ifndef MELBICOMFS_MOUNT_AHEAD_H
#define MELBICOMFS_MOUNT_AHEAD_H

#include "mount/context.h"

/* A file was read from its start: its siblings' bytes may be pushed into the page cache. */
void ahead_of_read(struct session *session, struct node *file);

/* The attributes of a file were asked for and not at hand, or its entry has to be revalidated: files of the same name
 * below the next directories may be fetched. */
void ahead_of_getattr(struct session *session, struct node *file);

#endif
