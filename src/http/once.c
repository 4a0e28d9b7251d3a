/* SPDX-License-Identifier: MIT */
/*
 * http_perform() and http_once(): one request, blocking. It has a loop and an http of its own, so the request is sent
 * just as a mount sends it.
 */
#include "http/http.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/loop.h"

#define BODY_MAX (1024 * 1024)

struct once {
    struct loop *loop;
    struct http *http;
    const struct http_request *request; /* the caller's, with its callbacks and data */
    struct http_result result;
};

/* The body that http_once() keeps. */
struct body {
    struct printbuf *bytes;
    size_t max;
};

/* Gives the strings of the result, which are on_done's, a life until the next call. */
static void keep_strings(struct http_result *result)
{
    const char **strings[] = {
        &result->detail,    &result->etag, &result->last_modified,     &result->content_type, &result->location,
        &result->link_next, &result->ip,   &result->certificate_issuer};
    enum { N = sizeof(strings) / sizeof(strings[0]) };
    static char *kept[N];
    bool whole = true;

    for (size_t i = 0; i < N; i++) {
        free(kept[i]);
        kept[i] = *strings[i] ? strdup(*strings[i]) : NULL;
        whole = whole && (kept[i] || !*strings[i]);
        *strings[i] = kept[i];
    }
    if (!whole)
        *result = http_no_answer(HTTP_BROKEN, -ENOMEM, "out of memory");
}

static void head_came(void *data, long status)
{
    const struct http_request *request = ((struct once *)data)->request;

    if (request->on_head)
        request->on_head(request->data, status);
}

static int body_came(void *data, const char *bytes, size_t len)
{
    const struct http_request *request = ((struct once *)data)->request;

    return request->on_body ? request->on_body(request->data, bytes, len) : 0;
}

static void ended(void *data, const struct http_result *result)
{
    struct once *once = data;

    http_log("check", once->request->method, once->request->url, result, 0);
    once->result = *result;
    keep_strings(&once->result);
    loop_quit(once->loop, 0);
}

static void too_late(void *data)
{
    struct http_result result = http_no_answer(HTTP_TIMEOUT, -ETIMEDOUT, "no whole answer within timeout_total");

    ended(data, &result);
}

static void run(struct once *once, const struct config *config)
{
    struct timer deadline = {.fn = too_late, .data = once};
    struct http_request request = *once->request;

    request.on_head = head_came;
    request.on_body = body_came;
    request.on_done = ended;
    request.data = once;
    if (!http_start(once->http, &request))
        return;
    timer_set(once->loop, &deadline, clock_ms() + config->timeout_total_ms);
    (void)loop_run(once->loop);
    timer_clear(&deadline);
}

int http_perform(const struct config *config, const struct http_request *request, struct http_result *result)
{
    struct once once = {
        .loop = loop_new(), .request = request, .result = http_no_answer(HTTP_BROKEN, -ENOMEM, "out of memory")};

    once.http = once.loop ? http_new(once.loop, config) : NULL;
    if (once.http)
        run(&once, config);
    http_free(once.http);
    loop_free(once.loop);
    *result = once.result;
    return result->error;
}

static int keep_body(void *data, const char *bytes, size_t len)
{
    struct body *body = data;
    size_t room = body->max - (size_t)printbuf_length(body->bytes);

    if (len > room)
        len = room;
    return len == 0 || printbuf_memappend(body->bytes, bytes, (int)len) >= 0 ? 0 : -ENOMEM;
}

static int give_body(const struct body *body, char **ret_body, size_t *ret_len)
{
    size_t len = (size_t)printbuf_length(body->bytes);
    char *copy = malloc(len + 1);

    if (!copy)
        return -ENOMEM;
    memcpy(copy, body->bytes->buf, len);
    copy[len] = '\0';
    *ret_body = copy;
    if (ret_len)
        *ret_len = len;
    return 0;
}

int http_once(const struct config *config, const char *url, const char *token, struct http_result *result,
              char **ret_body, size_t *ret_len)
{
    struct body body = {.bytes = printbuf_new(),
                        .max = config->max_body < BODY_MAX ? (size_t)config->max_body : BODY_MAX};
    struct http_request request = {.method = "GET", .url = url, .token = token, .on_body = keep_body, .data = &body};
    int r = body.bytes ? http_perform(config, &request, result) : -ENOMEM;

    if (r == 0 && ret_body)
        r = give_body(&body, ret_body, ret_len);
    if (r == -ENOMEM)
        *result = http_no_answer(HTTP_BROKEN, r, "out of memory");
    if (body.bytes)
        printbuf_free(body.bytes);
    return r;
}
