/* SPDX-License-Identifier: MIT */
/*
 * Functions that the harness's files share: memory that lives until the end of a test, scratch directories, and the
 * environment of commands.
 *
 * Threads:   keep…() from any thread; the rest from the main thread only.
 * Ownership: memory that keep…() returns belongs to the harness. It lives until keep_none() or the end of the program.
 * Errors:    out of memory ends the program. keep_file() returns NULL with errno set.
 */
#ifndef MELBICOMFS_TESTS_HARNESS_PRIVATE_H
#define MELBICOMFS_TESTS_HARNESS_PRIVATE_H

#include "harness.h"

/* Memory of `size` bytes, zeroed. */
void *keep(size_t size);
/* A copy of a text. */
char *keep_text(const char *text);
/* The content of a file, with a NUL. */
char *keep_file(const char *path);
/* The content of an open file from its start, with a NUL; *len is its length in bytes. */
char *keep_fd(int fd, size_t *len);
/* Frees all memory that keep…() has returned. */
void keep_none(void);

/* Makes a new directory below $TMPDIR, and writes its path to `dir`, of `size` bytes. */
void scratch_make(char *dir, size_t size);

/* Searches a program's output for messages of a sanitizer and of failed assertions. Returns a description of the first
 * problem, or NULL. */
const char *suspicious(const char *text);

/* The moment on now_ms() at which to give up waiting for what must come within `ms` (times MELBICOMFS_TIMEOUT_SCALE). */
int64_t deadline_in(int ms);

/* Sets MNT, DIR, URL and CONTROL for this mount in the environment of commands that are started from now on. */
void command_environment(const struct mount *mount);

#endif
