/* SPDX-License-Identifier: MIT */
/*
 * CSV: the rows of a table, as RFC 4180 asks.
 *
 * A value that a spreadsheet would run as a formula (it begins with = + - @ TAB or CR, and is not a plain number) gets a
 * leading apostrophe, which tells spreadsheets "this is text".
 *
 *      struct csv_row row = csv_row(out, scratch);
 *      csv_text(&row, "CDN Europe");
 *      csv_scalar(&row, price);
 *      return csv_end(&row);
 *
 * Threads:   nothing is shared.
 * Ownership: printbufs, texts and values are borrowed.
 * Errors:    those of text.h. A row keeps its first error, and csv_end() returns it.
 */
#ifndef MELBICOMFS_TREE_CSV_H
#define MELBICOMFS_TREE_CSV_H

#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

struct printbuf;

/* A row that is being printed. */
struct csv_row {
    struct printbuf *out, *scratch;
    bool begun; /* it has a value */
    int error;
};

/* Begins a row at the end of `out`. `scratch` is overwritten. */
static inline struct csv_row csv_row(struct printbuf *out, struct printbuf *scratch)
{
    return (struct csv_row){.out = out, .scratch = scratch};
}

/* Appends a text as the row's next value: a string, which may be NULL for an empty value, or `len` bytes. */
void csv_text(struct csv_row *row, const char *text);
void csv_bytes(struct csv_row *row, const char *text, size_t len);

/* Appends the text of a JSON value as the row's next value: nothing for null, for a container, and if `at` is NULL. */
void csv_scalar(struct csv_row *row, struct json_slice value);

/* Ends the row with its line break. Returns 0 or the row's error. */
int csv_end(struct csv_row *row);

/* Appends `len` bytes of `text` as one value. Returns 0 or an error. */
int csv_value(const char *text, size_t len, struct printbuf *out);

#endif
