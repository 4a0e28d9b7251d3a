/* SPDX-License-Identifier: MIT */
/*
 * The client: exchanges with the API. An exchange is one call of the API with its queueing, its retries and one result.
 *
 * An exchange makes up to 4 HTTP attempts (attempt.h), one after another, and one more if the token has changed:
 *
 *  - It first waits for a place. At most config->max_connections exchanges are in flight; the others wait in the order
 *    in which they came.
 *  - A GET is retried, after a pause with random jitter, when the name did not resolve, the connection failed or broke,
 *    and after 408, 429 and 5xx. A timeout is not retried.
 *  - A POST is retried only if it certainly had no effect: its request was not sent, or the service answered 429 or 503
 *    with Retry-After.
 *  - After a 401 the token is read again. If it has changed, the exchange is sent once more with it. While a token
 *    command runs, only exchanges that got a 401 or have no token wait for it.
 *  - config->timeout_total_ms bounds the whole exchange, waiting included. When the time is up after a failed attempt
 *    of a GET, the result is that attempt's failure.
 *
 * Some failures are the host's and not the exchange's. They close the host (host.h) for all exchanges:
 *
 *      open --name, connect, TLS, timeout, 401, 429 with Retry-After--> closed until the retry time
 *        ^                                                                  |
 *        +--------- any other answer ---------- one probe <--the time is up-+
 *
 * The first exchange after the retry time is the probe. While the host is closed and until the probe is answered, every
 * other new exchange fails at once, with the errno of the failure that closed the host. An exchange that waits for its
 * first place fails with it, and an exchange in a pause fails at the end of the pause, unless it becomes the probe
 * then. One exception: after a Retry-After, an exchange in a pause goes on waiting as long as its timeout allows. The
 * retry time is the service's Retry-After, or else 2 s, doubled by each failed probe up to 30 s. An answer to a request
 * that was sent before a 401 or a Retry-After came does not open the host.
 *
 * Threads:   loop thread only.
 * Ownership: client_new() creates, client_free() frees, together with all exchanges, without calling their on_done. An
 *            exchange belongs to the client; the caller's pointer is valid until on_done is called or until
 *            client_cancel().
 * Errors:    result->error is 0 or a negative errno: -ENOENT for 404 and 410; -EACCES for 401, 403 and a token that
 *            cannot be read; -EINVAL for 400, 422 and a request that cannot be sent (http.h); -EBUSY for 429;
 *            -ETIMEDOUT; -EHOSTUNREACH; -EIO for TLS, an answer that is too large or broken, a 304 to a request
 *            without validators, any other 3xx, any other 4xx, and 5xx; -ENOMEM; or what on_body returned. Every failed
 *            exchange is one line in the log: operation, method, URL path with its query (which holds no secrets), HTTP
 *            status, what the answer says, and what to do. Two kinds are not logged: exchanges that on_body ended, and
 *            exchanges that fail because the host is closed.
 */
#ifndef MELBICOMFS_HTTP_CLIENT_H
#define MELBICOMFS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct client;
struct client_exchange;
struct http;
struct loop;
struct metrics;

/* How an exchange ended. Strings are borrowed, valid only during the call of on_done. */
struct client_result {
    int error;         /* 0 for a 2xx, and for a 304 if the request had validators; else -errno */
    long status;       /* HTTP status of the last attempt; 0: it brought none */
    bool not_modified; /* the status is 304 */
    bool host;         /* the failure is the host's: another path would fail, too */
    bool left;         /* the request of any attempt may have reached the service */
    const char *etag;  /* or NULL */
    const char *last_modified;
    const char *link_next; /* see http_result.link_next */
    int64_t total;         /* see http_result.total */
    const char *message;   /* failure: what the answer says (said.h), or our own words; success: ""; never NULL */
    int64_t retry_at;      /* clock_ms() before which a retry is pointless; 0: no such time is known */
    int64_t ns;            /* nanoseconds since client_start() */
};

/* One call of the API. on_start and on_body may be NULL. */
struct client_request {
    const char *operation; /* the endpoint's name, for the log and the metrics; a constant string */
    const char *method;    /* "GET" or "POST"; a constant string */
    const char *path;      /* path and query below the base URL, starting with '/'; copied */
    bool from_root;        /* `path` begins at the server's root instead, as the path of a further page does */
    const char *body;      /* JSON, or NULL; copied */
    const char *etag;      /* validators of the caller's copy, or NULL; copied */
    const char *last_modified;
    bool has_copy; /* the caller can show an old copy: the exchange fails rather than pause for longer than 1.2 s */

    /* The body of a 2xx answer begins. After a retry it begins again: forget the bytes that came before. */
    void (*on_start)(void *data);
    /* Takes the next bytes of the body; borrowed. Returns 0, or -errno to end the exchange with that error, without a
     * retry and without a line in the log, because the caller knows more about the fault. -EFBIG is different: the
     * exchange ends with -EIO and a line in the log, as it does when the body is longer than config->max_body. */
    int (*on_body)(void *data, const char *bytes, size_t len);
    /* The exchange has ended. Called from the loop, never from within client_start(). */
    void (*on_done)(void *data, const struct client_result *result);
    void *data;
};

/* All arguments are borrowed until client_free(). NULL when out of memory. client_free(NULL) is fine. */
struct client *client_new(struct loop *loop, struct http *http, const struct config *config, struct metrics *metrics);
void client_free(struct client *client);

/* Starts an exchange. NULL when out of memory: on_done is never called then. Every other failure is reported to
 * on_done. */
struct client_exchange *client_start(struct client *client, const struct client_request *request);

/* Ends an exchange without calling on_done. */
void client_cancel(struct client_exchange *exchange);

/* True once the request of any attempt may have reached the service. */
bool client_left(const struct client_exchange *exchange);

/* Sets the token before the first exchange; it is copied, and hidden in the log. Without this call, with NULL, or when
 * out of memory, the first exchange reads the token (bearer.h). */
void client_set_token(struct client *client, const char *token);

/* The host's retry time as clock_ms(), or 0 while the host is open. The time may have passed: the host stays closed
 * until an answer opens it. While the host is closed, *error (unless error is NULL) is the -errno of the failure that
 * closed it; otherwise *error is untouched. */
int64_t client_closed_until(const struct client *client, int *error);

/* True while a new exchange would wait for a place. Read-ahead sends nothing then. */
bool client_busy(const struct client *client);

#endif
