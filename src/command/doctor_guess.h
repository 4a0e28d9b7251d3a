/* SPDX-License-Identifier: MIT */
/*
 * Guesses which member of an answer's items is the id or a field, by the look of its values and by words in its name,
 * when none of the known names is there.
 *
 * Threads:   any; nothing is shared.
 * Ownership: items are borrowed; a result is borrowed from the items.
 * Errors:    none: NULL, if no member looks right. When memory runs out, as report.h says.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_GUESS_H
#define MELBICOMFS_COMMAND_DOCTOR_GUESS_H

#include "api/endpoints.h"

#include <stddef.h>

struct json_object;

/* What a guess may use. */
struct doctor_clues {
    struct json_object **items; /* n objects */
    size_t n;
    struct json_object *taken; /* an object whose keys are names that have been found to be something else */
    struct json_object *texts; /* an object whose keys are the texts of products, for a service's product; or NULL */
};

/* The member that is most likely the id: a number, another one in each item. */
const char *doctor_guess_id(const struct doctor_clues *clues);

/* The member that is most likely field number `field` of the operation's items. */
const char *doctor_guess_field(const struct doctor_clues *clues, enum operation operation, unsigned field);

#endif
