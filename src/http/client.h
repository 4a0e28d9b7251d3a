/* SPDX-License-Identifier: MIT */
/*
 * The client: exchanges with the API. An exchange is one call of the API with its queueing, its retries and one result.
 *
 * An exchange makes up to 4 HTTP attempts (attempt.h), one after another, and one more if the token has changed:
 *
 *  - It first waits for a place. At most config->max_connections exchanges are in flight; the others wait in the order
 *    in which they came. The last place is for an operation that has no exchange in flight, so that one operation that
 *    does not answer cannot keep the others waiting.
 *  - A GET is retried, after a pause with random jitter, when the name did not resolve, the connection failed or broke,
 *    and after 408, 429 and 5xx. A timeout is not retried.
 *  - A POST is retried only if it certainly had no effect: its request was not sent, or the service answered 429 or 503
 *    with Retry-After.
 *  - After a 401 the token is read again. If it has changed, the exchange is sent once more with it. While a token
 *    command runs, only exchanges that got a 401 or have no token wait for it.
 *  - config->timeout_total_ms bounds the whole exchange, waiting included. When the time is up after a failed attempt
 *    of a GET, the result is that attempt's failure.
 *
 * Some failures say that further requests would fail, too: those of the host (name, connect, TLS, 401, 429 with
 * Retry-After) for every request, and silence, 503 with Retry-After and many failures in a row for requests of the same
 * operation. They close the host or the operation until a retry time (health.h has the table, gate.h the states). The
 * first exchange after the retry time is the probe, and its success opens what was closed.
 *
 * What an exchange does behind a closed gate depends on its turn:
 *
 *  - TURN_YIELDS: it fails at once with the errno of the failure that closed the gate. An exchange that waits for its
 *    first place fails with it, and an exchange in a pause fails at the end of the pause, unless it becomes the probe
 *    then. One exception: after a Retry-After, an exchange in a pause goes on waiting as long as its timeout allows.
 *  - TURN_WAITS: it waits for the retry time and is sent then, whether or not somebody else is the probe. If the service
 *    has asked for a pause that ends after the exchange's time, it fails at once with -EBUSY.
 *  - TURN_NOW: it is sent at once; only after a Retry-After it fails as with TURN_YIELDS.
 *
 * An exchange that was sent past a closed gate is not retried.
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
    bool host;         /* the failure is the host's: another operation would fail, too */
    bool left;         /* the request of any attempt may have reached the service */
    const char *etag;  /* or NULL */
    const char *last_modified;
    const char *link_next; /* see http_result.link_next */
    int64_t total;         /* see http_result.total */
    const char *message;   /* failure: what the answer says (said.h), or our own words; success: ""; never NULL */
    int64_t retry_at;      /* clock_ms() before which a retry is pointless; 0: no such time is known */
    int64_t ns;            /* nanoseconds since client_start() */
};

/* What an exchange does while the host or its operation is closed; see above. */
enum client_turn {
    TURN_YIELDS, /* an ordinary reader's */
    TURN_WAITS,  /* an explicit act, such as a purge */
    TURN_NOW,    /* what the user has just touched */
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
    enum client_turn turn;
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

/* Sets the token before the first exchange; it is copied, and hidden in the log. Without this call the first exchange
 * reads the token (bearer.h). Returns 0 or -ENOMEM. */
int client_set_token(struct client *client, const char *token);

/* The host's retry time as clock_ms(), or 0 while the host is open. The time may have passed: the host stays closed
 * until an answer opens it. While the host is closed, *error (unless error is NULL) is the -errno of the failure that
 * closed it; otherwise *error is untouched. */
int64_t client_closed_until(const struct client *client, int *error);

/* The state of an operation that was used. */
struct client_operation {
    const char *name;     /* a constant string */
    int64_t closed_until; /* as client_closed_until() */
    int error;            /* while closed: -errno of the failure that closed the operation; else 0 */
    unsigned failures;    /* how many attempts in a row failed in a way that may pass */
};

/* Calls fn for each operation that was used, in no particular order. */
void client_each(const struct client *client, void (*fn)(void *data, const struct client_operation *operation),
                 void *data);

/* True if a new exchange of the operation (a constant string) would be sent at once. Read-ahead sends nothing
 * otherwise. */
bool client_ready(struct client *client, const char *operation);

#endif
