/* SPDX-License-Identifier: MIT */
/*
 * How far an export is: a line on the standard error output, if that is a terminal, which is written anew several times
 * a second.
 *
 * Threads:   loop thread only.
 * Ownership: the caller provides the struct, zero-initialised.
 * Errors:    none.
 */
#ifndef MELBICOMFS_SHELL_PROGRESS_H
#define MELBICOMFS_SHELL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    size_t files, total; /* files and links that are done, and how many are known so far */
    uint64_t bytes;      /* of those that are done */
    uint64_t requests;   /* HTTP requests that were answered */
    int64_t began;       /* clock_ms() */
    int64_t shown;       /* clock_ms() of the last line; 0: none */
};

/* Writes the line, unless one was written a moment ago or the output is no terminal. */
void progress_show(struct progress *progress);

/* Removes the line. */
void progress_hide(struct progress *progress);

/* Writes a number of bytes as in "34.1 MB" to buf, and returns buf. */
char *progress_bytes(uint64_t bytes, char *buf, size_t size);

#endif
