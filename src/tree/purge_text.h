/*
 * What is written to a purge file, taken apart into names.
 *
 * A name counts only with its newline. Two other ends there can be: a rest that ends where a page does, which the
 * page cache may have cut; and a single name at offset 0, which is whole.
 *
 * Threads:   any.
 * Ownership: borrows the bytes.
 * Errors:    -EINVAL, with the fault told.
 */
#ifndef MELBICOMFS_TREE_PURGE_TEXT_H
#define MELBICOMFS_TREE_PURGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct document;

struct purge_text {
    const char *bytes; /* what was kept, and the write */
    size_t len, kept;
    off_t offset;    /* of the write */
    size_t n;        /* names, once checked */
    size_t rest_at;  /* where the unterminated rest begins; len when there is none */
    bool rest_whole; /* the rest is a name all the same */

    /* Of a refusal: the line that is at fault. */
    const char *why;
    size_t fault_at, fault_len;
};

/* Fills in what is below `offset`. `service`: the service's own document where one is loaded, or NULL. 0, or -EINVAL. */
int purge_text_check(struct purge_text *text, const struct document *service);

/* Whether it is a single name that only its place makes whole; before the check. */
bool purge_text_alone(const char *bytes, size_t len, off_t offset);

/* Whether it ends where a page does, and may go on there. */
bool purge_text_at_page_end(const struct purge_text *text);

/* What is wrong with a name, or NULL. */
const char *purge_text_fault(const char *name, size_t len);

/* The first line of what was written, with its newline if it has one: its length. */
size_t purge_text_first(const struct purge_text *text);

/*
 * Whether the text, if it fails, leaves those who go on writing where they do not mean to: it completes what was kept,
 * or does not end with a newline, so that what comes next may be the rest of a name.
 */
bool purge_text_torn(const struct purge_text *text);

/* Walks the lines, the unterminated rest being the last: false at the end. Start with *at = 0. */
bool purge_text_line(const struct purge_text *text, size_t *at, const char **line, size_t *len);

#endif
