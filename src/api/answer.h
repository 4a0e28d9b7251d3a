/* SPDX-License-Identifier: MIT */
/*
 * Answers: turn the bytes of an answer into a document's items, while they arrive.
 *
 * An answer is one page, or several pages when paging is on. For each page: answer_page(), answer_feed() as often as
 * bytes come, answer_page_end(). At the end answer_publish() moves the items into the document.
 *
 * The text of an item is made as soon as the item's last byte has come. If the document already has the same item, at
 * the same place or with the same id, its snapshot is kept and the new text is dropped. So a renewal costs only the
 * memory of the items that changed.
 *
 * Threads:   loop thread only.
 * Ownership: answer_new() creates, answer_free() frees. The document is borrowed; it is only read before
 *            answer_publish().
 * Errors:    -EIO when the answer does not contain what was asked for, or the errno of the HTTP status that the answer
 *            reports in its body; answer_problem() then says what is wrong. -EFBIG when the items of all pages would
 *            take more memory than answer_new() allows. -ENOMEM.
 */
#ifndef MELBICOMFS_API_ANSWER_H
#define MELBICOMFS_API_ANSWER_H

#include "api/pages.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct answer;
struct document;
struct endpoints;
struct problem;
struct endpoints;

/*
 * Begins an answer for `document`. The HTTP client bounds the bytes of a page by `max_body`, but items can take far
 * more memory: an element of two bytes becomes an item of a hundred, and each line of a deeply nested value is indented
 * by up to 400 spaces. So the items of all pages may take 4 * max_body + 1 MiB; the 1 MiB keeps a small max_body
 * usable.
 *
 * Both arguments are borrowed; `endpoints` says under which names the API's answers are read. NULL when out of memory.
 * answer_free(NULL) is fine.
 */
struct answer *answer_new(const struct document *document, const struct endpoints *endpoints, uint64_t max_body);
void answer_free(struct answer *answer);

/* Begins a page. If the last page has begun but not ended, this is a retry of that page, and its items are dropped.
 * Returns 0 or -ENOMEM. */
int answer_page(struct answer *answer);

/* Takes the next bytes of the page, cut anywhere. Returns 0, or an error; after an error, only answer_free() or a retry
 * with answer_page() may follow. */
int answer_feed(struct answer *answer, const char *bytes, size_t len);

/* A complete page. */
struct answer_page {
    size_t items;       /* how many items the page has; 0 if `again` */
    bool again;         /* the page began with the same item as the page before, so its items were dropped: the API
                           ignores the parameter that asks for a further page */
    struct pages pages; /* what the answer says about further pages; the caller calls pages_free() */
};

/* Ends the page, all of whose bytes have come. Returns 0 and fills *ret, or an error. */
int answer_page_end(struct answer *answer, struct answer_page *ret);

/* The number of items in all complete pages, which is the next page's offset. */
size_t answer_items(const struct answer *answer);

/* After answer_feed() or answer_page_end() has failed: what is wrong with the page. NULL if the failure was not the
 * answer's fault (-ENOMEM, -EFBIG). Borrowed until the next page or answer_free(). */
const struct problem *answer_problem(const struct answer *answer);

/* The first 4,096 bytes of the raw text of the first item without a usable id; `len` is 0 if every item has one.
 * Borrowed until answer_free(). */
struct json_slice answer_odd(const struct answer *answer);

/* Moves the items into the document, as renew_document() says (renew.h), and returns what it returns. Afterwards the
 * answer can only be freed. */
int answer_publish(struct answer *answer, struct document *document, struct timespec now, bool *ret_changed);

#endif
