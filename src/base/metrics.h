/* SPDX-License-Identifier: MIT */
/*
 * Counters of this mount, written as Prometheus text (exposition format 0.0.4), and whether the API serves it.
 *
 * An HTTP attempt is one request. An exchange is one call of the API with its retries and pages. It succeeds if the API
 * answers as it should; that is also so if the answer is that one thing is not there, or that a name cannot be purged:
 * a typing error must not look like an outage.
 *
 * Counting an event allocates no memory, except for the first HTTP attempt or exchange of an operation and the first
 * attempt with a new status.
 *
 * Threads:   loop thread, except metrics_pushed(), which any thread may call.
 * Ownership: the caller owns what metrics_new() returns and frees it with metrics_free(). Strings are copied.
 * Errors:    none; an attempt or exchange that needs memory when there is none is not counted.
 */
#ifndef MELBICOMFS_BASE_METRICS_H
#define MELBICOMFS_BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct metrics;
struct printbuf;

/* The kinds of requests from the kernel; metrics.c has their names. */
enum kernel_request {
    KERNEL_LOOKUP,
    KERNEL_FORGET,
    KERNEL_GETATTR,
    KERNEL_SETATTR,
    KERNEL_READLINK,
    KERNEL_READ,
    KERNEL_WRITE,
    KERNEL_READDIR,
    KERNEL_READDIRPLUS,
    KERNEL_GETXATTR,
    KERNEL_LISTXATTR,
    KERNEL_STATFS,
    KERNEL_OTHER,
    KERNEL_REQUESTS
};

/* Plain counters. */
enum counter {
    COUNT_CACHE_HIT,    /* a document was asked for and was fresh */
    COUNT_CACHE_MISS,   /* a document was asked for and had to be fetched or awaited */
    COUNT_STALE,        /* an expired document was served because the API failed */
    COUNT_PURGE_OK,     /* names purged */
    COUNT_PURGE_FAILED, /* names whose purge was refused or failed */
    COUNT_RETRY,        /* HTTP attempts that retried an earlier attempt */
    COUNT_HTTP_BYTES,   /* bytes of HTTP bodies received, after decompression */
    COUNTERS
};

/* All counters begin at 0. metrics_new() returns NULL when out of memory. metrics_free(NULL) is fine. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Counts one request from the kernel. */
void metrics_kernel(struct metrics *metrics, enum kernel_request request);

/* Adds n to one of the plain counters. */
void metrics_count(struct metrics *metrics, enum counter counter, uint64_t n);

/* Counts one HTTP attempt that took `ns` nanoseconds. `status` is the HTTP status, or 0 if there was no answer.
 * `operation` is an endpoint's name, such as "services". */
void metrics_http(struct metrics *metrics, const char *operation, long status, int64_t ns);

/* Returns how many HTTP attempts were counted. */
uint64_t metrics_requests(const struct metrics *metrics);

/* Keeps how the last exchange of an operation ended, and the time of day if it succeeded. `operation` is an endpoint's
 * name. */
void metrics_exchange(struct metrics *metrics, const char *operation, bool succeeded);

/* Returns whether the last exchange of every operation that was used succeeded; true if none was used. */
bool metrics_up(const struct metrics *metrics);

/* How the last exchange of an operation ended. */
struct metrics_operation {
    const char *name; /* borrowed */
    bool succeeded;
    struct timespec success; /* time of day of the last success; 0: there was none */
};

/* Calls fn for every operation that was used, in the order of their first use. */
void metrics_each(const struct metrics *metrics, void (*fn)(void *data, const struct metrics_operation *operation),
                  void *data);

/* Counts one file, `bytes` long, that was put into the page cache before it was read. May be called by any thread. */
void metrics_pushed(struct metrics *metrics, uint64_t bytes);

/*
 * Appends all metrics to `out`, each with its HELP and TYPE line:
 *
 *      melbicomfs_build_info{version}                              gauge, 1
 *      melbicomfs_up                                               gauge: metrics_up()
 *      melbicomfs_last_success_timestamp_seconds{operation}        gauge; absent for an operation without a success
 *      melbicomfs_kernel_requests_total{request="lookup"}          counter by kind
 *      melbicomfs_http_requests_total{operation,status}            counter
 *      melbicomfs_http_request_duration_seconds{operation}         histogram
 *      melbicomfs_purges_total{result="ok"|"failed"}               counter
 *      melbicomfs_cache_hits_total, _cache_misses_total, _stale_serves_total, _http_retries_total,
 *      _http_received_bytes_total, _pushed_files_total, _pushed_bytes_total
 *
 * Metrics without the label `operation` are printed even when they are 0. Returns 0 or -ENOMEM.
 * tree/account_metrics.h has the gauges of the account: balance, unpaid, overdue invoices, and counts by status.
 */
int metrics_print(struct metrics *metrics, struct printbuf *out);

#endif
