/*
 * HTTP over libcurl's multi interface: one transfer, once. No retries, no queue, no judgement; client.h has those.
 *
 * Reuses connections, speaks HTTP/2 where it is offered (multiplexed, waiting for the pipe: CURLOPT_PIPEWAIT), accepts
 * compressed answers, follows no redirect, uses no proxy for loopback, and lets only those URLs through that base/url.h
 * does.
 *
 * Threads:   loop thread only.
 * Ownership: http_new() gives, http_free() takes back with everything in flight (whose done is not called). A
 *            transfer is the http's until its done returns, or http_cancel().
 * Errors:    negative errno, DESIGN's table: -EHOSTUNREACH (name, refused, unreachable), -ETIMEDOUT, -EIO (TLS, too
 *            large, broken answer).
 */
#ifndef MELBICOMFS_HTTP_HTTP_H
#define MELBICOMFS_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct loop;
struct http;
struct http_transfer;
struct http_result;

/* How a transfer failed, where that matters beyond the errno. */
enum http_failure {
    HTTP_OK,         /* a whole answer came, whatever its status */
    HTTP_UNRESOLVED, /* the name has no address */
    HTTP_CONNECT,    /* refused, unreachable, connecting timed out: the request provably never left */
    HTTP_TLS,        /* certificate or handshake: likewise */
    HTTP_TIMEOUT,    /* no first byte, or silence, for config->timeout_ms */
    HTTP_RESET,      /* the connection broke with the request sent or partly sent */
    HTTP_TOO_LARGE,  /* more than config->max_body bytes, after decompression too; or too large for the body callback */
    HTTP_SINK,       /* the body callback refused */
    HTTP_BROKEN      /* anything else: not HTTP, bad encoding, … */
};

struct http_request {
    const char *method;        /* "GET" or "POST" */
    const char *url;           /* absolute */
    const char *body;          /* sent as application/json; or NULL */
    const char *token;         /* bearer token, or NULL; goes to this URL's host only */
    const char *etag;          /* If-None-Match, or NULL */
    const char *last_modified; /* If-Modified-Since, or NULL */

    /* The status and headers are complete: once a transfer, before its body. */
    void (*on_head)(void *data, long status);
    /* Decoded body bytes. 0, or negative to give up (HTTP_SINK; with -EFBIG HTTP_TOO_LARGE). */
    int (*on_body)(void *data, const char *bytes, size_t len);
    /* The end; the transfer is gone when it returns. */
    void (*on_done)(void *data, const struct http_result *result);
    void *data;
};

struct http_result {
    enum http_failure failure;
    int error;        /* 0 when a whole answer came, else -errno */
    long status;      /* HTTP status, 0 when none came */
    const char *etag; /* borrowed; NULL when there was none */
    const char *last_modified;
    int64_t retry_after_ms; /* of a Retry-After header in seconds or as a date; -1 without one */
    int64_t ns;             /* from start to end */
    uint64_t bytes;         /* body bytes, decoded */
    const char *detail;     /* libcurl's words for a failure, "" otherwise; borrowed */
};

/* Lends its wait to `loop` (curl_multi_poll). NULL when out of memory. http_free(NULL) is fine. `config` is borrowed.
 */
struct http *http_new(struct loop *loop, const struct config *config);
void http_free(struct http *http);

/* Starts a transfer; strings are copied, no callback comes before this returns. NULL when out of memory. */
struct http_transfer *http_start(struct http *http, const struct http_request *request);

/* Ends a transfer without a call to its done. */
void http_cancel(struct http_transfer *transfer);

/* True once any byte of the request can have reached the peer. */
bool http_left(const struct http_transfer *transfer);

/*
 * One request now, blocking, on a handle of its own that is closed on return (for the check before the fork). At most
 * max_body or 1 MiB of body is kept, malloc'd and NUL-terminated in *ret_body (may be NULL). Fills result as above, its
 * borrowed strings set to NULL except detail. Returns result->error.
 */
int http_once(const struct config *config, const char *url, const char *token, struct http_result *result,
              char **ret_body, size_t *ret_len);

#endif
