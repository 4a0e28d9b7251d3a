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
 * Errors:    none; when out of memory, the buffer lacks part of the text.
 */
#ifndef MELBICOMFS_BASE_EXPOSITION_H
#define MELBICOMFS_BASE_EXPOSITION_H

struct printbuf;

/* Appends the HELP and TYPE lines of the family `melbicomfs_NAME`. `type` is counter, gauge or histogram. `help` is one
 * line without a backslash. */
void exposition_family(struct printbuf *out, const char *name, const char *type, const char *help);

/* Appends a label's value, in quotes. Backslash, quote and newline are escaped, as the format asks. A byte that is not
 * UTF-8, which the format forbids, and a control character each become U+FFFD. A value longer than 128 bytes is cut. */
void exposition_label(struct printbuf *out, const char *value);

#endif
