/* SPDX-License-Identifier: MIT */
/*
 * What the account's answers look like: their envelope (--shape), their pages (--paging) and the names of their members
 * (--rename). The account prints each answer bare; main.c says what becomes of it.
 *
 * Threads:   any; no shared state.
 * Ownership: texts are the caller's; everything in a struct dressing is borrowed.
 * Errors:    none; running out of memory ends the program.
 */
#ifndef SIMULATOR_DRESS_H
#define SIMULATOR_DRESS_H

#include "catalog.h"
#include "options.h"

#include <stdbool.h>
#include <stddef.h>

struct query;
struct text;

/* The answer to one request. */
struct dressing {
    const struct options *options;
    const char *origin; /* "http://127.0.0.1:PORT" */
    enum operation operation;
    const char *path, *query; /* of the request; query: NULL if there is none */
    struct window window;     /* the part of the list that is shown; of a single object: nothing */
    size_t total;             /* how many items the whole list has */
};

/* The part of a list that a request asks for, by the parameters of its query. `limit` is the account's own limit. */
struct window dress_window(const struct options *options, const struct query *query, long limit);

/* dress_open() appends what stands before the bare answer, which the caller then appends; dress_close() completes it.
 * An answer of no bytes is a 204. */
void dress_open(const struct options *options, enum operation operation, struct text *out);
void dress_close(const struct dressing *dressing, struct text *out);

/* Appends the headers of a list's page, a line each: "Name: value\n". */
void dress_headers(const struct dressing *dressing, struct text *headers);

/* Whether dress_finish() changes answers. */
bool dress_finishes(const struct options *options);

/* Renames members, and puts the byte order mark before it, in any answer that is JSON. */
void dress_finish(const struct options *options, struct text *answer);

#endif
