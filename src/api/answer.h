/*
 * Answers: the bytes of an answer become a document's items, while they arrive.
 *
 * Each item's text is made as soon as its last byte is there, compared with the document's present item (by id, or by
 * position where there are no ids), and dropped when the bytes are the same; so a renewal costs the memory of what
 * changed.
 *
 * Threads:   loop thread only.
 * Ownership: answer_new() gives, answer_free() takes back. The document is borrowed and read, never written, until
 *            answer_publish().
 * Errors:    -EIO when the answer is not JSON of the endpoint's shape; -EFBIG when what is made of it, over all pages,
 *            would take more bytes than allowed; -ENOMEM.
 */
#ifndef MELBICOMFS_API_ANSWER_H
#define MELBICOMFS_API_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct answer;
struct document;

/*
 * `max_body` bounds the bytes of a page, and with that not what becomes of it: an element of two bytes is an item of a
 * hundred, and a line of what is nested deep begins with four hundred spaces. So what is made may take 4 x max_body, and 1 MiB
 * so that a small max_body bounds the body alone. NULL when out of memory. answer_free(NULL) is fine.
 */
struct answer *answer_new(const struct document *document, uint64_t max_body);
void answer_free(struct answer *answer);

/* A page of the answer begins (the only one, where nothing is paged): forgets what came of it before. */
int answer_page(struct answer *answer);

/* Bytes of the page, cut anywhere. */
int answer_feed(struct answer *answer, const char *bytes, size_t len);

/* The page is complete: 0, and the number of its items in *ret_items; none when it is the page before once more. */
int answer_page_end(struct answer *answer, size_t *ret_items);

/* Items in all pages that are complete. */
size_t answer_items(const struct answer *answer);

/* What the API says of itself in the page, when it is not what was asked for; malloc'd or NULL. */
char *answer_message(const struct answer *answer);

/* Moves everything into the document, at the time of day `now`. *ret_changed: whether its content is another than
 * before. */
int answer_publish(struct answer *answer, struct document *document, struct timespec now, bool *ret_changed);

#endif
