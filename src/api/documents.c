#include "api/documents.h"

#include "api/build.h"
#include "api/client.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/*
 * A fetch carries the epoch it was asked under, and so does each waiter. document_expire() moves the epoch, so an answer that was already on its way
 * then satisfies those who asked before, and the others' fetch follows it.
 *
 * The hash of documents keeps its order of insertion; whoever is used is taken out and put back, so its head is the least recently used.
 */

#define ERROR_KEPT_MS 1000  /* how long an error stands without another request */
#define STALE_KEPT_MS 2000  /* how long a stale copy stands before the service is asked again, at least */
#define EMPTIES_MAX 256     /* documents without content, kept for their errors */

struct document_private {
    struct client_exchange *exchange;
    struct build *build;
    unsigned choice; /* of the endpoint's candidates, for the request under way */
    uint64_t epoch, fetch_epoch;
    struct waiter *waiters, **tail;
    unsigned refs;
    size_t cost;
    int64_t error_until;
    int64_t confirmed; /* clock_ms() of the service's last confirmation, for stale_if_error */
    UT_hash_handle hh;
    struct document document;
};

struct documents {
    struct loop *loop;
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
    struct metrics *metrics;
    struct document_private *all;
    struct printbuf *key; /* scratch */
    uint64_t cost;
    size_t empties;
    bool outage; /* stale copies have been served since the last answer */
    struct task trim;
    void (*on_evict)(void *data, struct document *document);
    void *on_evict_data;
};

static void fetch(struct document *document);

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
    if (!documents->key) {
        free(documents);
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
        documents->empties--;
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
    printbuf_free(documents->key);
    free(documents);
}

void documents_on_evict(struct documents *documents, void (*fn)(void *data, struct document *document), void *data)
{
    documents->on_evict = fn;
    documents->on_evict_data = data;
}

/* Finds by the key in scratch and makes it the most recently used. */
static struct document_private *find_key(struct documents *documents)
{
    struct document_private *p;
    size_t len = (size_t)documents->key->bpos;
    HASH_FIND(hh, documents->all, documents->key->buf, len, p);
    if (p && p->hh.next) {
        HASH_DELETE(hh, documents->all, p);
        HASH_ADD_KEYPTR(hh, documents->all, p->document.key, strlen(p->document.key), p);
    }
    return p;
}

struct document *documents_find(struct documents *documents, const struct query *query)
{
    printbuf_reset(documents->key);
    query_key(query, documents->key);
    struct document_private *p = find_key(documents);
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
    documents->empties++;
    if (documents->empties > EMPTIES_MAX)
        task_defer(documents->loop, &documents->trim);
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
static void account(struct document *document)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;
    size_t cost = document->loaded ? document_cost(document) : 0;
    documents->cost = documents->cost - p->cost + cost;
    p->cost = cost;
    if (documents->cost > documents->config->cache_size)
        task_defer(documents->loop, &documents->trim);
}

