/* SPDX-License-Identifier: MIT */
/*
 * What to look for in an answer, and the forms in which it is found. envelope.h and unwrap.h do the search.
 *
 * Threads:   any.
 * Ownership: all strings are borrowed for as long as the struct is used.
 * Errors:    none.
 */
#ifndef MELBICOMFS_API_WANTED_H
#define MELBICOMFS_API_WANTED_H

#include "api/endpoints.h"

#include <stdbool.h>
#include <stdint.h>

/* A description of the list, object or map to look for. The arrays end with NULL. */
struct wanted {
    enum shape shape;
    const char *const *names;            /* the names that the member with the list, object or map may have, besides
                                            data, value, result and items */
    const char *const *ids;              /* the names that the id of an item or object may have; may be empty */
    const char *const *signs;            /* SHAPE_OBJECT with empty `ids`: an object that has a member with one of these
                                            names is the one to look for */
    bool (*is_map_key)(const char *key); /* SHAPE_PRICES: returns whether the key is typical of the map */
    const char *list;                    /* where the list, object or map is: a dotted path; NULL: search for it */
    bool by_id;                          /* SHAPE_OBJECT: the object with the id `id` was asked for */
    uint64_t id;
};

/* The form in which a list, object or map was found. */
enum form {
    FORM_NONE,  /* not found */
    FORM_LIST,  /* a list: an array. An object: the element of an array */
    FORM_KEYED, /* a list: an object whose keys are numbers. An object: a member of such an object */
    FORM_ONE,   /* one object */
    FORM_EMPTY  /* an empty list that is not an array: null, {}, or a total of 0 without a list */
};

#endif
