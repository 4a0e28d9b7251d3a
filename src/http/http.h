/* SPDX-License-Identifier: MIT */
/*
 * HTTP over libcurl's multi interface: a transfer is one request and its answer. Retries, the queue and the meaning of
 * a status are in client.h.
 *
 * Connections are reused. Over TLS, HTTP/2 is used if the server offers it, and transfers share a connection
 * (CURLOPT_PIPEWAIT). Compressed answers are accepted. Redirects are not followed. A URL on this machine is asked
 * without a proxy; others through config->proxy, or else the proxy that the environment names. A URL that url_problem() (base/url.h) rejects is never sent.
 *
 * Threads:   loop thread only.
 * Ownership: http_new() creates, http_free() frees, together with all transfers, without calling their on_done. A
 *            transfer belongs to the http; the caller's pointer is valid until on_done returns or http_cancel() is
 *            called.
 * Errors:    negative errno: -EHOSTUNREACH (name not resolved, connection refused, host unreachable), -ETIMEDOUT, -EIO
 *            (TLS, answer too large, broken answer), -EINVAL (URL, token or validator that cannot be sent), -ENOMEM, or
 *            what the body callback returned. An HTTP status such as 404 is no error here.
 */
#ifndef MELBICOMFS_HTTP_HTTP_H
#define MELBICOMFS_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct config;
struct loop;
struct http;
struct http_transfer;
struct http_result;

/* How a transfer ended. It is finer than the errno, because it decides about retries. */
enum http_failure {
    HTTP_OK,         /* the answer is complete; its status may be any */
    HTTP_UNRESOLVED, /* the name has no address */
    HTTP_CONNECT,    /* refused, unreachable, or no connection in time: the request was certainly not sent */
    HTTP_TLS,        /* certificate or handshake: the request was certainly not sent */
    HTTP_TIMEOUT,    /* after the sending began, no byte moved for config->timeout_ms */
    HTTP_RESET,      /* the connection broke after all or part of the request was sent */
    HTTP_TOO_LARGE,  /* over config->max_body (Content-Length, or decompressed), or the body callback returned -EFBIG */
    HTTP_NO_DESCRIPTOR, /* this program or machine has no file descriptor left for a connection: not sent */
    HTTP_SINK,          /* the body callback returned another error */
    HTTP_BROKEN         /* anything else: not HTTP, bad encoding, a URL that is not allowed, out of memory, … */
};

/* All strings are copied by http_start(). Callbacks may be NULL, except on_done. */
struct http_request {
    const char *method;        /* "GET" or "POST" */
    const char *url;           /* absolute */
    const char *body;          /* of a POST, sent as application/json; or NULL */
    const char *token;         /* bearer token, sent to this URL's host only; or NULL */
    const char *etag;          /* value of If-None-Match, or NULL */
    const char *last_modified; /* value of If-Modified-Since, or NULL */
    bool want_certificate;     /* fill in the result's certificate_issuer and certificate_expires */

    /* The status and headers are complete. Called at most once a transfer, before the body. */
    void (*on_head)(void *data, long status);
    /* The next bytes of the body, decompressed; borrowed. Returns 0, or -errno to end the transfer with HTTP_SINK
     * (-EFBIG: HTTP_TOO_LARGE). */
    int (*on_body)(void *data, const char *bytes, size_t len);
    /* The transfer has ended. It is freed when on_done returns. */
    void (*on_done)(void *data, const struct http_result *result);
    void *data;
};

/* How a transfer ended. Strings are borrowed, valid only during the call of on_done. */
struct http_result {
    enum http_failure failure;
    int error;          /* 0 with HTTP_OK, else -errno */
    int64_t ns;         /* nanoseconds since http_start() */
    uint64_t bytes;     /* bytes of the body, decompressed */
    const char *detail; /* a failure in words, libcurl's or ours; "" with HTTP_OK */

    /* The head of the answer. A header that is absent or cannot be read is NULL as a string and -1 as a number. */
    long status;      /* HTTP status; 0: the answer's head is not complete */
    const char *etag; /* ETag */
    const char *last_modified;
    const char *content_type; /* Content-Type with its parameters, such as "text/html; charset=utf-8" */
    const char *location;     /* the target of a redirect as an absolute URL; NULL if the status is no 3xx */
    const char *link_next;  /* the target of a Link header with rel="next", as it is written there: perhaps relative */
    int64_t total;          /* X-Total-Count, or else X-Total: how many items all pages of a list have */
    int64_t retry_after_ms; /* Retry-After; see http_retry_after_ms() */
    time_t date;            /* Date: the server's clock */

    /* The connection. */
    bool reused;         /* the request was sent on a connection that had been used before */
    const char *version; /* HTTP version of the answer, a constant: "1.0", "1.1", "2", "3"; NULL: no answer */
    const char *ip;      /* address of the server, or of the proxy; NULL: no connection */
    const char *certificate_issuer; /* NULL without want_certificate, without TLS, or if the handshake failed */
    /* End of the server certificate's validity, in seconds since 1970; -1: not known, for the same reasons. */
    int64_t certificate_expires;
};

/* Replaces the wait of `loop` by curl_multi_poll() (loop_lend_wait()) until http_free(). loop and config are borrowed.
 * Ignores SIGPIPE unless the program has set its own action. NULL when out of memory. http_free(NULL) is fine. */
struct http *http_new(struct loop *loop, const struct config *config);
void http_free(struct http *http);

/* Starts a transfer. Callbacks come from the loop, never from within http_start(). A URL or header that cannot be sent
 * is reported to on_done. NULL when out of memory. */
struct http_transfer *http_start(struct http *http, const struct http_request *request);

/* Ends a transfer without calling on_done. May be called from within a callback of any transfer, except the on_done of
 * this one. */
void http_cancel(struct http_transfer *transfer);

/* True once any byte of the request may have reached the server. May be called from within on_done. */
bool http_left(const struct http_transfer *transfer);

/* Makes the result of a transfer that brought no answer: status 0, all strings but `detail` NULL, all other numbers of
 * the head and the connection -1. `detail` is borrowed. */
struct http_result http_no_answer(enum http_failure failure, int error, const char *detail);

/* Writes one debugging line about a transfer that has ended: its operation, method and path (`where`), its status or
 * why it failed, its bytes and milliseconds, whether its connection had been used before, and the number of the attempt
 * (0: there is only one). */
void http_log(const char *operation, const char *method, const char *where, const struct http_result *result,
              unsigned attempt);

/*
 * Sends one request and blocks until its end, at most config->timeout_total_ms. The request has a loop and an http of
 * its own, which are freed on return, because the check before the mount runs before the fork.
 *
 * request->on_head and on_body are called as in http_start(), and may be NULL; on_done is not called. Fills *result,
 * whose strings are valid until the next call of http_perform() or http_once(). Returns result->error.
 */
int http_perform(const struct config *config, const struct http_request *request, struct http_result *result);

/*
 * Sends one GET by http_perform() and keeps the body of the answer.
 *
 * On success *ret_body is the body, malloc'd for the caller, NUL-terminated, and cut at 1 MiB or at config->max_body if
 * that is less; *ret_len (unless ret_len is NULL) is its length in bytes without the NUL. Both are untouched on
 * failure, and if ret_body is NULL. Fills *result and returns as http_perform() does.
 */
int http_once(const struct config *config, const char *url, const char *token, struct http_result *result,
              char **ret_body, size_t *ret_len);

#endif
