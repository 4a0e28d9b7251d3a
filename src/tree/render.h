/*
 * Rendering: the texts that are made of a whole document, beside those of its items.
 *
 * Threads:   loop thread only.
 * Ownership: render() lends a snapshot that the document keeps.
 * Errors:    -ENOMEM; -EIO when the document has not the fields that the text is made of.
 */
#ifndef MELBICOMFS_TREE_RENDER_H
#define MELBICOMFS_TREE_RENDER_H

#include "tree/routes.h"

struct document;
struct printbuf;
struct snapshot;

/* The document's text in that form (not RENDER_MADE); made when first asked for in this generation. */
int render(struct document *document, enum route_render how, struct snapshot **ret);

/* Appends one CSV value, quoted as RFC 4180 asks. A value that a spreadsheet would run as a formula (it begins with = + - @ TAB CR and is not a plain number) gets a
 * leading apostrophe, which spreadsheets take as "this is text". -ENOMEM. */
int render_csv_value(const char *text, size_t len, struct printbuf *out);

#endif
