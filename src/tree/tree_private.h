/*
 * What the files of the tree share among themselves: its struct, the arguments of a place, and the documents behind it.
 *
 * Threads:   loop thread only.
 * Ownership: as tree.h.
 * Errors:    none of its own.
 */
#ifndef MELBICOMFS_TREE_TREE_PRIVATE_H
#define MELBICOMFS_TREE_TREE_PRIVATE_H

#include "tree/tree.h"

#define ROUTES_MAX 64

struct registry;
struct renderer;

struct tree {
    struct documents *documents;
    struct client *client;
    const struct config *config;
    struct metrics *metrics;
    struct registry *registry;
    struct renderer *renderer;
    struct purges *purges;
    struct timespec started;
    struct place root;
    struct snapshot *constants[ROUTES_MAX]; /* by route: files that never change */
};

/* The arguments on the way to a place. Texts are borrowed from the places, or from this struct. */
struct args {
    unsigned n;
    uint64_t ids[ROUTE_ARGS];
    const char *texts[ROUTE_ARGS]; /* NULL: not known */
    char numbers[ROUTE_ARGS][24];
};

/* The documents that can answer for a place; NULL where there is none. */
struct sources {
    struct document *list, *narrow;
};

void args_of(const struct place *place, struct args *args);

/* Whether all of them are known. */
bool args_known(const struct args *args);

/* What for: to look at what is said of them, to use what they hold, or to ask for them: those that that takes are made.
 */
enum purpose { TO_LOOK, TO_USE, TO_ASK };

/* Finds the documents behind `route` with these arguments. */
void sources_of(struct tree *tree, const struct route *route, const struct args *args, enum purpose purpose,
                struct sources *ret);

/* The document that a directory's listing is made of; NULL when it needs none, or (without `make`) none is there. */
struct document *list_document(struct tree *tree, struct place *dir, bool make);

/* The name of an item whose name another item bears already. */
void listing_shared_name(const char *text, uint64_t id, const char *suffix, char name[NAMES_MAX + 1]);

#endif
