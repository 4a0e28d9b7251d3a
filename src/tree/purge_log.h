/* SPDX-License-Identifier: MIT */
/*
 * The purge log: for each service, the names that this mount purged, and the result of each.
 *
 * A service's log is a text that only grows, like any log: what it says once stays at the same offset for ever. So a
 * program that follows the file (`tail -f`) prints each line once, and never one twice. The first line begins with `#`
 * and tells how to purge. Every other line has six columns, separated by tabs: time; `ok` or the error; name; HTTP
 * status; the API's own words; milliseconds. Without an answer the status is "-", and without words they are "-".
 *
 * A log holds PURGE_LOG_BYTES_MAX bytes, which is about 100,000 purges with short names. To drop its oldest lines would move all
 * others to new offsets, and a follower would print them again. So a log that is full ends with a last line that says
 * so, and the lines that do not fit go to the program's log (.melbicomfs/log).
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the log and frees it with purge_log_free(). Names and messages are copied.
 * Errors:    a line for which there is no memory is dropped and goes to the program's log. Before the next line, a line
 *            that begins with `#` says how many are missing.
 */
#ifndef MELBICOMFS_TREE_PURGE_LOG_H
#define MELBICOMFS_TREE_PURGE_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct metrics;
struct purge_log;

/* The most bytes of one service's log. */
#define PURGE_LOG_BYTES_MAX ((size_t)16 << 20)

/* The text of a service's log. */
struct purge_log_text {
    const char *bytes; /* not NUL-terminated; borrowed until the next turn of the loop */
    size_t len;
    struct timespec changed; /* when the last line came; without one, when the log was made */
};

/* Makes an empty log. It counts each line in `metrics` (borrowed). NULL when out of memory. purge_log_free(NULL) is
 * fine. */
struct purge_log *purge_log_new(struct metrics *metrics);
void purge_log_free(struct purge_log *log);

/* From now on, fn(data, id) is called at the end of each purge_log_add(). NULL: no longer. */
void purge_log_on_growth(struct purge_log *log, void (*fn)(void *data, uint64_t id), void *data);

/* Prepares the log of service `id`, so that a line for which there is no memory can be counted. Returns 0 or -ENOMEM. */
int purge_log_prepare(struct purge_log *log, uint64_t id);

/* Adds a line about `name` (`len` bytes of any kind) to the log of service `id`, and counts it in the metrics. `error`
 * is 0 or -errno; `status` is the HTTP status, or 0 without an answer; `message` is the API's words or the reason, or
 * ""; `ns` is how long the POST took, in nanoseconds. Control characters and bytes that are not UTF-8 are written as
 * \xNN, and a name is cut at 300 bytes. A line that is dropped for lack of memory is counted, too. */
void purge_log_add(struct purge_log *log, uint64_t id, const char *name, size_t len, int error, long status,
                   const char *message, int64_t ns);

/* Stores in *ret the text of the log of service `id`. It has its first line even if nothing was ever purged there. */
void purge_log_text(const struct purge_log *log, uint64_t id, struct purge_log_text *ret);

#endif
