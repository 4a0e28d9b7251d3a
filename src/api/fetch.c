#include "api/documents_private.h"

#include "api/build.h"
#include "http/client.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_KEPT_MS 1000 /* how long an error stands without another request */
#define STALE_KEPT_MS 2000 /* how long a stale copy stands before the service is asked again, at least */
#define VALIDATOR_MAX 1024 /* bytes of an ETag or Last-Modified that is kept */
#define LIFE_MIN_MS   100  /* with ttl=0 too, those who waited for a document must find it fresh */

static void replace(char **where, const char *with)
{
    free(*where);
    *where = with ? strdup(with) : NULL;
}

/* A validator goes back to the service in a header, so one that cannot stand there, or that no server would take, is as
 * good as none: the next request is an ordinary one, where it would fail for ever. */
static const char *if_usable(const char *validator)
{
    size_t len = 0;

    for (; validator && validator[len]; len++)
        if (len == VALIDATOR_MAX || (unsigned char)validator[len] < 0x20 || validator[len] == 0x7f)
            return NULL;
    return validator;
}

static bool typical_page_size(size_t n)
{
    static const size_t pages[] = {10, 20, 25, 30, 50, 100, 150, 200, 250, 500, 1000, 5000, 10000};

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (n == pages[i])
            return true;
    return false;
}

/* Says that a list's length looks like a page's, unless it did so before. With paging on, that is the length of a first
 * page that came back short: where the service gives no more than that at a time, it is not the last one. */
static void look_for_cut(struct document *document, bool said)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    unsigned asked = endpoints_page(document->owner->endpoints, document->query.operation)->size;
    size_t n = document->n_items;

    document->maybe_cut = endpoint->shape == SHAPE_LIST && typical_page_size(n) && (asked == 0 || n < asked);
    if (!document->maybe_cut || said)
        return;
    if (asked == 0)
        log_warning("%s: the list has exactly %zu entries, which is a typical page size: if entries are missing, set "
                    "%s.page_size in [endpoints] of the configuration file",
                    document->key, n, endpoint->name);
    else
        log_warning("%s: the first page has exactly %zu entries where %u were asked for, which is a typical page size: "
                    "if entries are missing, set %s.page_size = %zu in [endpoints] of the configuration file",
                    document->key, n, asked, endpoint->name, n);
}

/* The service has confirmed the content, which has not changed or has just been published. */
static void renewed(struct document *document)
{
    struct document_private *p = document->private;
    const struct config *config = document->owner->config;
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    unsigned ttl_s = endpoint->slow ? config->ttl_slow_s : config->ttl_s;
    int64_t life = ttl_s ? (int64_t)ttl_s * 1000 : LIFE_MIN_MS;

    p->confirmed = clock_ms();
    p->denied = document->owner->denied = false;
    document->expires = p->fetch_epoch == p->epoch ? p->confirmed + life : 0;
    document->fetched = clock_wall();
    document->stale = false;
    document->error = 0;
    if (document->owner->outage)
        log_info("%s: the API answers again", document->key);
    document->owner->outage = false;
}

static int publish(struct document *document, struct build *build)
{
    bool was_loaded = document->loaded, was_cut = document->maybe_cut, changed;
    size_t were_unshown = document->unshown;
    int r = build_publish(build, document, clock_wall(), &changed);
    if (r < 0)
        return r;
    if (!was_loaded)
        document_filled(document);
    if (document->unshown && document->unshown != were_unshown)
        log_warning("%s: %zu entries of the answer have no usable id and are shown in all/ only", document->key,
                    document->unshown);
    look_for_cut(document, was_cut);
    renewed(document);
    document_account(document);
    return 0;
}

/* clock_ms() from which on the copy is too old to stand in. */
static int64_t stale_until(const struct document *document)
{
    const struct config *config = document->owner->config;
    unsigned ttl_s = endpoint_of(document->query.operation)->slow ? config->ttl_slow_s : config->ttl_s;
    return document->private->confirmed + ((int64_t)ttl_s + config->stale_if_error_s) * 1000;
}

static bool may_serve_stale(const struct document *document, int error)
{
    if (!document->loaded || document->private->denied || document->owner->denied)
        return false;
    if (error == -ENOENT || error == -EACCES || error == -EINVAL)
        return false;
    return clock_ms() < stale_until(document);
}

