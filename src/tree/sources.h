/* SPDX-License-Identifier: MIT */
/*
 * Sources: the documents that a place's content comes from.
 *
 * A place has up to two sources (routes.h). The list holds the whole collection; the narrow document answers for this
 * place alone. If both are fresh, the place shows the one that the API confirmed later.
 *
 * If that document does not hold the item, the item does not exist. There is one exception: a partial list. A list is
 * partial when the narrow source is another operation: the list of all services does not hold a cancelled one, but the
 * service's own document does. A missing item is then looked for in the narrow document, if that is fresh; otherwise in
 * every fresh list of the list's operation.
 *
 * Threads:   loop thread only.
 * Ownership: documents are borrowed until the next turn of the loop.
 * Errors:    NULL instead of a document that the cache does not hold, or that cannot be made for lack of memory.
 */
#ifndef MELBICOMFS_TREE_SOURCES_H
#define MELBICOMFS_TREE_SOURCES_H

#include "api/documents.h"
#include "tree/place.h"

#include <stdbool.h>

struct tree;

/* The documents that can answer for a place; each may be NULL. */
struct sources {
    struct document *list, *narrow;
};

/* Why documents are looked up. */
enum purpose {
    TO_LOOK, /* to report on them: does not refresh their place in the cache's LRU order */
    TO_USE,  /* to show their content: refreshes it */
    TO_ASK   /* to send a request: refreshes it, and makes the document that the request will fill */
};

/* Fills *ret with the documents that can answer for a place of `route` with these arguments. For TO_ASK at least one is
 * found or made, unless memory runs out or an argument that both queries need is not known. */
void sources_of(struct tree *tree, const struct route *route, const struct args *args, enum purpose purpose,
                struct sources *ret);

/* Returns the source to request: the list, if it holds an answer or is being fetched, because revalidating one list is
 * cheaper than fetching its items one by one; otherwise the narrow document, which is the smaller request. A partial
 * list is only chosen when there is no narrow document. NULL when there is neither. */
struct document *sources_choose(const struct route *route, const struct sources *sources);

/* Returns the document that lists the entries of a directory. With `make`, the document is made if the cache does not
 * hold it. NULL when the directory's entries come from no document; without `make`, also when the cache holds none. */
struct document *list_document(struct tree *tree, struct place *dir, bool make);

/* Returns whether the route's list is partial: an item that the list does not hold may exist all the same. */
bool list_partial(const struct route *route);

/* Returns whether the API confirmed document `a` later than document `b`. */
bool fetched_later(const struct document *a, const struct document *b);

#endif
