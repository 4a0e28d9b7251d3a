/*
 * Names from the API as file names, by one reversible rule.
 *
 * Percent-encoded (%XX, upper-case hex) are: `/`, NUL and the other control bytes (below 0x20, and 0x7f), `%`, every
 * byte that is not part of valid UTF-8 (and U+0080 to U+009F, byte by byte), and a leading `.`. The empty name is `%`.
 * All else is as the API wrote it.
 *
 * A result over 255 bytes is cut at a character (never inside an escape) and ends in `%~` and 16 lower-case hex digits,
 * a hash of the whole name; `%~` cannot come out of the rule otherwise, so nothing is aliased, and such a name is found
 * again by encoding the candidates, not by decoding.
 *
 * Threads:   any.
 * Ownership: callers own the buffers.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_NAMES_H
#define MELBICOMFS_TREE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest file name, without its NUL: NAME_MAX. */
#define NAMES_MAX 255

/* Encodes `len` bytes of `name` plus `suffix` (such as ".json", never encoded, counted towards the 255) into buf
 * (NAMES_MAX + 1 bytes). Returns the result's length. */
size_t names_encode(const char *name, size_t len, const char *suffix, char buf[NAMES_MAX + 1]);

/*
 * The other way: decodes file name `name`, which must end in `suffix` (may be ""), into buf (NAMES_MAX + 1 bytes,
 * NUL-terminated) and stores the decoded length (the text may hold NUL) in *len. -ENOENT when `name` is not what
 * names_encode() makes of any name (wrong suffix, stray `%`, lower-case or needless escape, raw byte that should be
 * escaped), -E2BIG when it is a cut name (`%~`).
 */
int names_decode(const char *name, const char *suffix, char buf[NAMES_MAX + 1], size_t *len);

/*
 * An id, `0|[1-9][0-9]{0,18}`, followed by `suffix` and the end. 0 and the number in *ret, or -ENOENT with *ret
 * untouched. Nineteen digits fit in 64 bits without a sign.
 */
int names_id(const char *name, const char *suffix, uint64_t *ret);

/*
 * A name that several items share is told apart by the item's id: "NAME%=ID", which no other name can be, as `%` is
 * followed by hex digits or `~` there. names_shared() writes that name of `text` for item `id`, cut to fit; and
 * names_shared_id() says whether `name` is one, and stores the id.
 */
void names_shared(const char *text, uint64_t id, const char *suffix, char name[NAMES_MAX + 1]);
bool names_shared_id(const char *name, const char *suffix, uint64_t *ret);

/* 64-bit FNV-1a of the bytes: the hash in cut names. */
uint64_t names_hash(const char *bytes, size_t len);

#endif
