/* SPDX-License-Identifier: MIT */
/*
 * The registry gives each name from the API (a domain extension, a product's name) an ordinal: a number that the name
 * keeps until the mount ends, even if the name disappears and comes back. Listings are sorted by ordinal, so that a
 * listing can be resumed although names came or went meanwhile.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the registry and frees it with registry_free(). Names are copied.
 * Errors:    out of memory: registry_new() returns NULL, registry_ordinal() returns 0.
 */
#ifndef MELBICOMFS_TREE_REGISTRY_H
#define MELBICOMFS_TREE_REGISTRY_H

#include <stdint.h>

struct registry;

/* Makes an empty registry. NULL when out of memory. registry_free(NULL) is fine. */
struct registry *registry_new(void);
void registry_free(struct registry *registry);

/* Returns the ordinal of `name` for the route with index `route` (route_index()). A name seen for the first time gets
 * the next number; numbers start at 1 and are counted over all routes together. 0 when out of memory. */
uint64_t registry_ordinal(struct registry *registry, unsigned route, const char *name);

#endif
