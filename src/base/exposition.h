/* SPDX-License-Identifier: MIT */
/*
 * The parts of Prometheus' text format (exposition format 0.0.4): a family's two lines, and a label's value.
 *
 *      # HELP melbicomfs_cache_hits_total Times a document was asked for and was fresh.
 *      # TYPE melbicomfs_cache_hits_total counter
 *      melbicomfs_cache_hits_total 12
 *
 * Threads:   any; nothing is kept.
 * Ownership: the caller owns the buffer.
 * Errors:    when out of memory, `failed` is set and stays set: the buffer lacks part of the text.
 */
#ifndef MELBICOMFS_BASE_EXPOSITION_H
#define MELBICOMFS_BASE_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

struct printbuf;

/* A text that is being made. */
struct exposition {
    struct printbuf *out; /* borrowed */
    bool failed;
};

/* Appends a text as it is. */
void exposition_text(struct exposition *text, const char *bytes, size_t len);

/* Appends text by printf's rules, at most 511 bytes. */
void exposition_print(struct exposition *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the HELP and TYPE lines of the family `melbicomfs_NAME`. `type` is counter, gauge or histogram. `help` is one
 * line without a backslash. */
void exposition_family(struct exposition *text, const char *name, const char *type, const char *help);

/* Appends a label's value, in quotes. Backslash, quote and newline are escaped, as the format asks. A byte that is not
 * UTF-8, which the format forbids, and a control character each become U+FFFD. A value longer than 128 bytes is cut. */
void exposition_label(struct exposition *text, const char *value);

#endif
