/* SPDX-License-Identifier: MIT */
/*
 * The README at the root of the mount. It explains the tree to a person who has only the mount.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the buffer.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_TREE_README_H
#define MELBICOMFS_TREE_README_H

struct place;
struct printbuf;
struct tree;

/* Appends the text of README to `out`. Returns 0 or -ENOMEM. The text is the same for every tree and place. */
int readme_make(struct tree *tree, const struct place *place, struct printbuf *out);

#endif
