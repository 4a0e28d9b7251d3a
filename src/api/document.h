/* SPDX-License-Identifier: MIT */
/*
 * Documents: the data of one answer.
 *
 * A document holds an array of items: the elements of a list, the one object, or the prices. The text of each item is a
 * snapshot of its own (snapshot.h), so a reader of one item keeps only that item in memory. The document also keeps
 * what is derived from the items: their order by id, their groups (groups.h), and the renditions, which are texts of
 * the whole document (tree/render.h).
 *
 * documents.h says how documents are fetched and how long they are fresh.
 *
 * Threads:   loop thread only.
 * Ownership: documents.c allocates and frees the struct; document_clear() frees its content. Functions return borrowed
 *            pointers, valid until the generation moves. Snapshots never change.
 * Errors:    none.
 */
#ifndef MELBICOMFS_API_DOCUMENT_H
#define MELBICOMFS_API_DOCUMENT_H

#include "api/endpoints.h"
#include "api/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct document;
struct group_name;
struct groups;
struct lh_table;

/* The id of an item without a usable id. */
#define ITEM_NO_ID UINT64_MAX
/* The largest usable id. */
#define ITEM_ID_MAX ((uint64_t)INT64_MAX - 4096)

struct item {
    uint64_t id;               /* ITEM_NO_ID: no usable id, or an earlier item has the same id */
    struct snapshot *snapshot; /* the item's text; never NULL */
};

/* The most renditions of a document. The first one contains the text of every item, so it is as large as all items, and
 * differs whenever the content differs. The others may stay the same when the content changes. */
#define DOCUMENT_RENDITIONS 7
#define RENDITION_OF_ALL    0

/* A text of the whole document, made by the tree. */
struct rendition {
    struct snapshot *text; /* NULL: not made yet */
    uint64_t generation;   /* the document's generation that it was made from */
    uint64_t too_long;     /* the tree's: the generation whose text is over TEXT_MAX; 0: none */
    int64_t day;           /* the tree's: the day that it was made on, if the text depends on it; otherwise 0 */
    uint32_t tally;        /* the tree's: a number that is kept beside the text */
};

/* Only the files of api/ write the fields, except those marked "the tree's". */
struct document {
    char *key; /* the query's name, from query_key() */
    struct query query;
    char *values[ENDPOINT_PARAMS]; /* the strings that query.values points to */

    struct item *items; /* in the API's order; prices in the order of prices.h */
    size_t n_items;
    uint32_t *by_id;        /* indices of items in order of id, n_ids of them; NULL: the indices are 0, 1, 2, … */
    size_t n_ids;           /* how many items have an id */
    struct snapshot *whole; /* SHAPE_PRICES: the text of the whole answer */
    size_t unshown;         /* entries without a file of their own: no usable id, or a price out of place */
    bool loaded;            /* the document holds an answer */
    bool maybe_cut;         /* items are missing, as the API says, or may be: the list is as long as a typical page */
    int64_t total;          /* how many items there are in all, as the API says; -1: it does not say */

    uint64_t generation;              /* counts the changes of the content */
    int64_t expires;                  /* clock_ms() until which the content is fresh */
    struct timespec fetched;          /* wall clock: the service last confirmed the content */
    struct timespec changed;          /* wall clock: the content last changed */
    bool stale;                       /* an old copy is served, because the last fetch failed */
    char *etag, *last_modified, *url; /* of the last answer, or NULL; url: the last request's path and query */
    /* -errno of the last fetch that failed while no old copy could be served instead; 0: none since a success. */
    int error;
    int64_t error_until; /* clock_ms() until which the error is returned without a new request */

    /* The text of RENDITION_OF_ALL is freed with the content, the others with the document. */
    struct rendition renditions[DOCUMENT_RENDITIONS];

    /* The tree's: of this generation, so many amounts that are no plain decimal numbers have been named in the log. */
    uint64_t odd_generation;
    size_t odd_amounts;

    /* Made and used by groups.c, by field, when first needed; NULL until then. */
    uint32_t *index[SNAPSHOT_FIELDS];
    struct groups *groups[SNAPSHOT_FIELDS];

    /* The tree's, valid for one generation. A signature is a hash of a listing's names: of the listing by each field,
     * and of the listing of all ids; 0: not made yet. `ordered` is all items with an id in the order of their listing;
     * NULL: not made yet, or the order is that of ids. */
    uint64_t signatures[SNAPSHOT_FIELDS], signature_of_ids;
    struct group_name *ordered;

    size_t cost;             /* bytes of memory that the document takes: document_cost(), plus document_grow() since */
    struct lh_table *hasher; /* hashes texts, with json-c's seed for this process; borrowed. NULL: no lookup by text */
    void (*on_grown)(struct document *document); /* called by document_grow(); or NULL */
};

/* The item with this id, or NULL. Borrowed. */
const struct item *document_item(const struct document *document, uint64_t id);

/* The i-th item in order of id, from 0; i < n_ids. Borrowed. */
static inline const struct item *document_nth(const struct document *document, size_t i)
{
    return &document->items[document->by_id ? document->by_id[i] : i];
}

/* The number of items whose id is less than `id`. */
size_t document_rank(const struct document *document, uint64_t id);

/* Keeps `text` as rendition i of the current generation; takes over the caller's reference. Returns the snapshot to
 * show, borrowed: the old rendition if its bytes are the same, else `text`. */
struct snapshot *document_rendered(struct document *document, unsigned i, struct snapshot *text);

/* Frees the items and what was derived from them, and moves the generation. The document is not loaded then. Keeps the
 * renditions except RENDITION_OF_ALL, since the next content may have the same texts. */
void document_clear(struct document *document);

/* Counts the bytes of memory that the document takes now. */
size_t document_cost(const struct document *document);

/* Adds `bytes` to the cost: something derived from the items has been made. */
static inline void document_grow(struct document *document, size_t bytes)
{
    document->cost += bytes;
    if (document->on_grown)
        document->on_grown(document);
}

#endif
