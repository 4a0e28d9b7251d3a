/*
 * Ordinals for names: a directory of names from the API (extensions, product names) gives each a number for life, in
 * order of first appearance, so that a listing can go on where it was, whatever came and went meanwhile.
 *
 * Threads:   loop thread only.
 * Ownership: registry_new() gives, registry_free() takes back; names are copied.
 * Errors:    0 for an ordinal when out of memory.
 */
#ifndef MELBICOMFS_TREE_REGISTRY_H
#define MELBICOMFS_TREE_REGISTRY_H

#include <stdint.h>

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *registry);

/* The ordinal of `name` among the names of route number `route`: 1, 2, … */
uint64_t registry_ordinal(struct registry *registry, unsigned route, const char *name);

#endif
