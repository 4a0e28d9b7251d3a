/* SPDX-License-Identifier: MIT */
/*
 * The list of what --export has written below a directory: DIR/.melbicomfs-export, one path per line, a directory with a
 * slash at its end. Only what is on the list may be replaced or removed.
 *
 * A path is added to the file before it is written for the first time, so that an export that is killed has written
 * nothing that is not on the list. When the export ends, the list is written anew, if it has changed.
 *
 * Threads:   loop thread only.
 * Ownership: the caller provides the struct and frees what is in it with kept_clear(). The descriptor is borrowed.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_SHELL_KEPT_H
#define MELBICOMFS_SHELL_KEPT_H

#include "shell/paths.h"

#include <stdbool.h>

#define KEPT_FILE ".melbicomfs-export"
#define KEPT_TEMP ".melbicomfs-export.tmp" /* what is written to this name is renamed when it is whole */

struct kept {
    int dir;             /* of DIR; -1: there is no such directory yet */
    int file;            /* of the list, open for appending; -1: not open */
    bool readonly;       /* of a dry run */
    struct paths before; /* what earlier exports have written; sorted */
    struct paths now;    /* what this export has written or found as it should be */
    struct paths failed; /* what this export could not get: what is there, or below it, stays */
};

/* Reads the list. */
int kept_open(struct kept *kept, int dir, bool readonly);

/* Whether an earlier export has written this path. */
bool kept_has(const struct kept *kept, const char *path);

/* Puts a path, which is about to be written, on the list. */
int kept_add(struct kept *kept, const char *path);

/* Calls fn(data, path) for each path that earlier exports have written at or below one of `scope` (sorted), and this export has
 * neither written nor failed to get: what is in a directory comes before the directory. */
void kept_gone(struct kept *kept, const struct paths *scope, void (*fn)(void *data, const char *path), void *data);

/* Writes the list anew, if it is not as it should be. `scope` as for kept_gone(). */
int kept_finish(struct kept *kept, const struct paths *scope);

void kept_clear(struct kept *kept);

#endif
