/*
 * What the files of the cache share: documents.c keeps documents and those who wait for them, fetch.c gets them, groups.c
 * finds items in them.
 *
 * Threads:   loop thread only.
 * Ownership: as documents.h.
 * Errors:    none of its own.
 */
#ifndef MELBICOMFS_API_DOCUMENTS_PRIVATE_H
#define MELBICOMFS_API_DOCUMENTS_PRIVATE_H

#include "api/documents.h"
#include "base/loop.h"

#include <uthash.h>

#define EMPTIES_MAX 256 /* documents without content, kept for their errors */

struct build;
struct client_exchange;
struct lh_table;
struct printbuf;

struct document_private {
    struct client_exchange *exchange;
    struct build *build;
    unsigned choice; /* which of the endpoint's candidates the fetch under way has come to */
    uint64_t epoch, fetch_epoch;
    struct waiter *waiters, **tail;
    unsigned refs;
    bool answering; /* those who waited are being told: it is good enough for them, whatever its life */
    size_t cost;
    int64_t error_until;
    int64_t confirmed; /* clock_ms() of the service's last confirmation, for stale_if_error */
    bool denied;       /* it has been answered 401 or 403 since then */
    UT_hash_handle hh;
    struct document_private *prev, *next; /* among the empties, while it is not loaded */
    struct document document;
};

struct documents {
    struct loop *loop;
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
    struct metrics *metrics;
    struct document_private *all;
    struct printbuf *key;    /* scratch */
    struct lh_table *hasher; /* empty: for its hash of a text, seeded for this process */
    uint64_t cost;
    struct document_private *empties; /* those without content, by the time of their last error */
    size_t n_empties;
    bool outage; /* stale copies have been served since the last answer */
    bool denied; /* the token has been refused since then */
    struct task trim;
    void (*on_evict)(void *data, struct document *document);
    void *on_evict_data;
};

/* Begins a fetch; on failure (no memory) private->exchange stays NULL. */
void document_fetch(struct document *document);

/* Calls those who asked before the fetch of `epoch` began; the others wait for the next one, which begins here. */
void document_answer(struct document *document, uint64_t epoch, int error);

/* It has no content, or an error anew: it may go when all that are empties already have gone. */
void document_emptied(struct document *document);

/* It has content now. */
void document_filled(struct document *document);

/* Drops empties, when the loop turns, if there are many. */
void documents_trim_empties(struct documents *documents);

/* Takes account of what the document holds now. */
void document_account(struct document *document);

/* It holds so many bytes more, which document_cost() counts from now on. */
void document_account_more(struct document *document, size_t bytes);

#endif
