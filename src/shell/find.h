/* SPDX-License-Identifier: MIT */
/*
 * --find: prints the paths of everything below directories, as find(1) does.
 *
 * Threads:   loop thread only.
 * Ownership: the paths are borrowed.
 * Errors:    see shell.h. A directory that cannot be listed is printed, and reported.
 */
#ifndef MELBICOMFS_SHELL_FIND_H
#define MELBICOMFS_SHELL_FIND_H

struct paths;
struct shell;

/* Prints each path and everything below it, level by level; the directories of a level are listed side by side. Links are printed and not followed. */
void find_run(struct shell *shell, const struct paths *paths);

#endif
