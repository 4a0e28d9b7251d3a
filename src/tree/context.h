/* SPDX-License-Identifier: MIT */
/*
 * The definition of `struct tree`, for the files of this folder that work on its members. Everybody else uses tree.h.
 *
 * Threads:   loop thread only.
 * Ownership: tree.c creates and frees the struct. It owns the registry, the renderer, the purges and the constant
 *            files; the other pointers are borrowed from the caller of tree_new().
 * Errors:    none; there are no functions here.
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
    struct timespec started; /* time of day at which the tree was made: the mtime of what never changes */
    struct place root;
    struct snapshot *constants[ROUTES_MAX]; /* by route_index(): files that never change, once made; views.c fills it */
};

#endif
