/* SPDX-License-Identifier: MIT */
/*
 * Health: whether the host and each operation are worth asking, from how exchanges ended.
 *
 * A failure belongs to the host or to an operation. The gate (gate.h) of whoever it belongs to closes:
 *
 *      failure                                                        closes          for
 *      name, connect, TLS, 401                                        the host        2 s, doubled up to 30 s
 *      429 with Retry-After                                           the host        the Retry-After
 *      silence of an operation, after another one fell silent, if     the host        2 s, doubled up to 30 s
 *        no answer has come since, nor while the request waited
 *      silence: no byte came within timeout                           the operation   2 s, doubled up to 30 s
 *      503 with Retry-After                                           the operation   the Retry-After
 *      64 failures of other kinds that may pass, in a row             the operation   250 ms, doubled up to 2 s
 *
 * "Failures that may pass" are 408, 429, 5xx and a broken connection. After 8 in a row the operation is in trouble: none
 * of its requests is repeated until one succeeds. So a `grep -r` over an API in trouble ends soon, and the API gets few
 * requests.
 *
 * Threads:   loop thread only.
 * Ownership: struct health lives in its user's struct and owns the operations; health_clear() frees them.
 * Errors:    none but NULL of health_operation().
 */
#ifndef MELBICOMFS_HTTP_HEALTH_H
#define MELBICOMFS_HTTP_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "http/gate.h"
#include "http/verdict.h"

struct health_operation {
    const char *name; /* a constant string */
    struct gate gate;
    unsigned failures; /* failures that may pass, in a row */
    unsigned flying;   /* for the user: exchanges that have an attempt under way */
    struct health_operation *next;
};

/* Zero-initialise. Users only read the fields. */
struct health {
    struct gate host;
    struct health_operation *operations;
    int64_t heard_ns;                     /* clock_ns() at which the host last began or ended an answer; 0: never */
    const struct health_operation *quiet; /* the operation that last fell silent, or NULL */
    int64_t quiet_ns;                     /* clock_ns() at which it did */
};

/* How an attempt ended. */
struct health_end {
    enum blame blame;
    bool heard;             /* the host began an answer, at least */
    bool final;             /* the exchange ends with it; a failure with a Retry-After counts as final, too */
    int error;              /* -errno of a failure */
    const char *message;    /* of a failure; borrowed */
    int64_t retry_after_ms; /* the answer's Retry-After; 0 or negative: it has none */
    int64_t began_ns;       /* clock_ns() when the attempt began */
};

void health_clear(struct health *health);

/* The operation of that name, made when first asked for. NULL when out of memory. `name` is a constant string. */
struct health_operation *health_operation(struct health *health, const char *name);

/* Returns NULL if the exchange `who` may be sent; it is the probe then of each gate that is closed and whose retry time
 * has come. Otherwise returns the gate that is closed. */
const struct gate *health_bars(struct health *health, struct health_operation *operation, const void *who);

/* The host has begun an answer, whose end may be far. */
void health_heard(struct health *health);

/* An attempt of `who` has ended. Opens and closes gates as the table above says, and logs when an operation gets into
 * trouble or out of it, and when the host or the operation answers again. Returns the gate that the failure closes, or
 * has found closed; or NULL. */
const struct gate *health_ended(struct health *health, struct health_operation *operation, const void *who,
                                const struct health_end *end);

/* Whether the operation is in trouble: a failure that may pass is not to be retried. */
bool health_in_trouble(const struct health_operation *operation);

/* `who` has ended. If it was a probe without an outcome, the next exchange becomes the probe. */
void health_leave(struct health *health, struct health_operation *operation, const void *who);

#endif
