/* SPDX-License-Identifier: MIT */
/*
 * Problems: what is wrong with an answer. A problem says in words what was expected, what came, and what to do.
 *
 * Threads:   any; nothing is kept.
 * Ownership: each function but problem_free() creates a problem, and problem_free() frees it; problem_free(NULL) is
 *            fine. Arguments are borrowed for the call.
 * Errors:    NULL when out of memory.
 */
#ifndef MELBICOMFS_API_PROBLEM_H
#define MELBICOMFS_API_PROBLEM_H

#include "json/json.h"

#include <stddef.h>
#include <stdint.h>

struct document;
struct endpoint_reading;
struct envelope;

struct problem {
    int error;    /* -errno: the one that belongs to `status`, or -EIO */
    int status;   /* the HTTP status that the answer's body names; 0: none */
    char *text;   /* what was expected and what came; one line, secrets hidden */
    char *advice; /* what to do */
};

/* The answer is not JSON, or is JSON that is cut short. `head` is its beginning, `len` bytes. */
struct problem *problem_no_json(const struct document *document, const char *head, size_t len);

/* The answer reports a failure in its body. `answer` is the object that reports it, and `status` the HTTP status that
 * the object names, or 0 (outcome.h). */
struct problem *problem_reported(struct json_slice answer, int status);

/* The answer is JSON, but what was asked for is not in it. */
struct problem *problem_not_found(const struct document *document, const struct endpoint_reading *reading,
                                  const struct envelope *envelope);

/* The answer is an object whose id, `id`, is not the one that was asked for. */
struct problem *problem_other_id(const struct document *document, uint64_t id);

/* The answer is an object without a single price. */
struct problem *problem_no_prices(const struct document *document, struct json_slice answer);

/* The answer is about one object, and longer than `max` bytes. */
struct problem *problem_too_large(const struct document *document, size_t max);

void problem_free(struct problem *problem);

#endif
