/*
 * Attempts: an exchange with the API is one or more of them, one after another.
 *
 * An attempt is one HTTP request and its answer. The body of a 2xx answer is passed on while it arrives; the beginning of
 * any other body is kept, because the API says there what is wrong. At the end the attempt is judged (verdict.h) and
 * on_done is called. What follows from the verdict is for the user of the attempt to decide.
 *
 * Threads:   loop thread only.
 * Ownership: lives in its user's struct; attempt_clear() frees what it holds. Callbacks and their data are borrowed.
 * Errors:    negative errno.
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

/* Zero-initialise and set the first block. */
struct attempt {
    struct metrics *metrics;
    const char *operation;                                      /* for the metrics; a constant string */
    void (*on_start)(void *data);                               /* a 2xx answer's body begins */
    int (*on_body)(void *data, const char *bytes, size_t len);  /* its bytes, as http_request's */
    void (*on_done)(void *data, const struct attempt_end *end); /* never called from within attempt_start() */
    void *data;

    /* The rest is to be read only. */
    struct http_transfer *transfer; /* NULL: none is under way */
    int64_t began_ns;               /* clock_ns() when the last one was started */
    bool head;                      /* its answer has begun */
    bool streaming;                 /* its answer is a 2xx */
    bool conditional;               /* its request has validators */
    bool left;                      /* the request of some attempt can have reached the service */
    struct printbuf *said;          /* the beginning of the body that was not passed on, or NULL */
};

/* How an attempt ended. All is borrowed for the call. */
struct attempt_end {
    struct client_verdict verdict;
    const struct http_result *http;
    const char *message; /* of a failure: the API's own words, ours, or the HTTP status; "" of a success */
};

/* Starts an attempt; none may be under way. The callbacks of `request` are set here, the rest is the caller's. -ENOMEM. */
int attempt_start(struct attempt *attempt, struct http *http, struct http_request *request);

/* Ends the attempt under way, if there is one, without a call to on_done. */
void attempt_abandon(struct attempt *attempt);

/* True once the request of some attempt can have reached the service. */
bool attempt_left(const struct attempt *attempt);

/* Frees what the attempt holds; none may be under way. */
void attempt_clear(struct attempt *attempt);

#endif
