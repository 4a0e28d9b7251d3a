/* SPDX-License-Identifier: MIT */
/*
 * Lines: make a text that comes from the API fit for one line of a log or a terminal.
 *
 * Threads:   any; nothing is kept.
 * Ownership: the caller frees what is returned.
 * Errors:    NULL.
 */
#ifndef MELBICOMFS_BASE_LINE_H
#define MELBICOMFS_BASE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the beginning of a text (`len` bytes) as a malloc'd line of at most `max` bytes, cut between characters. Each
 * run of spaces, control characters and line breaks becomes one space; at the beginning and the end of the line it
 * becomes nothing. Each byte that is not UTF-8 becomes a question mark. *ret_cut (unless ret_cut is NULL) says whether
 * the text was too long. Returns NULL if the line would be empty, or when out of memory. */
char *line_of(const char *text, size_t len, size_t max, bool *ret_cut);

#endif
