/* SPDX-License-Identifier: MIT */
/*
 * Listings: the entries of a directory.
 *
 * A listing walks over the entries in the order of their ordinals. An entry keeps its ordinal for life. A listing that
 * is resumed therefore shows each entry that stayed exactly once, even if other entries came or went meanwhile.
 *
 * All functions here answer from memory. tree_ask_list() (views.h) fetches what is missing.
 *
 * Threads:   loop thread only.
 * Ownership: the caller provides the struct listing, usually on its stack. listing_open() takes a reference to the
 *            document; listing_close() releases it.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_LISTING_H
#define MELBICOMFS_TREE_LISTING_H

#include "api/groups.h"
#include "tree/names.h"
#include "tree/views.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree;

/* Returns the document that the directory's entries come from. It may be expired, or hold no answer yet. NULL when the
 * directory has fixed entries only, or when the cache holds no such document. Borrowed until the next turn of the
 * loop. */
struct document *tree_listed(struct tree *tree, struct place *dir);

/* Returns the clock_ms() at which the listing in memory expires: CLOCK_NEVER when the directory's entries never change,
 * 0 when no fresh listing is in memory. */
int64_t tree_list_expires(struct tree *tree, struct place *dir);

/* Returns a hash of the listing's names and of the ids that they lead to, for telling whether a listing has changed.
 * Two different listings have the same hash with a chance of 1 in 2^64. 0 when no fresh listing is in memory, or
 * without memory. The hash is computed once for each content of the document. */
uint64_t tree_list_signature(struct tree *tree, struct place *dir);

/* Returns the ttl of the directory's listing in milliseconds, whether or not a listing is in memory; CLOCK_NEVER when
 * the directory's entries never change. */
int64_t tree_list_life(struct tree *tree, struct place *dir);

/* One entry of a directory. */
struct listed {
    uint64_t ordinal; /* 1 to 2^31 - 3; belongs to this entry for life, and to no other entry of the directory */
    const char *name; /* the file name; borrowed until the next listing_next() */
    const struct route *route;
    uint64_t id;      /* of the item, when the entry is one item; else ITEM_NO_ID */
    uint64_t name_id; /* the id in the name, as in place.id; ITEM_NO_ID when there is none, or the entry is no item */
    const char *text; /* the API's text that the name encodes, or NULL; borrowed until listing_close() */
    bool known;       /* `view` is filled in; otherwise tree_peek() tells what the entry shows */
    struct view view; /* the snapshot in it is borrowed: do not call view_clear() */
};

/* A walk over one directory. All members belong to listing.c. */
struct listing {
    struct tree *tree;
    struct place *dir;
    struct document *document;
    const struct route *any;        /* the route of the entries that are not fixed names, or NULL */
    struct group *group;            /* the items to list; NULL: all items of the document */
    const struct group_name *names; /* the entries in order of ordinals; NULL: list the items in order of their ids */
    struct group_name *own;         /* what `names` points to, when the document does not keep it; freed at the end */
    size_t n;                       /* how many items or names */
    size_t position;                /* index of the next item or name */
    size_t set;                     /* index of the next name of the fixed set (routes.h); these come first */
    unsigned fixed;                 /* index of the next fixed name; fixed names come last */
    char name[NAMES_MAX + 1];
};

/* Begins to list the entries whose ordinal is above `after` (0: all entries). Borrows `dir` until listing_close(). A
 * listing that begins needs a fresh document; one that goes on (after > 0) may use an expired one. Returns 1 when the
 * listing is open; 0 when tree_ask_list() must be called first; -ENOTDIR; -ENOMEM. */
int listing_open(struct listing *listing, struct tree *tree, struct place *dir, uint64_t after);

/* Fills *ret with the next entry. Returns false at the end. */
bool listing_next(struct listing *listing, struct listed *ret);

/* Makes the place of an entry of `dir`; both are borrowed for the life of the place. Returns 0 or -ENOMEM. The place of
 * an item is made without reading its name, which the listing has only just written. It has no text: an item's name is
 * an id, or the name of a link, and a listed link needs only its target. */
int listing_place(struct place *dir, const struct listed *listed, struct place *ret);

/* Returns the error that a program that reads a directory must see for `error` of tree_ask_list(): -EIO for -ENOENT.
 * readdir(3) of glibc takes ENOENT for the end of the directory, so an API without the collection would look like an
 * empty account. */
int listing_error(int error);

/* Releases what the listing holds. Allowed after any result of listing_open(). */
void listing_close(struct listing *listing);

#endif
