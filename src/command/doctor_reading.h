/* SPDX-License-Identifier: MIT */
/*
 * Readings: what a mount would make of an answer. The answer goes through the same code as in a mount (api/answer.h,
 * api/envelope.h), so the doctor accepts exactly the answers that a mount shows.
 *
 * Threads:   main thread.
 * Ownership: doctor_reading_clear() frees what doctor_read() put into a reading.
 * Errors:    are in the reading. If memory runs out, the program ends (report.h).
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_READING_H
#define MELBICOMFS_COMMAND_DOCTOR_READING_H

#include "api/endpoints.h"
#include "command/doctor_find.h"

#include <stdbool.h>
#include <stdint.h>

struct doctor_answer;
struct doctor_api;
struct json_object;

/* The result of reading one answer. Zero-initialise. */
struct doctor_reading {
    bool understood; /* a mount would show the answer */

    /* Only if not understood. */
    char *problem, *advice; /* what was expected and what came; what to do, or NULL */
    int status;             /* the HTTP status that the answer's body names; 0: none */

    /* Only if understood. */
    struct doctor_found found;   /* what was found and where; its items are borrowed from `objects` */
    struct json_object *objects; /* an array of pairs [item, key], which owns the items and keys of `found` */
    size_t items;                /* how many items a mount would show in all/ */
    size_t unshown;              /* how many of them have no id of their own, or are prices out of place */
    int64_t total;               /* how many items all pages have, as the API says; -1: it does not say */
    bool next_page;              /* the API says that another page follows, and a mount would fetch it */
    char *cut;                   /* why entries are missing or may be missing, and what to do; or NULL */
};

/* Reads the answer to a query of `operation`. `id` counts only for OP_SERVICE: the service that was asked for. */
void doctor_read(const struct doctor_api *api, enum operation operation, uint64_t id,
                 const struct doctor_answer *answer, struct doctor_reading *reading);

void doctor_reading_clear(struct doctor_reading *reading);

#endif