/* Drops what was used longest ago until all fits. The last one used stays, however large: dropping it would only mean to fetch it again for the same reader. */
static void trim(void *data)
{
    struct documents *documents = data;
    int64_t now = clock_ms();

    for (struct document_private *p = documents->all, *next; p; p = next) {
        next = p->hh.next;
        bool crowded = documents->cost > documents->config->cache_size;
        if (!crowded && documents->empties <= EMPTIES_MAX / 2)
            return;
        if (in_use(p) || !next)
            continue;
        if (p->document.loaded ? !crowded : now < p->error_until)
            continue;
        if (documents->on_evict && p->document.loaded)
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
    return document->loaded && clock_ms() < document->expires;
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
        fetch(document);
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
        fetch(document);
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
    document->expires = 0;
}

/* Calls those who asked before the fetch began; the others wait for the next one, which begins here. */
static void answer(struct document *document, uint64_t epoch, int error)
{
    struct document_private *p = document->private;

    p->refs++;
    for (;;) {
        struct waiter *waiter = p->waiters;
        while (waiter && waiter->epoch > epoch)
            waiter = waiter->next;
        if (!waiter)
            break;
        waiter_cancel(waiter);
        waiter->fn(waiter->data, error);
    }
    p->refs--;
    if (p->waiters && !p->exchange)
        fetch(document);
    while (p->waiters && !p->exchange) {
        struct waiter *waiter = p->waiters;
        waiter_cancel(waiter);
        waiter->fn(waiter->data, -ENOMEM);
    }
}

/* ---- fetching ---- */

static void replace(char **where, const char *with)
{
    free(*where);
    *where = with ? strdup(with) : NULL;
}

/* Says once per document that a list's length looks like a page's. */
static void look_for_cut(struct document *document)
{
    static const size_t pages[] = {10, 20, 25, 30, 50, 100, 150, 200, 250, 500, 1000, 5000, 10000};
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    bool cut = false;

    if (endpoint->shape == SHAPE_LIST && !endpoints_page(document->owner->endpoints, document->query.operation)->size)
        for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
            cut = cut || document->n_items == pages[i];
    if (cut && !document->maybe_cut)
        log_warning("%s: the list has exactly %zu entries, which is a typical page size: if entries are missing, set "
                    "%s.page_size in [endpoints] of the configuration file",
                    document->key, document->n_items, endpoint->name);
    document->maybe_cut = cut;
}

/* The service has confirmed the content, which has not changed or has just been published. */
static void renewed(struct document *document)
{
    struct document_private *p = document->private;
    const struct config *config = document->owner->config;
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    unsigned ttl_s = endpoint->slow ? config->ttl_slow_s : config->ttl_s;

    p->confirmed = clock_ms();
    document->expires = p->fetch_epoch == p->epoch ? p->confirmed + (int64_t)ttl_s * 1000 : 0;
    document->fetched = clock_wall();
    document->stale = false;
    document->error = 0;
    if (document->owner->outage)
        log_info("%s: the API answers again", document->key);
    document->owner->outage = false;
}

static int publish(struct document *document, struct build *build)
{
    bool was_loaded = document->loaded, changed;
    int r = build_publish(build, document, clock_wall(), &changed);
    if (r < 0)
        return r;
    if (!was_loaded)
        document->owner->empties--;
    if (changed && document->unshown)
        log_warning("%s: %zu entries of the answer have no usable id and are shown in all/ only", document->key,
                    document->unshown);
    look_for_cut(document);
    renewed(document);
    account(document);
    return 0;
}

static bool may_serve_stale(const struct document *document, int error)
{
    if (!document->loaded || error == -ENOENT || error == -EACCES || error == -EINVAL)
        return false;
    int64_t age = clock_ms() - document->private->confirmed;
    const struct config *config = document->owner->config;
    unsigned ttl_s = endpoint_of(document->query.operation)->slow ? config->ttl_slow_s : config->ttl_s;
    return age < ((int64_t)ttl_s + config->stale_if_error_s) * 1000;
}

/* The fetch failed. Returns 0 when the old copy stands in, else the error. */
static int failed(struct document *document, int error, int64_t retry_at)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;
    int64_t now = clock_ms();

    if (may_serve_stale(document, error)) {
        int64_t until = now + STALE_KEPT_MS;
        document->expires = retry_at > until ? retry_at : until;
        if (!documents->outage) {
            char when[32];
            log_warning("%s: the API cannot be asked (%s); serving the copy of %s, and others like it, until it answers",
                        document->key, strerror(-error), clock_format(document->fetched, when, sizeof when));
        }
        document->stale = documents->outage = true;
        metrics_count(documents->metrics, COUNT_STALE, 1);
        return 0;
    }
    if (error == -ENOENT && document->loaded) {
        document_clear(document);
        replace(&document->etag, NULL);
        replace(&document->last_modified, NULL);
        documents->empties++;
        account(document);
    }
    document->error = error;
    p->error_until = now + ERROR_KEPT_MS;
    return error;
}

