/* SPDX-License-Identifier: MIT */
/*
 * What the log says of an answer: one line with the operation, the path, what was expected, what came, and what to do.
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

/* Writes a line about the last answer to the document's query. */
void answer_log(enum log_level level, const struct document *document, const char *text, const char *advice);

/* Warns of document->unshown: items without an id, or prices out of place. `odd` is the beginning of the first item
 * without an id; its `len` is 0 if all have one, and some have the same. */
void answer_log_unshown(const struct endpoints *endpoints, const struct document *document, struct json_slice odd);

/* Warns if the document is an object without the field that makes it what it is, such as a balance without an amount. */
void answer_log_missing_field(const struct endpoints *endpoints, const struct document *document);

/* How a list ended. */
struct list_end {
    const struct pages *pages; /* what the last page said */
    unsigned fetched;          /* how many pages were fetched */
    const char *stopped; /* why a page that is named was not asked for: "it …", of the API; NULL: none is named */
};

/* Sets document->total, and document->maybe_cut if entries are missing, or may be, and warns of it unless that has been
 * said before (`said`). */
void answer_look_for_cut(const struct endpoints *endpoints, struct document *document, const struct list_end *end,
                         bool said);

#endif
