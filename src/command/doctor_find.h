/* SPDX-License-Identifier: MIT */
/*
 * Finds what was asked for in an answer, whatever the members around it are called: the longest list of objects, or the
 * object with most of the wanted fields, or the map with most values four levels deep. The doctor suggests what is
 * found here; a mount reads answers by stricter rules (doctor_reading.h).
 *
 * Threads:   any; nothing is shared.
 * Ownership: doctor_found_clear() frees what doctor_find() put into a struct doctor_found. The objects in it are
 *            borrowed from the answer.
 * Errors:    none: if nothing is found, found->form is FOUND_NOTHING. If memory runs out, the program ends (report.h).
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_FIND_H
#define MELBICOMFS_COMMAND_DOCTOR_FIND_H

#include "api/endpoints.h"

#include <stdbool.h>
#include <stddef.h>

struct json_object;

enum doctor_form {
    FOUND_NOTHING,
    FOUND_EMPTY, /* an empty list */
    FOUND_ONE,   /* one object, or the map of prices */
    FOUND_KEYED, /* a list: an object whose keys are all numbers, and whose values are objects */
    FOUND_LIST   /* a list: an array of objects */
};

struct doctor_found {
    enum doctor_form form;
    char *path; /* where in the answer it is: member names with dots between them, "" for the whole answer */
    struct json_object **items; /* n objects */
    const char **keys;          /* FOUND_KEYED: the key of each item; NULL for a key that only counts from 0 */
    size_t n;
};

/* Searches `answer` for the list, object or map that `endpoint` should give, by the names of `reading`. If
 * reading->list is set, only that place is searched. */
void doctor_find(struct json_object *answer, const struct endpoint *endpoint, const struct endpoint_reading *reading,
                 struct doctor_found *found);

void doctor_found_clear(struct doctor_found *found);

/* Returns the number of prices in a map of prices: the scalars four levels below it. */
size_t doctor_count_prices(struct json_object *map);

#endif
