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
 * Errors:    -EIO when the answer is not what was asked for, or the errno of the HTTP status that it reports in its body;
 *            answer_problem() says what is wrong. -EFBIG when its items, over all pages, would take more memory than
 *            allowed; -ENOMEM.
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
 * `endpoints` says how the answer is read; it is borrowed. NULL when out of memory. answer_free(NULL) is fine.
 */
struct answer *answer_new(const struct document *document, const struct endpoints *endpoints, uint64_t max_body);
void answer_free(struct answer *answer);

/* A page begins. If it began before and did not end (a retry), its items are forgotten. 0 or -ENOMEM. */
int answer_page(struct answer *answer);

/* Takes the next bytes of the page, cut anywhere. 0 or an error, after which the answer can only be freed or the page
 * begun again. */
int answer_feed(struct answer *answer, const char *bytes, size_t len);

/* What a complete page is. */
struct answer_page {
    size_t items; /* how many items it has */
    bool again;   /* it began with the same item as the page before, and its items were dropped: the API ignores what
                           it was asked for */
    struct pages pages; /* what it says about further pages; pages_free() frees it */
};

/* The page is complete. Returns 0 and fills *ret, or an error, with *ret untouched. */
int answer_page_end(struct answer *answer, struct answer_page *ret);

/* The number of items in all complete pages, which is the next page's offset. */
size_t answer_items(const struct answer *answer);

/* What is wrong with the page, after answer_feed() or answer_page_end() has failed; NULL if it is nothing about the
 * answer, such as -ENOMEM. Borrowed until the next page or answer_free(). */
const struct problem *answer_problem(const struct answer *answer);

/* The beginning of the raw text of the first item without a usable id; its `at` is NULL or its `len` 0 if there is none.
 * Borrowed until answer_free(). */
struct json_slice answer_odd(const struct answer *answer);

/* Moves the items into the document. If all are the same as before, the document keeps its generation, and *ret_changed
 * is false; otherwise the generation moves and document->changed becomes `now`, the wall clock. 0, -ENOMEM or -EIO
 * (2^32 items), with the document untouched on failure. Then the answer can only be freed. */
int answer_publish(struct answer *answer, struct document *document, struct timespec now, bool *ret_changed);

#endif
