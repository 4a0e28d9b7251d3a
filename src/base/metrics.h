/*
 * Counters of this mount, written as Prometheus text (exposition format 0.0.4).
 *
 * The counted things are a fixed, small set, so nothing here allocates per event except the first time an operation and
 * status are seen together.
 *
 * Threads:   loop thread, except metrics_pushed(), which the pusher's thread may call.
 * Ownership: metrics_new() gives, metrics_free() takes back; strings are copied.
 * Errors:    none; an event that cannot be recorded for want of memory is dropped.
 */
#ifndef MELBICOMFS_BASE_METRICS_H
#define MELBICOMFS_BASE_METRICS_H

#include <stdint.h>

struct metrics;
struct printbuf;

/* Requests of the kernel that are counted, by the names in metrics.c. */
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
    COUNT_CACHE_HIT,    /* a document asked for and fresh */
    COUNT_CACHE_MISS,   /* a document asked for and fetched or awaited */
    COUNT_STALE,        /* an expired document served because the API could not be reached */
    COUNT_PURGE_OK,     /* names purged */
    COUNT_PURGE_FAILED, /* names refused or failed */
    COUNT_RETRY,        /* HTTP attempts after the first */
    COUNT_HTTP_BYTES,   /* body bytes received, decompressed */
    COUNTERS
};

/* Returns NULL when out of memory. metrics_free(NULL) is fine. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* One request of the kernel. */
void metrics_kernel(struct metrics *metrics, enum kernel_request request);

/* Adds n to a counter. */
void metrics_count(struct metrics *metrics, enum counter counter, uint64_t n);

/* One HTTP attempt answered (or failed: status 0) after `ns` nanoseconds. `operation` is an endpoint's name, such as
 * "services". */
void metrics_http(struct metrics *metrics, const char *operation, long status, int64_t ns);

/* `bytes` put into the page cache of one file by the pusher. Any thread. */
void metrics_pushed(struct metrics *metrics, uint64_t bytes);

/* Appends everything as Prometheus text: each family with its HELP and TYPE line, names `melbicomfs_…`, counters ending
 * in
 * `_total`, label values escaped; melbicomfs_kernel_requests_total{request="lookup"},
 * melbicomfs_http_requests_total{operation,status}, melbicomfs_http_request_duration_seconds (histogram by operation),
 * melbicomfs_cache_hits_total, _cache_misses_total, _stale_serves_total, _purges_total{result="ok"|"failed"},
 * _http_retries_total, _http_received_bytes_total, _pushed_files_total, _pushed_bytes_total. Families of fixed labels
 * are always there, at 0. */
void metrics_print(struct metrics *metrics, struct printbuf *out);

#endif
