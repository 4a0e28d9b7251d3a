/* SPDX-License-Identifier: MIT */
/*
 * The log: one line per event. A line goes to stderr in the foreground, or to syslog(3) once the program has detached,
 * and also into a ring in memory, which .melbicomfs/log shows.
 *
 * A line reads `2026-11-24T03:26:00.123Z error services: …`. Control bytes and invalid UTF-8 in a message are written
 * as \xNN: text from the API may contain any byte, and must neither break the line nor send commands to a terminal. A
 * secret that log_hide() has registered is written as `[hidden]`.
 *
 * Threads:   log_line() and log_hidden() from any thread; the others from the main thread.
 * Ownership: the log copies every line that it is given; of a secret it keeps a keyed hash and no copy. The caller
 *            keeps its own strings.
 * Errors:    none are reported: a line that cannot be written is dropped.
 */
#ifndef MELBICOMFS_BASE_LOG_H
#define MELBICOMFS_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The name of a level, as lines show it. */
const char *log_level_name(enum log_level level);

/* Drops lines that are less important than `level` from now on. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Whether a line of this level would be written. For callers that would have to prepare it. */
bool log_takes(enum log_level level);

/* Sends later lines to syslog (identifier "melbicomfs") instead of stderr. The ring still gets every line. */
void log_to_syslog(void);

/* For the start of the program, when a person waits for the outcome: while `plain` is true, lines on stderr read
 * `melbicomfs: MESSAGE`, as those of other commands do. Debugging lines keep their time and level, and so do the lines
 * of the ring. */
void log_plain(bool plain);

/* Gives later lines to `taker` instead of stderr and syslog, without their time and level; the ring still gets them.
 * For callers that print failures in their own form, such as --doctor. `taker` is called with the log's lock held and
 * must not log; `message` is borrowed for the call. With NULL as `taker`, lines go to stderr or syslog again. */
void log_divert(void (*taker)(void *data, const char *message), void *data);

/* Hides `secret` in every later line. The log recognises up to 8 distinct secrets and forgets the oldest for a ninth. A
 * secret that is NULL or shorter than 4 bytes is ignored. */
void log_hide(const char *secret);

/* Returns a copy of the `len` bytes at `text` with every registered secret replaced by `[hidden]`, for text from the
 * API that is shown outside the log. The copy is malloc'd, NUL-terminated, and the caller's to free; *ret_len is its
 * length in bytes. NULL when out of memory. Call this before cutting a text: a part of a secret is not recognised. */
char *log_hidden(const char *text, size_t len, size_t *ret_len);

/* Writes one line. `format` is printf's (with %m) and has no newline at its end. A line longer than 4,000 bytes is cut
 * and ends in "…". errno stays unchanged. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Returns the ring's lines, oldest first, each with its newline: at most 1,000 lines and at most 256 KiB. The string is
 * malloc'd, and the caller frees it; *len is its length in bytes. NULL when out of memory. */
char *log_recent(size_t *len);

/* Frees the ring, and forgets the secrets. Only LeakSanitizer needs this call, at the end of the program. */
void log_free(void);

#endif
