/*
 * Places: positions in the tree. A place is a route, the place above, and the argument that its name stands for. Whether
 * anything is there is for views.h to say: places are made by grammar alone.
 *
 * Threads:   loop thread only.
 * Ownership: a place borrows the place above it and its name; place_clear() frees what it holds.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_PLACE_H
#define MELBICOMFS_TREE_PLACE_H

#include "tree/routes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
    struct place *above; /* NULL for the root */
    const struct route *route;
    const char *name; /* the file name; borrowed, outlives the place */
    uint64_t id;      /* SEGMENT_ID, or of a name that holds an id; else ITEM_NO_ID */
    char *text; /* SEGMENT_TEXT: what the name stands for; malloc'd. NULL while that is not known, because the name
                         was cut or is shared */
};

/* The arguments on the way to a place. Texts are borrowed from the places, or from this struct. */
struct args {
    unsigned n;
    uint64_t ids[ROUTE_ARGS];
    const char *texts[ROUTE_ARGS]; /* NULL: not known */
    char numbers[ROUTE_ARGS][24];
};

/* Makes the place that `name` in directory `dir` would be. 0 and *ret (the name is borrowed from the caller); -ENOENT when
 * no entry of the directory can have that name; -ENOMEM. */
int place_child(struct place *dir, const char *name, struct place *ret);

/* Frees what the place holds; it may be cleared again. */
void place_clear(struct place *place);

/* The id of the service, group or invoice that the place is at or below (the first argument that is an id), or
 * ITEM_NO_ID. */
uint64_t place_id(const struct place *place);

/* Writes the path below the mount point, without a leading slash, into buf (cut to `size` bytes). Returns buf. */
char *place_path(const struct place *place, char *buf, size_t size);

/* Writes the target of the link at a place, when it leads to item `id`, into buf (cut to `size` bytes). Returns the
 * target's length. */
size_t place_target(const struct place *place, uint64_t id, char *buf, size_t size);

/* Collects the arguments on the way to a place. */
void args_of(const struct place *place, struct args *ret);

/* Whether the texts of all arguments are known. */
bool args_known(const struct args *args);

#endif
