/* SPDX-License-Identifier: MIT */
/*
 * Outcomes: whether an answer reports success or failure in its body. Some APIs answer every request with HTTP 200 and
 * write into the body whether it worked: {"result":"error","message":…}, {"success":false}, {"errors":[…]}.
 *
 * Threads:   any; nothing is kept.
 * Ownership: all is borrowed.
 * Errors:    without memory, the result says so: an answer that reports a failure must not look like a success.
 */
#ifndef MELBICOMFS_API_OUTCOME_H
#define MELBICOMFS_API_OUTCOME_H

#include "json/json.h"

enum outcome {
    OUTCOME_NO_MEMORY = -1, /* the answer could not be read */
    OUTCOME_UNSAID,         /* the answer reports neither */
    OUTCOME_SUCCESS,        /* success, ok, queued, accepted, true, 1, or a number from 200 to 299 */
    OUTCOME_FAILURE /* a word that begins with error, fail, denied, reject, invalid, unauthor, forbidden or exception;
                        false; a number from 400 to 599; or an `error` that is not empty */
};

/*
 * Reads which outcome `answer`, a valid JSON value, reports. An object reports it in its members status, result, state,
 * success, ok, code (also statusCode, http_code), error and errors, in any case of letters. Any other value but an
 * array reports it by itself: "OK", true, 404. An answer that reports both is a failure.
 *
 * *ret_status (unless ret_status is NULL) is the HTTP status that a failure names, from 400 to 599; else 0.
 */
enum outcome outcome_of(struct json_slice answer, int *ret_status);

/* 1 if the answer is an object that only carries a message: one of its members is a text that is not empty, under a
 * name such as message or detail, and all other members are such texts or those that outcome_of() reads. 0 if
 * it is not; -ENOMEM. */
int outcome_is_only_words(struct json_slice answer);

#endif