/* The fetch failed. Returns 0 when the old copy stands in, else the error. */
static int failed(struct document *document, int error, int64_t retry_at)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;
    int64_t now = clock_ms();

    if (may_serve_stale(document, error)) {
        int64_t until = now + STALE_KEPT_MS, too_old = stale_until(document);
        if (retry_at > until)
            until = retry_at; /* which may be a day away */
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
        replace(&document->etag, NULL);
        replace(&document->last_modified, NULL);
        document_account(document);
    }
    if (!document->loaded)
        document_emptied(document);
    document->error = error;
    p->error_until = p->fetch_epoch == p->epoch ? now + ERROR_KEPT_MS : 0;
    return error;
}

/* What was refused must not be shown again because the API fails in another way later. A 403 is about the document; a
 * 401, being the host's, about all of them. */
static void remember_denial(struct document *document, bool host)
{
    document->private->denied = true;
    if (host)
        document->owner->denied = true;
}

static void settle(struct document *document, int error, const struct client_result *result)
{
    struct document_private *p = document->private;
    uint64_t epoch = p->fetch_epoch;

    build_free(steal(&p->build));
    if (error == -EACCES)
        remember_denial(document, result->host);
    if (error < 0)
        error = failed(document, error, result->retry_at);
    document_answer(document, epoch, error);
    documents_trim_empties(document->owner);
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
    replace(&document->etag, if_usable(result->etag));
    replace(&document->last_modified, if_usable(result->last_modified));
    return 0;
}

static void log_unreadable(struct document *document)
{
    _cleanup_(freep) char *message = build_message(document->private->build);
    log_error("%s: the answer of %s is not the JSON that was expected%s%s; see `melbicomfs --endpoints`", document->key,
              document->url ? document->url : "the API", message ? ": " : "", message ? message : "");
}

/*
 * Whether the answer shows that the candidate it came from is the one. A narrow query's 404 means as often that there
 * is no such thing, and a path tried after it may be there and be something else (the account's own domains, say): then
 * only what was asked for proves it. So an empty answer does not, but for that of the first candidate to the whole.
 */
static bool proves_path(const struct document *document)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    bool narrow = false;

    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++)
        narrow = narrow || document->query.values[i];
    if (document->private->choice == 0 && !narrow)
        return true;
    if (document->n_items == 0)
        return false;
    return endpoint->shape != SHAPE_OBJECT || !endpoint->fields[0][0] || snapshot_field(document->items[0].snapshot, 0);
}

static void on_done(void *data, const struct client_result *result)
{
    struct document *document = data;
    struct document_private *p = document->private;
    enum operation operation = document->query.operation;
    int error = result->error;

    p->exchange = NULL;
    if (error == -ENOENT && result->status == 404 && build_items(p->build) == 0 &&
        endpoints_next(document->owner->endpoints, operation, &p->choice)) {
        error = request(document);
        if (error == 0)
            return;
    } else if (error == 0) {
        if (result->not_modified && document->loaded) {
            renewed(document);
        } else {
            error = result->not_modified ? -EIO : page_done(document, result);
            if (error == 1)
                return;
            if (error == -EIO)
                log_unreadable(document);
        }
        if (error == 0 && proves_path(document))
            endpoints_settle(document->owner->endpoints, operation, p->choice);
    }
    settle(document, error, result);
}

/* Sends the request for the next page, or the only one. */
static int request(struct document *document)
{
    struct document_private *p = document->private;
    struct documents *documents = document->owner;
    enum operation operation = document->query.operation;
    /* The error does not matter, as long as it is one that the API's failing gives: only that it is known soon. */
    bool has_copy = may_serve_stale(document, -EBUSY);
    bool conditional = document->loaded && !endpoints_page(documents->endpoints, operation)->size;

    struct printbuf *path = printbuf_new();
    if (!path)
        return -ENOMEM;
    int r = endpoints_path(documents->endpoints, &document->query, p->choice, build_items(p->build), path);
    if (r == 0) {
        replace(&document->url, path->buf);
        p->exchange = client_start(documents->client, &(struct client_request){
                                                          .operation = endpoint_of(operation)->name,
                                                          .method = "GET",
                                                          .path = path->buf,
                                                          .etag = conditional ? document->etag : NULL,
                                                          .last_modified = conditional ? document->last_modified : NULL,
                                                          .has_copy = has_copy,
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

void document_fetch(struct document *document)
{
    struct document_private *p = document->private;

    p->fetch_epoch = p->epoch;
    p->choice = endpoints_first(document->owner->endpoints, document->query.operation);
    p->build = build_new(document, document->owner->config->max_body);
    if (!p->build || request(document) < 0)
        build_free(steal(&p->build));
}

int document_seed(struct document *document, const char *body, size_t len)
{
    struct build *build = build_new(document, document->owner->config->max_body);
    size_t n;
    if (!build)
        return -ENOMEM;
    if (!document->private->exchange)
        document->private->fetch_epoch = document->private->epoch;
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
