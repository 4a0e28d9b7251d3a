/*
 * The kernel's requests: the table that libfuse calls.
 *
 * Threads:   loop thread only.
 * Ownership: constant.
 * Errors:    none of its own.
 */
#ifndef MELBICOMFS_MOUNT_REQUESTS_H
#define MELBICOMFS_MOUNT_REQUESTS_H

#include "mount/context.h"

extern const struct fuse_lowlevel_ops session_ops;

#endif
