/* SPDX-License-Identifier: MIT */
/*
 * Rules: failures and delays that a test orders. For each request, the first rule that matches and is not used up
 * decides how the request is answered. main.c lists the members of a rule.
 *
 * Threads:   the caller holds the simulator's lock; rule_unref() from any thread.
 * Ownership: rules have a reference count. `struct rules` holds a reference, and so does each request that a rule
 *            decides.
 * Errors:    rules_add() gives a message about a rule that is not valid.
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
    struct json_object *spec; /* the JSON that was posted; it owns the strings below */

    /* Which requests the rule matches. */
    const char *operation; /* "*": any */
    const char *path;      /* a part of the path and query; NULL: any */
    const char *method;    /* NULL: any */
    long times;            /* how many more requests the rule decides; -1: no limit */
    long after;            /* how many more matching requests pass before that */

    /* How these requests are answered. */
    long status;  /* 0: the status of the account's answer */
    long latency; /* milliseconds; -1: the general latency */
    bool stall, reset, garbage;
    long truncate;       /* bytes to send before the connection is closed; -1: all */
    long slow;           /* bytes a second; 0: no limit */
    long huge;           /* bytes of junk to send; -1: no junk */
    const char *url;     /* the target of a redirect, or NULL */
    const char *in_band; /* how a 200 says that it failed, or NULL */
    const char *message; /* of such a failure */
    long code;           /* of such a failure, for "status-code" */
    const char *body;    /* a body instead of the account's, or NULL */
    size_t body_len;
    struct json_object *headers; /* further headers, or NULL */
};

struct rules {
    struct rule **all;
    size_t n;
    unsigned cleared; /* how often rules_clear() was called; a stalled request ends when this changes */
};

/* Adds a rule, and takes a reference of its own to `spec`. Returns the rule's number from 1, or 0 with a message in
 * `error`. */
size_t rules_add(struct rules *rules, struct json_object *spec, struct text *error);

/* Removes all rules. */
void rules_clear(struct rules *rules);

/* The rule that decides a request, as a reference for rule_unref(); NULL if no rule matches. Counts the request in the
 * rule's `times` and in the `after` of each rule that lets it pass. `uri` is the path with the query. */
struct rule *rules_match(struct rules *rules, enum operation operation, const char *method, const char *uri);

/* Whether the rule replaces the account's answer, rather than saying how to deliver it. */
bool rule_replaces(const struct rule *rule);

/* Appends the body of a failure that is answered with 200. */
void rule_print_in_band(const struct rule *rule, struct text *out);

void rule_unref(struct rule *rule);

#endif
