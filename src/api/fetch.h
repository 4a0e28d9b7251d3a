/* SPDX-License-Identifier: MIT */
/*
 * Fetches: a fetch sends a query to the API and puts the answer into a document. It tries one candidate path after
 * another, and fetches all pages.
 *
 *      fetch_start() --request--> 404 --another candidate path--> request
 *                                 200, a full page of a paged list --the next page--> request
 *                                 200 --> the document holds the answer --> done(0)
 *                                 304 --> the document holds it already --> done(0)
 *                                 anything else ------------------------> done(-errno), its content is as before
 *
 * The cache is in documents.h: how long an answer is fresh, and what is served when a fetch fails.
 *
 * Threads:   loop thread only.
 * Ownership: fetch_start() creates; the fetch frees itself after done, and fetch_cancel() frees it before. Until then
 *            the document is borrowed, and nobody else may change it.
 * Errors:    those of client.h; -EIO when the answer is not JSON of the endpoint's shape, which is logged; -ENOMEM.
 */
#ifndef MELBICOMFS_API_FETCH_H
#define MELBICOMFS_API_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/client.h"

struct config;
struct document;
struct endpoints;
struct fetch;

/* What every fetch needs. It must live as long as any fetch. */
struct fetcher {
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
};

/* How the requests of a fetch are sent; the fields go to client_request. */
struct fetch_manner {
    bool has_copy; /* the caller can show an old copy: the fetch fails rather than wait for a long Retry-After */
    enum client_turn turn;
};

/* How a fetch ended. */
struct fetch_end {
    int error;        /* 0: the document holds the answer; or -errno */
    bool unchanged;   /* the answer was 304: the content is as before */
    bool host;        /* the failure is the host's: another query would fail, too */
    int64_t retry_at; /* clock_ms() before which a retry is pointless; 0: no such time is known */
};

/*
 * Starts a fetch of document->query. Sends the document's validators if it is loaded and paging is off.
 *
 * done is called at the end, from the loop, never from within fetch_start(); the fetch is freed when done returns. Sets
 * document->url to the path and query of each request. NULL when out of memory; done is never called then.
 */
struct fetch *fetch_start(const struct fetcher *fetcher, struct document *document, struct fetch_manner manner,
                          void (*done)(void *data, const struct fetch_end *end), void *data);

/* Ends a fetch without calling done. fetch_cancel(NULL) is fine. */
void fetch_cancel(struct fetch *fetch);

/* Puts the body of an answer that the caller has fetched, `len` bytes, into the document. The body is the whole answer,
 * not a page; the document gets no validators and no url. Returns 0; -EIO when the body is not JSON of the endpoint's
 * shape; -EFBIG when its items would take too much memory (answer.h); -ENOMEM. Logs none of these errors; on an error
 * the content is as before. */
int fetch_seed(const struct fetcher *fetcher, struct document *document, const char *body, size_t len);

/* Keeps copies of the validators of the document's content, in place of those that it had. A validator that is NULL, or
 * too long, or cannot be sent in a header, or does not fit into memory, is none: the next request is unconditional. */
void fetch_keep_validators(struct document *document, const char *etag, const char *last_modified);

#endif
