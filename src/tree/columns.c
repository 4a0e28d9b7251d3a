/* SPDX-License-Identifier: MIT */
#include "tree/columns.h"

#include "tree/csv.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

struct columns {
    const char *const *fixed, *prefix;
    struct json_object *numbers; /* name to number of the column */
    struct printbuf *name, *prefixed;
    struct json_slice *cells; /* made when the first value is set: no column comes after that */
    size_t n;
};

struct columns *columns_new(const char *const *fixed, const char *prefix)
{
    struct columns *columns = calloc(1, sizeof *columns);
    if (!columns)
        return NULL;
    columns->fixed = fixed;
    columns->prefix = prefix;
    columns->numbers = json_object_new_object();
    columns->name = printbuf_new();
    columns->prefixed = printbuf_new();
    if (!columns->numbers || !columns->name || !columns->prefixed) {
        columns_free(columns);
        return NULL;
    }
    return columns;
}

void columns_free(struct columns *columns)
{
    if (!columns)
        return;
    json_object_put(columns->numbers);
    printbuf_free(columns->name);
    printbuf_free(columns->prefixed);
    free(columns->cells);
    free(columns);
}

/* The column's name of a member's key; NULL when out of memory. Borrowed until the next call. */
static const char *name_of(struct columns *columns, struct json_slice key)
{
    printbuf_reset(columns->name);
    if (json_scalar_text(key, columns->name) < 0)
        return NULL;
    const char *const *fixed = columns->fixed;
    while (fixed && *fixed && strcmp(*fixed, columns->name->buf) != 0)
        fixed++;
    if (!fixed || !*fixed)
        return columns->name->buf;
    printbuf_reset(columns->prefixed);
    return sprintbuf(columns->prefixed, "%s%s", columns->prefix, *fixed) < 0 ? NULL : columns->prefixed->buf;
}

int columns_learn_name(struct columns *columns, const char *name)
{
    if (json_object_object_get_ex(columns->numbers, name, NULL))
        return 0;
    struct json_object *number = json_object_new_int(json_object_object_length(columns->numbers));
    return number && json_object_object_add(columns->numbers, name, number) == 0 ? 0 : -ENOMEM;
}

static bool is_column(struct json_slice value, struct json_slice except)
{
    return value.at[0] != '{' && value.at[0] != '[' && value.at != except.at;
}

int columns_learn(struct columns *columns, struct json_slice object, struct json_slice except)
{
    struct json_slice key, value;
    while (json_next_member(&object, &key, &value) > 0) {
        if (!is_column(value, except))
            continue;
        const char *name = name_of(columns, key);
        if (!name || columns_learn_name(columns, name) < 0)
            return -ENOMEM;
    }
    return 0;
}

bool columns_none(const struct columns *columns)
{
    return json_object_object_length(columns->numbers) == 0;
}

void columns_names(const struct columns *columns, struct csv_row *row)
{
    for (const char *const *fixed = columns->fixed; fixed && *fixed; fixed++)
        csv_text(row, *fixed);
    json_object_object_foreach(columns->numbers, name, number)
    {
        (void)number;
        csv_text(row, name);
    }
}

int columns_set_name(struct columns *columns, const char *name, struct json_slice value)
{
    struct json_object *number;
    if (!columns->cells) {
        columns->n = (size_t)json_object_object_length(columns->numbers);
        columns->cells = calloc(columns->n + 1, sizeof *columns->cells);
        if (!columns->cells)
            return -ENOMEM;
    }
    if (json_object_object_get_ex(columns->numbers, name, &number))
        columns->cells[json_object_get_int(number)] = value;
    return 0;
}

int columns_set(struct columns *columns, struct json_slice object, struct json_slice except)
{
    struct json_slice key, value;
    while (json_next_member(&object, &key, &value) > 0) {
        if (!is_column(value, except))
            continue;
        const char *name = name_of(columns, key);
        if (!name || columns_set_name(columns, name, value) < 0)
            return -ENOMEM;
    }
    return 0;
}

void columns_print(struct columns *columns, struct csv_row *row)
{
    size_t n = (size_t)json_object_object_length(columns->numbers);
    for (size_t i = 0; i < n; i++)
        csv_scalar(row, columns->cells ? columns->cells[i] : (struct json_slice){NULL, 0});
    if (columns->cells)
        memset(columns->cells, 0, columns->n * sizeof *columns->cells);
}
