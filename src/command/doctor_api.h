/* SPDX-License-Identifier: MIT */
/*
 * The doctor's requests. Each is one GET, sent as a mount sends it, but blocking and without retries. A purge is a
 * POST, so nothing here can purge.
 *
 * Threads:   main thread.
 * Ownership: doctor_answer_clear() frees what doctor_ask() put into an answer. Returned texts are the caller's to free.
 * Errors:    are in answer->result. If memory runs out, the program ends (report.h).
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_API_H
#define MELBICOMFS_COMMAND_DOCTOR_API_H

#include "http/http.h"
#include "http/said.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct endpoints;
struct report;

/* What every request and every check needs. All is borrowed. */
struct doctor_api {
    const struct config *config;
    struct endpoints *endpoints;
    const char *token;
    struct report *report;
};

/* The answer to one request. Zero-initialise. */
struct doctor_answer {
    struct http_result result; /* its strings live as long as the answer; etag and last_modified are NULL */
    char *path;                /* path and query that were asked for, below the base URL */
    char *body;                /* `len` bytes and a NUL; NULL only before doctor_ask() */
    size_t len;
    enum said said; /* the kind of the answer, as if it had failed (said.h) */
    char *words;    /* the answer's words (said.h), or "nothing"; NULL only before doctor_ask() */
    char *kept[6];  /* what the strings of `result` point to */
};

/* Asks for a path and query below the base URL, and replaces *answer by the answer. `path` may be answer->path. */
void doctor_ask(const struct doctor_api *api, const char *path, struct doctor_answer *answer);

void doctor_answer_clear(struct doctor_answer *answer);

#endif
