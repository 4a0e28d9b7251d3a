/*
 * The client: one exchange with the API, with everything that can be done about a failure already done.
 *
 * An exchange is one or more HTTP attempts. It waits for a place (at most config->max_connections in flight, first come
 * first served), sends the token, retries what may be retried, and ends with one result. GET is retried on connect
 * failure, reset, 408, 429 and 5xx, with jittered backoff, up to 4 attempts; POST only if it provably never reached the
 * service (no connection; 429 or 503 with Retry-After). config->timeout_total_ms bounds it all, waiting included. After
 * a 401 the token is read again, and if it is another one the exchange is tried once more; while a command is about to
 * give it, who got a 401 waits, and nobody else.
 *
 * Failures of the host belong to the host:
 *
 *      open --name, connect, TLS, timeout, 401, 429 with Retry-After--> closed until a retry time
 *        ^                                                                  |
 *        +----- any answer that is none of those ---- one probe <--time's up+
 *               (to what was sent after a 401 or 429 had closed it)
 *
 * While the host is closed, or a probe is in flight, a new exchange fails at once with the errno of what closed it, and
 * so does one that was still waiting for a place, or for its next attempt. Those that wait for a Retry-After wait on
 * for the probe's answer, if their time allows. The retry time is 2 s, doubling with each failed probe to 30 s; or the
 * Retry-After.
 *
 * Threads:   loop thread only.
 * Ownership: client_new() gives, client_free() takes back, with every exchange under way (whose done is not called).
 *            An exchange is the client's until done is called, or client_cancel().
 * Errors:    DESIGN's table, in result->error: -ENOENT 404 (and 410); -EACCES 401, 403; -EINVAL 400, 422; -EBUSY 429;
 *            -ETIMEDOUT; -EHOSTUNREACH; -EIO for TLS, too large, broken, 3xx other than 304, other 4xx, 5xx. Every
 *            failed exchange is one log line: operation, URL path (no query values hidden: they hold no secrets),
 *            status, the API's message, and what to do about it; exchanges failed by a closed host are not logged one
 *            by one.
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

struct client_result {
    int error;         /* 0 for 2xx and 304, else -errno */
    long status;       /* last HTTP status, 0 when none came */
    bool not_modified; /* 304 */
    bool host;         /* the failure is the host's, not this path's */
    bool left;         /* some attempt's request can have reached the service */
    const char *etag;  /* borrowed for the call, or NULL */
    const char *last_modified;
    const char *message; /* the API's own message for a failure, or ours (never NULL, "" for a success); borrowed */
    int64_t retry_at;    /* clock_ms() before which asking again is pointless; 0 when there is no such time */
    int64_t ns;          /* from client_start() to now */
};

struct client_request {
    const char *operation; /* endpoint's name, for logs and metrics; a constant string */
    const char *method;    /* "GET" or "POST"; constant */
    const char *path;      /* path and query below the base URL, starting with '/'; copied */
    const char *body;      /* JSON, or NULL; copied */
    const char *etag;      /* validators, or NULL; copied */
    const char *last_modified;
    bool has_copy; /* there is something to show if this fails: it waits for no Retry-After longer than a second */

    /* A 2xx answer's body begins. May come again after a retry: forget what came before. */
    void (*on_start)(void *data);
    /* Its bytes. Negative ends the exchange with that error (not retried); -EFBIG with -EIO, as a body over max_body
     * does. */
    int (*on_body)(void *data, const char *bytes, size_t len);
    /* The end; never from within client_start(). */
    void (*on_done)(void *data, const struct client_result *result);
    void *data;
};

/* All are borrowed for the client's life. NULL when out of memory. client_free(NULL) is fine. */
struct client *client_new(struct loop *loop, struct http *http, const struct config *config, struct metrics *metrics);
void client_free(struct client *client);

/* Starts an exchange. NULL when out of memory. */
struct client_exchange *client_start(struct client *client, const struct client_request *request);

/* Ends an exchange without a call to its done. */
void client_cancel(struct client_exchange *exchange);

/* True once the request can have reached the service. */
bool client_left(const struct client_exchange *exchange);

/* Makes the token known before the first exchange (copied, hidden in logs); otherwise config->read_token or
 * start_token is asked at need. */
void client_set_token(struct client *client, const char *token);

/* clock_ms() of the host's retry time while it is closed, 0 while it is open; *error (may be NULL) gets the errno it is
 * closed with. */
int64_t client_closed_until(const struct client *client, int *error);

/* Whether all of max_connections are in use, or exchanges wait for a place; read-ahead holds back then. */
bool client_busy(const struct client *client);

#endif
