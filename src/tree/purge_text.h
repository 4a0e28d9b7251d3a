/* SPDX-License-Identifier: MIT */
/*
 * The text of a write to a purge file, split into names.
 *
 * A text is a sequence of lines, each of which is a name. The last line may have no newline; it is called the rest. A
 * rest that ends on a page boundary may have been cut by the page cache, so the handle keeps it. A rest that is the
 * whole text, written at offset 0, is a name (unless purge_text_check() finds it cut). Any other rest is refused.
 *
 * Threads:   any.
 * Ownership: a text borrows its bytes.
 * Errors:    -EINVAL, with the reason in the struct.
 */
#ifndef MELBICOMFS_TREE_PURGE_TEXT_H
#define MELBICOMFS_TREE_PURGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct document;

struct purge_text {
    /* The caller sets these and zeroes the others. */
    const char *bytes; /* the kept text of the handle, then the bytes of the write */
    size_t len;        /* of both together */
    size_t kept;       /* of the kept text alone */
    off_t offset;      /* at which the write begins in the file */

    /* purge_text_check() sets these. */
    size_t n;        /* how many names there are, the rest included if it is a name */
    size_t rest_at;  /* index of the rest in bytes; len when the text ends with a newline */
    bool rest_whole; /* the rest is a name */

    /* After -EINVAL: the line that is at fault. */
    const char *why; /* the reason, a constant string */
    size_t fault_at, fault_len;
};

/* Checks a text and finds its names. `service`: see purge_write() in purge.h. Returns 0; or -EINVAL with the first
 * fault in text->why. */
int purge_text_check(struct purge_text *text, const struct document *service);

/* Returns whether a write is a single name without a newline at offset 0, which purge_text_check() takes for a whole
 * name unless the service's document says otherwise. For deciding whether that document must be fetched first. */
bool purge_text_alone(const char *bytes, size_t len, off_t offset);

/* Returns whether the write ends on a page boundary of the file, so that its rest may be continued there. */
bool purge_text_at_page_end(const struct purge_text *text);

/* Returns what is wrong with a name (a constant string), or NULL if the name may be sent. */
const char *purge_text_fault(const char *name, size_t len);

/* Returns the length of the write's own first line (behind the kept text), with its newline if it has one. */
size_t purge_text_first(const struct purge_text *text);

/*
 * Returns whether the next write may begin in the middle of a name if this one fails. That is so when this write
 * completes the kept text, or does not end with a newline. `text` must not be empty.
 */
bool purge_text_torn(const struct purge_text *text);

/* Walks over the lines; the rest is the last one. Start with *at = 0. Returns true with the next line in *line and its
 * length without the newline in *len; false at the end. */
bool purge_text_line(const struct purge_text *text, size_t *at, const char **line, size_t *len);

#endif
