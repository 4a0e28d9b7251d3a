/* SPDX-License-Identifier: MIT */
/*
 * Readings: what a mount makes of an answer. The answer goes through the same code as in a mount (api/answer.h,
 * api/envelope.h), so that the doctor finds right what a mount shows, and wrong what a mount refuses.
 *
 * Threads:   main thread.
 * Ownership: doctor_reading_clear() frees what doctor_read() put into a reading.
 * Errors:    are in the reading. When memory runs out, as report.h says.
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

/* What came of reading one answer. Zero-initialise. */
struct doctor_reading {
    bool understood; /* a mount shows it */

    /* Not understood. */
    char *problem, *advice; /* what was expected and what came, and what to do */
    int status;             /* the HTTP status in the answer's body, or 0 */

    /* Understood. */
    struct doctor_found found; /* where it was found; its objects are in `objects` */
    struct json_object *objects;
    size_t items;   /* how many items a mount would show in all/ */
    size_t unshown; /* how many of them have no id of their own, or are prices out of place */
    int64_t total;  /* how many the API says there are; -1: it does not say */
    bool next_page; /* it names a next page, which a mount follows */
    char *cut;      /* why the list is not whole, or may not be, and what to do; or NULL */
};

/* Reads the answer to a query of `operation`. `id` is that of the service that was asked for, for OP_SERVICE. */
void doctor_read(const struct doctor_api *api, enum operation operation, uint64_t id,
                 const struct doctor_answer *answer, struct doctor_reading *reading);

void doctor_reading_clear(struct doctor_reading *reading);

#endif
