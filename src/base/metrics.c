/* SPDX-License-Identifier: MIT */
/*
 * Counters as Prometheus text.
 *
 * The first attempt or exchange of an operation makes a record with a histogram; the first attempt with a certain status makes a
 * counter in that record. Both are kept in plain lists, because there are about ten operations with about five statuses
 * each. Times are summed in whole nanoseconds and printed as integers: nothing is rounded, and no locale can put a
 * comma into a number.
 */
#include "base/metrics.h"

#include "base/clock.h"
#include "base/exposition.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifndef MELBICOMFS_VERSION
#define MELBICOMFS_VERSION "0.1.0"
#endif

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  (1000 * NS_PER_MS)

/* The upper bounds of the histogram's buckets: in nanoseconds, and as the text of the label `le`. */
static const struct {
    int64_t ns;
    const char *le;
} buckets[] = {
    {5 * NS_PER_MS, "0.005"},  {10 * NS_PER_MS, "0.01"},  {25 * NS_PER_MS, "0.025"}, {50 * NS_PER_MS, "0.05"},
    {100 * NS_PER_MS, "0.1"},  {250 * NS_PER_MS, "0.25"}, {500 * NS_PER_MS, "0.5"},  {NS_PER_S, "1"},
    {2500 * NS_PER_MS, "2.5"}, {5 * NS_PER_S, "5"},       {10 * NS_PER_S, "10"},     {30 * NS_PER_S, "30"},
};
#define BUCKETS (sizeof(buckets) / sizeof(buckets[0]))

static const char *const kernel_names[KERNEL_REQUESTS] = {
    [KERNEL_LOOKUP] = "lookup",     [KERNEL_FORGET] = "forget",       [KERNEL_GETATTR] = "getattr",
    [KERNEL_SETATTR] = "setattr",   [KERNEL_READLINK] = "readlink",   [KERNEL_READ] = "read",
    [KERNEL_WRITE] = "write",       [KERNEL_READDIR] = "readdir",     [KERNEL_READDIRPLUS] = "readdirplus",
    [KERNEL_GETXATTR] = "getxattr", [KERNEL_LISTXATTR] = "listxattr", [KERNEL_STATFS] = "statfs",
    [KERNEL_OTHER] = "other",
};

struct status {
    struct status *next;
    long status;
    uint64_t n;
};

struct operation {
    struct operation *next;
    char *name;
    struct status *statuses;
    uint64_t in_bucket[BUCKETS]; /* a request counts in one bucket only; the printed buckets are cumulative */
    uint64_t n, ns;
    bool used;               /* an exchange has ended */
    bool succeeded;          /* the last exchange succeeded */
    struct timespec success; /* when an exchange last succeeded; 0: never */
};

struct metrics {
    uint64_t kernel[KERNEL_REQUESTS];
    uint64_t counters[COUNTERS];
    struct operation *operations;
    atomic_uint_fast64_t pushed_files, pushed_bytes; /* the pusher's thread adds to them */
};

struct metrics *metrics_new(void)
{
    return calloc(1, sizeof(struct metrics));
}

static void operation_free(struct operation *operation)
{
    while (operation->statuses) {
        struct status *status = operation->statuses;

        operation->statuses = status->next;
        free(status);
    }
    free(operation->name);
    free(operation);
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    while (metrics->operations) {
        struct operation *operation = metrics->operations;

        metrics->operations = operation->next;
        operation_free(operation);
    }
    free(metrics);
}

void metrics_kernel(struct metrics *metrics, enum kernel_request request)
{
    metrics->kernel[request]++;
}

void metrics_count(struct metrics *metrics, enum counter counter, uint64_t n)
{
    metrics->counters[counter] += n;
}

static struct operation *find_operation(struct metrics *metrics, const char *name)
{
    struct operation **p = &metrics->operations, *operation;

