/* SPDX-License-Identifier: MIT */
/*
 * Text: appends to the text of a file, which may be very long.
 *
 * Threads:   nothing is shared.
 * Ownership: the printbuf is the caller's.
 * Errors:    -ENOMEM; -EFBIG when the text would be longer than TEXT_MAX.
 */
#ifndef MELBICOMFS_TREE_TEXT_H
#define MELBICOMFS_TREE_TEXT_H

#include <limits.h>
#include <stddef.h>

struct printbuf;

/* The longest text, in bytes. json-c's printbuf counts bytes in an int. */
#define TEXT_MAX ((size_t)INT_MAX - 64)

/* Appends `len` bytes. Returns 0 or an error. */
int text_append(struct printbuf *out, const char *bytes, size_t len);

/* Appends a string. Returns 0 or an error. */
int text_puts(struct printbuf *out, const char *text);

#endif
