/*
 * Sources: the documents behind a place.
 *
 * A place has up to two sources. The list is the whole collection; the narrow query answers for this place alone. Of
 * those that are fresh, the one fetched more recently speaks. Its "not there" is final, except where the list is known
 * to be partial: when the narrow source is another operation (a service that is not Active or Suspended is in no list),
 * or the list holds only part of a fixed set.
 *
 * Threads:   loop thread only.
 * Ownership: documents are borrowed until the next turn of the loop.
 * Errors:    NULL when there is no such document, or no memory to make it.
 */
#ifndef MELBICOMFS_TREE_SOURCES_H
#define MELBICOMFS_TREE_SOURCES_H

#include "api/documents.h"
#include "tree/place.h"

#include <stdbool.h>

struct tree;

/* The documents that can answer for a place; NULL where there is none. */
struct sources {
    struct document *list, *narrow;
};

/* Why documents are looked for: to look at what is said of them, which does not count as a use; to use what they hold; or
 * to ask for them, for which those that a request needs are made. */
enum purpose { TO_LOOK, TO_USE, TO_ASK };

/* Finds the documents behind `route` with these arguments. */
void sources_of(struct tree *tree, const struct route *route, const struct args *args, enum purpose purpose,
                struct sources *ret);

/* The source to ask for. A list on its way will do, and revalidating a list that is held is cheaper than fetching its
 * items one by one; else the narrow one asks for the least that serves. NULL when there is none. */
struct document *sources_choose(const struct route *route, const struct sources *sources);

/* The document that the listing of a directory is made of; NULL when it needs none, or (without `make`) none is there. */
struct document *list_document(struct tree *tree, struct place *dir, bool make);

/* Whether an item that is not in the list of a route may be there all the same. */
bool list_partial(const struct route *route);

/* Whether the API confirmed document `a` later than document `b`. */
bool fetched_later(const struct document *a, const struct document *b);

#endif