    for (; *p; p = &(*p)->next)
        if (strcmp((*p)->name, name) == 0)
            return *p;
    operation = calloc(1, sizeof(*operation));
    if (!operation)
        return NULL;
    operation->name = strdup(name);
    if (!operation->name) {
        free(operation);
        return NULL;
    }
    *p = operation;
    return operation;
}

static struct status *find_status(struct operation *operation, long code)
{
    struct status **p = &operation->statuses;

    for (; *p; p = &(*p)->next)
        if ((*p)->status == code)
            return *p;
    *p = calloc(1, sizeof(**p));
    if (*p)
        (*p)->status = code;
    return *p;
}

void metrics_http(struct metrics *metrics, const char *operation, long status, int64_t ns)
{
    struct operation *o = find_operation(metrics, operation);
    struct status *s = o ? find_status(o, status) : NULL;
    size_t i = 0;

    if (!s)
        return;
    if (ns < 0)
        ns = 0;
    s->n++;
    while (i < BUCKETS && ns > buckets[i].ns)
        i++;
    if (i < BUCKETS)
        o->in_bucket[i]++;
    o->n++;
    o->ns += (uint64_t)ns;
}

void metrics_exchange(struct metrics *metrics, const char *operation, bool succeeded)
{
    struct operation *o = find_operation(metrics, operation);

    if (!o)
        return;
    o->used = true;
    o->succeeded = succeeded;
    if (succeeded)
        o->success = clock_wall();
}

bool metrics_up(const struct metrics *metrics)
{
    for (const struct operation *o = metrics->operations; o; o = o->next)
        if (o->used && !o->succeeded)
            return false;
    return true;
}

void metrics_each(const struct metrics *metrics, void (*fn)(void *data, const struct metrics_operation *operation),
                  void *data)
{
    for (const struct operation *o = metrics->operations; o; o = o->next)
        if (o->used)
            fn(data, &(struct metrics_operation){.name = o->name, .succeeded = o->succeeded, .success = o->success});
}

uint64_t metrics_requests(const struct metrics *metrics)
{
    uint64_t n = 0;
    for (const struct operation *o = metrics->operations; o; o = o->next)
        n += o->n;
    return n;
}

void metrics_pushed(struct metrics *metrics, uint64_t bytes)
{
    atomic_fetch_add_explicit(&metrics->pushed_files, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->pushed_bytes, bytes, memory_order_relaxed);
}

static void print_counter(struct exposition *text, const char *name, const char *help, uint64_t value)
{
    exposition_family(text, name, "counter", help);
    exposition_print(text, "melbicomfs_%s %" PRIu64 "\n", name, value);
}

static void print_up(const struct metrics *metrics, struct exposition *text)
{
    exposition_family(text, "build_info", "gauge", "Always 1; the label is the version of this program.");
    exposition_print(text, "melbicomfs_build_info{version=");
    exposition_label(text, MELBICOMFS_VERSION);
    exposition_print(text, "} 1\n");
    exposition_family(text, "up", "gauge",
                      "1 if the last exchange of every operation that was used succeeded, 0 otherwise.");
    exposition_print(text, "melbicomfs_up %d\n", metrics_up(metrics));
    exposition_family(text, "last_success_timestamp_seconds", "gauge",
                      "When an exchange of the operation last succeeded, in seconds since 1970.");
    for (const struct operation *o = metrics->operations; o; o = o->next) {
        if (!o->success.tv_sec)
            continue;
        exposition_print(text, "melbicomfs_last_success_timestamp_seconds{operation=");
        exposition_label(text, o->name);
        exposition_print(text, "} %jd.%03" PRId64 "\n", (intmax_t)o->success.tv_sec, o->success.tv_nsec / NS_PER_MS);
    }
}

static void print_kernel(const struct metrics *metrics, struct exposition *text)
{
    exposition_family(text, "kernel_requests_total", "counter", "Requests from the kernel, by kind.");
    for (size_t i = 0; i < KERNEL_REQUESTS; i++)
        exposition_print(text, "melbicomfs_kernel_requests_total{request=\"%s\"} %" PRIu64 "\n", kernel_names[i],
                         metrics->kernel[i]);
}

