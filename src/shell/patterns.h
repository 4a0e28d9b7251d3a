/* SPDX-License-Identifier: MIT */
/*
 * Patterns: operands such as billing/invoices/<*>.json become the paths that they match, as a shell in the mount would do
 * it. (The angle brackets stand here only because a star and a slash would end this comment.)
 *
 * The names of a path that hold * ? or [ are patterns of fnmatch(3). Only the directories whose names a pattern must be
 * compared with are listed. A name without them is asked for only if it comes after a pattern, because then it decides
 * whether the path matches. With a slash at its end a pattern matches only directories. An operand that matches nothing
 * is a path itself, as in a shell.
 *
 * Threads:   loop thread only.
 * Ownership: see paths.h.
 * Errors:    a directory that cannot be listed is reported with shell_fail(); its operand is then dropped if nothing else
 *            matches it.
 */
#ifndef MELBICOMFS_SHELL_PATTERNS_H
#define MELBICOMFS_SHELL_PATTERNS_H

#include "shell/paths.h"

struct shell;

/* Adds the paths of one operand to `ret`, sorted by their bytes. */
void patterns_expand(struct shell *shell, const char *operand, struct paths *ret);

#endif
