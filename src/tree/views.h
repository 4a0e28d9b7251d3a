/*
 * Views: what a place shows.
 *
 * That is asked in two steps. tree_peek() answers from memory. Where it cannot, tree_ask() gets the document that can (the
 * smallest answer that serves) and says when to peek again.
 *
 * Threads:   loop thread only.
 * Ownership: a view holds a reference to its snapshot, given back by view_clear(). A wait is the caller's.
 * Errors:    negative errno: -ENOENT when it is certain that nothing is there; those of client.h.
 */
#ifndef MELBICOMFS_TREE_VIEWS_H
#define MELBICOMFS_TREE_VIEWS_H

#include "api/documents.h"
#include "api/snapshot.h"
#include "tree/place.h"
#include "tree/render.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct tree;

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

/* The document a place's content comes from, as it is now; NULL when there is none. Borrowed until the next turn. */
struct document *tree_origin(struct tree *tree, struct place *place);

/* Fetches what `place` shows before somebody asks; does nothing when it is at hand, on its way, or the client is busy.
 * False when it held back. */
bool tree_prefetch(struct tree *tree, struct place *place);

#endif
