/* SPDX-License-Identifier: MIT */
/*
 * The doctor's look at an answer that holds what was asked for: its form, the id, the fields, and whether it is a page of
 * several. What is not there under any known name is guessed, and suggested.
 *
 * Threads:   main thread.
 * Ownership: a verdict's texts and details belong to it, and doctor_verdict_clear() frees them.
 * Errors:    none. When memory runs out, as report.h says.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_ITEMS_H
#define MELBICOMFS_COMMAND_DOCTOR_ITEMS_H

#include "command/report.h"

struct doctor_api;
struct doctor_visit;
struct json_object;
struct printbuf;

/* What is found out about one operation, before it is reported. */
struct doctor_verdict {
    enum report_mark mark;
    int status;
    struct printbuf *text, *advice; /* clauses with "; " between them */
    struct json_object *details;    /* for --json */
};

void doctor_verdict_init(struct doctor_verdict *verdict);
void doctor_verdict_clear(struct doctor_verdict *verdict);

/* Appends a clause to the text or the advice. */
void doctor_say(struct printbuf *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes the verdict worse, if it is better than that. */
void doctor_worsen(struct doctor_verdict *verdict, enum report_mark mark, int status);

/* Adds a detail; `value` belongs to the verdict from then on. */
void doctor_detail(struct doctor_verdict *verdict, const char *key, struct json_object *value);

/* Judges what the visit has found. `texts` has the texts of products as its keys, or is NULL. */
void doctor_items(const struct doctor_api *api, const struct doctor_visit *visit, struct json_object *texts,
                  struct doctor_verdict *verdict);

/* The name of the member that holds the id of the visit's items: one of the known names, or a guess. NULL: none,
 * or the ids are keys.
 * Borrowed from the visit and the endpoint table. */
const char *doctor_id_name(const struct doctor_api *api, const struct doctor_visit *visit);

#endif
