/* SPDX-License-Identifier: MIT */
#include "api/fetch.h"

#include "api/answer.h"
#include "api/answer_log.h"
#include "api/document.h"
#include "api/problem.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/url.h"
#include "http/client.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/linkhash.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALIDATOR_MAX 1024 /* bytes; a longer ETag or Last-Modified is not kept */

struct fetch {
    const struct fetcher *fetcher;
    struct document *document;
    struct answer *answer;
    struct client_exchange *exchange;
    unsigned choice; /* index of the candidate path being tried */
    char *page;      /* path and query, from the server's root, of the page that is being fetched; NULL: it is the
                        first page, or the pages are configured (page_size) */
    unsigned pages;  /* how many pages have come */
    struct lh_table *asked; /* the paths of the pages that were asked for, from the second page on; NULL: none */
    struct fetch_manner manner;
    void (*done)(void *data, const struct fetch_end *end);
    void *data;
};

static void free_page(struct lh_entry *entry)
{
    free(lh_entry_k(entry));
}

/* Replaces a string by a copy of another, or by NULL if `with` is NULL. False when out of memory: it is NULL then. */
static bool replace(char **where, const char *with)
{
    free(*where);
    *where = with ? strdup(with) : NULL;
    return *where || !with;
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

void fetch_keep_validators(struct document *document, const char *etag, const char *last_modified)
{
    (void)replace(&document->etag, if_usable(etag));
    (void)replace(&document->last_modified, if_usable(last_modified));
}

/* ---- an answer becomes the document's content ---- */

static int publish(const struct fetch *fetch, const struct answer_page *page, const char *stopped)
{
    struct document *document = fetch->document;
    bool was_cut = document->maybe_cut, changed;
    size_t were_unshown = document->unshown;
    int r = answer_publish(fetch->answer, document, clock_wall(), &changed);
    if (r < 0)
        return r;
    if (document->unshown && document->unshown != were_unshown)
        answer_log_unshown(fetch->fetcher->endpoints, document, answer_odd(fetch->answer));
    if (changed)
        answer_log_missing_field(fetch->fetcher->endpoints, document);
    struct list_end end = {.pages = &page->pages, .fetched = fetch->pages, .stopped = stopped};
    if (endpoint_of(document->query.operation)->shape == SHAPE_LIST)
        answer_look_for_cut(fetch->fetcher->endpoints, document, &end, was_cut);
    return 0;
}

/* ---- pages ---- */

/* Remembers that a page is asked for. Returns 1 if it has not been asked for before, 0 if it has, or -ENOMEM. */
static int mark_page(struct fetch *fetch, const char *path)
{
    if (!fetch->asked && !(fetch->asked = lh_kchar_table_new(16, free_page)))
        return -ENOMEM;
    if (lh_table_lookup_entry(fetch->asked, path))
        return 0;
    char *copy = strdup(path);
    if (copy && lh_table_insert(fetch->asked, copy, "") == 0)
        return 1;
    free(copy);
    return -ENOMEM;
}

/* The number of the next page, where the API counts pages; 0: it does not say that there is one. */
static int64_t next_number(const struct pages *said)
{
    if (said->next_number)
        return said->next_number;
    return said->current > 0 && said->last > said->current ? said->current + 1 : 0;
}

/* Finds the path and query of the next page, from the server's root: by its URL, if that is on the same server, or else by
 * its number. Returns 0 and *ret, or an error of pages_resolve(). */
static int resolve_next(const struct fetch *fetch, const char *next, int64_t number, char **ret)
{
    const char *base = fetch->fetcher->config->base_url, *path = fetch->page ? fetch->page : fetch->document->url;
    int base_len = (int)(fetch->page ? url_root_length(base) : strlen(base));
    _cleanup_(freep) char *url = NULL;

    if (asprintf(&url, "%.*s%s", base_len, base, path) < 0) {
        url = NULL;
        return -ENOMEM;
    }
    int r = next ? pages_resolve(base, url, next, ret) : -EXDEV;
    if (r == 0 || r == -ENOMEM || !number)
        return r;
    *ret = pages_numbered(url + url_root_length(url), "page", number);
    return *ret ? 0 : -ENOMEM;
}

/* Finds the page that follows, as the API says. Returns 1 with its path and query in *ret, malloc'd; 0 if none follows, or
 * if one follows but cannot be asked for, with the reason in *ret_stopped; or -ENOMEM. */
static int next_page(struct fetch *fetch, const struct client_result *result, const struct answer_page *page,
                     char **ret, const char **ret_stopped)
{
    const char *next = page->pages.next ? page->pages.next : result->link_next;
    int64_t number = next_number(&page->pages);
    _cleanup_(freep) char *path = NULL;

    if (!next && !number) {
        *ret_stopped = page->pages.more ? "it names no next page that could be asked for" : NULL;
        return 0;
    }
    if (page->items == 0) {
        *ret_stopped = page->again ? "the API sends the same page again" : NULL;
        return 0;
    }
    int r = resolve_next(fetch, next, number, &path);
    if (r == -EXDEV)
        *ret_stopped = "the next page that it names is on another host, port or scheme";
    else if (r == -EINVAL)
        *ret_stopped = "the next page that it names is no URL";
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = mark_page(fetch, path);
    if (r == 0)
        *ret_stopped = "it names a page again that it has named before";
    if (r > 0)
        *ret = steal(&path);
    return r;
}

/* ---- the exchange ---- */

static int request(struct fetch *fetch);

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

/* Asks for one more page. 1: it has been requested; or -errno. */
static int request_page(struct fetch *fetch)
{
    unsigned most = fetch->fetcher->config->max_pages;
    char text[96];

    if (fetch->pages < most) {
        int r = request(fetch);
        return r < 0 ? r : 1;
    }
    snprintf(text, sizeof text, "expected a list of at most %u pages; got another page", most);
    answer_log(LOG_LEVEL_ERROR, fetch->document, text, "raise max_pages=, or ask for larger pages in [endpoints]");
    return -EIO;
}

/* A page of a list that is paged by hand. 1: the next page has been requested; 0: it was the last; or -errno. */
static int next_by_hand(struct fetch *fetch, const struct answer_page *page, const char **ret_stopped)
{
    const struct endpoint_paging *paging = endpoints_page(fetch->fetcher->endpoints, fetch->document->query.operation);

    if (page->again)
        *ret_stopped =
            "it answers the same page again, whatever it is asked for: set page_offset or page_number to the "
            "API's name for it";
    return page->again || page->items < paging->size ? 0 : request_page(fetch);
}

/* Goes on after a page. Returns 1 if the next page has been requested; 0 if there is none, or if *ret_stopped says why
 * it cannot be asked for; or -errno. */
static int go_on(struct fetch *fetch, const struct client_result *result, const struct answer_page *page,
                 const char **ret_stopped)
{
    enum operation operation = fetch->document->query.operation;
    char *path = NULL;

    if (endpoint_of(operation)->shape != SHAPE_LIST)
        return 0;
    if (endpoints_page(fetch->fetcher->endpoints, operation)->size)
        return next_by_hand(fetch, page, ret_stopped);
    int r = next_page(fetch, result, page, &path, ret_stopped);
    if (r <= 0)
        return r;
    free(fetch->page);
    fetch->page = path;
    return request_page(fetch);
}

/* Ends a page. Returns 1 if the next page has been requested; 0 if the answer is published; or -errno. */
static int page_done(struct fetch *fetch, const struct client_result *result)
{
    struct document *document = fetch->document;
    struct answer_page page = {0};
    const char *stopped = NULL;

    /* A 204 has no body. It is read as null, which is an empty list. */
    int r = result->status == 204 ? answer_feed(fetch->answer, "null", 4) : 0;
    if (r == 0)
        r = answer_page_end(fetch->answer, &page);
    if (r < 0)
        return r;
    if (!page.pages.has_total && result->total >= 0) {
        page.pages.has_total = true;
        page.pages.total = result->total;
    }
    fetch->pages++;
    r = go_on(fetch, result, &page, &stopped);
    if (r == 0)
        r = publish(fetch, &page, stopped);
    /* The first page's validators say nothing about the other pages. */
    if (r == 0)
        fetch_keep_validators(document, fetch->pages == 1 ? result->etag : NULL,
                              fetch->pages == 1 ? result->last_modified : NULL);
    pages_free(&page.pages);
    return r;
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

static void fetch_clear(struct fetch *fetch)
{
    answer_free(steal(&fetch->answer));
    free(steal(&fetch->page));
    if (fetch->asked)
        lh_table_free(steal(&fetch->asked));
}

static void finish(struct fetch *fetch, int error, const struct client_result *result)
{
    struct fetch_end end = {
        .error = error, .unchanged = result->not_modified, .host = result->host, .retry_at = result->retry_at};

    fetch_clear(fetch);
    fetch->done(fetch->data, &end);
    free(fetch);
}

/* Takes a 2xx or a 304. Returns 1 if the next page has been requested; 0 if the document holds the answer; or
 * -errno. */
static int answered(struct fetch *fetch, const struct client_result *result)
{
    struct document *document = fetch->document;
    int r = 0;

    if (!result->not_modified)
        r = page_done(fetch, result);
    else if (!document->loaded)
        r = -EIO;
    if (r == 0 && proves_path(document, fetch->choice))
        endpoints_settle(fetch->fetcher->endpoints, document->query.operation, fetch->choice);
    return r;
}

/* True if the answer to the first page is a 404, by its HTTP status or by the status in its body. */
static bool is_not_there(const struct fetch *fetch, const struct client_result *result, int error)
{
    const struct problem *problem = answer_problem(fetch->answer);

    return error == -ENOENT && fetch->pages == 0 && (result->status == 404 || (problem && problem->status == 404));
}

static void log_no_memory(const struct document *document)
{
    answer_log(LOG_LEVEL_ERROR, document, "there is no memory for the answer",
               "raise the limit of this program's memory, or free some; other files can still be read");
}

static void on_done(void *data, const struct client_result *result)
{
    struct fetch *fetch = data;
    int error = result->error;

    fetch->exchange = NULL;
    if (error == 0)
        error = answered(fetch, result);
    if (error == 1)
        return;
    if (is_not_there(fetch, result, error) &&
        endpoints_next(fetch->fetcher->endpoints, fetch->document->query.operation, &fetch->choice)) {
        error = request(fetch);
        if (error == 0)
            return;
    }
    if (answer_problem(fetch->answer))
        answer_log(LOG_LEVEL_ERROR, fetch->document, answer_problem(fetch->answer)->text,
                   answer_problem(fetch->answer)->advice);
    else if (error == -ENOMEM && result->status != 0)
        log_no_memory(fetch->document); /* the client logs only attempts without an answer */
    /* If a later page is not there, the list still is. */
    if (error == -ENOENT && fetch->pages > 0)
        error = -EIO;
    finish(fetch, error, result);
}

/* Sends the request for the next page, or for the only one. 0 or -ENOMEM. */
static int request(struct fetch *fetch)
{
    struct document *document = fetch->document;
    const struct endpoints *endpoints = fetch->fetcher->endpoints;
    enum operation operation = document->query.operation;
    bool conditional = document->loaded && !fetch->page && !endpoints_page(endpoints, operation)->size;

    struct printbuf *path = printbuf_new();
    if (!path)
        return -ENOMEM;
    int r = fetch->page ? (sprintbuf(path, "%s", fetch->page) < 0 ? -ENOMEM : 0)
                        : endpoints_path(endpoints, &document->query, fetch->choice, answer_items(fetch->answer), path);
    if (r == 0) {
        struct client_request what = {
            .operation = endpoint_of(operation)->name,
            .method = "GET",
            .path = path->buf,
            .from_root = fetch->page,
            .etag = conditional ? document->etag : NULL,
            .last_modified = conditional ? document->last_modified : NULL,
            .has_copy = fetch->manner.has_copy,
            .turn = fetch->manner.turn,
            .on_start = on_start,
            .on_body = on_body,
            .on_done = on_done,
            .data = fetch,
        };
        /* The next page's URL may be relative to this one. */
        if (!fetch->page && !replace(&document->url, path->buf))
            r = -ENOMEM;
        if (r == 0) {
            fetch->exchange = client_start(fetch->fetcher->client, &what);
            r = fetch->exchange ? 0 : -ENOMEM;
        }
    }
    printbuf_free(path);
    return r;
}

struct fetch *fetch_start(const struct fetcher *fetcher, struct document *document, struct fetch_manner manner,
                          void (*done)(void *data, const struct fetch_end *end), void *data)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (!fetch)
        return NULL;
    *fetch = (struct fetch){.fetcher = fetcher, .document = document, .manner = manner, .done = done, .data = data};
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
    fetch_clear(fetch);
    free(fetch);
}

int fetch_seed(const struct fetcher *fetcher, struct document *document, const char *body, size_t len)
{
    struct answer_page page = {0};
    struct fetch fetch = {.fetcher = fetcher, .document = document, .pages = 1};
    fetch.answer = answer_new(document, fetcher->endpoints, fetcher->config->max_body);
    if (!fetch.answer)
        return -ENOMEM;
    int r = answer_page(fetch.answer);
    if (r == 0)
        r = answer_feed(fetch.answer, body, len);
    if (r == 0)
        r = answer_page_end(fetch.answer, &page);
    if (r == 0)
        r = publish(&fetch, &page, NULL);
    pages_free(&page.pages);
    fetch_clear(&fetch);
    return r;
}
