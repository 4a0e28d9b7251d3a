/* SPDX-License-Identifier: MIT */
/*
 * Helpers for the tests of client.h: a client over the web server of web.h, and a record of an exchange's callbacks.
 *
 * Threads:   the test's only.
 * Ownership: FIXTURE() gives, fixture_free() frees.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_CLIENT_FIXTURE_H
#define MELBICOMFS_TESTS_CLIENT_FIXTURE_H

#include <errno.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "http/client.h"
#include "http/http.h"
#include "time_scale.h"
#include "web.h"

#define PATIENCE_MS (20000 * time_scale())

struct fixture {
    struct loop *loop;
    struct config config;
    struct http *http;
    struct metrics *metrics;
    struct client *client;
    struct web *web;
    const char *token;    /* the token that read_token returns; NULL: read_token fails */
    unsigned token_reads; /* how often read_token was called */
    int reserved;         /* the socket that keeps a port for which nobody listens; 0: none */
};

/* What the callbacks of an exchange were told, and what they shall do. */
struct told {
    struct fixture *f;
    struct client_exchange *exchange;
    unsigned starts, dones;
    char body[256];
    size_t len;
    int refuse;                     /* the return value of on_body */
    bool cancel_start, cancel_body; /* on_start or on_body cancels the exchange */
    int restarts;                   /* how many further exchanges on_done starts, one after the other */
    struct client_result result;
    char message[320], etag[32], link_next[32];
};

static inline int give_token(void *data, char **ret)
{
    struct fixture *f = data;

    f->token_reads++;
    if (!f->token)
        return -ENOKEY;
    *ret = strdup(f->token);
    return 0;
}

static inline struct fixture *fixture_with(const struct web_answer *script, size_t n)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    config_init(&f->config);
    f->config.read_token = give_token;
    f->config.read_token_data = f;
    f->token = "first-token";
    f->web = web_start(script, n);
    free(f->config.base_url);
    assert_true(asprintf(&f->config.base_url, "%s/api", f->web->url) > 0);
    f->loop = loop_new();
    f->http = http_new(f->loop, &f->config);
    f->metrics = metrics_new();
    f->client = client_new(f->loop, f->http, &f->config, f->metrics);
    assert_non_null(f->client);
    return f;
}

#define FIXTURE(script) fixture_with(script, sizeof(script) / sizeof((script)[0]))

static inline void fixture_free(struct fixture *f)
{
    client_free(f->client);
    http_free(f->http);
    loop_free(f->loop);
    metrics_free(f->metrics);
    web_stop(f->web);
    if (f->reserved)
        (void)close(f->reserved);
    config_clear(&f->config);
    log_free();
    free(f);
}

static inline void told_start(void *data)
{
    struct told *told = data;

    told->starts++;
    told->len = 0;
    if (told->cancel_start)
        client_cancel(told->exchange);
}

static inline int told_body(void *data, const char *bytes, size_t len)
{
    struct told *told = data;

    assert_true(told->starts > 0 && told->len + len < sizeof(told->body));
    memcpy(told->body + told->len, bytes, len);
    told->len += len;
    if (told->cancel_body)
        client_cancel(told->exchange);
    return told->refuse;
}

static inline void start(struct fixture *f, struct told *told, const char *method);

static inline void told_done(void *data, const struct client_result *result)
{
    struct told *told = data;

    told->dones++;
    told->result = *result;
    assert_non_null(result->message);
    assert_int_equal(result->error != 0, result->message[0] != '\0');
    assert_true(result->ns >= 0);
    (void)snprintf(told->message, sizeof(told->message), "%s", result->message);
    (void)snprintf(told->etag, sizeof(told->etag), "%s", result->etag ? result->etag : "none");
    (void)snprintf(told->link_next, sizeof(told->link_next), "%s", result->link_next ? result->link_next : "none");
    if (told->restarts-- > 0)
        start(told->f, told, "GET");
}

/* What an exchange of a test asks for: services, unless `operation` says otherwise. */
struct asking {
    const char *operation, *method, *etag;
    enum client_turn turn;
};

static inline void start_asking(struct fixture *f, struct told *told, const struct asking *asking)
{
    unsigned before = told->dones;
    struct client_request request = {
        .operation = asking->operation ? asking->operation : "services",
        .method = asking->method,
        .path = "/services?status=Active",
        .body = asking->method[0] == 'P' ? "{}" : NULL,
        .etag = asking->etag,
        .turn = asking->turn,
        .on_start = told_start,
        .on_body = told_body,
        .on_done = told_done,
        .data = told,
    };

    told->f = f;
    told->exchange = client_start(f->client, &request);
    assert_non_null(told->exchange);
    assert_int_equal(told->dones, before);
}

static inline void start_conditional(struct fixture *f, struct told *told, const char *method, const char *etag)
{
    start_asking(f, told, &(struct asking){.method = method, .etag = etag});
}

/* Starts an exchange that reports to `told`. `method` is "GET" or "POST". */
static inline void start(struct fixture *f, struct told *told, const char *method)
{
    start_asking(f, told, &(struct asking){.method = method});
}

/* Starts a GET of an operation. */
static inline void start_of(struct fixture *f, struct told *told, const char *operation)
{
    start_asking(f, told, &(struct asking){.method = "GET", .operation = operation});
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

/* Runs one exchange from start to end. */
static inline struct told ask(struct fixture *f, const char *method)
{
    struct told told = {0};

    start(f, &told, method);
    await(f, told.dones);
    assert_int_equal(told.dones, 1);
    return told;
}

static inline struct told ask_of(struct fixture *f, const char *operation)
{
    struct told told = {0};

    start_of(f, &told, operation);
    await(f, told.dones);
    return told;
}

/* Whether the operation is closed. */
static inline void find_closed(void *data, const struct client_operation *operation)
{
    struct client_operation *wanted = data;

    if (strcmp(wanted->name, operation->name) == 0)
        *wanted = *operation;
}

static inline struct client_operation operation_of(struct fixture *f, const char *name)
{
    struct client_operation operation = {.name = name};

    client_each(f->client, find_closed, &operation);
    return operation;
}

/* The value of the metric whose line begins with `line`; 0 if there is no such line. */
static inline long metric(struct fixture *f, const char *line)
{
    struct printbuf *text = printbuf_new();
    const char *at;
    long value = 0;

    metrics_print(f->metrics, text);
    for (at = text->buf; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, strlen(line)) == 0)
            value = strtol(at + strlen(line), NULL, 10);
    }
    printbuf_free(text);
    return value;
}

/* Whether the log contains the text. */
static inline bool logged(const char *text)
{
    size_t len;
    char *log = log_recent(&len);
    bool found = log && strstr(log, text);

    free(log);
    return found;
}

static inline unsigned log_lines(void)
{
    size_t len;
    char *log = log_recent(&len);
    unsigned n = 0;

    for (char *p = log; p && (p = strchr(p, '\n')); p++)
        n++;
    free(log);
    return n;
}

/* Sets the base URL to a port where no server listens, and none of another test will. */
static inline void leave_port(struct fixture *f)
{
    char url[64];

    f->reserved = web_reserve(url, sizeof(url));
    free(f->config.base_url);
    f->config.base_url = strdup(url);
}

#endif
