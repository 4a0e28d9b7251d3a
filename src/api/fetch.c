/* SPDX-License-Identifier: MIT */
#include "api/fetch.h"

#include "api/answer.h"
#include "api/document.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "http/client.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

#define VALIDATOR_MAX 1024 /* bytes; a longer ETag or Last-Modified is not kept */

struct fetch {
    const struct fetcher *fetcher;
    struct document *document;
    struct answer *answer;
    struct client_exchange *exchange;
    unsigned choice; /* index of the candidate path being tried */
    bool has_copy;
    void (*done)(void *data, const struct fetch_end *end);
    void *data;
};

static void replace(char **where, const char *with)
{
    free(*where);
    *where = with ? strdup(with) : NULL;
}

/* Returns `validator`, or NULL if it is too long or cannot be sent in a header. Without this every later request would
 * fail; without a validator the next request is just an unconditional one. */
static const char *if_usable(const char *validator)
{
    size_t len = 0;

    for (; validator && validator[len]; len++)
        if (len == VALIDATOR_MAX || (unsigned char)validator[len] < 0x20 || validator[len] == 0x7f)
            return NULL;
    return validator;
}

static bool typical_page_size(size_t n)
{
    static const size_t pages[] = {10, 20, 25, 30, 50, 100, 150, 200, 250, 500, 1000, 5000, 10000};

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (n == pages[i])
            return true;
    return false;
}

/* Sets document->maybe_cut, and warns unless it was warned before (`said`), when the list's length is a typical page
 * size: the service may have cut the list. With paging on, this applies to a first page that is shorter than asked for:
 * the service may send no more than that at a time. */
static void look_for_cut(const struct endpoints *endpoints, struct document *document, bool said)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    unsigned asked = endpoints_page(endpoints, document->query.operation)->size;
    size_t n = document->n_items;

    document->maybe_cut = endpoint->shape == SHAPE_LIST && typical_page_size(n) && (asked == 0 || n < asked);
    if (!document->maybe_cut || said)
        return;
    if (asked == 0)
        log_warning("%s: the list has exactly %zu entries, which is a typical page size: if entries are missing, set "
                    "%s.page_size in [endpoints] of the configuration file",
                    document->key, n, endpoint->name);
    else
        log_warning("%s: the first page has exactly %zu entries where %u were asked for, which is a typical page size: "
                    "if entries are missing, set %s.page_size = %zu in [endpoints] of the configuration file",
                    document->key, n, asked, endpoint->name, n);
}

static int publish(const struct fetcher *fetcher, struct document *document, struct answer *answer)
{
    bool was_cut = document->maybe_cut, changed;
    size_t were_unshown = document->unshown;
    int r = answer_publish(answer, document, clock_wall(), &changed);
    if (r < 0)
        return r;
    if (document->unshown && document->unshown != were_unshown)
        log_warning("%s: %zu entries of the answer have no usable id and are shown in all/ only", document->key,
                    document->unshown);
    look_for_cut(fetcher->endpoints, document, was_cut);
    return 0;
}

static void on_start(void *data)
{
    struct fetch *fetch = data;
    (void)answer_page(fetch->answer);
}

static int on_body(void *data, const char *bytes, size_t len)
{
    struct fetch *fetch = data;
    return answer_feed(fetch->answer, bytes, len);
}

static int request(struct fetch *fetch);

/* A page is complete. 1: the next page has been requested; 0: the answer is published; or -errno. */
static int page_done(struct fetch *fetch, const struct client_result *result)
{
    struct document *document = fetch->document;
    const struct endpoint_paging *paging = endpoints_page(fetch->fetcher->endpoints, document->query.operation);
    size_t n;

    int r = answer_page_end(fetch->answer, &n);
    if (r < 0)
        return r;
    if (paging->size && n >= paging->size) {
        r = request(fetch);
        return r < 0 ? r : 1;
    }
    r = publish(fetch->fetcher, document, fetch->answer);
    if (r < 0)
        return r;
    replace(&document->etag, if_usable(result->etag));
    replace(&document->last_modified, if_usable(result->last_modified));
    return 0;
}

static void log_unreadable(const struct fetch *fetch)
{
    const struct document *document = fetch->document;
    _cleanup_(freep) char *message = answer_message(fetch->answer);
    log_error("%s: the answer of %s is not the JSON that was expected%s%s; see `melbicomfs --endpoints`", document->key,
              document->url ? document->url : "the API", message ? ": " : "", message ? message : "");
}

