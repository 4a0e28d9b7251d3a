/* SPDX-License-Identifier: MIT */
/*
 * Guesses: which member of an answer's items is the id, or a certain field, if no item has one of the known names. The
 * look of the member's values decides, and words in its name.
 *
 * Threads:   any; nothing is shared.
 * Ownership: items are borrowed; a result is borrowed from the items.
 * Errors:    none: NULL if no member looks right. If memory runs out, the program ends (report.h).
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
    struct json_object *taken; /* its keys are the names of members that are something else already */
    struct json_object *texts; /* its keys are the texts in the list of products, among which a service's product is;
                                  or NULL */
};

/* Returns the name of the member that is most likely the id: a whole number that no two items share. */
const char *doctor_guess_id(const struct doctor_clues *clues);

/* Returns the name of the member that is most likely field number `field` of the operation's items. */
const char *doctor_guess_field(const struct doctor_clues *clues, enum operation operation, unsigned field);

#endif
