/*
 * Rendering: the texts that are made of a whole document, beside those of its items.
 *
 * A long list takes longer to print than the loop may be held, so it is printed a slice at a time, and whoever wants it
 * waits. A document that changes meanwhile is printed anew.
 *
 * Threads:   loop thread only.
 * Ownership: renderer_new() gives, renderer_free() takes back. A rendering is lent: the document keeps it.
 * Errors:    -ENOMEM; -EIO when the document has not the fields that the text is made of, or when the text would be
 *            longer than RENDER_MAX: that is logged and remembered until the document changes.
 */
#ifndef MELBICOMFS_TREE_RENDER_H
#define MELBICOMFS_TREE_RENDER_H

#include "tree/routes.h"

#include <limits.h>
#include <stddef.h>

struct document;
struct loop;
struct printbuf;
struct renderer;
struct snapshot;

/* Bytes of the longest text: json-c's printbuf counts in an int. */
#define RENDER_MAX ((size_t)INT_MAX - 64)

/* Zero-initialise, set fn and data. */
struct render_wait {
    void (*fn)(void *data, int error);
    void *data;
    struct render_wait *next, **link; /* the renderer's */
};

/* NULL when out of memory. renderer_free(NULL) is fine; nobody must wait any more. */
struct renderer *renderer_new(struct loop *loop);
void renderer_free(struct renderer *renderer);

/* Refuses texts that are longer than `max`, which is below RENDER_MAX: for tests. */
void renderer_set_max(struct renderer *renderer, size_t max);

/* The document's text in that form (not RENDER_MADE): 1 and *ret; 0 when it is being made: renderer_wait(); or an
 * error. */
int renderer_get(struct renderer *renderer, struct document *document, enum route_render how, struct snapshot **ret);

/* 0: wait->fn will be called, from the loop, never from within. 1: nothing is being made of it. */
int renderer_wait(struct renderer *renderer, struct document *document, enum route_render how,
                  struct render_wait *wait);

/* Fine on one that waits for nothing. */
void render_wait_cancel(struct render_wait *wait);

/* Appends one CSV value, quoted as RFC 4180 asks. A value that a spreadsheet would run as a formula (it begins with = +
 * - @ TAB CR and is not a plain number) gets a leading apostrophe, which spreadsheets take as "this is text". -ENOMEM,
 * or -EFBIG beyond RENDER_MAX. */
int render_csv_value(const char *text, size_t len, struct printbuf *out);

#endif
