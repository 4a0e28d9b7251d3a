/*
 * Snapshots: bytes that never change.
 *
 * A snapshot is what one file shows, whole, from the moment it is bound until the last reader lets go. New content is a
 * new snapshot; equal bytes keep the old one. Behind the text stand up to SNAPSHOT_FIELDS short strings that were taken
 * from the item the text was made of (an invoice's number, status and date, say), so that an item is one allocation.
 *
 * Threads:   made on the loop thread; references may be taken and dropped on any (the pusher holds some).
 * Ownership: counted. snapshot_new() gives one reference; snapshot_unref(NULL) is fine.
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
    uint16_t fields[SNAPSHOT_FIELDS]; /* offsets behind the text, plus 1; 0: the item has no such field */
    uint32_t len;                     /* of the text, in bytes */
    uint32_t size;                    /* of data: text, fields and their NULs */
    struct timespec mtime;            /* what st_mtime says */
    char data[];
};

/* Copies `len` bytes of text and the fields (NUL-terminated, NULL for an absent one; fields may be NULL: none). A field
 * that does not fit into 64 KiB together with those before it counts as absent. NULL when out of memory, or when it is
 * more than 4 GiB in all. */
struct snapshot *snapshot_new(const char *text, size_t len, const char *const fields[SNAPSHOT_FIELDS]);

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

/* Field i, or NULL. Borrowed from the snapshot. */
const char *snapshot_field(const struct snapshot *snapshot, unsigned i);

/* Whether both show the same bytes. */
bool snapshot_equal(const struct snapshot *a, const struct snapshot *b);

/* Whether both were made of the same text and fields. */
bool snapshot_same(const struct snapshot *a, const struct snapshot *b);

/* Bytes of memory that a snapshot takes, for accounting. */
size_t snapshot_cost(const struct snapshot *snapshot);

#endif
