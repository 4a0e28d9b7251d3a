/* SPDX-License-Identifier: MIT */
/*
 * --cat: prints files.
 *
 * Threads:   loop thread only.
 * Ownership: the paths are borrowed.
 * Errors:    see shell.h.
 */
#ifndef MELBICOMFS_SHELL_CAT_H
#define MELBICOMFS_SHELL_CAT_H

struct paths;
struct shell;

/* Prints the files at the paths, one after another. They are fetched side by side. */
void cat_run(struct shell *shell, const struct paths *paths);

#endif
