/*
 * Whether the host is worth asking: the state that client.h draws, and nothing else.
 *
 * Threads:   loop thread only.
 * Ownership: lives in its user's struct; owns nothing.
 * Errors:    none.
 */
#ifndef MELBICOMFS_API_CLIENT_HOST_H
#define MELBICOMFS_API_CLIENT_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise: open. */
struct client_host {
    bool closed;
    const void *probe; /* who asks on behalf of all while it is closed; compared, never looked into */
    int64_t until;     /* clock_ms() of the retry time while closed */
    int64_t pause_ms;  /* the last pause */
    int error;         /* -errno of what closed it */
    char message[320]; /* and its words */
};

/* Whether `who` may ask: always while open, as the probe once the retry time has come. */
bool client_host_admits(struct client_host *host, const void *who);

/*
 * `who` met a failure of the host. `retry_after_ms` is the service's own word, or negative. Closes the host for that
 * long, or 2 s, or if `who` was the probe twice the last pause, up to 30 s. While it is closed and `who` isn't the
 * probe, only a longer word of the service's own changes anything. True when it went from open to closed.
 */
bool client_host_failed(struct client_host *host, const void *who, int error, int64_t retry_after_ms,
                        const char *message);

/* `who` got an answer, or failed in a way that isn't the host's. True when that opened the host. */
bool client_host_answered(struct client_host *host);

/* `who` gives up without having learned anything: if it was the probe, the next one is. */
void client_host_leave(struct client_host *host, const void *who);

#endif
