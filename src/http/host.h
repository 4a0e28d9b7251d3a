/*
 * Whether the host is worth asking: the state that client.h draws, and nothing else.
 *
 * Threads:   loop thread only.
 * Ownership: lives in its user's struct; owns nothing.
 * Errors:    none.
 */
#ifndef MELBICOMFS_HTTP_HOST_H
#define MELBICOMFS_HTTP_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise: open. */
struct client_host {
    bool closed;
    const void *probe; /* who asks on behalf of all while it is closed; compared, never looked into */
    int64_t until;     /* clock_ms() of the retry time while closed */
    int64_t pause_ms;  /* the last pause */
    int64_t said_ns;   /* clock_ns() of the answer that closed it; 0 when it was for want of one */
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

/*
 * `who` got an answer to what it sent at `sent_ns` (clock_ns()), or failed in a way that isn't the host's. True when
 * that opened the host. An answer to what was sent before the service said to keep away (429, 401) doesn't: it was
 * only slower. Where nothing was heard of the host, any answer does.
 */
bool client_host_answered(struct client_host *host, const void *who, int64_t sent_ns);

/* `who` gives up without having learned anything: if it was the probe, the next one is. */
void client_host_leave(struct client_host *host, const void *who);

#endif
