/*
 * The tree: what a path is, what it shows now, what a directory lists, and what a write does. It knows nothing of FUSE.
 *
 * A place is a position in the tree: a route, the place above, and the argument its name stands for. tree_child() makes
 * places by grammar alone, without a request. What a place shows is asked in two steps: tree_peek() answers from
 * memory; where it cannot, tree_ask() gets the document that can (the least that serves) and says when to peek again.
 *
 * Threads:   loop thread only.
 * Ownership: a place borrows the one above it; its owner frees what it holds with place_clear(). A view holds a
 *            reference to its snapshot, given back by view_clear().
 * Errors:    negative errno: -ENOENT when it is certain that nothing is there; those of client.h.
 */
#ifndef MELBICOMFS_TREE_TREE_H
#define MELBICOMFS_TREE_TREE_H

#include "api/documents.h"
#include "api/snapshot.h"
#include "tree/names.h"
#include "tree/render.h"
#include "tree/routes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct client;
struct config;
struct loop;
struct metrics;
struct tree;
struct purges;

struct place {
    struct place *above; /* NULL for the root */
    const struct route *route;
    const char *name; /* file name; lent by the owner, outlives the place */
    uint64_t id;      /* SEGMENT_ID, or of a name that holds one */
    char *text; /* SEGMENT_TEXT: what the name stands for; malloc'd. NULL while that is not known, for a name that was
                   cut or shared */
};

struct view {
    struct snapshot *snapshot; /* of a file */
    uint64_t id;               /* of a link: the item it leads to */
    struct timespec mtime;
    int64_t expires; /* clock_ms() until which this holds; CLOCK_NEVER, or 0: look again each time */
};

/* Zero-initialise, set done and data. */
struct tree_wait {
    void (*done)(void *data, int error);
    void *data;
    struct waiter waiter; /* the tree's, as is what follows */
    struct render_wait render;
};

/* All borrowed for the life of the tree. NULL when out of memory. tree_free(NULL) is fine. */
struct tree *tree_new(struct loop *loop, struct documents *documents, struct endpoints *endpoints,
                      struct client *client, const struct config *config, struct metrics *metrics);
void tree_free(struct tree *tree);

/* The root. Borrowed. */
struct place *tree_root(struct tree *tree);

/* What `name` in directory `dir` would be, by grammar alone: 0 and *ret filled (name borrowed from the caller), -ENOENT,
 * -ENOMEM. */
int tree_child(struct tree *tree, struct place *dir, const char *name, struct place *ret);
void place_clear(struct place *place);

/* What the place shows, from memory: 1 and *ret filled, 0 when it takes a request (or long printing) to tell, -ENOENT,
 * -EIO when the answer at hand lacks what the file's text is made of, -ENOMEM. */
int tree_peek(struct tree *tree, struct place *place, struct view *ret);
void view_clear(struct view *view);

/* Gets what tree_peek() needs: 1 at once, 0 when wait->done will be called (never from within), or an error. After
 * done(0), peek again. */
int tree_ask(struct tree *tree, struct place *place, struct tree_wait *wait);

/* Gets what the listing of a directory needs, in the same way. */
int tree_ask_list(struct tree *tree, struct place *dir, struct tree_wait *wait);

void tree_wait_cancel(struct tree_wait *wait);

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

/* The target of a link that leads to item `id`. Fills buf, returns its length. */
size_t tree_target(const struct place *place, uint64_t id, char *buf, size_t size);

/* The path below the mount point, without a leading slash. Fills buf (cut to size). Returns buf. */
char *tree_path(const struct place *place, char *buf, size_t size);

/* The document a place's content comes from, as it is now; NULL when there is none. Borrowed until the next turn. */
struct document *tree_origin(struct tree *tree, struct place *place);

/* Expires everything behind a place and below it. */
void tree_touch(struct tree *tree, struct place *place);

/* Fetches what `place` shows before somebody asks; does nothing when it is at hand, on its way, or the client is busy.
 * False when it held back. */
bool tree_prefetch(struct tree *tree, struct place *place);

/* ---- listings ---- */

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

/* For the makers of files of this mount's own state. Borrowed. */
struct documents *tree_documents(struct tree *tree);
struct metrics *tree_metrics(struct tree *tree);
struct purges *tree_purges(struct tree *tree);
const struct config *tree_config(struct tree *tree);
struct client *tree_client(struct tree *tree);
struct timespec tree_started(const struct tree *tree);

/* The id of the service, group or invoice that the place is at or below: its first argument that is an id. */
uint64_t place_id(const struct place *place);

#endif
