/* SPDX-License-Identifier: MIT */
/*
 * The host's state: open, or closed until a retry time. client.h draws it and says which failures close the host.
 *
 * Each exchange is named by its address, `who`, which is compared and never dereferenced.
 *
 * Threads:   loop thread only.
 * Ownership: struct client_host lives in its user's struct and owns nothing. Messages are copied.
 * Errors:    none.
 */
#ifndef MELBICOMFS_HTTP_HOST_H
#define MELBICOMFS_HTTP_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise: the host is open. */
struct client_host {
    bool closed;
    const void *probe; /* while closed: the exchange that tries the host on behalf of all, or NULL */
    int64_t until;     /* while closed: the retry time, as clock_ms() */
    int64_t pause_ms;  /* the last pause, without a Retry-After; it doubles when a probe fails */
    int64_t said_ns;   /* clock_ns() of the 401 or Retry-After that closed the host; 0: another failure closed it */
    int error;         /* -errno of the failure that closed the host */
    char message[320]; /* message of that failure, perhaps cut */
};

/* True if the exchange `who` may be sent: the host is open, or the retry time has come and there is no probe yet. In
 * the second case `who` becomes the probe. */
bool client_host_admits(struct client_host *host, const void *who);

/*
 * Records that `who` met a failure of the host, -errno and message. `retry_after_ms` is the answer's Retry-After in
 * milliseconds; 0 or negative: it has none.
 *
 *  - An open host closes, for the Retry-After or else for 2 s.
 *  - If `who` is the probe, the host stays closed, for the Retry-After or else for twice the last pause, up to 30 s.
 *  - Otherwise the host is closed already, and only a Retry-After that ends later than the retry time changes it.
 *
 * Returns true when the host went from open to closed.
 */
bool client_host_failed(struct client_host *host, const void *who, int error, int64_t retry_after_ms,
                        const char *message);

/*
 * Records that `who`, sent at `sent_ns` (clock_ns()), got an answer or failed in a way that is not the host's. Opens
 * the host, except after a request that was sent before the 401 or Retry-After came that closed the host: its answer is
 * only late, and says nothing new. The probe always opens the host. Returns true when the host went from closed to
 * open.
 */
bool client_host_answered(struct client_host *host, const void *who, int64_t sent_ns);

/* Records that `who` ended without an outcome. If `who` was the probe, the next exchange becomes the probe. */
void client_host_leave(struct client_host *host, const void *who);

#endif
