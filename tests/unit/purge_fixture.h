/* SPDX-License-Identifier: MIT */
/*
 * Helpers for tests of purging without a mount and without a network.
 *
 * A fake client replaces http/client.c at link time. It keeps each request until the test answers it with answer().
 * Only one source file of a program may include this header.
 *
 * Threads:   the test's only.
 * Ownership: set_up() makes the fixture, tear_down() frees it; cmocka calls both.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_PURGE_FIXTURE_H
#define MELBICOMFS_TESTS_PURGE_FIXTURE_H

#include "tree/purge.h"
#include "tree/purge_handle.h"
#include "tree/purge_log.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/documents.h"
#include "api/endpoints.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "http/client.h"
#include "time_scale.h"

#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define SERVICE     10421
#define PAGE        4096
#define SUCCESS     "{\"status\":\"success\"}"
#define PATIENCE_MS (5000 * time_scale())

/* ---- the fake client ---- */

struct client {
    struct client_exchange *first, **last; /* the exchanges under way, in the order of their start */
    char posted[8192][80];                 /* the names that were sent, in order */
    unsigned n_posted, under_way, most;    /* most: the most exchanges that were under way at once */
    bool held;                             /* new exchanges are not sent, as if they waited for a connection */
};

struct client_exchange {
    struct client *client;
    struct client_request request;
    bool left;
    struct client_exchange *next;
};

struct client_exchange *client_start(struct client *client, const struct client_request *request)
{
    struct client_exchange *exchange = calloc(1, sizeof(*exchange));
    struct json_object *body = json_tokener_parse(request->body), *name;

    assert_non_null(exchange);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->operation, "purge");
    assert_string_equal(request->path, "/services/10421/cdn/purge");
    assert_true(json_object_object_get_ex(body, "resource_name", &name));
    assert_int_equal(json_object_object_length(body), 1);
    assert_in_range(client->n_posted, 0, sizeof(client->posted) / sizeof(client->posted[0]) - 1);
    if (!client->held)
        (void)snprintf(client->posted[client->n_posted++], sizeof(client->posted[0]), "%s",
                       json_object_get_string(name));
    json_object_put(body);
    *exchange = (struct client_exchange){.client = client, .request = *request, .left = !client->held};
    *client->last = exchange;
    client->last = &exchange->next;
    if (++client->under_way > client->most)
        client->most = client->under_way;
    return exchange;
}

/* Removes an exchange from those under way. */
static inline void take(struct client_exchange *exchange)
{
    struct client *client = exchange->client;
    struct client_exchange **link = &client->first;

    while (*link != exchange)
        link = &(*link)->next;
    *link = exchange->next;
    if (client->last == &exchange->next)
        client->last = link;
    client->under_way--;
}

void client_cancel(struct client_exchange *exchange)
{
    take(exchange);
    free(exchange);
}

bool client_left(const struct client_exchange *exchange)
{
    return exchange->left;
}

/* Answers the n-th exchange under way (from 0): with an HTTP status and the body `text`, or, if `error` is not 0, with
 * that error (-errno) and the message `text`. */
static inline void answer(struct client *client, unsigned n, int error, long status, const char *text)
{
    struct client_exchange *exchange = client->first;
    struct client_result result = {.error = error, .status = status, .message = error ? text : "", .ns = 7000000};

    while (n-- > 0)
        exchange = exchange->next;
    assert_non_null(exchange);
    take(exchange);
    if (!error) {
        exchange->request.on_start(exchange->request.data);
        result.error = exchange->request.on_body(exchange->request.data, text, strlen(text));
    }
    exchange->request.on_done(exchange->request.data, &result);
    free(exchange);
}

/* ---- the fixture ---- */

struct fixture {
    struct config config;
    struct loop *loop;
    struct metrics *metrics;
    struct endpoints *endpoints;
    struct client client;
    struct purges *purges;
    struct purge_handle *handle;
};

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    log_set_level(LOG_LEVEL_ERROR);
    config_init(&f->config);
    f->loop = loop_new();
    f->metrics = metrics_new();
    f->endpoints = endpoints_new(&f->config);
    f->client.last = &f->client.first;
    f->purges = purges_new(f->loop, &f->client, f->endpoints, &f->config, f->metrics);
    f->handle = purge_handle_new(f->purges, SERVICE);
    assert_non_null(f->handle);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    purge_handle_free(f->handle);
    purges_free(f->purges);
    assert_null(f->client.first);
    endpoints_free(f->endpoints);
    metrics_free(f->metrics);
    loop_free(f->loop);
    config_clear(&f->config);
    log_free();
    free(f);
    return 0;
}

