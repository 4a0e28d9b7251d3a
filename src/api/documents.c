#include "api/documents_private.h"

#include "api/build.h"
#include "http/client.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/metrics.h"

#include <errno.h>
#include <json-c/linkhash.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/*
 * A fetch carries the epoch it was asked under, and so does each waiter. document_expire() moves the epoch, so an
 * answer that was already on its way then satisfies those who asked before, and the others' fetch follows it. For as
 * long as those are being told, the document is as good as fresh, although it has expired: else they would ask again,
 * and who asks while somebody else expires it more often than a fetch takes would never be answered.
 *
 * The hash of documents keeps its order of insertion; whoever is used is taken out and put back, so its head is the
 * least recently used.
 *
 * Documents without content are in a list of their own, too. Whoever fails goes to its end, so it is in the order in
 * which errors are forgotten, and to drop some of them nobody else need be looked at.
 */

/* ---- registry ---- */

static void trim(void *data);

struct documents *documents_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                                const struct config *config, struct metrics *metrics)
{
    struct documents *documents = calloc(1, sizeof *documents);
    if (!documents)
        return NULL;
    documents->loop = loop;
    documents->client = client;
    documents->endpoints = endpoints;
    documents->config = config;
    documents->metrics = metrics;
    documents->trim = (struct task){.fn = trim, .data = documents};
    documents->key = printbuf_new();
    documents->hasher = lh_kchar_table_new(1, NULL);
    if (!documents->key || !documents->hasher) {
        documents_free(documents);
        return NULL;
    }
    return documents;
}

static void document_free(struct document_private *p)
{
    struct document *document = &p->document;
    struct documents *documents = document->owner;

    HASH_DEL(documents->all, p);
    if (p->exchange)
        client_cancel(p->exchange);
    build_free(p->build);
    while (p->waiters)
        waiter_cancel(p->waiters);
    documents->cost -= p->cost;
    if (!document->loaded)
        document_filled(document);
    document_clear(document);
    for (unsigned i = 0; i < DOCUMENT_RENDITIONS; i++)
        snapshot_unref(document->renditions[i]);
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        free(document->values[i]);
    free(document->key);
    free(document->etag);
    free(document->last_modified);
    free(document->url);
    free(p);
}

void documents_free(struct documents *documents)
{
    if (!documents)
        return;
    documents->on_evict = NULL;
    struct document_private *p, *next;
    HASH_ITER(hh, documents->all, p, next)
    document_free(p);
    task_cancel(&documents->trim);
    if (documents->key)
        printbuf_free(documents->key);
    if (documents->hasher)
        lh_table_free(documents->hasher);
    free(documents);
}

void documents_on_evict(struct documents *documents, void (*fn)(void *data, struct document *document), void *data)
{
    documents->on_evict = fn;
    documents->on_evict_data = data;
}

/* Finds by the query's key, which stays in scratch. */
static struct document_private *find(struct documents *documents, const struct query *query)
{
    struct document_private *p;
    printbuf_reset(documents->key);
    query_key(query, documents->key);
    size_t len = (size_t)documents->key->bpos;
    HASH_FIND(hh, documents->all, documents->key->buf, len, p);
    return p;
}

struct document *documents_peek(struct documents *documents, const struct query *query)
{
    struct document_private *p = find(documents, query);
    return p ? &p->document : NULL;
}

struct document *documents_find(struct documents *documents, const struct query *query)
{
    struct document_private *p = find(documents, query);
    if (p && p->hh.next) {
        HASH_DELETE(hh, documents->all, p);
        HASH_ADD_KEYPTR(hh, documents->all, p->document.key, strlen(p->document.key), p);
    }
    return p ? &p->document : NULL;
}

struct document *documents_get(struct documents *documents, const struct query *query)
{
    struct document *document = documents_find(documents, query);
    if (document)
        return document;

    struct document_private *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    document = &p->document;
    document->owner = documents;
    document->private = p;
    document->query = *query;
    document->key = strdup(documents->key->buf);
    bool ok = document->key;
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        if (query->values[i]) {
            document->values[i] = strdup(query->values[i]);
            ok = ok && document->values[i];
            document->query.values[i] = document->values[i];
        }
    if (!ok) {
        for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
            free(document->values[i]);
        free(document->key);
        free(p);
        return NULL;
    }
    p->tail = &p->waiters;
    HASH_ADD_KEYPTR(hh, documents->all, document->key, strlen(document->key), p);
    document_emptied(document);
    documents_trim_empties(documents);
    return document;
}

void documents_each(struct documents *documents, bool (*fn)(void *data, struct document *document), void *data)
{
    for (struct document_private *p = documents->all, *next; p; p = next) {
        next = p->hh.next;
        if (!fn(data, &p->document))
            return;
    }
}

uint64_t documents_cost(const struct documents *documents, size_t *n)
{
    *n = HASH_COUNT(documents->all);
    return documents->cost;
}

/* ---- space ---- */

static bool in_use(const struct document_private *p)
{
    return p->refs > 0 || p->exchange || p->waiters;
}

/* Takes account of what the document holds now. */
void document_account(struct document *document)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;
    size_t cost = document->loaded ? document_cost(document) : 0;
    documents->cost = documents->cost - p->cost + cost;
    p->cost = cost;
    if (documents->cost > documents->config->cache_size)
        task_defer(documents->loop, &documents->trim);
}

void document_account_more(struct document *document, size_t bytes)
{
    struct documents *documents = document->owner;
    document->private->cost += bytes;
    documents->cost += bytes;
    if (documents->cost > documents->config->cache_size)
        task_defer(documents->loop, &documents->trim);
}

