/*
 * The cache of documents: what the API last said, one document per query.
 *
 * A document is fetched when first asked for, kept for its endpoint's ttl, then revalidated. However many waiters ask,
 * one request is in flight.
 *
 *      absent --ask--> fetching --200--> fresh --ttl--> expired --ask--> fetching
 *                          |               ^                                |  |
 *                          |               +---------304, 200---------------+  |
 *                          +--error--> absent, the error kept for 1 s          |
 *                       fresh until the host's retry time, marked stale <--error, not 401, 403 or 404
 *                       (and not beyond stale_if_error)
 *
 * After a 401 or 403 the copy does not stand in for any later failure either, until the API has given it again.
 *
 * A renewal compares item by item: equal bytes keep their snapshot, and if all are equal the generation stays.
 *
 * Threads:   loop thread only.
 * Ownership: documents_get() lends until the next turn of the loop; a waiter on it, or document_ref(), keeps it.
 *            Snapshots never change once published.
 * Errors:    negative errno, as client.h; -EBADMSG never: what is not JSON is -EIO.
 */
#ifndef MELBICOMFS_API_DOCUMENTS_H
#define MELBICOMFS_API_DOCUMENTS_H

#include "api/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct client;
struct config;
struct documents;
struct loop;
struct metrics;

/* Documents without content that are kept for their errors, at most. */
#define DOCUMENTS_EMPTY_MAX 256

/* Somebody who waits for a document. Zero-initialise, set fn and data. */
struct waiter {
    void (*fn)(void *data, int error); /* error: 0, or -errno and no copy to fall back on */
    void *data;
    struct document *document; /* the documents', as is what follows */
    uint64_t epoch;
    struct waiter *next, **link;
};

/* All borrowed for the life of the result. NULL when out of memory. documents_free(NULL) is fine. */
struct documents *documents_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                                const struct config *config, struct metrics *metrics);
void documents_free(struct documents *documents);

/* Called when a document is dropped for want of space, before it goes; NULL: nobody. */
void documents_on_evict(struct documents *documents, void (*fn)(void *data, struct document *document), void *data);

/* The document of a query, made (absent) if need be; NULL when out of memory. Sends nothing. */
struct document *documents_get(struct documents *documents, const struct query *query);

/* The same, or NULL when there is none. */
struct document *documents_find(struct documents *documents, const struct query *query);

/* The same for who only looks: it does not count as a use, so that it has no say in what the cache keeps. */
struct document *documents_peek(struct documents *documents, const struct query *query);

/* Every document, in no order; fn returns false to stop. It must not make documents. */
void documents_each(struct documents *documents, bool (*fn)(void *data, struct document *document), void *data);

/* Whether it holds an answer that is not expired (or is served stale for now). */
bool document_fresh(const struct document *document);

/* Whether a request for it is under way. */
bool document_fetching(const struct document *document);

/*
 * Asks for a fresh document. 1: it is fresh now, waiter unused. 0: waiter->fn will be called, from the loop, never from
 * within. Negative: no copy, and it failed less than a second ago. On error without a waiter called, -ENOMEM. The
 * waiter stays the caller's.
 */
int document_ask(struct document *document, struct waiter *waiter);

/* Fetches without anybody waiting, unless it is fresh or on its way. */
void document_prefetch(struct document *document);

/* Stops waiting; the fetch goes on for the others. Fine on a waiter that waits for nothing. */
void waiter_cancel(struct waiter *waiter);

/* While `answering`, the document counts as fresh: for telling those who asked before it expired. Not nested. */
void document_answering(struct document *document, bool answering);

/* The next ask revalidates. A fetch under way counts as too old: it is followed by another. */
void document_expire(struct document *document);

/* Keeps a document from being dropped; any number of times. */
struct document *document_ref(struct document *document);
void document_unref(struct document *document);

/* Fills an absent document with an answer that came by another way (the check before detaching): 0 or as from a fetch.
 */
int document_seed(struct document *document, const char *body, size_t len);

/* Bytes that all documents take, and how many there are. */
uint64_t documents_cost(const struct documents *documents, size_t *n);

#endif
