/* SPDX-License-Identifier: MIT */
/*
 * Gates: a gate is open, or closed until a retry time. The host has a gate, and so has each operation (health.h).
 *
 *      open --gate_close()--> closed --the retry time comes--> one probe --gate_open()--> open
 *                               ^                                  |
 *                               +----------gate_close(), for longer+
 *
 * Each exchange is named by its address, `who`, which is compared and never dereferenced.
 *
 * Threads:   loop thread only.
 * Ownership: struct gate lives in its user's struct and owns nothing. Messages are copied.
 * Errors:    none.
 */
#ifndef MELBICOMFS_HTTP_GATE_H
#define MELBICOMFS_HTTP_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise: the gate is open. */
struct gate {
    bool closed;
    bool asked;        /* while closed: the service asked for the pause (Retry-After) */
    const void *probe; /* while closed: the exchange that tries on behalf of all, or NULL */
    int64_t until;     /* while closed: the retry time, as clock_ms() */
    int64_t pause_ms;  /* the last pause, without a Retry-After; it doubles when a probe fails */
    int64_t said_ns;   /* clock_ns() of the 401 or Retry-After that closed the gate; 0: another failure closed it */
    int error;         /* -errno of the failure that closed the gate */
    char message[320]; /* message of that failure, perhaps cut */
};

/* A failure that closes a gate. */
struct gate_failure {
    int error;              /* -errno */
    const char *message;    /* borrowed */
    int64_t retry_after_ms; /* the answer's Retry-After; 0 or negative: it has none */
    int64_t first_ms;       /* without a Retry-After: how long an open gate closes, */
    int64_t max_ms;         /* and the longest pause that failed probes lead to */
};

/* True if the exchange `who` may be sent: the gate is open, `who` is the probe, or the retry time has come and there is no
 * probe yet. In the last case `who` becomes the probe. */
bool gate_admits(struct gate *gate, const void *who);

/*
 * Records that `who` met the failure.
 *
 *  - An open gate closes, for the Retry-After or else for first_ms.
 *  - If `who` is the probe, the gate stays closed, for the Retry-After or else for twice the last pause, up to max_ms.
 *  - Otherwise the gate is closed already, and only a Retry-After that ends later than the retry time changes it.
 */
void gate_close(struct gate *gate, const void *who, const struct gate_failure *failure);

/*
 * Records that `who`, sent at `sent_ns` (clock_ns()), ended in a way that is no reason for a closed gate. Opens the
 * gate, except after a request that was sent before the 401 or Retry-After came that closed the gate: its answer is only
 * late, and says nothing new. The probe always opens the gate. Returns true when the gate went from closed to open.
 */
bool gate_open(struct gate *gate, const void *who, int64_t sent_ns);

/* Records that `who` ended without an outcome. If `who` was the probe, the next exchange becomes the probe. */
void gate_leave(struct gate *gate, const void *who);

#endif
