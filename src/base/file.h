/* SPDX-License-Identifier: MIT */
/*
 * Writing to files.
 *
 * Threads:   any; nothing is shared.
 * Ownership: everything is borrowed.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_BASE_FILE_H
#define MELBICOMFS_BASE_FILE_H

#include <stddef.h>

/* Writes `len` bytes to a blocking descriptor, however many write(2) takes at once. Returns 0, or -errno of write(2); some of
 * the bytes may have been written then. */
int file_write(int fd, const char *bytes, size_t len);

#endif
