/* SPDX-License-Identifier: MIT */
/*
 * http_once(): one request, blocking. It runs a loop and an http of its own until the end, so the request is sent just
 * as a mount sends it.
 */
#include "http/http.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/loop.h"

#define BODY_MAX   (1024 * 1024)
#define DETAIL_MAX 256

struct once {
    struct loop *loop;
    struct http *http;
    struct printbuf *body;
    size_t keep;
    struct http_result result;
    char detail[DETAIL_MAX];
};

static int keep_body(void *data, const char *bytes, size_t len)
{
    struct once *once = data;
    size_t room = once->keep - (size_t)printbuf_length(once->body);

    if (len > room)
        len = room;
    return len == 0 || printbuf_memappend(once->body, bytes, (int)len) >= 0 ? 0 : -ENOMEM;
}

static void keep_result(void *data, const struct http_result *result)
{
    struct once *once = data;

    once->result = *result;
    once->result.etag = once->result.last_modified = NULL;
    (void)snprintf(once->detail, sizeof(once->detail), "%s", result->detail);
    loop_quit(once->loop, 0);
}

static void too_late(void *data)
{
    struct once *once = data;

    once->result = (struct http_result){.failure = HTTP_TIMEOUT, .error = -ETIMEDOUT, .retry_after_ms = -1};
    (void)snprintf(once->detail, sizeof(once->detail), "no whole answer within timeout_total");
    loop_quit(once->loop, 0);
}

static void run(struct once *once, const struct config *config, const struct http_request *request)
{
    struct timer deadline = {.fn = too_late, .data = once};

    if (!http_start(once->http, request))
        return;
    timer_set(once->loop, &deadline, clock_ms() + config->timeout_total_ms);
    (void)loop_run(once->loop);
    timer_clear(&deadline);
}

static void give_body(struct once *once, char **ret_body, size_t *ret_len)
{
    size_t len = (size_t)printbuf_length(once->body);
    char *body = malloc(len + 1);

    if (!body) {
        once->result.failure = HTTP_BROKEN;
        once->result.error = -ENOMEM;
        (void)snprintf(once->detail, sizeof(once->detail), "out of memory");
        return;
    }
    memcpy(body, once->body->buf, len);
    body[len] = '\0';
    *ret_body = body;
    if (ret_len)
        *ret_len = len;
}

int http_once(const struct config *config, const char *url, const char *token, struct http_result *result,
              char **ret_body, size_t *ret_len)
{
    static char detail[DETAIL_MAX];
    struct once once = {
        .keep = config->max_body < BODY_MAX ? (size_t)config->max_body : BODY_MAX,
        .result = {.failure = HTTP_BROKEN, .error = -ENOMEM, .retry_after_ms = -1},
        .detail = "out of memory",
    };
    struct http_request request = {
        .method = "GET", .url = url, .token = token, .on_body = keep_body, .on_done = keep_result, .data = &once};

    once.loop = loop_new();
    once.http = once.loop ? http_new(once.loop, config) : NULL;
    once.body = printbuf_new();
    if (once.http && once.body)
        run(&once, config, &request);
    http_free(once.http);
    loop_free(once.loop);
    if (once.result.error == 0 && ret_body)
        give_body(&once, ret_body, ret_len);
    if (once.body)
        printbuf_free(once.body);
    memcpy(detail, once.detail, sizeof(detail));
    *result = once.result;
    result->detail = detail;
    return result->error;
}
