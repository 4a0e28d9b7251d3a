/*
 * Documents: the data of one answer.
 *
 * A document holds a row of items: the elements of a list, the one object, or the prices. The text of an item is a
 * snapshot of its own, so that a reader of one item pins that one. Beside the items stands what was worked out of them:
 * the order of ids, groups (groups.h), and the texts of the whole (tree/render.h).
 *
 * Where documents come from, and how long they are good, is for documents.h to say.
 *
 * Threads:   loop thread only.
 * Ownership: whoever made the struct owns it; document_clear() frees its content. Snapshots never change.
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
    int64_t error_until;              /* clock_ms() until which the error stands without another request */

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

    size_t cost; /* bytes that all this takes, as far as it has been counted */
    struct lh_table
        *hasher; /* for its hash of a text, seeded for this process; borrowed. NULL: nothing is looked up by text */
    void (*on_grown)(
        struct document *document); /* called when the cost has grown by other than an answer; NULL: nobody */
};

/* The item with that id, or NULL. */
const struct item *document_item(const struct document *document, uint64_t id);

/* The i-th item in order of id, i < n_ids. */
static inline const struct item *document_nth(const struct document *document, size_t i)
{
    return &document->items[document->by_id ? document->by_id[i] : i];
}

/* How many items have an id below `id`. */
size_t document_rank(const struct document *document, uint64_t id);

/* Keeps `text` as rendition i of the current generation and returns what is to be shown (borrowed): the old snapshot
 * when the bytes are the same. Takes the reference. */
struct snapshot *document_rendered(struct document *document, unsigned i, struct snapshot *text);

/* Forgets the content, and what was worked out of it and can be of no other. */
void document_clear(struct document *document);

/* Counts the bytes that the content takes. */
size_t document_cost(const struct document *document);

/* Something that belongs to the content has been made, and takes so many bytes. */
static inline void document_grow(struct document *document, size_t bytes)
{
    document->cost += bytes;
    if (document->on_grown)
        document->on_grown(document);
}

#endif
