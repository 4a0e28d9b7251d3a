/*
 * Directories of links: how long the kernel may keep what it was told of them; links.c says why they are special.
 *
 * Threads:   loop thread only.
 * Ownership: a directory whose links are about to be dropped is held until then.
 * Errors:    without memory for a timer, links are dropped at once.
 */
#ifndef MELBICOMFS_MOUNT_LINKS_H
#define MELBICOMFS_MOUNT_LINKS_H

#include "mount/context.h"

/* Whether a directory lists links, besides fixed names. */
bool is_of_links(const struct node *dir);

/* The listing that the kernel holds of a directory has expired: true when it is one of links and holds for another life,
 * because names and ids are the same. Otherwise links that changed are dropped, or all of them in a moment. */
bool links_hold(struct session *session, struct node *dir);

/* Has all links of the directory dropped in a moment. */
void links_drop_soon(struct session *session, struct node *dir);

/* Takes that back, because the directory is being listed anew. */
void links_drop_not(struct session *session, struct node *dir);

/* Cancels a pending drop when the session ends: the directory stays held. Returns whether one was pending. */
bool links_drop_forget(struct node *dir);

/* The kernel has begun to list the directory anew: drops the links that are not as it was told. */
void links_listed(struct session *session, struct node *dir);

#endif
