/* SPDX-License-Identifier: MIT */
#include "http/attempt.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/http.h"
#include "http/redirect.h"
#include "http/said.h"

#define ERROR_BODY_MAX 65536 /* web frameworks can add a long stack trace to the message */

static void answer_begins(void *data, long status)
{
    struct attempt *attempt = data;

    attempt->head = true;
    attempt->streaming = status >= 200 && status < 300;
    if (attempt->streaming)
        attempt->on_start(attempt->data);
}

static int answer_goes_on(void *data, const char *bytes, size_t len)
{
    struct attempt *attempt = data;
    size_t room;

    if (attempt->streaming)
        return attempt->on_body(attempt->data, bytes, len);
    if (!attempt->said && !(attempt->said = printbuf_new()))
        return 0;
    room = ERROR_BODY_MAX - (size_t)printbuf_length(attempt->said);
    (void)printbuf_memappend(attempt->said, bytes, (int)(len < room ? len : room));
    return 0;
}

/* What the answer says, if its status is a failure. */
static enum said read_answer(const struct attempt *attempt, const struct http_result *result, char **ret)
{
    struct printbuf *body = attempt->said;

    if (result->failure != HTTP_OK || attempt->streaming || (result->status == 304 && attempt->conditional))
        return SAID_NOTHING;
    return said_of(result, body ? body->buf : NULL, body ? (size_t)printbuf_length(body) : 0, ret);
}

/* The message of a failure for which the answer has no words: libcurl's or ours if the transfer failed, else the HTTP
 * status. NULL when out of memory. */
static char *wordless(const struct http_result *result)
{
    char *message = NULL;

    if (result->failure != HTTP_OK)
        return strdup(result->detail);
    if (asprintf(&message, "HTTP status %ld without a message", result->status) < 0)
        return NULL;
    return message;
}

/* The part of the URL that tells one request from another. */
static const char *path_of(const struct attempt *attempt)
{
    size_t len = attempt->base ? strlen(attempt->base) : 0;

    return strncmp(attempt->url, attempt->base ? attempt->base : "", len) == 0 ? attempt->url + len : attempt->url;
}

static void answer_ends(void *data, const struct http_result *result)
{
    struct attempt *attempt = data;
    bool left = http_left(attempt->transfer);
    struct attempt_end end = {.http = result};
    _cleanup_(freep) char *message = NULL, *advice = NULL;
    enum said said = read_answer(attempt, result, &message);

    end.verdict = client_judge(result, said, attempt->conditional, left);
    if (end.verdict.error && !message)
        message = wordless(result);
    if (said == SAID_REDIRECT && result->location)
        advice = redirect_advice(attempt->base, attempt->url, result->location);
    if (advice)
        end.verdict.advice = advice;
    attempt->transfer = NULL;
    attempt->left = attempt->left || left;
    end.message = message ? message : "";
    http_log(attempt->operation, attempt->method, path_of(attempt), result, attempt->n);
    metrics_http(attempt->metrics, attempt->operation, result->failure == HTTP_OK ? result->status : 0, result->ns);
    metrics_count(attempt->metrics, COUNT_HTTP_BYTES, result->bytes);
    attempt->on_done(attempt->data, &end);
}

int attempt_start(struct attempt *attempt, struct http *http, struct http_request *request)
{
    request->on_head = answer_begins;
    request->on_body = answer_goes_on;
    request->on_done = answer_ends;
    request->data = attempt;
    attempt->conditional = request->etag || request->last_modified;
    attempt->head = attempt->streaming = false;
    if (attempt->said)
        printbuf_reset(attempt->said);
    attempt->method = request->method;
    attempt->n++;
    attempt->began_ns = clock_ns();
    attempt->transfer = http_start(http, request);
    return attempt->transfer ? 0 : -ENOMEM;
}

void attempt_abandon(struct attempt *attempt)
{
    struct http_transfer *transfer = steal(&attempt->transfer);

    if (!transfer)
        return;
    log_debug("%s: %s %s given up after %.1f ms, attempt %u", attempt->operation, attempt->method, path_of(attempt),
              (double)(clock_ns() - attempt->began_ns) / 1e6, attempt->n);
    if (http_left(transfer)) {
        attempt->left = true;
        metrics_http(attempt->metrics, attempt->operation, 0, clock_ns() - attempt->began_ns);
    }
    http_cancel(transfer);
}

bool attempt_left(const struct attempt *attempt)
{
    return attempt->left || (attempt->transfer && http_left(attempt->transfer));
}

void attempt_clear(struct attempt *attempt)
{
    if (attempt->said)
        printbuf_free(attempt->said);
    attempt->said = NULL;
}
