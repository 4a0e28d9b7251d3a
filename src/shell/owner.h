/* SPDX-License-Identifier: MIT */
/*
 * The owner of all files, in words. A file of its own, because <grp.h> and api/groups.h both have a struct group.
 *
 * Threads:   one thread at a time, as getpwuid(3) needs it.
 * Ownership: none.
 * Errors:    a user or group without a name is printed as its number.
 */
#ifndef MELBICOMFS_SHELL_OWNER_H
#define MELBICOMFS_SHELL_OWNER_H

#include <sys/types.h>

/* Prints the names of the user and of the group, each after a blank. */
void owner_print(uid_t uid, gid_t gid);

#endif
