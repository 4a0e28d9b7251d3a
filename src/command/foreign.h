/* SPDX-License-Identifier: MIT */
/*
 * The -o options that are no settings of this program: those of mount(8) and fstab, which have no effect here and are
 * dropped, and those of libfuse, which are passed on.
 *
 * Threads:   any; nothing is kept.
 * Ownership: strings are borrowed.
 * Errors:    none.
 */
#ifndef MELBICOMFS_COMMAND_FOREIGN_H
#define MELBICOMFS_COMMAND_FOREIGN_H

#include <stdbool.h>

struct closest;

/* Whether `item` is an option of mount(8) or fstab that has no effect on this file system and that libfuse refuses.
 * Options about access times and delayed writes have no effect, because the file system has neither. nosymfollow is not
 * among them: a user who sets it relies on it. */
bool foreign_is_dropped(const char *item);

/* Whether libfuse knows the option `item`, perhaps with a value after a `=`. Some versions refuse some of them. */
bool foreign_is_passed(const char *item);

/* Takes the names of all these options for "did you mean"; see base/closest.h. */
void foreign_try(struct closest *closest);

#endif
