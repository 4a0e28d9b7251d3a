/*
 * Fetches: one query is asked and its answer put into a document, over all candidate paths and pages that it takes.
 *
 *      fetch_start() --request--> 404 --another candidate path--> request
 *                                 200, a full page of a paged list --the next page--> request
 *                                 200 --> the document holds the answer --> done(0)
 *                                 304 --> the document holds it already --> done(0)
 *                                 anything else ------------------------> done(-errno), the document is as it was
 *
 * A fetch knows no cache: how long an answer is good, and what stands in for one that failed, is for documents.h.
 *
 * Threads:   loop thread only.
 * Ownership: a fetch is its own until done is called, or fetch_cancel(). The document is borrowed until then, and must
 *            not be changed by anybody else.
 * Errors:    those of client.h; -EIO when the answer is not JSON of the endpoint's shape, after one line in the log;
 *            -ENOMEM.
 */
#ifndef MELBICOMFS_API_FETCH_H
#define MELBICOMFS_API_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct config;
struct document;
struct endpoints;
struct fetch;

/* What fetches need; borrowed for the life of each. */
struct fetcher {
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
};

/* How a fetch ended. */
struct fetch_end {
    int error;        /* 0: the document holds the answer; or -errno */
    bool unchanged;   /* the answer was 304 */
    bool host;        /* the failure is the host's, not this query's */
    int64_t retry_at; /* clock_ms() before which asking again is pointless; 0 when there is no such time */
};

/*
 * Fetches document->query, with the document's validators if it is loaded. `has_copy`: there is something to show if it
 * fails, so that the fetch waits for no long Retry-After. done is called at the end, never from within fetch_start(); the
 * fetch is gone when done returns. Sets document->url to what was asked, without the host. NULL when out of memory.
 */
struct fetch *fetch_start(const struct fetcher *fetcher, struct document *document, bool has_copy,
                          void (*done)(void *data, const struct fetch_end *end), void *data);

/* Ends a fetch without a call to its done. fetch_cancel(NULL) is fine. */
void fetch_cancel(struct fetch *fetch);

/* Puts an answer that came by another way into the document: 0, or an error as from a fetch. */
int fetch_seed(const struct fetcher *fetcher, struct document *document, const char *body, size_t len);

#endif
