/*
 * Listings: what a directory lists.
 *
 * A listing is a walk over the entries of a directory in the order of their ordinals, so that one that is resumed after
 * entries came or went neither loses nor repeats those that stayed.
 *
 * Threads:   loop thread only.
 * Ownership: a listing is on the caller's stack; listing_close() lets the document go.
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

/* The document that the listing of a directory comes from, as it is now; NULL when there is none, or nothing at hand.
 * Borrowed until the next turn. */
struct document *tree_listed(struct tree *tree, struct place *dir);

/* clock_ms() until which the listing of a directory holds: CLOCK_NEVER for one that never changes, 0 for one not at
 * hand. */
int64_t tree_list_expires(struct tree *tree, struct place *dir);

/* A number that stands for the names of a listing and the ids they lead to: when any of them changes, so does the number
 * (with a chance of 1 in 2^64 that it does not). 0 when the listing is not at hand. Sends no request. Worked out once
 * for each content of the document. */
uint64_t tree_list_signature(struct tree *tree, struct place *dir);

/* How long, at most, a listing of this directory holds, in ms; CLOCK_NEVER for one that never changes. */
int64_t tree_list_life(struct tree *tree, struct place *dir);

/* One entry of a directory. */
struct listed {
    uint64_t ordinal; /* for life, never reused in this directory; entries come in its order; from 1 to 2^31 - 3 */
    const char *name; /* the listing's, until the next entry */
    const struct route *route;
    uint64_t id;
    const char *text; /* what the name stands for, or NULL; the listing's */
    bool known;       /* `view` holds what the entry shows */
    struct view view; /* its snapshot is borrowed */
};

/* A walk over one directory; on the stack. */
struct listing {
    struct tree *tree;
    struct place *dir;
    struct document *document;
    const struct route *any;
    struct group *group;            /* the items that are listed, when it is not all of them */
    const struct group_name *names; /* the entries in order; NULL: that is the order of the items' ids */
    struct group_name *own;         /* the same, when the document does not keep them */
    size_t n;                       /* items or names */
    size_t position;                /* the next of them */
    unsigned fixed;                 /* the next of the fixed names, which come last */
    char name[NAMES_MAX + 1];
};

/* Begins to list the entries with an ordinal above `after`. 1; 0 when tree_ask_list() must be asked first; or an error
 * (-ENOTDIR, -ENOMEM). */
int listing_open(struct listing *listing, struct tree *tree, struct place *dir, uint64_t after);
/* The next entry; false at the end. */
bool listing_next(struct listing *listing, struct listed *ret);
void listing_close(struct listing *listing);

#endif
