/*
 * What the harness's files share: strings that are kept for the tests, and what a command finds in its environment.
 *
 * Threads:   keep_… from any; the rest from the main thread.
 * Ownership: what keep_… returns is the harness's, until keep_none() or the end.
 * Errors:    out of memory ends the program; keep_file(): NULL with errno.
 */
#ifndef MELBICOMFS_TESTS_HARNESS_PRIVATE_H
#define MELBICOMFS_TESTS_HARNESS_PRIVATE_H

#include "harness.h"

/* Memory of `size` bytes, zeroed. */
void *keep(size_t size);
char *keep_text(const char *text);
char *keep_file(const char *path);
/* The same of an open file, from its start. */
char *keep_fd(int fd, size_t *len);
/* Frees all. */
void keep_none(void);

/* A directory of one's own below $TMPDIR. */
void scratch_make(char *dir, size_t size);

/* What in a program's output a sanitizer or a broken invariant would have left there, in words; NULL when nothing. */
const char *suspicious(const char *text);

/* Commands started from now on find this mount's names in their environment. */
void command_environment(const struct mount *mount);

#endif
