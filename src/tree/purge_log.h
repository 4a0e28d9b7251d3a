/*
 * The log of purges: what this mount purged, service by service, and what came of it.
 *
 * A line is, tab-separated: time, `ok` or the failure, name, HTTP status, the API's message, milliseconds; "-" where
 * there is none.
 *
 * Threads:   loop thread only.
 * Ownership: purge_log_new() gives, purge_log_free() takes back; everything is copied.
 * Errors:    a line that cannot be kept for want of memory is dropped. A service's oldest lines go when its log is
 *            over 256 KiB.
 */
#ifndef MELBICOMFS_TREE_PURGE_LOG_H
#define MELBICOMFS_TREE_PURGE_LOG_H

#include <stddef.h>
#include <stdint.h>

struct metrics;
struct printbuf;
struct purge_log;

/* Borrows the metrics, where it counts what it is told. NULL when out of memory. purge_log_free(NULL) is fine. */
struct purge_log *purge_log_new(struct metrics *metrics);
void purge_log_free(struct purge_log *log);

/* Adds a line on `name` (any bytes) of service `id`, and counts it in the metrics. error: 0 or -errno; status 0: no
 * answer; message "": none. */
void purge_log_add(struct purge_log *log, uint64_t id, const char *name, size_t len, int error, long status,
                   const char *message, int64_t ns);

/* Appends a service's lines, oldest first. -ENOMEM. */
int purge_log_text(const struct purge_log *log, uint64_t id, struct printbuf *out);

#endif