static void print_http_requests(const struct metrics *metrics, struct exposition *text)
{
    exposition_family(text, "http_requests_total", "counter",
                      "HTTP attempts, by operation and status. Status 0 is an attempt without an answer.");
    for (const struct operation *o = metrics->operations; o; o = o->next)
        for (const struct status *s = o->statuses; s; s = s->next) {
            exposition_print(text, "melbicomfs_http_requests_total{operation=");
            exposition_label(text, o->name);
            exposition_print(text, ",status=\"%ld\"} %" PRIu64 "\n", s->status, s->n);
        }
}

static void print_bucket(struct exposition *text, const char *operation, const char *le, uint64_t n)
{
    exposition_print(text, "melbicomfs_http_request_duration_seconds_bucket{operation=");
    exposition_label(text, operation);
    exposition_print(text, ",le=\"%s\"} %" PRIu64 "\n", le, n);
}

static void print_http_durations(const struct metrics *metrics, struct exposition *text)
{
    exposition_family(text, "http_request_duration_seconds", "histogram",
                      "Time from the start of an HTTP attempt to its end.");
    for (const struct operation *o = metrics->operations; o; o = o->next) {
        uint64_t n = 0;

        if (o->n == 0)
            continue;
        for (size_t i = 0; i < BUCKETS; i++)
            print_bucket(text, o->name, buckets[i].le, n += o->in_bucket[i]);
        print_bucket(text, o->name, "+Inf", o->n);
        exposition_print(text, "melbicomfs_http_request_duration_seconds_sum{operation=");
        exposition_label(text, o->name);
        exposition_print(text, "} %" PRIu64 ".%09" PRIu64 "\n", o->ns / (uint64_t)NS_PER_S, o->ns % (uint64_t)NS_PER_S);
        exposition_print(text, "melbicomfs_http_request_duration_seconds_count{operation=");
        exposition_label(text, o->name);
        exposition_print(text, "} %" PRIu64 "\n", o->n);
    }
}

int metrics_print(struct metrics *metrics, struct printbuf *out)
{
    const uint64_t *n = metrics->counters;
    struct exposition exposition = {.out = out}, *text = &exposition;

    print_up(metrics, text);
    print_kernel(metrics, text);
    print_http_requests(metrics, text);
    print_http_durations(metrics, text);
    print_counter(text, "http_retries_total", "HTTP attempts that retried an earlier attempt.", n[COUNT_RETRY]);
    print_counter(text, "http_received_bytes_total", "Bytes of HTTP bodies received, after decompression.",
                  n[COUNT_HTTP_BYTES]);
    print_counter(text, "cache_hits_total", "Times a document was asked for and was fresh.", n[COUNT_CACHE_HIT]);
    print_counter(text, "cache_misses_total", "Times a document was asked for and had to be fetched or awaited.",
                  n[COUNT_CACHE_MISS]);
    print_counter(text, "stale_serves_total", "Times an expired document was served because the API failed.",
                  n[COUNT_STALE]);
    exposition_family(text, "purges_total", "counter", "Names that were written to purge files, by result.");
    exposition_print(text, "melbicomfs_purges_total{result=\"ok\"} %" PRIu64 "\n", n[COUNT_PURGE_OK]);
    exposition_print(text, "melbicomfs_purges_total{result=\"failed\"} %" PRIu64 "\n", n[COUNT_PURGE_FAILED]);
    print_counter(text, "pushed_files_total", "Files put into the page cache before they were read.",
                  atomic_load_explicit(&metrics->pushed_files, memory_order_relaxed));
    print_counter(text, "pushed_bytes_total", "Bytes put into the page cache before they were read.",
                  atomic_load_explicit(&metrics->pushed_bytes, memory_order_relaxed));
    return text->failed ? -ENOMEM : 0;
}
