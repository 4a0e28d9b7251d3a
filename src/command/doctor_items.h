/* SPDX-License-Identifier: MIT */
/*
 * Judges an answer that contains what was asked for: its form, the id, the fields, and whether more pages follow. If an
 * id or a field has none of the known names, its name is guessed (doctor_guess.h) and suggested for [endpoints].
 *
 * Threads:   main thread.
 * Ownership: a verdict's texts and details belong to it, and doctor_verdict_clear() frees them.
 * Errors:    none. If memory runs out, the program ends (report.h).
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_ITEMS_H
#define MELBICOMFS_COMMAND_DOCTOR_ITEMS_H

#include "command/report.h"

struct doctor_api;
struct doctor_visit;
struct json_object;
struct printbuf;

/* The judgement of one operation, collected until it is reported as one finding. */
struct doctor_verdict {
    enum report_mark mark;
    int status;                     /* the exit status; 0 unless `mark` is REPORT_BAD */
    struct printbuf *text, *advice; /* clauses with "; " between them */
    struct json_object *details;    /* for --json */
};

void doctor_verdict_init(struct doctor_verdict *verdict);
void doctor_verdict_clear(struct doctor_verdict *verdict);

/* Appends a clause to the text or the advice. */
void doctor_say(struct printbuf *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Raises the verdict's mark to `mark` and its status to `status`; each stays if it is as high already. */
void doctor_worsen(struct doctor_verdict *verdict, enum report_mark mark, int status);

/* Adds a detail; `value` belongs to the verdict from then on. */
void doctor_detail(struct doctor_verdict *verdict, const char *key, struct json_object *value);

/* Judges what the visit has found, and adds it to the verdict. `texts` is that of struct doctor_clues, or NULL. */
void doctor_items(const struct doctor_api *api, const struct doctor_visit *visit, struct json_object *texts,
                  struct doctor_verdict *verdict);

/* Returns the name of the member that is the id of the visit's items: one of the known names, or else a guess. NULL if
 * there is none, or if the ids are keys. Borrowed from the visit or the endpoint table. */
const char *doctor_id_name(const struct doctor_api *api, const struct doctor_visit *visit);

#endif
