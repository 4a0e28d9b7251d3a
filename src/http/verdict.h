/* SPDX-License-Identifier: MIT */
/*
 * Verdicts: what the end of an attempt means. Two constant tables, by HTTP status and by enum http_failure, give the
 * errno, whom the failure belongs to, whether a retry is allowed, and what a person can do. The kind of the answer
 * (said.h) changes nothing but the advice. Also writes the log line of a failed exchange.
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

/* Whose failure it is. health.h says what follows. */
enum blame {
    BLAME_NONE,    /* no failure, or one of this request alone, such as a 404 */
    BLAME_SELF,    /* this program's own: it has no memory or no file descriptor */
    BLAME_PASSING, /* the operation's, and it may pass: 408, 429, 5xx, a broken connection */
    BLAME_SILENCE, /* the operation's, and perhaps the host's: no byte came in time */
    BLAME_HOST,    /* every other request would fail, too: name, connect, TLS, 401, 429 with Retry-After */
};

struct client_verdict {
    int error; /* 0, or -errno */
    enum blame blame;
    bool again_get;     /* a GET may be retried */
    bool again_post;    /* a POST may be retried, because it certainly had no effect */
    const char *advice; /* what a person can do; "" for a success; a constant unless the caller replaced it */
};

/* Judges a transfer's result. `said` is the kind of the answer; it counts only if the status is a failure.
 * `conditional`: the request had validators, so a 304 is a success. `left`: the request may have reached the server. */
struct client_verdict client_judge(const struct http_result *result, enum said said, bool conditional, bool left);

/* Judges an HTTP status alone, such as one that the body of a 200 names. */
struct client_verdict client_judge_status(long status);

/* The shortest pause before the second attempt, in milliseconds. */
#define CLIENT_PAUSE_MS 100U

/* Returns the pause before the next attempt, in milliseconds. `attempts` (from 1) is how many attempts have failed. The
 * pause is random: 100 to 200 ms after the first attempt, and twice that after each further one. A Retry-After that is
 * longer replaces it; up to an eighth is added, so that clients with the same Retry-After do not return all at once. */
int64_t client_pause_ms(unsigned attempts, const struct http_result *result);

/* Writes the log line of a failed exchange: as an error if the host is to blame, as information for -ENOENT, else as a
 * warning. */
void client_log_failure(const struct client_request *request, const struct client_result *result, const char *advice);

#endif
