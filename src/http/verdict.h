/*
 * What one attempt's end means: the errno, whose failure it is, whether it may be tried again, and what a person can do
 * about it; and the log's line of it. A table, from DESIGN's.
 *
 * Threads:   any; nothing is kept.
 * Ownership: strings are constant.
 * Errors:    none.
 */
#ifndef MELBICOMFS_HTTP_VERDICT_H
#define MELBICOMFS_HTTP_VERDICT_H

#include <stdbool.h>

struct client_request;
struct client_result;
struct http_result;

struct client_verdict {
    int error;          /* 0, or -errno */
    bool host;          /* the failure is the host's */
    bool again_get;     /* a GET may be tried again */
    bool again_post;    /* so may a POST: it provably had no effect */
    const char *advice; /* what to do; "" for a success */
};

/* `conditional`: validators were sent, so that a 304 is an answer. `left`: the request can have reached the peer. */
struct client_verdict client_judge(const struct http_result *result, bool conditional, bool left);

/* Writes the one line of a failed exchange. */
void client_log_failure(const struct client_request *request, const struct client_result *result, const char *advice);

#endif
