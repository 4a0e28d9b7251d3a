/* SPDX-License-Identifier: MIT */
/*
 * Visits: ask one operation of the API, and read the answer.
 *
 * Threads:   main thread.
 * Ownership: doctor_visit_clear() frees what the other functions put into a visit. Arguments are borrowed.
 * Errors:    are in the visit. If memory runs out, the program ends (report.h).
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_VISIT_H
#define MELBICOMFS_COMMAND_DOCTOR_VISIT_H

#include "api/endpoints.h"
#include "command/doctor_api.h"
#include "command/doctor_find.h"
#include "command/doctor_reading.h"

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* A visit to one operation. Zero-initialise, then set `operation`. */
struct doctor_visit {
    enum operation operation;
    bool asked;                    /* a request has been sent */
    uint64_t id;                   /* OP_SERVICE: the service that was asked for */
    struct doctor_answer answer;   /* of the path that answered, or of the last path that was tried */
    char *missing;                 /* the paths that answered 404 or 410, with commas between them; or NULL */
    char *elsewhere;               /* the path that answered, if it is not a known one, without the query; or NULL */
    struct json_object *json;      /* the answer; NULL if it is not JSON, and also for the JSON value null */
    bool is_json;                  /* the answer is valid JSON */
    bool reports_failure;          /* the answer reports a failure in its body (api/outcome.h) */
    struct doctor_reading reading; /* of an answer with status 2xx: what a mount would make of it */
    struct doctor_found guess;     /* if a mount would not understand the answer: what doctor_find() found in it */
};

/* Asks an operation at its known paths, one after another, until a path does not answer 404 or 410; then reads the
 * answer. `id` counts only for OP_SERVICE: the service to ask for. */
void doctor_visit(const struct doctor_api *api, struct doctor_visit *visit, uint64_t id);

/* To be called when none of the operation's known paths is there. Tries other paths that such APIs have, until one
 * gives what was asked for, 64 paths have been tried, or a request gets 429 or no answer. `prefix` is the beginning of
 * a path that was found for a similar operation, such as "/finance": it is tried first; or NULL. `services` is only for
 * OP_SERVICE: the path of the list of services. Returns true if a path was found, with the visit replaced; else false,
 * with the visit unchanged. */
bool doctor_visit_elsewhere(const struct doctor_api *api, struct doctor_visit *visit, const char *prefix,
                            const char *services);

/* Returns what was found in the answer: visit->reading.found if a mount would understand it, else visit->guess. */
const struct doctor_found *doctor_visit_found(const struct doctor_visit *visit);

/* Returns the HTTP status that the answer's body names; if it names none, the status of the answer itself. */
long doctor_visit_status(const struct doctor_visit *visit);

/* Returns whether the status is 404 or 410: there is no such path. */
bool doctor_visit_is_missing(const struct doctor_visit *visit);

/* Returns whether the API refuses the token for this operation. */
bool doctor_visit_is_refused(const struct doctor_visit *visit);

/* Returns whether the answer is JSON, has a status 2xx and reports no failure. */
bool doctor_visit_is_good(const struct doctor_visit *visit);

void doctor_visit_clear(struct doctor_visit *visit);

#endif
