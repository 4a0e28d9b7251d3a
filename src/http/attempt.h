/* SPDX-License-Identifier: MIT */
/*
 * Attempts: one HTTP request and its answer. An exchange with the API (client.h) makes one attempt after another.
 *
 * The body of a 2xx answer is passed on while it arrives. The first 64 KiB of any other body are kept, because the
 * API's error message is in them. At the end the attempt is judged (verdict.h) and on_done is called with the verdict.
 * The caller decides what follows from the verdict.
 *
 * Threads:   loop thread only.
 * Ownership: struct attempt lives in its user's struct, and one struct serves all attempts of an exchange.
 *            attempt_clear() frees what the struct holds. metrics, URLs, callbacks and data are borrowed.
 * Errors:    negative errno; the errno of a failed attempt is in attempt_end.verdict.
 */
#ifndef MELBICOMFS_HTTP_ATTEMPT_H
#define MELBICOMFS_HTTP_ATTEMPT_H

#include "http/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attempt_end;
struct http;
struct http_request;
struct http_result;
struct http_transfer;
struct metrics;
struct printbuf;

/* Set the fields up to `data`, all callbacks included; zero-initialise the others. */
struct attempt {
    struct metrics *metrics;
    const char *operation;                                      /* for the metrics; a constant string */
    const char *base, *url;                                     /* the base URL, and the request's URL below it */
    void (*on_start)(void *data);                               /* the head of a 2xx answer is complete */
    int (*on_body)(void *data, const char *bytes, size_t len);  /* bytes of its body; see http_request.on_body */
    void (*on_done)(void *data, const struct attempt_end *end); /* the end; never from within attempt_start() */
    void *data;

    /* Users only read the fields from here on. */
    struct http_transfer *transfer; /* of the attempt that is under way, or NULL */
    int64_t began_ns;               /* clock_ns() at the start of the last attempt */
    bool head;                      /* the last attempt: the head of the answer is complete */
    bool streaming;                 /* the last attempt: the answer is a 2xx */
    const char *method;             /* of the last attempt; a constant string */
    unsigned n;                     /* how many attempts were started */
    bool conditional;               /* the last attempt: the request has validators */
    bool left;                      /* an attempt that has ended may have reached the service; see attempt_left() */
    struct printbuf *said;          /* the beginning of a body that is not a 2xx answer's, or NULL */
};

/* How an attempt ended. All pointers are valid only during the call of on_done. */
struct attempt_end {
    struct client_verdict verdict;
    const struct http_result *http;
    /* Success: "". A transfer that failed: http->detail. An HTTP status that is a failure: what the answer says
     * (said.h), or "HTTP status N without a message". "" also when out of memory; never NULL. */
    const char *message;
};

/* Starts an attempt while no other is under way; on_done may start the next one. The caller fills the method and the
 * strings of `request`, which are copied; attempt_start() sets the callbacks and the data. Returns 0 or -ENOMEM. */
int attempt_start(struct attempt *attempt, struct http *http, struct http_request *request);

/* Ends the attempt that is under way, if any, without calling on_done. The metrics count the attempt, with status 0, if
 * its request may have reached the service. */
void attempt_abandon(struct attempt *attempt);

/* True once the request of any attempt, past or under way, may have reached the service. */
bool attempt_left(const struct attempt *attempt);

/* Frees what the struct holds. No attempt may be under way. */
void attempt_clear(struct attempt *attempt);

#endif
