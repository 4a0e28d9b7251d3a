/* SPDX-License-Identifier: MIT */
/*
 * Outcomes: what an answer says of itself. Some APIs answer 200 to everything and write into the body whether it worked:
 * {"result":"error","message":…}, {"success":false}, {"errors":[…]}.
 *
 * Threads:   any; nothing is kept.
 * Ownership: all is borrowed.
 * Errors:    none: what cannot be read, or needs more memory than there is, says nothing.
 */
#ifndef MELBICOMFS_API_OUTCOME_H
#define MELBICOMFS_API_OUTCOME_H

#include "json/json.h"

#include <stdbool.h>

enum outcome {
    OUTCOME_UNSAID,  /* the answer says neither */
    OUTCOME_SUCCESS, /* success, ok, queued, accepted, true, 1, or a number from 200 to 299 */
    OUTCOME_FAILURE  /* error, fail…, denied …, false, a number from 400 to 599, or an error that is not empty */
};

/*
 * Reads what `answer`, a valid JSON value, says of itself: in its members status, result, success, ok, code, error and
 * errors, whatever the case of their letters, or as a bare string, number or word. If it says both, it is a failure.
 * *ret_status (unless NULL) is the HTTP status that a failure names, from 400 to 599, or 0.
 */
enum outcome outcome_of(struct json_slice answer, int *ret_status);

/* True if an object has a message that is not empty and nothing else of interest: members such as message, detail, code
 * and timestamp, and no other. */
bool outcome_is_only_words(struct json_slice answer);

#endif
