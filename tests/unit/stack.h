/* SPDX-License-Identifier: MIT */
/*
 * All layers below the mount, built up for a test: loop, client, documents and tree. They talk to the web server of
 * web.h. For tests that send no request, the base URL is a port where no server listens.
 *
 * Threads:   the test's only.
 * Ownership: stack_new() gives, stack_free() frees; the script is borrowed until then.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_STACK_H
#define MELBICOMFS_TESTS_STACK_H

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/documents.h"
#include "api/endpoints.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "http/client.h"
#include "http/http.h"
#include "time_scale.h"
#include "tree/listing.h"
#include "tree/tree.h"
#include "tree/views.h"
#include "web.h"

#define PATIENCE_MS (20000 * time_scale()) /* how long await() waits */

/* An answer of a script that ends with the connection, so that it needs no Content-Length. */
#define SAYS_AS(status, headers, body)                                                                                 \
    {                                                                                                                  \
        .bytes = WEB_ANSWER(status, headers, body), .after = WEB_CLOSE                                                 \
    }
#define SAYS(body) SAYS_AS("200 OK", "", body)

struct stack {
    struct loop *loop;
    struct config config;
    struct http *http;
    struct metrics *metrics;
    struct client *client;
    struct endpoints *endpoints;
    struct documents *documents;
    struct tree *tree;
    struct web *web; /* NULL without a script */
};

/* Waits for a document (`waiter`), or for what a place shows (`wait`), and records what it is told. */
struct reader {
    struct waiter waiter;
    struct tree_wait wait;
    unsigned calls;
    int error;
};

/* Turns the loop until the condition holds; fails the test after PATIENCE_MS. */
#define await(s, condition)                                                                                            \
    do {                                                                                                               \
        int64_t give_up = clock_ms() + PATIENCE_MS;                                                                    \
        while (!(condition)) {                                                                                         \
            assert_true(clock_ms() < give_up);                                                                         \
            assert_int_equal(loop_turn((s)->loop, 5), 0);                                                              \
        }                                                                                                              \
    } while (0)

static inline int stack_token(void *data, char **ret)
{
    (void)data;
    *ret = strdup("test-token");
    return *ret ? 0 : -ENOMEM;
}

/* Fills in the overrides of `config`. `settings` are lines of a configuration file's [endpoints] section, such as
 * "invoices.page_size=2", NULL-terminated; or NULL. */
static inline void stack_override(struct config *config, const char *const *settings)
{
    size_t n = 0;

    while (settings && settings[n])
        n++;
    config->overrides = calloc(n + 1, sizeof(*config->overrides));
    assert_non_null(config->overrides);
    for (; config->n_overrides < n; config->n_overrides++) {
        const char *line = settings[config->n_overrides], *dot = strchr(line, '.'), *equals = strchr(line, '=');

        config->overrides[config->n_overrides] = (struct config_override){
            .operation = strndup(line, (size_t)(dot - line)),
            .key = strndup(dot + 1, (size_t)(equals - dot - 1)),
            .value = strdup(equals + 1),
            .origin = strdup("a test"),
        };
    }
}

/* Builds up the layers. `script` are the n answers of the web server; without any (n = 0) there is no server.
 * `settings` is for stack_override(). */
static inline struct stack *stack_new(const struct web_answer *script, size_t n, const char *const *settings)
{
    struct stack *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    config_init(&s->config);
    s->config.read_token = stack_token;
    stack_override(&s->config, settings);
    s->web = n ? web_start(script, n) : NULL;
    assert_true(asprintf(&s->config.base_url, "%s/api", s->web ? s->web->url : "http://127.0.0.1:1") > 0);
    s->loop = loop_new();
    s->http = http_new(s->loop, &s->config);
    s->metrics = metrics_new();
    s->client = client_new(s->loop, s->http, &s->config, s->metrics);
    s->endpoints = endpoints_new(&s->config);
    assert_non_null(s->endpoints);
    s->documents = documents_new(s->loop, s->client, s->endpoints, &s->config, s->metrics);
    s->tree = tree_new(s->loop, s->documents, s->endpoints, s->client, &s->config, s->metrics);
    assert_non_null(s->tree);
    return s;
}

#define STACK(script) stack_new(script, sizeof(script) / sizeof((script)[0]), NULL)

static inline void stack_free(struct stack *s)
{
    tree_free(s->tree);
    documents_free(s->documents);
    endpoints_free(s->endpoints);
    client_free(s->client);
    http_free(s->http);
    loop_free(s->loop);
    metrics_free(s->metrics);
    if (s->web)
        web_stop(s->web);
    config_clear(&s->config);
    log_free();
    free(s);
}

static inline struct document *stack_document(struct stack *s, enum operation operation)
{
    struct document *document = documents_get(s->documents, &(struct query){.operation = operation});

    assert_non_null(document);
    return document;
}

/* The document of a list with one parameter set to `value`. */
static inline struct document *stack_filtered(struct stack *s, enum operation operation, unsigned param,
                                              const char *value)
{
    struct query query = {.operation = operation};

    query.values[param] = value;
    struct document *document = documents_get(s->documents, &query);
    assert_non_null(document);
    return document;
}

static inline struct document *stack_service(struct stack *s, uint64_t id)
{
    struct document *document = documents_get(s->documents, &(struct query){.operation = OP_SERVICE, .id = id});

    assert_non_null(document);
    return document;
}

/* Puts an answer into a document, as if the API had sent it. */
static inline void seed(struct document *document, const char *body)
{
    assert_int_equal(document_seed(document, body, strlen(body)), 0);
}

static inline void reader_called(void *data, int error)
{
    struct reader *reader = data;

    reader->calls++;
    reader->error = error;
}

/* Asks for a document, and returns what document_ask() returns. */
static inline int reader_ask(struct reader *reader, struct document *document)
{
    *reader = (struct reader){.waiter = {.fn = reader_called, .data = reader}};
    int r = document_ask(document, &reader->waiter);
    assert_int_equal(reader->calls, 0);
    return r;
}

/* Gets a document, and waits for it if it must be fetched. Returns 0 or an error. */
static inline int obtain(struct stack *s, struct document *document)
{
    struct reader reader;
    int r = reader_ask(&reader, document);

    if (r != 0)
        return r < 0 ? r : 0;
    await(s, reader.calls);
    assert_int_equal(reader.calls, 1);
    return reader.error;
}

/* Asserts that a snapshot holds this text. */
static inline void assert_text(const struct snapshot *snapshot, const char *text)
{
    assert_non_null(snapshot);
    if (snapshot->len != strlen(text) || memcmp(snapshot->data, text, snapshot->len) != 0)
        fail_msg("'%.*s' is not '%s'", (int)snapshot->len, snapshot->data, text);
}

/* How often the text is in the log. */
static inline unsigned logged(const char *text)
{
    size_t len;
    char *log = log_recent(&len);
    unsigned n = 0;

    for (char *p = log; p && (p = strstr(p, text)); p++)
        n++;
    free(log);
    return n;
}

/* Writes the path and query of the n-th request (from 0) to `buf`, and returns `buf`. */
static inline const char *asked(struct stack *s, unsigned n, char *buf, size_t size)
{
    assert_true(n < web_requests(s->web));
    pthread_mutex_lock(&s->web->lock);
    const char *path = strchr(s->web->requests[n], ' ') + 1;
    (void)snprintf(buf, size, "%.*s", (int)strcspn(path, " "), path);
    pthread_mutex_unlock(&s->web->lock);
    return buf;
}

#endif
