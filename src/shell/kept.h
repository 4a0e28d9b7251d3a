/* SPDX-License-Identifier: MIT */
/*
 * The list of what --export has written below a directory: DIR/.melbicomfs-export, one path per line, a directory with a
 * slash at its end. Only what is on the list may be replaced or removed.
 *
 * A line that begins with = is about a file that is one whole answer of the API: what the answer's ETag and
 * Last-Modified were, and a hash of the file's bytes. The next export puts such an answer back, if the file still has
 * these bytes, and asks the API only whether it has changed.
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
#include <stdint.h>

#define KEPT_FILE ".melbicomfs-export"
#define KEPT_TEMP ".melbicomfs-export.tmp" /* what is written to this name is renamed when it is whole */

struct kept {
    int dir;                                  /* of DIR; -1: there is no such directory yet */
    int file;                                 /* of the list, open for appending; -1: not open */
    bool readonly;                            /* of a dry run */
    struct paths before;                      /* what earlier exports have written; sorted */
    struct paths now;                         /* what this export has written or found as it should be */
    struct paths answers_before, answers_now; /* the lines about answers, without their = */
    struct paths failed;                      /* what this export could not get: what is there, or below it, stays */
};

/* Reads the list. A line is left out if its path is no path below the directory. */
int kept_open(struct kept *kept, int dir, bool readonly);

/* Whether an earlier export has written this path. */
bool kept_has(const struct kept *kept, const char *path);

/* Puts a path, which is about to be written, on the list. */
int kept_add(struct kept *kept, const char *path);

/* kept_plan() puts the paths from index `from` on, which are about to be written to a new directory, on the list at once;
 * kept_done() is then called for each of them when it is written. */
int kept_plan(struct kept *kept, const struct paths *paths, size_t from);
void kept_done(struct kept *kept, const char *path);

/* One line about an answer. */
struct kept_answer {
    const char *path, *etag, *last_modified; /* the last two may be NULL */
    uint64_t hash;
};

/* Keeps a line about an answer, unless a validator has a character that such a line cannot hold. */
void kept_add_answer(struct kept *kept, const struct kept_answer *answer);

/* Reads a line; false if it is no such line. The strings point into `line`, which is changed. */
bool kept_read_answer(char *line, struct kept_answer *ret);

/* A hash of bytes, for telling whether a file is as it was. */
uint64_t kept_hash(const char *bytes, size_t len);

/* Calls fn(data, path) for each path that earlier exports have written at or below one of `scope` (sorted), and this export has
 * neither written nor failed to get: what is in a directory comes before the directory. */
void kept_gone(struct kept *kept, const struct paths *scope, void (*fn)(void *data, const char *path), void *data);

/* Writes the list anew, if it is not as it should be. `scope` as for kept_gone(). */
int kept_finish(struct kept *kept, const struct paths *scope);

void kept_clear(struct kept *kept);

#endif
