/* SPDX-License-Identifier: MIT */
/*
 * The items of a generated collection that a test has changed, by id. All other items are generated each time they are
 * asked for.
 *
 * Threads:   the caller holds the simulator's lock.
 * Ownership: an overlay owns its entries; an entry owns its JSON and bytes. overlay_free() frees them all.
 * Errors:    none; running out of memory ends the program.
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
    struct json_object *item;   /* the item in the list; NULL: as generated */
    struct json_object *single; /* the item in its own answer; NULL: as generated */
    char *raw;                  /* `raw_len` bytes to send as the item's own answer; NULL: `single` */
    size_t raw_len;
    UT_hash_handle hh;
};

struct overlay {
    struct overlay_entry *entries; /* in the order in which they were first changed */
};

void overlay_free(struct overlay *overlay);

/* The entry of this id; NULL if the item was not changed. */
struct overlay_entry *overlay_find(const struct overlay *overlay, long id);

/* The entry of this id; makes one if there is none. An item that was deleted exists again. */
struct overlay_entry *overlay_touch(struct overlay *overlay, long id);

/* Sets each member of `changes` in `target`; members that `target` does not have are added. */
void overlay_merge(struct json_object *target, struct json_object *changes);

#endif
