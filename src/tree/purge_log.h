/* SPDX-License-Identifier: MIT */
/*
 * The purge log: for each service, the names that this mount purged, and the result of each.
 *
 * A line has six columns, separated by tabs: time; `ok` or the error; name; HTTP status; the API's message;
 * milliseconds. Without an answer the status is "-", and a missing message is "-". A service's log holds 256 KiB; when
 * it is full, its oldest lines are dropped.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the log and frees it with purge_log_free(). Names and messages are copied.
 * Errors:    a line for which there is no memory is dropped.
 */
#ifndef MELBICOMFS_TREE_PURGE_LOG_H
#define MELBICOMFS_TREE_PURGE_LOG_H

#include <stddef.h>
#include <stdint.h>

struct metrics;
struct printbuf;
struct purge_log;

/* Makes an empty log. It counts each line in `metrics` (borrowed). NULL when out of memory. purge_log_free(NULL) is
 * fine. */
struct purge_log *purge_log_new(struct metrics *metrics);
void purge_log_free(struct purge_log *log);

/* Adds a line about `name` (`len` bytes of any kind) to the log of service `id`, and counts it in the metrics. `error`
 * is 0 or -errno; `status` is the HTTP status, or 0 without an answer; `message` is the API's message or the reason, or
 * ""; `ns` is how long the POST took, in nanoseconds. Control characters and bytes that are not UTF-8 are written as
 * \xNN, and a name is cut at 300 bytes. A line that is dropped for lack of memory is counted, too. */
void purge_log_add(struct purge_log *log, uint64_t id, const char *name, size_t len, int error, long status,
                   const char *message, int64_t ns);

/* Appends the lines of service `id` to `out`, oldest first; nothing when there are none. Returns 0 or -ENOMEM. */
int purge_log_text(const struct purge_log *log, uint64_t id, struct printbuf *out);

#endif
