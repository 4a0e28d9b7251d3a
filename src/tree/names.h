/* SPDX-License-Identifier: MIT */
/*
 * Names from the API as file names, by one reversible rule.
 *
 * The rule percent-encodes (%XX, upper-case hex) these bytes: `/`; `%`; a leading `.`; control characters (below 0x20,
 * 0x7f, and both bytes of U+0080 to U+009F); and every byte that is not part of valid UTF-8. The empty name becomes
 * `%`. Every other byte stays as the API wrote it.
 *
 * A result over 255 bytes is cut between two characters, never inside an escape, and ends in `%~` and 16 lower-case hex
 * digits: a hash of the whole name. Only a cut name contains `%~`, so a cut name never equals a name that was not cut.
 * A cut name cannot be decoded. Its item is found by encoding the names of all candidates and comparing.
 *
 * Threads:   any.
 * Ownership: the caller owns all buffers.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_NAMES_H
#define MELBICOMFS_TREE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest file name, without its NUL: NAME_MAX. */
#define NAMES_MAX 255

/* Encodes `len` bytes of `name` and appends `suffix` (such as ".json"), which is not encoded. Writes the result, 255
 * bytes at most with the suffix, and a NUL into buf. Returns its length without the NUL. */
size_t names_encode(const char *name, size_t len, const char *suffix, char buf[NAMES_MAX + 1]);

/*
 * Decodes the file name `name`, which must end in `suffix` (may be ""). Writes the API's name and a NUL into buf, and
 * its length into *len; the API's name may itself contain NUL bytes. Returns 0; -ENOENT when names_encode() never
 * returns `name` (wrong suffix, stray `%`, lower-case or needless escape, a raw byte that should be escaped); -E2BIG
 * when `name` is a cut name. buf and *len are untouched on failure.
 */
int names_decode(const char *name, const char *suffix, char buf[NAMES_MAX + 1], size_t *len);

/*
 * Reads a file name that is an id, `0|[1-9][0-9]{0,18}`, followed by `suffix` and nothing else. Returns 0 with the id
 * in *ret; or -ENOENT with *ret untouched. Nineteen digits always fit into 64 bits.
 */
int names_id(const char *name, const char *suffix, uint64_t *ret);

/*
 * Shared names. When several items have the same name, the first is listed by its name and each other one as
 * "NAME%=ID", with its own id. names_encode() never returns `%=`, so a shared name never equals a name that is not
 * shared.
 */

/* Writes the shared name of item `id`, whose name is `text`, plus `suffix` into `name`. NAME is cut if the whole would
 * be longer than 255 bytes. */
void names_shared(const char *text, uint64_t id, const char *suffix, char name[NAMES_MAX + 1]);

/* Returns whether `name` ends like a shared name, in "%=ID" and `suffix`, and stores the id in *ret if so. The text
 * before `%=` is not checked: compare `name` with names_shared() of that item. *ret is untouched otherwise. */
bool names_shared_id(const char *name, const char *suffix, uint64_t *ret);

/* Returns the 64-bit FNV-1a hash of `len` bytes. Cut names end in this hash. */
uint64_t names_hash(const char *bytes, size_t len);

#endif