void document_emptied(struct document *document)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;

    document_filled(document);
    DL_APPEND(documents->empties, p);
    documents->n_empties++;
}

void document_filled(struct document *document)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;

    if (!p->prev)
        return; /* utlist's lists end in a circle, so whoever is in one has a prev */
    DL_DELETE(documents->empties, p);
    p->prev = p->next = NULL;
    documents->n_empties--;
}

void documents_trim_empties(struct documents *documents)
{
    if (documents->n_empties > EMPTIES_MAX)
        task_defer(documents->loop, &documents->trim);
}

/* Drops what failed longest ago. Those whose error still stands are at the end of the list, and stay. */
static void drop_empties(struct documents *documents)
{
    int64_t now = clock_ms();

    for (struct document_private *p = documents->empties, *next; p; p = next) {
        next = p->next;
        if (documents->n_empties <= EMPTIES_MAX / 2 || now < p->error_until)
            return;
        if (!in_use(p) && p->hh.next)
            document_free(p);
    }
}

/* Drops what was used longest ago until all fits. The last one used stays, however large: dropping it would only mean
 * to fetch it again for the same reader. */
static void trim(void *data)
{
    struct documents *documents = data;

    drop_empties(documents);
    for (struct document_private *p = documents->all, *next; p; p = next) {
        next = p->hh.next;
        if (documents->cost <= documents->config->cache_size)
            return;
        if (in_use(p) || !next || !p->document.loaded)
            continue;
        if (documents->on_evict)
            documents->on_evict(documents->on_evict_data, &p->document);
        document_free(p);
    }
}

struct document *document_ref(struct document *document)
{
    document->private->refs++;
    return document;
}

void document_unref(struct document *document)
{
    if (!document)
        return;
    document->private->refs--;
    if (document->owner->cost > document->owner->config->cache_size)
        task_defer(document->owner->loop, &document->owner->trim);
}

/* ---- waiting ---- */

bool document_fresh(const struct document *document)
{
    return document->loaded && (document->private->answering || clock_ms() < document->expires);
}

bool document_fetching(const struct document *document)
{
    return document->private->exchange != NULL;
}

int document_ask(struct document *document, struct waiter *waiter)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;

    if (document_fresh(document)) {
        metrics_count(documents->metrics, COUNT_CACHE_HIT, 1);
        if (document->stale)
            metrics_count(documents->metrics, COUNT_STALE, 1);
        return 1;
    }
    metrics_count(documents->metrics, COUNT_CACHE_MISS, 1);
    if (document->error && clock_ms() < p->error_until)
        return document->error;
    if (!p->exchange)
        document_fetch(document);
    if (!p->exchange)
        return -ENOMEM;
    waiter->document = document;
    waiter->epoch = p->epoch;
    waiter->next = NULL;
    waiter->link = p->tail;
    *p->tail = waiter;
    p->tail = &waiter->next;
    return 0;
}

void document_prefetch(struct document *document)
{
    struct document_private *p = document->private;
    if (!document_fresh(document) && !p->exchange && (!document->error || clock_ms() >= p->error_until))
        document_fetch(document);
}

void waiter_cancel(struct waiter *waiter)
{
    if (!waiter->link)
        return;
    struct document_private *p = waiter->document->private;
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    else
        p->tail = waiter->link;
    waiter->link = NULL;
    waiter->next = NULL;
}

void document_expire(struct document *document)
{
    document->private->epoch++;
    document->private->error_until = 0;
    document->private->answering = false;
    document->expires = 0;
}

void document_answering(struct document *document, bool answering)
{
    document->private->answering = answering;
}

/* Calls those who asked before the fetch began; the others wait for the next one, which begins here. */
void document_answer(struct document *document, uint64_t epoch, int error)
{
    struct document_private *p = document->private;

    p->refs++;
    p->epoch++; /* who asks again from within is not one of those */
    document_answering(document, error == 0);
    for (;;) {
        struct waiter *waiter = p->waiters;
        while (waiter && waiter->epoch > epoch)
            waiter = waiter->next;
        if (!waiter)
            break;
        waiter_cancel(waiter);
        waiter->fn(waiter->data, error);
    }
    document_answering(document, false);
    p->refs--;
    if (p->waiters && !p->exchange)
        document_fetch(document);
    while (p->waiters && !p->exchange) {
        struct waiter *waiter = p->waiters;
        waiter_cancel(waiter);
        waiter->fn(waiter->data, -ENOMEM);
    }
}

struct snapshot *document_rendered(struct document *document, unsigned i, struct snapshot *text)
{
    struct snapshot *old = document->renditions[i];
    document->rendition_of[i] = document->generation;
    if (old && snapshot_equal(old, text)) {
        snapshot_unref(text);
        return old;
    }
    snapshot_unref(old);
    document->renditions[i] = text;
    document_account(document);
    return text;
}

/* ---- reading ---- */

const struct item *document_nth(const struct document *document, size_t i)
{
    return &document->items[document->by_id ? document->by_id[i] : i];
}

size_t document_rank(const struct document *document, uint64_t id)
{
    size_t low = 0, high = document->n_ids;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (document_nth(document, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct item *document_item(const struct document *document, uint64_t id)
{
    size_t rank = document_rank(document, id);
    if (rank == document->n_ids)
        return NULL;
    const struct item *item = document_nth(document, rank);
    return item->id == id ? item : NULL;
}
