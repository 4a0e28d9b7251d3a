/*
 * What a test has changed of a generated collection, by id. Whatever is not here is generated anew each time.
 *
 * Threads:   under the simulator's lock.
 * Ownership: an overlay owns its entries, an entry its JSON and bytes; overlay_free() takes all.
 * Errors:    none; no memory ends the program.
 */
#ifndef SIMULATOR_OVERLAY_H
#define SIMULATOR_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

struct json_object;

struct overlay_entry {
    long id;
    bool deleted;
    struct json_object *item;   /* as it stands in the list, or NULL: as generated */
    struct json_object *single; /* as its own answer, likewise */
    char *raw;                  /* `raw_len` bytes that are the own answer, verbatim, or NULL */
    size_t raw_len;
    UT_hash_handle hh;
};

struct overlay {
    struct overlay_entry *entries; /* in the order in which they were first changed */
};

void overlay_free(struct overlay *overlay);

/* NULL when nothing of this id was changed. */
struct overlay_entry *overlay_find(const struct overlay *overlay, long id);

/* The entry of this id, made when there is none; no longer deleted. */
struct overlay_entry *overlay_touch(struct overlay *overlay, long id);

/* Sets the members of `changes` in `target`, adding those it has not. */
void overlay_merge(struct json_object *target, struct json_object *changes);

#endif
