/* SPDX-License-Identifier: MIT */
/*
 * Directories of links, such as by/service-status/Active: when the kernel must drop its entries of the links. links.c
 * says why these directories need care of their own.
 *
 * Threads:   loop thread only.
 * Ownership: a directory with a pending drop is held (node_hold()) until the links are dropped or the drop is
 *            cancelled.
 * Errors:    none are reported; without memory for a timer, the links are dropped at once.
 */
#ifndef MELBICOMFS_MOUNT_LINKS_H
#define MELBICOMFS_MOUNT_LINKS_H

#include "mount/context.h"

/* Whether the names in directory `dir` that come from the API are links. */
bool is_of_links(const struct node *dir);

/* Returns whether the kernel may keep an expired listing of `dir` as long as the names in it stay the same. True for a
 * directory of links, and for a directory of groups, such as by/invoice-status: its entries are directories, which the
 * kernel looks up again by themselves. */
bool listing_can_hold(const struct node *dir);

/*
 * To be called when the kernel's listing of `dir` has expired. Returns true if the kernel may keep the listing: it can
 * hold (listing_can_hold()), and a new listing from memory would have the same names and ids. Then
 * `dir->dir->listed_until` has been moved to the new expiry.
 *
 * Otherwise returns false. If `dir` is a directory of links, the changed links have then been dropped (collection
 * fresh), or all links will be dropped soon (collection expired).
 */
bool links_hold(struct session *session, struct node *dir);

/* Drops all links of `dir` from the kernel after 250 ms. Does nothing if such a drop is pending. */
void links_drop_soon(struct session *session, struct node *dir);

/* Cancels a pending drop, because the kernel is listing `dir` again. Does nothing if no drop is pending. `dir` may be
 * freed on return. */
void links_drop_not(struct session *session, struct node *dir);

/* Cancels a pending drop at the end of the session, without releasing `dir`. Returns whether a drop was pending. */
bool links_drop_forget(struct node *dir);

/* To be called when the kernel begins to list `dir`, whose listing can hold: drops the links that have gone or lead to
 * another item since the kernel's last listing, and stores the signature of the new listing in dir->dir->signature. */
void links_listed(struct session *session, struct node *dir);

#endif