/* Frees the handle, as a FORGET does, and makes a new one. */
static inline void reopen(struct fixture *f)
{
    purge_handle_free(f->handle);
    f->handle = purge_handle_new(f->purges, SERVICE);
    assert_non_null(f->handle);
}

/* What a write's done() was told. */
struct told {
    bool done;
    int error;
};

static inline void on_done(void *data, int error)
{
    struct told *told = data;

    assert_false(told->done);
    *told = (struct told){true, error};
}

static inline void turn(struct fixture *f)
{
    assert_int_equal(loop_turn(f->loop, 0), 0);
}

/* Begin a write that must be accepted. Return it; `told` is filled in when it is done. */
static inline struct purge_write *begin_of(struct fixture *f, off_t offset, const char *bytes, size_t len,
                                           struct document *service, struct told *told)
{
    struct purge_write *write = NULL;
    int r = purge_write(f->handle, offset, bytes, len, service, on_done, told, &write);

    assert_int_equal(r, 0);
    assert_false(told->done);
    assert_non_null(write);
    return write;
}

static inline struct purge_write *begin(struct fixture *f, off_t offset, const char *text, struct told *told)
{
    return begin_of(f, offset, text, strlen(text), NULL, told);
}

/* Writes, and answers every POST with success, in random order. Returns 0 or the write's error. */
static inline int put(struct fixture *f, off_t offset, const char *bytes, size_t len)
{
    struct told told = {false, 0};
    struct purge_write *write = NULL;
    int r = purge_write(f->handle, offset, bytes, len, NULL, on_done, &told, &write);

    if (r < 0)
        return r;
    for (unsigned i = 0; !told.done && i < 10000; i++) {
        turn(f);
        while (f->client.first)
            answer(&f->client, (unsigned)rand() % f->client.under_way, 0, 200, SUCCESS);
    }
    assert_true(told.done);
    return told.error;
}

static inline int put_text(struct fixture *f, off_t offset, const char *text)
{
    return put(f, offset, text, strlen(text));
}

/* The text of the purge log, without its first line. It is in *ret, which the caller frees with printbuf_free(). */
static inline const char *log_text(struct fixture *f, struct printbuf **ret)
{
    struct purge_log_text text;
    *ret = printbuf_new();
    assert_non_null(*ret);
    purges_log(f->purges, SERVICE, &text);
    const char *lines = memchr(text.bytes, '\n', text.len);
    assert_non_null(lines);
    assert_int_equal(text.bytes[0], '#');
    lines++;
    printbuf_memappend(*ret, lines, (int)(text.bytes + text.len - lines));
    return (*ret)->buf;
}

/* How many lines of the purge log have the outcome `what` (NULL: any) and the name `name` (NULL: any). */
static inline unsigned logged(struct fixture *f, const char *what, const char *name)
{
    struct printbuf *buf;
    unsigned n = 0;

    for (const char *at = log_text(f, &buf), *end; *at; at = end + 1) {
        const char *fields[6] = {NULL};
        unsigned i = 0;

        end = strchr(at, '\n');
        assert_non_null(end);
        for (const char *p = at; p && p < end && i < 6; p = memchr(p, '\t', (size_t)(end - p)), p = p ? p + 1 : NULL)
            fields[i++] = p;
        assert_int_equal(i, 6);
        assert_null(memchr(fields[5], '\t', (size_t)(end - fields[5])));
        bool said = !what ||
                    ((size_t)(fields[2] - fields[1]) == strlen(what) + 1 && memcmp(fields[1], what, strlen(what)) == 0);
        bool named = !name || ((size_t)(fields[3] - fields[2]) == strlen(name) + 1 &&
                               memcmp(fields[2], name, strlen(name)) == 0);
        n += said && named;
    }
    printbuf_free(buf);
    return n;
}

/* Asserts that exactly these n names were sent, in this order. */
static inline void assert_posted(struct fixture *f, unsigned n, ...)
{
    va_list names;

    va_start(names, n);
    assert_int_equal(f->client.n_posted, n);
    for (unsigned i = 0; i < n; i++)
        assert_string_equal(f->client.posted[i], va_arg(names, const char *));
    va_end(names);
}

/* Asserts that the purge log contains `text`. */
static inline void assert_logs(struct fixture *f, const char *text)
{
    struct printbuf *buf;

    if (!strstr(log_text(f, &buf), text))
        fail_msg("the log does not say '%s' but:\n%s", text, buf->buf);
    printbuf_free(buf);
}

#endif
