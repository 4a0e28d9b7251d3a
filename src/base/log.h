/*
 * The log: one line an event, to stderr in the foreground, to syslog(3) once detached, and to a ring that
 * .melbicomfs/log shows.
 *
 * A line reads `2026-11-24T03:26:00.123Z error services: …`. Control bytes in a message (text from the API may hold
 * any) are written as \xNN, so that one event stays one line and no terminal is driven by it. Secrets registered with
 * log_hide() are written as `[hidden]` wherever they would appear.
 *
 * Threads:   log_line() and log_hidden() from any thread; the rest from the main thread.
 * Ownership: copies what it is given.
 * Errors:    none are reported: a line that cannot be written is dropped.
 */
#ifndef MELBICOMFS_BASE_LOG_H
#define MELBICOMFS_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines below `level` in importance are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Sends lines to syslog (identifier "melbicomfs") instead of stderr; the ring goes on. */
void log_to_syslog(void);

/* Hides `secret` (copied; NULL or shorter than 4 bytes: ignored) in every later line. Up to 8 distinct secrets are
 * kept, the oldest forgotten first. */
void log_hide(const char *secret);

/* A copy of `text` with those secrets replaced, for words of others that are shown elsewhere than in the log. malloc'd and
 * NUL-terminated; NULL when out of memory. To be called before a text is cut: a part of a secret is not recognized. */
char *log_hidden(const char *text, size_t len, size_t *ret_len);

/* Writes one line. No newline at the end of `format`. Lines over 4,000 bytes are cut and end in "…". errno is
 * preserved. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* The last lines (up to 1,000 lines and 256 KiB, whichever is less), oldest first, each with its newline. Returns a
 * malloc'd string that the caller frees and stores its length in *len; NULL when out of memory. */
char *log_recent(size_t *len);

/* Releases the ring and the secrets (which are wiped first); for a clean end under LeakSanitizer. */
void log_free(void);

#endif
