/* SPDX-License-Identifier: MIT */
#include "api/documents.h"

#include "api/fetch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/table.h"
#include "http/client.h"

#include <errno.h>
#include <json-c/linkhash.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/*
 * Each entry has an epoch, which document_expire() moves. A fetch carries the epoch in which it began, and a waiter the
 * epoch in which it asked. A fetch answers only the waiters of its epoch and earlier ones; for later waiters another
 * fetch follows. While waiters are called, the document counts as fresh even if it has expired (`answering`). Otherwise
 * the waiters would ask again, and would never be answered if the document is expired more often than a fetch takes.
 *
 * The hash table keeps its order of insertion (uthash). A document that is used is removed and inserted again, so the
 * head of the table is the least recently used document.
 *
 * Documents without content are also in the list `empties`. A document that fails moves to the end of the list, so the
 * list is in the order in which errors expire, and dropping the oldest does not search the whole table.
 */

#define ERROR_KEPT_MS 1000 /* how long an error stands without another request */
#define STALE_KEPT_MS 2000 /* how long, at least, a stale copy is served before the service is asked again */
#define LIFE_MIN_MS   100  /* the life with ttl=0: those who waited for the document must find it fresh */

/* A document in the cache. */
struct entry {
    struct documents *owner;
    struct fetch *fetch; /* under way, or NULL */
    uint64_t epoch, fetch_epoch;
    struct waiter *waiters, **tail;
    unsigned refs;
    bool answering;    /* waiters are being called: the document counts as fresh; see above */
    size_t counted;    /* the part of document.cost that is included in documents->cost */
    int64_t confirmed; /* clock_ms() of the service's last confirmation, for stale_if_error */
    bool denied;       /* the service has answered 401 or 403 since then */
    bool touched;      /* document_touch() was called since the last fetch began */
    UT_hash_handle hh;
    struct entry *prev, *next; /* in the list of empties, while the document is not loaded */
    struct document document;
};

struct documents {
    struct loop *loop;
    struct fetcher fetcher;
    const struct config *config;
    struct metrics *metrics;
    struct entry *all;
    struct printbuf *key;    /* scratch */
    struct lh_table *hasher; /* an empty table, only for its hash function, which json-c seeds for this process */
    uint64_t cost;
    struct entry *empties; /* documents without content, in the order of their last errors */
    size_t n_empties;
    bool outage; /* a stale copy has been served since the last answer */
    bool denied; /* the service has answered 401 since the last answer */
    struct task trim;
    void (*on_evict)(void *data, struct document *document);
    void *on_evict_data;
};

static struct entry *entry_of(const struct document *document)
{
    return (struct entry *)((uintptr_t)document - offsetof(struct entry, document));
}

/* ---- registry ---- */

static void trim(void *data);
static void on_grown(struct document *document);
static void emptied(struct entry *p);
static void filled(struct entry *p);
static void trim_empties(struct documents *documents);
static void begin_fetch(struct entry *p);

