/* SPDX-License-Identifier: MIT */
/*
 * Renewal: puts a new answer's items into a document. Items that are the same as before keep their snapshots.
 *
 * Threads:   loop thread only.
 * Ownership: see renew_document().
 * Errors:    -EIO for 2^32 items or more; -ENOMEM.
 */
#ifndef MELBICOMFS_API_RENEW_H
#define MELBICOMFS_API_RENEW_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct document;
struct item;
struct snapshot;

/* The content of an answer. */
struct content {
    struct item *items; /* malloc'd; each item holds a reference to its snapshot */
    size_t n;
    struct snapshot *whole; /* SHAPE_PRICES: the text of the whole answer, with a reference; else NULL */
    size_t unshown; /* becomes document->unshown; renew_document() adds the items whose id an earlier item has */
};

/*
 * Moves the content into the document. If the content is the same as before, the document keeps its generation and its
 * items, and *ret_changed is false. Otherwise the generation moves, document->changed becomes `now`, the wall clock,
 * and *ret_changed is true.
 *
 * Returns 0; or an error, with the document untouched. In each case the caller frees what is still in `content`.
 */
int renew_document(struct document *document, struct content *content, struct timespec now, bool *ret_changed);

#endif
