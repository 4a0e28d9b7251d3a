/*
 * The README at the root of the mount: how to use this tree, for a person who has only the mount.
 *
 * Threads:   loop thread only.
 * Ownership: appends to a buffer of the caller's.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_TREE_README_H
#define MELBICOMFS_TREE_README_H

struct place;
struct printbuf;
struct tree;

/* The text of README, appended to `out`: 0 or -ENOMEM. */
int readme_make(struct tree *tree, const struct place *place, struct printbuf *out);

#endif
