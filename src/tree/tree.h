/* SPDX-License-Identifier: MIT */
/*
 * The tree: what the user sees below the mount point. It knows nothing of FUSE.
 *
 *      routes.h    the table of all paths              place.h     a position in the tree
 *      views.h     what a place shows                  listing.h   the entries of a directory
 *      purge.h     what a write does                   tree.h      creates and frees the tree, and lends its parts
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the tree and frees it with tree_free(). The tree borrows the arguments of tree_new(). All
 *            pointers that a function here returns are borrowed for the life of the tree.
 * Errors:    tree_new() returns NULL when out of memory; nothing else here fails.
 */
#ifndef MELBICOMFS_TREE_TREE_H
#define MELBICOMFS_TREE_TREE_H

#include "tree/place.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct client;
struct config;
struct documents;
struct endpoints;
struct loop;
struct metrics;
struct purges;
struct tree;

/* Makes a tree. All arguments are borrowed and must outlive it. NULL when out of memory. tree_free(NULL) is fine;
 * purges under way are cancelled (purges_free()). */
struct tree *tree_new(struct loop *loop, struct documents *documents, struct endpoints *endpoints,
                      struct client *client, const struct config *config, struct metrics *metrics);
void tree_free(struct tree *tree);

/* Returns the place of the mount point itself. */
struct place *tree_root(struct tree *tree);

/* Expires every document that the place, or any place below it, may take its content from. The next access asks the API
 * again; for the document that the place itself shows even while the host or its operation is closed (document_touch()).
 * Sends nothing. */
void tree_touch(struct tree *tree, struct place *place);

/* Returns whether the file at `place` is the whole text of one answer of the API that is in memory, and that has
 * validators: then *etag and *last_modified are set, borrowed until the next turn of the loop; one of them may be NULL. */
bool tree_validators(struct tree *tree, struct place *place, const char **etag, const char **last_modified);

/* Puts back an answer of an earlier run of the program: `bytes` is the text of a file for which tree_validators() was
 * true, and the others are what it set. The next access asks the API whether the answer still holds
 * (document_restore()). Returns 0 or -errno; a failure only costs a request without validators. */
int tree_restore(struct tree *tree, struct place *place, const char *bytes, size_t len, const char *etag,
                 const char *last_modified);

/* The arguments of tree_new(), the tree's purges, and the time of day at which the tree was made. */
struct documents *tree_documents(struct tree *tree);
struct metrics *tree_metrics(struct tree *tree);
struct purges *tree_purges(struct tree *tree);
const struct config *tree_config(struct tree *tree);
struct client *tree_client(struct tree *tree);
struct timespec tree_started(const struct tree *tree);

#endif