static void settle(struct document *document, int error, int64_t retry_at)
{
    struct document_private *p = document->private;
    uint64_t epoch = p->fetch_epoch;

    build_free(steal(&p->build));
    if (error < 0)
        error = failed(document, error, retry_at);
    answer(document, epoch, error);
    if (document->owner->empties > EMPTIES_MAX)
        task_defer(document->owner->loop, &document->owner->trim);
}

static void on_start(void *data)
{
    struct document *document = data;
    (void)build_page(document->private->build);
}

static int on_body(void *data, const char *bytes, size_t len)
{
    struct document *document = data;
    return build_feed(document->private->build, bytes, len);
}

static int request(struct document *document);

/* A whole page has come. 1: another was asked for; 0: all is published; or an error. */
static int page_done(struct document *document, const struct client_result *result)
{
    struct document_private *p = document->private;
    const struct endpoint_paging *paging = endpoints_page(document->owner->endpoints, document->query.operation);
    size_t n;

    int r = build_page_end(p->build, &n);
    if (r < 0)
        return r;
    if (paging->size && n >= paging->size) {
        r = request(document);
        return r < 0 ? r : 1;
    }
    r = publish(document, p->build);
    if (r < 0)
        return r;
    replace(&document->etag, result->etag);
    replace(&document->last_modified, result->last_modified);
    return 0;
}

static void log_unreadable(struct document *document)
{
    _cleanup_(freep) char *message = build_message(document->private->build);
    log_error("%s: the answer of %s is not the JSON that was expected%s%s; see `melbicomfs --endpoints`", document->key,
              document->url ? document->url : "the API", message ? ": " : "", message ? message : "");
}

static void on_done(void *data, const struct client_result *result)
{
    struct document *document = data;
    struct document_private *p = document->private;
    enum operation operation = document->query.operation;
    int error = result->error;

    p->exchange = NULL;
    if (error == -ENOENT && result->status == 404 && build_items(p->build) == 0 &&
        endpoints_missed(document->owner->endpoints, operation, p->choice)) {
        error = request(document);
        if (error == 0)
            return;
    } else if (error == 0) {
        endpoints_settled(document->owner->endpoints, operation);
        if (result->not_modified && document->loaded) {
            renewed(document);
        } else {
            error = result->not_modified ? -EIO : page_done(document, result);
            if (error == 1)
                return;
            if (error == -EIO)
                log_unreadable(document);
        }
    }
    settle(document, error, result->retry_at);
}

/* Sends the request for the next page, or the only one. */
static int request(struct document *document)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;
    enum operation operation = document->query.operation;
    bool conditional = document->loaded && !endpoints_page(documents->endpoints, operation)->size;

    struct printbuf *path = printbuf_new();
    if (!path)
        return -ENOMEM;
    int r = endpoints_path(documents->endpoints, &document->query, build_items(p->build), path);
    if (r == 0) {
        p->choice = endpoints_choice(documents->endpoints, operation);
        replace(&document->url, path->buf);
        p->exchange = client_start(documents->client, &(struct client_request){
                                                          .operation = endpoint_of(operation)->name,
                                                          .method = "GET",
                                                          .path = path->buf,
                                                          .etag = conditional ? document->etag : NULL,
                                                          .last_modified = conditional ? document->last_modified : NULL,
                                                          .on_start = on_start,
                                                          .on_body = on_body,
                                                          .on_done = on_done,
                                                          .data = document,
                                                      });
        r = p->exchange ? 0 : -ENOMEM;
    }
    printbuf_free(path);
    return r;
}

static void fetch(struct document *document)
{
    struct document_private *p = document->private;

    p->fetch_epoch = p->epoch;
    p->build = build_new(document);
    if (!p->build || request(document) < 0)
        build_free(steal(&p->build));
}

int document_seed(struct document *document, const char *body, size_t len)
{
    struct build *build = build_new(document);
    size_t n;
    if (!build)
        return -ENOMEM;
    int r = build_page(build);
    if (r == 0)
        r = build_feed(build, body, len);
    if (r == 0)
        r = build_page_end(build, &n);
    if (r == 0)
        r = publish(document, build);
    build_free(build);
    return r;
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
    account(document);
    return text;
}
