/* SPDX-License-Identifier: MIT */
/*
 * Limits of memory: the control groups that this process is in.
 *
 * When a control group has no memory left, the kernel kills a process in it, and a mount would end because one list is
 * too long. A limit of the process's own data (RLIMIT_DATA) just below that of the group makes malloc() fail before:
 * then one request is answered ENOMEM, and the mount goes on.
 *
 * Threads:   main thread, before there is another one.
 * Ownership: none.
 * Errors:    none; what cannot be read counts as no limit.
 */
#ifndef MELBICOMFS_BASE_LIMITS_H
#define MELBICOMFS_BASE_LIMITS_H

#include <stdint.h>

/* Returns the smallest limit of memory of this process's control group and of those above it, in bytes. UINT64_MAX:
 * there is none. */
uint64_t limits_group(void);

/* Sets the soft RLIMIT_DATA to seven eighths of limits_group() and the size of the pusher's stacks, unless it is lower
 * already. The last eighth is for what does not count as data: code, and the kernel's own memory for this process. The
 * stacks count as data as a whole, and take almost nothing. */
void limits_keep_below_group(void);

#endif
