/* SPDX-License-Identifier: MIT */
/*
 * The cache of documents: what the API last said, one document per query.
 *
 * A document is fetched when first asked for and is fresh for its endpoint's ttl. The next ask after that revalidates
 * it. However many waiters ask, one fetch is under way.
 *
 *      absent --ask--> fetching --200--> fresh --ttl--> expired --ask--> fetching
 *                          |               ^                                |  |
 *                          |               +---------304, 200---------------+  |
 *                          +--error--> absent, the error kept for 1 s          |
 *                                                        stale <--error--------+
 *
 * A stale document is the old copy, served as if fresh because the API cannot be asked. It is tried again after 2 s or
 * at the host's retry time, whichever is later. It is not served for longer than ttl + stale_if_error after its last
 * confirmation, and never after an error -ENOENT, -EACCES or -EINVAL; a 404 drops the copy. After a 401 or 403 the
 * document's copy is not served stale until the API has answered its query again. After a 401 no other copy is served
 * stale either, until the API has answered any query.
 *
 * A renewal is compared item by item. An item with equal bytes keeps its snapshot, and if all items are equal the
 * generation stays.
 *
 * Threads:   loop thread only.
 * Ownership: documents_new() creates, documents_free() frees with all documents. A document returned by a function here
 *            is borrowed until the next turn of the loop. A waiter or a document_ref() keeps it from being dropped.
 * Errors:    negative errno, as in client.h; -EIO also for an answer that is not the expected JSON.
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

/* If there are more documents without content than this, those whose error has expired are dropped, the oldest first,
 * until half of this number is left. */
#define DOCUMENTS_EMPTY_MAX 256

/* Waits for a document. Lives in its user's struct. Zero-initialise, set fn and data. */
struct waiter {
    void (*fn)(void *data, int error); /* 0: the document is fresh or served stale; or -errno */
    void *data;
    struct document *document; /* set by document_ask(), as are the fields below */
    uint64_t epoch;
    struct waiter *next, **link;
};

/* All arguments are borrowed until documents_free(). NULL when out of memory. documents_free() ends all fetches and all
 * waiting, without calling waiters. documents_free(NULL) is fine. */
struct documents *documents_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                                const struct config *config, struct metrics *metrics);
void documents_free(struct documents *documents);

/* Sets the function that is called before a loaded document is dropped for lack of space. NULL: none. */
void documents_on_evict(struct documents *documents, void (*fn)(void *data, struct document *document), void *data);

/* The document of a query, which is copied. Makes one without content if the cache has none, and refreshes its place in
 * the LRU order. Sends no request. NULL when out of memory. */
struct document *documents_get(struct documents *documents, const struct query *query);

/* Like documents_get(), but returns NULL if the cache has no such document, or there is no memory to look for it. */
struct document *documents_find(struct documents *documents, const struct query *query);

/* Like documents_find(), but does not refresh the document's place in the LRU order. */
struct document *documents_peek(struct documents *documents, const struct query *query);

/* Calls fn for every document, in no particular order, until fn returns false. fn must not call documents_get() or
 * documents_find(), which move documents while they are walked over. */
void documents_each(struct documents *documents, bool (*fn)(void *data, struct document *document), void *data);

/* True if the document has content that may be shown without a request: not expired, served stale, or answering. */
bool document_fresh(const struct document *document);

/* True while a fetch of the document is under way. */
bool document_fetching(const struct document *document);

/*
 * Asks for a fresh document; starts a fetch unless one is under way. Returns
 *
 *      1        the document is fresh now; the waiter is not used
 *      0        waiter->fn will be called from the loop, never from within document_ask()
 *      -errno   the last fetch failed less than 1 s ago with this error, or -ENOMEM; the waiter is not used
 *
 * The waiter stays the caller's: it must live until fn is called or waiter_cancel(). It must not wait already.
 */
int document_ask(struct document *document, struct waiter *waiter);

/* Starts a fetch without a waiter, unless the document is fresh, is being fetched, or failed less than 1 s ago. Does
 * nothing when out of memory. */
void document_prefetch(struct document *document);

/* Stops waiting; fn is not called. The fetch goes on. Fine for a waiter that does not wait. */
void waiter_cancel(struct waiter *waiter);

/* Between true and false, a loaded document counts as fresh even if it has expired, so that waiters that asked before
 * it expired can use it. document_expire() ends this early. Calls do not nest. */
void document_answering(struct document *document, bool answering);

/* Expires the document: the next ask fetches it. The answer of a fetch that is under way serves only the waiters that
 * asked before; for later ones another fetch follows. */
void document_expire(struct document *document);

/* Expires the document, which the user has touched: the next fetch is sent even while the host or the operation is
 * closed (TURN_NOW in client.h). */
void document_touch(struct document *document);

/* document_ref() keeps the document from being dropped and returns it; document_unref() ends that. Calls are counted.
 * document_unref(NULL) is fine. */
struct document *document_ref(struct document *document);
void document_unref(struct document *document);

/* Fills the document with the body of an answer that the caller has fetched (the check before detaching), `len` bytes,
 * borrowed. Counts as an answer to a fetch. Returns 0; or an error of fetch_seed(), with the content as before. */
int document_seed(struct document *document, const char *body, size_t len);

/* Fills the document with an answer of an earlier run of the program, of which the validators are known (see
 * fetch_keep_validators()). It is expired: the next ask asks the API whether it still holds. If the API fails, the answer is not served.
 * Does nothing if the document has an answer or is being fetched. Returns as document_seed(). */
int document_restore(struct document *document, const char *body, size_t len, const char *etag,
                     const char *last_modified);

/* Bytes of memory that all documents take; *n is their number. */
uint64_t documents_cost(const struct documents *documents, size_t *n);

/* Bytes of memory that all documents may take before the least recently used are dropped: cache_size, or a quarter of
 * the address space if that is less. */
uint64_t documents_cost_max(const struct documents *documents);

#endif
