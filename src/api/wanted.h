/* SPDX-License-Identifier: MIT */
/*
 * What an answer is expected to contain, and in what form it was found.
 *
 * Threads:   any.
 * Ownership: all strings are borrowed, as the functions say that take a struct wanted.
 * Errors:    none.
 */
#ifndef MELBICOMFS_API_WANTED_H
#define MELBICOMFS_API_WANTED_H

#include "api/endpoints.h"

#include <stdbool.h>
#include <stdint.h>

/* What is looked for in an answer. The arrays end with NULL. */
struct wanted {
    enum shape shape;
    const char *const *names;            /* the names under which it may stand, besides data, value, … */
    const char *const *ids;              /* the names of an item's or object's id; may be empty */
    const char *const *signs;            /* an object without ids: names of a member that shows that it is the object */
    bool (*is_map_key)(const char *key); /* SHAPE_PRICES: whether the map itself may have this key */
    const char *list;                    /* dotted path of the list, object or map; NULL: it is looked for */
    bool by_id;                          /* an object: `id` was asked for */
    uint64_t id;
};

/* In what form it was found. */
enum form {
    FORM_NONE,
    FORM_LIST,  /* an array, or the element of an array */
    FORM_KEYED, /* an object whose keys are numbers, or a member of one */
    FORM_ONE,   /* one object */
    FORM_EMPTY  /* null, {}, or a total of 0 without a list */
};

#endif
