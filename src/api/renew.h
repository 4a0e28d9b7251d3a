/* SPDX-License-Identifier: MIT */
/*
 * Renewal: puts a new answer's items into a document, and keeps what is the same.
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
    struct item *items; /* malloc'd, each with a reference to its snapshot */
    size_t n;
    struct snapshot *whole; /* of prices: the text of the whole answer; else NULL */
    size_t unshown;         /* as document->unshown; renew_document() adds the items whose id an earlier item has */
};

/* Moves the content into the document. If all is the same as before, the document keeps its generation and its items, and
 * *ret_changed is false; otherwise the generation moves and document->changed becomes `now`, the wall clock. Returns 0 or
 * an error, with the document untouched. What remains in the content is the caller's to free. */
int renew_document(struct document *document, struct content *content, struct timespec now, bool *ret_changed);

#endif
