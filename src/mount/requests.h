/* SPDX-License-Identifier: MIT */
/*
 * The table of handlers that libfuse calls, one for each kind of request of the kernel.
 *
 * Threads:   libfuse calls the handlers on the loop thread, from fuse_session_process_buf().
 * Ownership: the table is constant. Each handler takes its request and answers it, now or later.
 * Errors:    answered to the kernel.
 */
#ifndef MELBICOMFS_MOUNT_REQUESTS_H
#define MELBICOMFS_MOUNT_REQUESTS_H

#include "mount/context.h"

extern const struct fuse_lowlevel_ops session_ops;

#endif
