/* SPDX-License-Identifier: MIT */
/*
 * WRITE (a purge), SETATTR (touch, and truncation before a purge), and reading extended attributes by name (none is listed).
 *
 * Threads:   loop thread only.
 * Ownership: each handler takes the request and answers it, now or later.
 * Errors:    answered to the kernel: EROFS for what cannot be written; of a purge, what purge.h returns; EINVAL for a
 *            purge through mmap, and for truncating a purge file to another size than 0; of an extended attribute,
 *            ENODATA or EOPNOTSUPP if it does not exist, ERANGE if it is longer than the caller's buffer.
 */
#ifndef MELBICOMFS_MOUNT_WRITES_H
#define MELBICOMFS_MOUNT_WRITES_H

#include "mount/context.h"

/* The handlers for libfuse: the arguments are those of struct fuse_lowlevel_ops in <fuse3/fuse_lowlevel.h>. */
void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset, struct fuse_file_info *fi);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi);
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);

#endif
