/* SPDX-License-Identifier: MIT */
/*
 * Views: what a place shows.
 *
 * A caller learns this in two steps. tree_peek() answers from memory. If it cannot, tree_ask() fetches the document
 * that is missing and tells the caller when to call tree_peek() again.
 *
 * Threads:   loop thread only.
 * Ownership: a view holds a reference to its snapshot; view_clear() releases it. The caller owns the struct tree_wait.
 * Errors:    negative errno: -ENOENT when nothing is at the place; -ENOMEM; a failed request's errno as in client.h.
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
    struct snapshot *snapshot; /* a file's content; NULL for directories, links and a file that grows (route_grows()) */
    uint64_t id;               /* a link's item: place_target() makes the target of it */
    struct timespec mtime;     /* for st_mtime */
    int64_t expires;           /* clock_ms() until which the view holds; CLOCK_NEVER; or 0: peek again each time */
};

/* A caller that waits. The caller zero-initialises it, sets done and data, and keeps it until done is called or the
 * wait is cancelled. */
struct tree_wait {
    void (*done)(void *data, int error); /* error: 0, or -errno */
    void *data;
    struct waiter waiter;      /* belongs to views.c */
    struct render_wait render; /* belongs to views.c */
    unsigned tries;            /* belongs to views.c */
};

/* Looks up what the place shows. Sends no request. Returns 1 with *ret filled in, to be released with view_clear(); 0
 * when tree_ask() must be called first; -ENOENT; -EIO when the answer in memory lacks a field that the file's text
 * needs, or the text would be too long (render.h); -ENOMEM. If the result is not 1, *ret means nothing and holds no
 * reference. */
int tree_peek(struct tree *tree, struct place *place, struct view *ret);

/* Releases the view's snapshot. May be called twice. */
void view_clear(struct view *view);

/* Fetches or prints what tree_peek() lacks. Returns 1 when there is nothing to wait for: call tree_peek() again.
 * Returns 0 when the loop will call wait->done later, never from within this function. Or returns an error; -EIO also
 * when there was nothing to wait for too often with the same `wait`, because each answer had expired when it came. After
 * done(0), call tree_peek() again; it may return 0 once more, because a fetched list may still have to be printed. */
int tree_ask(struct tree *tree, struct place *place, struct tree_wait *wait);

/* Like tree_ask(), for what listing_open() (listing.h) needs. */
int tree_ask_list(struct tree *tree, struct place *dir, struct tree_wait *wait);

/* Returns whether `dir` must be shown although the API could not be asked whether it exists (`error`, of tree_peek() or
 * tree_ask()): a directory that leads to a command. What can be done below must not depend on what can be read: a purge
 * is sent while reading fails, and the API decides. Listing the directory still reports the failure. */
bool tree_shown_unasked(const struct place *dir, int error);

/* Stops waiting: wait->done will not be called. Fine on a wait that was never started or has ended. */
void tree_wait_cancel(struct tree_wait *wait);

/* Returns the document that the place's content comes from, fresh or expired; NULL when the cache holds no answer for
 * the place. Does not refresh the document's place in the LRU order. Borrowed until the next turn of the loop. */
struct document *tree_origin(struct tree *tree, struct place *place);

/* Begins to fetch what `place` shows, before anybody needs it. Does nothing if that is fresh or being fetched, if the
 * last fetch failed less than 1 s ago, or when out of memory. Returns false, and does nothing, while the request
 * would have to wait or would fail at once (client_ready()): prefetch no more for now. Otherwise returns true. */
bool tree_prefetch(struct tree *tree, struct place *place);

#endif
