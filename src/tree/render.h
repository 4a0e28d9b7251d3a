/* SPDX-License-Identifier: MIT */
/*
 * Rendering: prints a whole document as the text of one file, such as all/invoices.csv.
 *
 * Printing a long list would hold up the loop, so the list is printed in slices of a few milliseconds. Callers that
 * need the text wait with renderer_wait(). If the document changes meanwhile, printing starts again. forms.h says how
 * the texts are made.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the renderer and frees it with renderer_free(). The document owns the finished text;
 *            renderer_get() lends it.
 * Errors:    -ENOMEM; -EIO when the document lacks a field that the text needs, or when the text would be longer than
 *            TEXT_MAX. A text that is too long is logged once, and not tried again until the document changes.
 */
#ifndef MELBICOMFS_TREE_RENDER_H
#define MELBICOMFS_TREE_RENDER_H

#include "tree/routes.h"
#include "tree/text.h"

#include <stddef.h>
#include <stdint.h>

struct document;
struct endpoints;
struct loop;
struct renderer;
struct rendition;
struct snapshot;

/* A caller that waits for a text. The caller zero-initialises it, sets fn and data, and keeps it until fn is called or
 * the wait is cancelled. */
struct render_wait {
    void (*fn)(void *data, int error); /* error: 0, or -errno */
    void *data;
    struct render_wait *next, **link; /* belong to the renderer */
};

/* Makes a renderer that works on `loop` and finds fields by the names in `endpoints`; both are borrowed. NULL when out
 * of memory. Before renderer_free(), all waits must have been called or cancelled. renderer_free(NULL) is fine. */
struct renderer *renderer_new(struct loop *loop, const struct endpoints *endpoints);
void renderer_free(struct renderer *renderer);

/* For tests: refuses texts longer than `max` bytes. `max` is at most TEXT_MAX. */
void renderer_set_max(struct renderer *renderer, size_t max);

/* Gets the document's text in the form `how` (any but RENDER_MADE), and begins to print it if it does not exist yet.
 * Returns 1 with the text in *ret; 0 when it is still being printed: call renderer_wait(); or an error. *ret belongs to
 * the document; take a reference to keep it beyond this turn of the loop. */
int renderer_get(struct renderer *renderer, struct document *document, enum route_render how, struct snapshot **ret);

/* Waits until that text has been printed. Returns 0: the loop will call wait->fn later, never from within this
 * function. Returns 1: the text is not being printed, and wait->fn will not be called. */
int renderer_wait(struct renderer *renderer, struct document *document, enum route_render how,
                  struct render_wait *wait);

/* Stops waiting: wait->fn will not be called. Printing goes on. Fine on a wait that was never started or has ended. */
void render_wait_cancel(struct render_wait *wait);

/* Returns what was printed last in this form (any but RENDER_MADE) for the document, of its present content or an earlier
 * one; `text` is NULL if nothing was. */
const struct rendition *render_last(const struct document *document, enum route_render how);

/* Returns clock_ms() until which a text in this form stays the same if its document does: the next midnight, UTC, for a
 * text that depends on today's date (how many days are left), otherwise CLOCK_NEVER. */
int64_t render_until(enum route_render how);

#endif
