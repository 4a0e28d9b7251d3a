/* SPDX-License-Identifier: MIT */
/*
 * Columns: those of a table whose rows are JSON objects. Each scalar member is a column; columns are in order of first
 * appearance.
 *
 * First all rows are learnt: columns_learn(), for each object. Then they are printed: for each row, columns_set() puts
 * values into the columns' cells, and columns_print() prints the cells and empties them.
 *
 * Threads:   nothing is shared.
 * Ownership: columns_new() creates, columns_free() frees. Values are borrowed until columns_print().
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_TREE_COLUMNS_H
#define MELBICOMFS_TREE_COLUMNS_H

#include "json/json.h"

#include <stdbool.h>

struct columns;
struct csv_row;

/* Makes columns. `fixed` are the names of columns that the caller prints before these, NULL-terminated, or NULL; a
 * member with such a name is a column whose name begins with `prefix`. Both are borrowed until columns_free(). NULL when
 * out of memory. columns_free(NULL) is fine. */
struct columns *columns_new(const char *const *fixed, const char *prefix);
void columns_free(struct columns *columns);

/* Makes a column for each scalar member of `object`, except the member whose value is `except`. Returns 0 or an
 * error. Something else than an object has no members. */
int columns_learn(struct columns *columns, struct json_slice object, struct json_slice except);

/* Makes a column with this name. Returns 0 or an error. */
int columns_learn_name(struct columns *columns, const char *name);

/* Returns whether there is no column. */
bool columns_none(const struct columns *columns);

/* Appends the fixed names and the columns' names to a row. */
void columns_names(const struct columns *columns, struct csv_row *row);

/* Puts the scalar members of `object`, except the one whose value is `except`, into the cells of the current row. Of
 * members with the same name the last one counts. Returns 0 or an error. */
int columns_set(struct columns *columns, struct json_slice object, struct json_slice except);

/* Puts a value into the cell of the column with this name. Returns 0 or an error. */
int columns_set_name(struct columns *columns, const char *name, struct json_slice value);

/* Appends the cells to a row, and empties them. */
void columns_print(struct columns *columns, struct csv_row *row);

#endif
