/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: bytes that never change.
 *
 * A snapshot is the whole content of one file. A reader that has been given a snapshot reads from that one to the end,
 * and holds a reference to it. New content is a new snapshot; if the bytes are equal, the old snapshot stays. After the
 * text, a snapshot stores up to SNAPSHOT_FIELDS short strings of the item, such as an invoice's number, status and
 * date, so that an item is one allocation.
 *
 * Threads:   made on the loop thread; any thread may take and drop references (the pusher does).
 * Ownership: counted. snapshot_new() and snapshot_ref() each give the caller one reference, which the caller drops with
 *            snapshot_unref(); the last one frees the snapshot. snapshot_unref(NULL) is fine.
 * Errors:    NULL when out of memory.
 */
#ifndef MELBICOMFS_API_SNAPSHOT_H
#define MELBICOMFS_API_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SNAPSHOT_FIELDS 4

struct snapshot {
    atomic_uint refs;
    uint16_t fields[SNAPSHOT_FIELDS]; /* offset of each field after the end of the text, plus 1; 0: field is absent */
    uint32_t len;                     /* bytes of the text */
    uint32_t size;                    /* bytes of data: the text, and the fields with their NULs */
    struct timespec mtime;            /* st_mtime of the file; set by the maker before anybody else sees the snapshot */
    char data[];
};

/* Copies `len` bytes of text and the fields: NUL-terminated strings, or NULL for an absent one; `fields` may be NULL.
 * All fields together have 64 KiB; a field that does not fit after the fields before it becomes absent. mtime is 0.
 * NULL when out of memory, or when text and fields exceed 4 GiB. */
struct snapshot *snapshot_new(const char *text, size_t len, const char *const fields[SNAPSHOT_FIELDS]);

/* Takes another reference and returns the snapshot. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);

/* Drops a reference. */
void snapshot_unref(struct snapshot *snapshot);

/* The text of field i, or NULL if it is absent. Borrowed from the snapshot. */
const char *snapshot_field(const struct snapshot *snapshot, unsigned i);

/* True if both have the same text. */
bool snapshot_equal(const struct snapshot *a, const struct snapshot *b);

/* True if both have the same text and the same fields. */
bool snapshot_same(const struct snapshot *a, const struct snapshot *b);

/* Bytes of memory that a snapshot takes, for accounting. */
size_t snapshot_cost(const struct snapshot *snapshot);

#endif
