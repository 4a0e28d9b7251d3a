/*
 * The tree's parts: the struct behind `struct tree` of tree.h, for the files that answer for what is in the tree.
 *
 * Threads:   loop thread only.
 * Ownership: as tree.h says; tree.c makes and ends it.
 * Errors:    none of its own.
 */
#ifndef MELBICOMFS_TREE_CONTEXT_H
#define MELBICOMFS_TREE_CONTEXT_H

#include "tree/tree.h"

struct registry;
struct renderer;
struct snapshot;

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
    struct snapshot *constants[ROUTES_MAX]; /* views.c: by route, the files that never change */
};

#endif
