/* SPDX-License-Identifier: MIT */
/*
 * Directory listings: READDIR, READDIRPLUS, and the next page of a listing, written before the kernel asks for it.
 *
 * Threads:   loop thread only.
 * Ownership: op_…() take the request and answer it, now or later. The page written ahead belongs to the session.
 * Errors:    answered to the kernel: what listing.h returns, or ENOMEM.
 */
#ifndef MELBICOMFS_MOUNT_DIRECTORIES_H
#define MELBICOMFS_MOUNT_DIRECTORIES_H

#include "mount/context.h"

/* The handlers for libfuse. `size` is the size of the kernel's buffer in bytes. `offset` is 0, or the offset of the
 * last entry that the kernel has got. op_readdirplus() also gives nodes and attributes. */
void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);

/* The function of the session's task `ahead_task`: replaces the last page answered, which the session keeps, by the
 * page that follows it. */
void page_ahead_write(void *data);

/* The function of the session's timer `ahead_expiry`: frees the page that the session keeps, if there is one. */
void page_ahead_drop(void *data);

#endif