struct documents *documents_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                                const struct config *config, struct metrics *metrics)
{
    struct documents *documents = calloc(1, sizeof *documents);
    if (!documents)
        return NULL;
    documents->loop = loop;
    documents->fetcher = (struct fetcher){client, endpoints, config};
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

static void document_free(struct entry *p)
{
    struct document *document = &p->document;
    struct documents *documents = p->owner;

    HASH_DEL(documents->all, p);
    fetch_cancel(p->fetch);
    while (p->waiters)
        waiter_cancel(p->waiters);
    documents->cost -= p->counted;
    document->on_grown = NULL;
    if (!document->loaded)
        filled(p);
    document_clear(document);
    for (unsigned i = 0; i < DOCUMENT_RENDITIONS; i++)
        snapshot_unref(document->renditions[i].text);
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
    struct entry *p, *next;
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

/* Finds the entry of a query. Leaves the query's key in documents->key; without memory for the key, the key is empty. */
static struct entry *find(struct documents *documents, const struct query *query)
{
    struct entry *p = NULL;
    printbuf_reset(documents->key);
    if (query_key(query, documents->key) < 0) {
        printbuf_reset(documents->key);
        return NULL;
    }
    size_t len = (size_t)documents->key->bpos;
    HASH_FIND(hh, documents->all, documents->key->buf, len, p);
    return p;
}

struct document *documents_peek(struct documents *documents, const struct query *query)
{
    struct entry *p = find(documents, query);
    return p ? &p->document : NULL;
}

/* Moves an entry, which is not the only one, to the end of the table. The table does not grow meanwhile, so the insertion
 * allocates nothing and cannot fail. */
static void become_last(struct entry *p)
{
    struct documents *documents = p->owner;
    UT_hash_table *table = documents->all->hh.tbl;
    unsigned noexpand = table->noexpand;

    table->noexpand = 1;
    HASH_DELETE(hh, documents->all, p);
    HASH_ADD_KEYPTR(hh, documents->all, p->document.key, strlen(p->document.key), p);
    table->noexpand = noexpand;
}

struct document *documents_find(struct documents *documents, const struct query *query)
{
    struct entry *p = find(documents, query);
    if (p && p->hh.next)
        become_last(p);
    return p ? &p->document : NULL;
}

struct document *documents_get(struct documents *documents, const struct query *query)
{
    struct document *document = documents_find(documents, query);
    if (document || printbuf_length(documents->key) == 0)
        return document;

    struct entry *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    document = &p->document;
    p->owner = documents;
    document->hasher = documents->hasher;
    document->on_grown = on_grown;
    document->query = *query;
    document->total = -1;
    document->key = strdup(documents->key->buf);
    bool ok = document->key;
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        if (query->values[i]) {
            document->values[i] = strdup(query->values[i]);
            ok = ok && document->values[i];
            document->query.values[i] = document->values[i];
        }
    if (ok)
        HASH_ADD_KEYPTR(hh, documents->all, document->key, strlen(document->key), p);
    if (!ok || !table_holds(p, hh)) {
        for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
            free(document->values[i]);
        free(document->key);
        free(p);
        return NULL;
    }
    p->tail = &p->waiters;
    emptied(p);
    trim_empties(documents);
    return document;
}

void documents_each(struct documents *documents, bool (*fn)(void *data, struct document *document), void *data)
{
    for (struct entry *p = documents->all, *next; p; p = next) {
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

/* With 32 bits a quarter of the address space is 1 GiB, and answers in flight need the rest. */
uint64_t documents_cost_max(const struct documents *documents)
{
    uint64_t max = documents->config->cache_size;

    return max < SIZE_MAX / 4 ? max : SIZE_MAX / 4;
}

/* ---- space ---- */

static bool in_use(const struct entry *p)
{
    return p->refs > 0 || p->fetch || p->waiters;
}

static bool too_large(const struct documents *documents)
{
    return documents->cost > documents_cost_max(documents);
}

/* Adds the change of the document's cost to documents->cost. */
static void on_grown(struct document *document)
{
    struct entry *p = entry_of(document);
    struct documents *documents = p->owner;
    documents->cost = documents->cost - p->counted + document->cost;
    p->counted = document->cost;
    if (too_large(documents))
        task_defer(documents->loop, &documents->trim);
}

/* The document's content has changed: counts its cost again. */
static void account(struct document *document)
{
    document->cost = document->loaded ? document_cost(document) : 0;
    on_grown(document);
}

/* The document has no content, or a new error: moves its entry to the end of empties. */
static void emptied(struct entry *p)
{
    struct documents *documents = p->owner;

    filled(p);
    DL_APPEND(documents->empties, p);
    documents->n_empties++;
}

/* The document has content, or is about to be freed: removes its entry from empties, if it is there. */
static void filled(struct entry *p)
{
    struct documents *documents = p->owner;

    if (!p->prev)
        return; /* not in the list: in a utlist DL list every element has a prev, the head too */
    DL_DELETE(documents->empties, p);
    p->prev = p->next = NULL;
    documents->n_empties--;
}

/* Schedules drop_empties() for the loop's next turn if there are too many empties. */
static void trim_empties(struct documents *documents)
{
    if (documents->n_empties > DOCUMENTS_EMPTY_MAX)
        task_defer(documents->loop, &documents->trim);
}

/* Drops the empties that failed longest ago. Those whose error still stands are at the end of the list, and stay. */
static void drop_empties(struct documents *documents)
{
    int64_t now = clock_ms();

    for (struct entry *p = documents->empties, *next; p; p = next) {
        next = p->next;
        if (documents->n_empties <= DOCUMENTS_EMPTY_MAX / 2 || now < p->document.error_until)
            return;
        if (!in_use(p) && p->hh.next)
            document_free(p);
    }
}

/* Drops the least recently used documents until the rest fits into cache_size. The most recently used one stays,
 * however large it is: the same reader would only fetch it again. */
static void trim(void *data)
{
    struct documents *documents = data;

    drop_empties(documents);
    for (struct entry *p = documents->all, *next; p; p = next) {
        next = p->hh.next;
        if (!too_large(documents))
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
    entry_of(document)->refs++;
    return document;
}

void document_unref(struct document *document)
{
    if (!document)
        return;
    struct entry *p = entry_of(document);
    p->refs--;
    if (too_large(p->owner))
        task_defer(p->owner->loop, &p->owner->trim);
}

/* ---- waiting ---- */

bool document_fresh(const struct document *document)
{
    return document->loaded && (entry_of(document)->answering || clock_ms() < document->expires);
}

bool document_fetching(const struct document *document)
{
    return entry_of(document)->fetch != NULL;
}

int document_ask(struct document *document, struct waiter *waiter)
{
    struct entry *p = entry_of(document);
    struct documents *documents = p->owner;

    if (document_fresh(document)) {
        metrics_count(documents->metrics, COUNT_CACHE_HIT, 1);
        if (document->stale)
            metrics_count(documents->metrics, COUNT_STALE, 1);
        return 1;
    }
    metrics_count(documents->metrics, COUNT_CACHE_MISS, 1);
    if (document->error && clock_ms() < document->error_until)
        return document->error;
    if (!p->fetch)
        begin_fetch(p);
    if (!p->fetch)
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
    struct entry *p = entry_of(document);
    if (!document_fresh(document) && !p->fetch && (!document->error || clock_ms() >= document->error_until))
        begin_fetch(p);
}

void waiter_cancel(struct waiter *waiter)
{
    if (!waiter->link)
        return;
    struct entry *p = entry_of(waiter->document);
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
    struct entry *p = entry_of(document);
    p->epoch++;
    p->answering = false;
    document->error_until = 0;
    document->expires = 0;
}

void document_touch(struct document *document)
{
    document_expire(document);
    entry_of(document)->touched = true;
}

void document_answering(struct document *document, bool answering)
{
    entry_of(document)->answering = answering;
}

/* Calls the waiters of `epoch`, the epoch of the fetch that ended, and of earlier epochs. Begins the next fetch if
 * other waiters are left. */
static void answer(struct document *document, uint64_t epoch, int error)
{
    struct entry *p = entry_of(document);

    p->refs++;
    p->epoch++; /* a waiter that asks again from its fn belongs to the next fetch */
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
    if (p->waiters && !p->fetch)
        begin_fetch(p);
    while (p->waiters && !p->fetch) {
        struct waiter *waiter = p->waiters;
        waiter_cancel(waiter);
        waiter->fn(waiter->data, -ENOMEM);
    }
}

/* ---- fetching ---- */

/* The service has confirmed the content: it is unchanged, or has just been published. */
static void renewed(struct document *document)
{
    struct entry *p = entry_of(document);
    struct documents *documents = p->owner;
    const struct config *config = documents->config;
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    unsigned ttl_s = endpoint->slow ? config->ttl_slow_s : config->ttl_s;
    int64_t life = ttl_s ? (int64_t)ttl_s * 1000 : LIFE_MIN_MS;

    if (p->prev)
        filled(p);
    metrics_exchange(documents->metrics, endpoint->name, true);
    p->confirmed = clock_ms();
    p->denied = documents->denied = false;
    document->expires = p->fetch_epoch == p->epoch ? p->confirmed + life : 0;
    document->fetched = clock_wall();
    document->stale = false;
    document->error = 0;
    if (documents->outage)
        log_info("%s: the API answers again", document->key);
    documents->outage = false;
}

/* clock_ms() from which on the copy is too old to be served stale. */
static int64_t stale_until(const struct document *document)
{
    const struct config *config = entry_of(document)->owner->config;
    unsigned ttl_s = endpoint_of(document->query.operation)->slow ? config->ttl_slow_s : config->ttl_s;
    return entry_of(document)->confirmed + ((int64_t)ttl_s + config->stale_if_error_s) * 1000;
}

static bool may_serve_stale(const struct document *document, int error)
{
    if (!document->loaded || entry_of(document)->denied || entry_of(document)->owner->denied)
        return false;
    if (error == -ENOENT || error == -EACCES || error == -EINVAL)
        return false;
    return clock_ms() < stale_until(document);
}

/* Whether the error refuses only what the query asks for, such as one service. The API works then. */
static bool refuses_arguments(const struct query *query, int error)
{
    bool has_arguments = query->operation == OP_SERVICE;

    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        has_arguments = has_arguments || query->values[i];
    return has_arguments && (error == -ENOENT || error == -EINVAL);
}

/* The fetch failed. Returns 0 when the old copy is served instead, else the error. */
static int failed(struct document *document, int error, int64_t retry_at)
{
    struct entry *p = entry_of(document);
    struct documents *documents = p->owner;
    int64_t now = clock_ms();

    metrics_exchange(documents->metrics, endpoint_of(document->query.operation)->name,
                     refuses_arguments(&document->query, error));
    if (may_serve_stale(document, error)) {
        int64_t until = now + STALE_KEPT_MS, too_old = stale_until(document);
        if (retry_at > until)
            until = retry_at; /* perhaps a day away; hence the limit of too_old */
        document->expires = until < too_old ? until : too_old;
        if (!documents->outage) {
            char when[32];
            log_warning(
                "%s: the API cannot be asked (%s); serving the copy of %s, and others like it, until it answers",
                document->key, strerror(-error), clock_format(document->fetched, when, sizeof when));
        }
        document->stale = documents->outage = true;
        metrics_count(documents->metrics, COUNT_STALE, 1);
        return 0;
    }
    if (error == -ENOENT && document->loaded) {
        document_clear(document);
        free(steal(&document->etag));
        free(steal(&document->last_modified));
        account(document);
    }
    if (!document->loaded)
        emptied(p);
    document->error = error;
    /* Memory may be there again for the next one who asks. */
    document->error_until = p->fetch_epoch == p->epoch && error != -ENOMEM ? now + ERROR_KEPT_MS : 0;
    return error;
}

/* A copy that the API has refused must not be served stale when the API later fails in another way. A 403 concerns the
 * document; a 401 (`host`) concerns all documents. */
static void remember_denial(struct document *document, bool host)
{
    entry_of(document)->denied = true;
    if (host)
        entry_of(document)->owner->denied = true;
}

static void on_fetched(void *data, const struct fetch_end *end)
{
    struct entry *p = data;
    struct document *document = &p->document;
    uint64_t epoch = p->fetch_epoch;
    int error = end->error;

    p->fetch = NULL;
    if (error == -EACCES)
        remember_denial(document, end->host);
    if (error == 0 && !end->unchanged)
        account(document);
    if (error == 0)
        renewed(document);
    else
        error = failed(document, error, end->retry_at);
    answer(document, epoch, error);
    trim_empties(p->owner);
}

/* Begins a fetch. When out of memory, p->fetch stays NULL. */
static void begin_fetch(struct entry *p)
{
    /* -EBUSY stands for any error of an API that fails. If the copy would be served then, the fetch should fail
     * soon. */
    bool has_copy = may_serve_stale(&p->document, -EBUSY);

    p->fetch_epoch = p->epoch;
    struct fetch_manner manner = {.has_copy = has_copy, .turn = p->touched ? TURN_NOW : TURN_YIELDS};
    p->touched = false;
    p->fetch = fetch_start(&p->owner->fetcher, &p->document, manner, on_fetched, p);
}

int document_seed(struct document *document, const char *body, size_t len)
{
    struct entry *p = entry_of(document);
    int r = fetch_seed(&p->owner->fetcher, document, body, len);

    if (r < 0)
        return r;
    if (!p->fetch)
        p->fetch_epoch = p->epoch;
    account(document);
    renewed(document);
    return 0;
}

int document_restore(struct document *document, const char *body, size_t len, const char *etag,
                     const char *last_modified)
{
    struct entry *p = entry_of(document);
    if (document->loaded || p->fetch)
        return 0;
    int r = document_seed(document, body, len);
    if (r < 0)
        return r;
    fetch_keep_validators(document, etag, last_modified);
    p->confirmed = INT64_MIN / 2; /* so long ago that may_serve_stale() is false */
    document_expire(document);
    return 0;
}
