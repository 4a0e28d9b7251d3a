/* SPDX-License-Identifier: MIT */
/*
 * Log lines about an answer. Each line names the operation and the path, and says what was expected, what came, and
 * what to do.
 *
 * Threads:   loop thread only.
 * Ownership: all is borrowed.
 * Errors:    none; when out of memory a line may be missing.
 */
#ifndef MELBICOMFS_API_ANSWER_LOG_H
#define MELBICOMFS_API_ANSWER_LOG_H

#include "base/log.h"
#include "json/json.h"

#include <stdbool.h>

struct document;
struct endpoints;
struct pages;

/* Writes one line about the last answer to the document's query: "KEY: GET URL: text; advice". */
void answer_log(enum log_level level, const struct document *document, const char *text, const char *advice);

/* Warns about the entries that document->unshown counts: items without a usable id of their own, or prices out of
 * place. `odd` is answer_odd(): the beginning of the first item without an id. If its `len` is 0, every item has an id,
 * but several have the same. */
void answer_log_unshown(const struct endpoints *endpoints, const struct document *document, struct json_slice odd);

/* Logs an error if the document is an object without its first field, such as a balance without an amount. */
void answer_log_missing_field(const struct endpoints *endpoints, const struct document *document);

/* How the fetching of a list ended. */
struct list_end {
    const struct pages *pages; /* what the last page says about further pages */
    unsigned fetched;          /* how many pages were fetched */
    const char *stopped;       /* the API says that a page follows, but the page was not asked for: the reason, in words
                                  that can follow "because"; NULL: no page follows */
};

/* Sets document->total, and sets document->maybe_cut if entries are missing or may be missing. Then also writes a
 * warning, unless `said`: an earlier answer to the same query had the same fault, and the log has the warning. */
void answer_look_for_cut(const struct endpoints *endpoints, struct document *document, const struct list_end *end,
                         bool said);

#endif
