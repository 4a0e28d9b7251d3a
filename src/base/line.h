/* SPDX-License-Identifier: MIT */
/*
 * Text from elsewhere, made fit to be shown on one line of a log or a terminal.
 *
 * Threads:   any; nothing is kept.
 * Ownership: the caller frees what is returned.
 * Errors:    NULL.
 */
#ifndef MELBICOMFS_BASE_LINE_H
#define MELBICOMFS_BASE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the beginning of a text (`len` bytes) as a malloc'd line of at most `max` bytes, cut between characters. Each run
 * of spaces, control characters and line breaks becomes one space, or nothing at either end; each byte that is not UTF-8
 * becomes a question mark. *ret_cut (unless ret_cut is NULL) tells whether more would have followed. Returns NULL if
 * nothing remains, or when out of memory. */
char *line_of(const char *text, size_t len, size_t max, bool *ret_cut);

#endif
