/*
 * Building: an answer on its way becomes a document's items, while it arrives.
 *
 * Each item's text is made as soon as its last byte is there, compared with the document's present item (by id, or by
 * position where there are no ids), and dropped when the bytes are the same; so a renewal costs the memory of what
 * changed.
 *
 * Threads:   loop thread only.
 * Ownership: build_new() gives, build_free() takes back. The document is borrowed and read, never written, until
 *            build_publish().
 * Errors:    -EIO when the answer is not JSON of the endpoint's shape; -EFBIG when what is made of it, over all pages,
 *            would take more bytes than allowed; -ENOMEM.
 */
#ifndef MELBICOMFS_API_BUILD_H
#define MELBICOMFS_API_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct build;
struct document;

/*
 * `max_body` bounds the bytes of a page, and with that not what becomes of it: an element of two bytes is an item of a
 * hundred, and a line of what is nested deep begins with four hundred spaces. So a build takes 4 x max_body, and 1 MiB
 * so that a small max_body bounds the body alone. NULL when out of memory. build_free(NULL) is fine.
 */
struct build *build_new(const struct document *document, uint64_t max_body);
void build_free(struct build *build);

/* A page of the answer begins (the only one, where nothing is paged): forgets what came of it before. */
int build_page(struct build *build);

/* Bytes of the page, cut anywhere. */
int build_feed(struct build *build, const char *bytes, size_t len);

/* The page is complete: 0, and the number of its items in *ret_items; none when it is the page before once more. */
int build_page_end(struct build *build, size_t *ret_items);

/* Items in all pages that are complete. */
size_t build_items(const struct build *build);

/* What the API says of itself in the page, when it is not what was asked for; malloc'd or NULL. */
char *build_message(const struct build *build);

/* Moves everything into the document, at the time of day `now`. *ret_changed: whether its content is another than
 * before. */
int build_publish(struct build *build, struct document *document, struct timespec now, bool *ret_changed);

/* Forgets the document's content, and what was worked out of it and can be of no other. */
void document_clear(struct document *document);

/* Bytes that the document's content takes. */
size_t document_cost(const struct document *document);

#endif
