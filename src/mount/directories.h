/*
 * READDIR and READDIRPLUS.
 *
 * Threads:   loop thread only.
 * Ownership: each handler takes the request. The page written ahead belongs to the session.
 * Errors:    the kernel is told negative errno of tree.h.
 */
#ifndef MELBICOMFS_MOUNT_DIRECTORIES_H
#define MELBICOMFS_MOUNT_DIRECTORIES_H

#include "mount/context.h"

void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);

/* The function of the session's task `ahead_task`: writes the page behind the one that was asked for last. */
void page_ahead_write(void *session);

/* The function of the session's timer `ahead_expiry`: frees the page that was written ahead, if there is one. */
void page_ahead_drop(void *session);

#endif
