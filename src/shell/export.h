/* SPDX-License-Identifier: MIT */
/*
 * --export: writes the tree, or parts of it, to a directory.
 *
 * Files become plain files, links become links (with -L: copies of what they lead to), with the modes and times of the
 * mount. What belongs to a mount and not to the account is left out: services/<id>/cdn. A file that is as it should be is
 * not touched; what an earlier export wrote and what is gone now is removed; what could not be got stays as it was.
 *
 * Threads:   loop thread only.
 * Ownership: the operands are borrowed.
 * Errors:    see shell.h. The exit status is 75 when anything failed, or a higher one.
 */
#ifndef MELBICOMFS_SHELL_EXPORT_H
#define MELBICOMFS_SHELL_EXPORT_H

struct paths;
struct shell;

/* Exports `paths` to the directory `to`, which is made if it is not there. */
void export_run(struct shell *shell, const char *to, const struct paths *paths);

#endif
