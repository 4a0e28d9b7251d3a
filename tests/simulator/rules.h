/*
 * Rules: the trouble a test orders. The first rule that matches a request and is not used up decides what becomes of
 * it; main.c lists what a rule may say.
 *
 * Threads:   under the simulator's lock; rule_unref() from any.
 * Ownership: rules own a reference to each rule; a request that runs under one holds another.
 * Errors:    rules_add() says what it does not understand.
 */
#ifndef SIMULATOR_RULES_H
#define SIMULATOR_RULES_H

#include "operations.h"

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct text;

struct rule {
    int refs;
    struct json_object *spec; /* what was posted; the strings below are its own */

    const char *operation; /* "*": any */
    const char *path;      /* a part of path and query, or NULL */
    const char *method;    /* or NULL */
    long times;            /* so many more; -1: for ever */
    long after;            /* so many more matches are let pass first */

    long status;  /* 0: as it would have been */
    long latency; /* milliseconds; -1: as everywhere */
    bool stall, reset, garbage;
    long truncate;    /* bytes; -1: all */
    long slow;        /* bytes a second; 0: at once */
    long huge;        /* bytes; -1: no */
    const char *url;  /* redirect to, or NULL */
    const char *body; /* or NULL */
    size_t body_len;
    struct json_object *headers; /* or NULL */
};

struct rules {
    struct rule **all;
    size_t n;
    unsigned cleared; /* how often; who waits in a stall watches it */
};

/* Takes a reference of `spec`. The rule's number from 1, or 0 with a message in `error`. */
size_t rules_add(struct rules *rules, struct json_object *spec, struct text *error);

void rules_clear(struct rules *rules);

/* The rule for a request, counted as used, as a reference for the caller; NULL when there is none. */
struct rule *rules_match(struct rules *rules, enum operation operation, const char *method, const char *uri);

void rule_unref(struct rule *rule);

#endif