/*
 * True if the answer proves that the candidate path is right. The first candidate's answer to a query without
 * parameters proves it, even if it is empty. Any other answer must contain an item, and of an object with fields the
 * first field: a 404 to a query with parameters may only mean "no such item", and the path tried next may exist but be
 * something else, such as the account's own domains.
 */
static bool proves_path(const struct document *document, unsigned choice)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    bool narrow = false;

    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        narrow = narrow || document->query.values[i];
    if (choice == 0 && !narrow)
        return true;
    if (document->n_items == 0)
        return false;
    return endpoint->shape != SHAPE_OBJECT || !endpoint->fields[0].key ||
           snapshot_field(document->items[0].snapshot, 0);
}

static void finish(struct fetch *fetch, int error, const struct client_result *result)
{
    struct fetch_end end = {
        .error = error, .unchanged = result->not_modified, .host = result->host, .retry_at = result->retry_at};

    answer_free(steal(&fetch->answer));
    fetch->done(fetch->data, &end);
    free(fetch);
}

/* A 2xx or 304 has come. 1: the next page has been requested; 0: the document holds the answer; or -errno. */
static int answered(struct fetch *fetch, const struct client_result *result)
{
    struct document *document = fetch->document;
    int r = 0;

    if (!result->not_modified)
        r = page_done(fetch, result);
    else if (!document->loaded)
        r = -EIO;
    if (r == -EIO)
        log_unreadable(fetch);
    if (r == 0 && proves_path(document, fetch->choice))
        endpoints_settle(fetch->fetcher->endpoints, document->query.operation, fetch->choice);
    return r;
}

static void on_done(void *data, const struct client_result *result)
{
    struct fetch *fetch = data;
    int error = result->error;

    fetch->exchange = NULL;
    if (error == -ENOENT && result->status == 404 && answer_items(fetch->answer) == 0 &&
        endpoints_next(fetch->fetcher->endpoints, fetch->document->query.operation, &fetch->choice)) {
        error = request(fetch);
        if (error == 0)
            return;
    } else if (error == 0) {
        error = answered(fetch, result);
        if (error == 1)
            return;
    }
    finish(fetch, error, result);
}

/* Sends the request for the next page, or for the only one. 0 or -ENOMEM. */
static int request(struct fetch *fetch)
{
    struct document *document = fetch->document;
    const struct endpoints *endpoints = fetch->fetcher->endpoints;
    enum operation operation = document->query.operation;
    bool conditional = document->loaded && !endpoints_page(endpoints, operation)->size;

    struct printbuf *path = printbuf_new();
    if (!path)
        return -ENOMEM;
    int r = endpoints_path(endpoints, &document->query, fetch->choice, answer_items(fetch->answer), path);
    if (r == 0) {
        struct client_request what = {
            .operation = endpoint_of(operation)->name,
            .method = "GET",
            .path = path->buf,
            .etag = conditional ? document->etag : NULL,
            .last_modified = conditional ? document->last_modified : NULL,
            .has_copy = fetch->has_copy,
            .on_start = on_start,
            .on_body = on_body,
            .on_done = on_done,
            .data = fetch,
        };
        replace(&document->url, path->buf);
        fetch->exchange = client_start(fetch->fetcher->client, &what);
        r = fetch->exchange ? 0 : -ENOMEM;
    }
    printbuf_free(path);
    return r;
}

struct fetch *fetch_start(const struct fetcher *fetcher, struct document *document, bool has_copy,
                          void (*done)(void *data, const struct fetch_end *end), void *data)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (!fetch)
        return NULL;
    *fetch = (struct fetch){.fetcher = fetcher, .document = document, .has_copy = has_copy, .done = done, .data = data};
    fetch->choice = endpoints_first(fetcher->endpoints, document->query.operation);
    fetch->answer = answer_new(document, fetcher->endpoints, fetcher->config->max_body);
    if (!fetch->answer || request(fetch) < 0) {
        fetch_cancel(fetch);
        return NULL;
    }
    return fetch;
}

void fetch_cancel(struct fetch *fetch)
{
    if (!fetch)
        return;
    if (fetch->exchange)
        client_cancel(fetch->exchange);
    answer_free(fetch->answer);
    free(fetch);
}

int fetch_seed(const struct fetcher *fetcher, struct document *document, const char *body, size_t len)
{
    struct answer *answer = answer_new(document, fetcher->endpoints, fetcher->config->max_body);
    size_t n;
    if (!answer)
        return -ENOMEM;
    int r = answer_page(answer);
    if (r == 0)
        r = answer_feed(answer, body, len);
    if (r == 0)
        r = answer_page_end(answer, &n);
    if (r == 0)
        r = publish(fetcher, document, answer);
    answer_free(answer);
    return r;
}
