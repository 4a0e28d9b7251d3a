/*
 * Documents: what the API last said, one per query.
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
 * What it holds is a row of items: an element of a list, the one object, or one price. An item's text is a snapshot of
 * its own, so that a reader of one pins that one. A renewal compares item by item: equal bytes keep their snapshot, and
 * if all are equal the generation stays.
 *
 * Threads:   loop thread only.
 * Ownership: documents_get() lends until the next turn of the loop; a waiter on it, or document_ref(), keeps it.
 *            Snapshots never change once published.
 * Errors:    negative errno, as client.h; -EBADMSG never: what is not JSON is -EIO.
 */
#ifndef MELBICOMFS_API_DOCUMENTS_H
#define MELBICOMFS_API_DOCUMENTS_H

#include "api/endpoints.h"
#include "api/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct client;
struct config;
struct document;
struct documents;
struct groups;
struct loop;
struct metrics;

/* The id of an item that has none, or one that cannot be shown. */
#define ITEM_NO_ID UINT64_MAX
/* The largest id that is taken for one. */
#define ITEM_ID_MAX ((uint64_t)INT64_MAX - 4096)

struct item {
    uint64_t id; /* ITEM_NO_ID when it has none, has a wrong one, or another item has the same */
    struct snapshot *snapshot;
};

/* Derived texts that a document keeps beside its items; made by the tree. The first holds the text of every item: it is
 * as long as all of them, and never the same when the content is another. Of the rest any may be. */
#define DOCUMENT_RENDITIONS 4
#define RENDITION_OF_ALL    0

/* Fields are to be read only. */
struct document {
    struct documents *owner;
    char *key; /* query_key() */
    struct query query;
    char *values[ENDPOINT_PARAMS]; /* what query.values points to */

    struct item *items; /* in the API's order */
    size_t n_items;
    uint32_t *by_id; /* items' indices in order of id, n_ids of them; NULL when that is 0, 1, 2, … */
    size_t n_ids;
    struct snapshot *whole; /* SHAPE_PRICES: the text of the whole answer */
    size_t unshown;         /* items without a usable id, or not objects, in a list that is shown by id */
    bool loaded;            /* it holds an answer */
    bool maybe_cut;         /* its length is a typical page size, and not the one that is asked for */

    uint64_t generation;              /* moves when the content does */
    int64_t expires;                  /* clock_ms() */
    struct timespec fetched;          /* when the service last confirmed it */
    struct timespec changed;          /* when its content last changed */
    bool stale;                       /* expired, but served because the API could not be asked */
    char *etag, *last_modified, *url; /* url: path and query last asked, without the host */
    int error;                        /* of the last fetch, while it is remembered; 0 */

    /* For the tree: derived texts, each with the generation it was made of. Freed with the document, that of all with
     * the content. */
    struct snapshot *renditions[DOCUMENT_RENDITIONS];
    uint64_t rendition_of[DOCUMENT_RENDITIONS];
    uint64_t too_long[DOCUMENT_RENDITIONS]; /* the generation that was found too long to be printed; 0: none */

    /* Of api/groups.c: by field, what has which text. NULL: not asked yet. */
    uint32_t *index[SNAPSHOT_FIELDS];
    struct groups *groups[SNAPSHOT_FIELDS];

    /* For the tree, as long as the generation: signatures of the listings by each field's texts, and of the listing of
     * all ids; 0: not made yet. And all items in the order of such a listing, where that is not the order of ids. */
    uint64_t signatures[SNAPSHOT_FIELDS], signature_of_ids;
    struct group_name *ordered;

    struct document_private *private;
};

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

/* The item with that id, or NULL. */
const struct item *document_item(const struct document *document, uint64_t id);

/* The i-th item in order of id, i < n_ids. */
const struct item *document_nth(const struct document *document, size_t i);

/* How many items have an id below `id`. */
size_t document_rank(const struct document *document, uint64_t id);

/* Keeps `text` as rendition i of the current generation and returns what is to be shown (borrowed): the old snapshot
 * when the bytes are the same. Takes the reference. */
struct snapshot *document_rendered(struct document *document, unsigned i, struct snapshot *text);

/* Bytes that all documents take, and how many there are. */
uint64_t documents_cost(const struct documents *documents, size_t *n);

#endif
