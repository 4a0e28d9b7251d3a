/* SPDX-License-Identifier: MIT */
/*
 * Finds what was asked for in an answer when nothing is known of the names around it: the largest list of objects, the
 * object with a field that is wanted, or the map that is four levels deep. The doctor uses it for suggestions; a mount
 * reads answers by rules that are stricter.
 *
 * Threads:   any; nothing is shared.
 * Ownership: doctor_found_clear() frees what doctor_find() put into a struct doctor_found. The objects in it are
 *            borrowed from the answer.
 * Errors:    none: found->form is FOUND_NOTHING. When memory runs out, as report.h says.
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
    FOUND_ONE,   /* one object; the map of prices, too */
    FOUND_KEYED, /* objects in an object whose keys are all numbers */
    FOUND_LIST   /* objects in an array */
};

struct doctor_found {
    enum doctor_form form;
    char *path;                 /* where: member names with dots between them; "" for the whole answer */
    struct json_object **items; /* n objects */
    const char **keys;          /* FOUND_KEYED: the key of each, NULL where it only counts */
    size_t n;
};

/* Searches `answer` for what `endpoint` is to give, read as `reading` says. */
void doctor_find(struct json_object *answer, const struct endpoint *endpoint, const struct endpoint_reading *reading,
                 struct doctor_found *found);

void doctor_found_clear(struct doctor_found *found);

/* The number of prices in a map of prices: the scalars four levels below it. */
size_t doctor_count_prices(struct json_object *map);

#endif
