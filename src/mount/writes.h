/*
 * The requests that would change something: WRITE and SETATTR, and the extended attributes.
 *
 * Threads:   loop thread only.
 * Ownership: each handler takes the request.
 * Errors:    EROFS, or what became of a command.
 */
#ifndef MELBICOMFS_MOUNT_WRITES_H
#define MELBICOMFS_MOUNT_WRITES_H

#include "mount/context.h"

void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset, struct fuse_file_info *fi);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi);
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);

#endif
