/* SPDX-License-Identifier: MIT */
/*
 * --ls: prints names, as ls(1) does when its output is no terminal.
 *
 * Threads:   loop thread only.
 * Ownership: the paths are borrowed.
 * Errors:    see shell.h.
 */
#ifndef MELBICOMFS_SHELL_LIST_H
#define MELBICOMFS_SHELL_LIST_H

struct paths;
struct shell;

/* Prints the paths that are no directories, then the entries of each directory. Names are sorted by their bytes. With -l, prints type, permissions, owner, size and time, too, for which the
 * files must be fetched; --json prints an object a line. */
void list_run(struct shell *shell, const struct paths *paths);

#endif
