/* SPDX-License-Identifier: MIT */
/*
 * The doctor's requests: one GET each, blocking, sent just as a mount sends it, without retries. Nothing here can purge.
 *
 * Threads:   main thread.
 * Ownership: doctor_answer_clear() frees what doctor_ask() put into an answer. Returned texts are the caller's to free.
 * Errors:    are in answer->result. When memory runs out, as report.h says.
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
    struct http_result result; /* its strings live as long as the answer */
    char *path;                /* path and query that were asked for, below the base URL */
    char *body;                /* `len` bytes and a NUL; NULL if none came */
    size_t len;
    enum said said; /* what kind of answer it is, if it is of no use */
    char *words;    /* and what it says then, in a few words; never NULL once asked */
    char *kept[6];  /* the strings of `result` */
};

/* Asks for a path and query, and replaces *answer by what comes. */
void doctor_ask(const struct doctor_api *api, const char *path, struct doctor_answer *answer);

void doctor_answer_clear(struct doctor_answer *answer);

#endif
