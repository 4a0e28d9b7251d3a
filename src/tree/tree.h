/*
 * The tree: what the user sees below the mount point. It knows nothing of FUSE.
 *
 *      routes.h    the table of what there is          place.h     a position in the tree
 *      views.h     what a place shows                  listing.h   what a directory lists
 *      purge.h     what a write does                   this        making and ending all of it, and what they share
 *
 * Threads:   loop thread only.
 * Ownership: tree_new() gives, tree_free() takes back; what tree_new() is given is borrowed, and so is what is asked of it.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_TREE_H
#define MELBICOMFS_TREE_TREE_H

#include "tree/place.h"

#include <time.h>

struct client;
struct config;
struct documents;
struct endpoints;
struct loop;
struct metrics;
struct purges;
struct tree;

/* All borrowed for the life of the tree. NULL when out of memory. tree_free(NULL) is fine. */
struct tree *tree_new(struct loop *loop, struct documents *documents, struct endpoints *endpoints,
                      struct client *client, const struct config *config, struct metrics *metrics);
void tree_free(struct tree *tree);

/* The root. Borrowed. */
struct place *tree_root(struct tree *tree);

/* Expires everything behind a place and below it. */
void tree_touch(struct tree *tree, struct place *place);

/* What the tree was made with, its purges, and when it was made. Borrowed. */
struct documents *tree_documents(struct tree *tree);
struct metrics *tree_metrics(struct tree *tree);
struct purges *tree_purges(struct tree *tree);
const struct config *tree_config(struct tree *tree);
struct client *tree_client(struct tree *tree);
struct timespec tree_started(const struct tree *tree);

#endif
