/* SPDX-License-Identifier: MIT */
/*
 * A list of paths.
 *
 * Threads:   loop thread only.
 * Ownership: the caller provides the struct, zero-initialised, and frees what is in it with paths_clear(). The list owns
 *            copies of the paths.
 * Errors:    the program ends when memory runs out (paths_owned()): a command has nothing else to lose.
 */
#ifndef MELBICOMFS_SHELL_PATHS_H
#define MELBICOMFS_SHELL_PATHS_H

#include <stdbool.h>
#include <stddef.h>

struct paths {
    char **at;
    size_t n, room;
};

/* Adds a copy of `path`. paths_add_in() adds `name` in directory `dir`; without a slash between them if `dir` is "" or
 * ends with one. */
void paths_add(struct paths *paths, const char *path);
void paths_add_in(struct paths *paths, const char *dir, const char *name);

/* Sorts the paths from index `from` on by their bytes. */
void paths_sort(struct paths *paths, size_t from);

/* Whether a sorted list has the path. */
bool paths_has(const struct paths *paths, const char *path);

/* Frees all paths; the list is empty then. */
void paths_clear(struct paths *paths);

/* Returns `p`, or ends the program with a message if `p` is NULL because memory has run out. */
void *paths_owned(void *p);

#endif
