/* SPDX-License-Identifier: MIT */
/*
 * Helpers for the tests of http.h: a loop with an http, and a record of a transfer's callbacks.
 *
 * Threads:   the test's only.
 * Ownership: fixture_new() gives, fixture_free() frees.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_HTTP_FIXTURE_H
#define MELBICOMFS_TESTS_HTTP_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "http/http.h"
#include "time_scale.h"
#include "web.h"

#define PATIENCE_MS (20000 * time_scale())

struct fixture {
    struct loop *loop;
    struct config config;
    struct http *http;
};

/* What the callbacks of a transfer were told, and what they shall do. */
struct told {
    struct fixture *f;
    struct http_transfer *transfer;
    unsigned heads, dones;
    long head_status;
    char body[8192];
    size_t len;
    int refuse;                     /* the return value of on_body */
    bool cancel_head, cancel_body;  /* on_head or on_body cancels the transfer */
    struct http_transfer **cancels; /* a transfer that on_done cancels, or NULL */
    struct http_result result;
    char etag[64], last_modified[64], detail[256];
    bool left; /* what http_left() returned in on_done */
};

static inline void told_head(void *data, long status)
{
    struct told *told = data;

    told->heads++;
    told->head_status = status;
    if (told->cancel_head)
        http_cancel(told->transfer);
}

static inline int told_body(void *data, const char *bytes, size_t len)
{
    struct told *told = data;
    size_t room = sizeof(told->body) - told->len;

    assert_int_equal(told->heads, 1);
    assert_int_equal(told->dones, 0);
    memcpy(told->body + told->len, bytes, len < room ? len : room);
    told->len += len < room ? len : room;
    if (told->cancel_body)
        http_cancel(told->transfer);
    return told->refuse;
}

static inline void told_done(void *data, const struct http_result *result)
{
    struct told *told = data;

    told->dones++;
    told->result = *result;
    told->left = http_left(told->transfer);
    (void)snprintf(told->etag, sizeof(told->etag), "%s", result->etag ? result->etag : "none");
    (void)snprintf(told->last_modified, sizeof(told->last_modified), "%s",
                   result->last_modified ? result->last_modified : "none");
    (void)snprintf(told->detail, sizeof(told->detail), "%s", result->detail);
    if (told->cancels)
        http_cancel(*told->cancels);
}

static inline struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    config_init(&f->config);
    f->config.timeout_ms = 10000;
    f->config.connect_timeout_ms = 10000;
    f->loop = loop_new();
    f->http = http_new(f->loop, &f->config);
    assert_non_null(f->http);
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    http_free(f->http);
    loop_free(f->loop);
    config_clear(&f->config);
    free(f);
}

static inline void start_request(struct fixture *f, struct told *told, struct http_request request)
{
    told->f = f;
    request.on_head = told_head;
    request.on_body = told_body;
    request.on_done = told_done;
    request.data = told;
    told->transfer = http_start(f->http, &request);
    assert_non_null(told->transfer);
    assert_int_equal(told->dones, 0);
    assert_false(http_left(told->transfer));
}

static inline void start(struct fixture *f, struct told *told, const char *method, const char *base)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "%s/path?query=1", base);
    start_request(
        f, told,
        (struct http_request){
            .method = method, .url = url, .token = "secret-token", .body = method[0] == 'P' ? "{\"a\":1}" : NULL});
}

/* Turns the loop until the condition holds; fails the test after PATIENCE_MS. */
#define await(f, condition)                                                                                            \
    do {                                                                                                               \
        int64_t give_up = clock_ms() + PATIENCE_MS;                                                                    \
        while (!(condition)) {                                                                                         \
            assert_true(clock_ms() < give_up);                                                                         \
            assert_int_equal(loop_turn((f)->loop, 5), 0);                                                              \
        }                                                                                                              \
    } while (0)

/* Runs one transfer from start to end. `base` is the URL of a server. */
static inline struct told ask(struct fixture *f, const char *method, const char *base)
{
    struct told told = {0};

    start(f, &told, method, base);
    await(f, told.dones > 0);
    assert_int_equal(told.dones, 1);
    return told;
}

/* Like ask(), with a fixture of its own and a server that gives this answer. */
static inline struct told ask_for(struct web_answer answer, const char *method)
{
    struct fixture *f = fixture_new();
    struct web *web = web_start(&answer, 1);
    struct told told = ask(f, method, web->url);

    fixture_free(f);
    web_stop(web);
    return told;
}

#endif
