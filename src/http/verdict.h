/* SPDX-License-Identifier: MIT */
/*
 * Verdicts: what the end of an attempt means. Two constant tables, by HTTP status and by enum http_failure, say which
 * errno it is, whether the host is to blame, whether a retry is allowed, and what a person can do. What the answer says
 * (said.h) can change the advice, but nothing else. Also writes the log line of a failed exchange.
 *
 * Threads:   any; nothing is kept.
 * Ownership: strings are constant.
 * Errors:    none.
 */
#ifndef MELBICOMFS_HTTP_VERDICT_H
#define MELBICOMFS_HTTP_VERDICT_H

#include "http/said.h"

#include <stdbool.h>
#include <stdint.h>

struct client_request;
struct client_result;
struct http_result;

struct client_verdict {
    int error;          /* 0, or -errno */
    bool host;          /* the failure closes the host (host.h) */
    bool again_get;     /* a GET may be retried */
    bool again_post;    /* a POST may be retried, because it certainly had no effect */
    const char *advice; /* what a person can do; "" for a success; a constant unless the caller replaced it */
};

/* Judges a transfer's result. `said`: what the answer says; it counts only if the status is a failure. `conditional`: the
 * request had validators, so a 304 is a success. `left`: the request may have reached the server. */
struct client_verdict client_judge(const struct http_result *result, enum said said, bool conditional, bool left);

/* Judges an HTTP status alone, such as one that an answer names in its body. */
struct client_verdict client_judge_status(long status);

/* The first pause is at least this long. */
#define CLIENT_PAUSE_MS 100U

/* Returns the pause before the next attempt, in milliseconds, after `attempts` that failed: 100 to 200 ms, doubled with
 * each attempt. A longer Retry-After replaces it, plus up to an eighth, so that the clients that got the same Retry-After
 * do not all return at once. */
int64_t client_pause_ms(unsigned attempts, const struct http_result *result);

/* Writes the log line of a failed exchange: as an error if the host is to blame, as information for -ENOENT, else as a
 * warning. */
void client_log_failure(const struct client_request *request, const struct client_result *result, const char *advice);

#endif
