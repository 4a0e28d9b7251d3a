/* SPDX-License-Identifier: MIT */
/*
 * Visits: ask one operation of the API, and read what its answer holds.
 *
 * Threads:   main thread.
 * Ownership: doctor_visit_clear() frees what the other functions put into a visit. Arguments are borrowed.
 * Errors:    are in the visit. When memory runs out, as report.h says.
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

/* One operation, asked. Zero-initialise, set operation. */
struct doctor_visit {
    enum operation operation;
    bool asked;
    uint64_t id;                 /* of the service that was asked for */
    struct doctor_answer answer; /* of the path that answered, or of the last one that was tried */
    char *missing;               /* the paths that answered 404, with commas between them; or NULL */
    char *elsewhere;             /* the path without a query that answered, if it is none of the known ones; or NULL */
    struct json_object *json;    /* the answer; NULL if it is no JSON, or null */
    bool is_json;
    bool reports_failure;          /* the answer says of itself that it is a failure */
    struct doctor_reading reading; /* what a mount makes of an answer with status 2xx */
    struct doctor_found guess;     /* if a mount makes nothing of it: what was probably asked for */
};

/* Asks for an operation at each of its known paths, until one does not answer 404, and reads the answer. `id` is that
 * of a service, for OP_SERVICE. */
void doctor_visit(const struct doctor_api *api, struct doctor_visit *visit, uint64_t id);

/* The same at paths that such APIs are known to have, as long as all answer 404 or something else than what was asked
 * for. `prefix` is the first part of a path that was found for another operation of the same kind, such as "/finance",
 * or NULL. `services` is the path of the list of services, for OP_SERVICE. Returns whether one was found; if not, the
 * visit is unchanged. */
bool doctor_visit_elsewhere(const struct doctor_api *api, struct doctor_visit *visit, const char *prefix,
                            const char *services);

/* What was found in the answer: by a mount's rules, or else by guessing. Borrowed. */
const struct doctor_found *doctor_visit_found(const struct doctor_visit *visit);

/* The HTTP status that counts: that in the body of a 200, if there is one. */
long doctor_visit_status(const struct doctor_visit *visit);

/* Whether the answer is "there is no such path". */
bool doctor_visit_is_missing(const struct doctor_visit *visit);

void doctor_visit_clear(struct doctor_visit *visit);

#endif
