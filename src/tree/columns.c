/* SPDX-License-Identifier: MIT */
#include "tree/columns.h"

#include "tree/csv.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

/* The key that a column was learnt by: the JSON string, with its quotes. Keys mostly come in the order of the columns, so
 * the column after the last one is tried first, which spares decoding and looking up nearly all of them. */
struct known_key {
    char *at; /* NULL: learnt by name */
    size_t len;
};

struct columns {
    const char *const *fixed, *prefix;
    struct json_object *numbers; /* name to number of the column */
    struct known_key *keys;      /* by number of the column */
    size_t n, room;
    size_t next; /* the column to try first */
    struct printbuf *name, *prefixed;
    struct json_slice *cells; /* made when the first value is set: no column comes after that */
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
    for (size_t i = 0; i < columns->n; i++)
        free(columns->keys[i].at);
    free(columns->keys);
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

/* The number of the column with this name, or -1. */
static int number_of(const struct columns *columns, const char *name)
{
    struct json_object *number;
    return json_object_object_get_ex(columns->numbers, name, &number) ? json_object_get_int(number) : -1;
}

/* Makes a column. `key` is what it is learnt by; its `at` is NULL if that is a name. */
static int add_column(struct columns *columns, const char *name, struct json_slice key)
{
    if (columns->n == columns->room) {
        size_t room = columns->room ? columns->room * 2 : 16;
        struct known_key *keys = reallocarray(columns->keys, room, sizeof *keys);
        if (!keys)
            return -ENOMEM;
        columns->keys = keys;
        columns->room = room;
    }
    struct json_object *number = json_object_new_int((int)columns->n);
    char *copy = key.at ? strndup(key.at, key.len) : NULL;
    if (!number || (key.at && !copy) || json_object_object_add(columns->numbers, name, number) < 0) {
        json_object_put(number);
        free(copy);
        return -ENOMEM;
    }
    columns->keys[columns->n++] = (struct known_key){copy, key.len};
    return 0;
}

int columns_learn_name(struct columns *columns, const char *name)
{
    return number_of(columns, name) >= 0 ? 0 : add_column(columns, name, (struct json_slice){NULL, 0});
}

/* The number of the column of a member's key, -1 if there is none, or -ENOMEM. *ret_name is its name, if that had to be
 * made, or NULL. */
static int find_column(struct columns *columns, struct json_slice key, const char **ret_name)
{
    size_t next = columns->next < columns->n ? columns->next : 0;
    *ret_name = NULL;
    const struct known_key *known = next < columns->n ? &columns->keys[next] : NULL;
    if (known && known->at && known->len == key.len && memcmp(known->at, key.at, key.len) == 0) {
        columns->next = next + 1;
        return (int)next;
    }
    *ret_name = name_of(columns, key);
    if (!*ret_name)
        return -ENOMEM;
    int number = number_of(columns, *ret_name);
    columns->next = (size_t)number + 1;
    return number;
}

static bool is_column(struct json_slice value, struct json_slice except)
{
    return value.at[0] != '{' && value.at[0] != '[' && value.at != except.at;
}

int columns_learn(struct columns *columns, struct json_slice object, struct json_slice except)
{
    struct json_slice key, value;
    const char *name;
    while (json_next_member(&object, &key, &value) > 0) {
        if (!is_column(value, except))
            continue;
        int r = find_column(columns, key, &name);
        if (r == -1)
            r = add_column(columns, name, key);
        if (r < 0)
            return r;
    }
    return 0;
}

bool columns_none(const struct columns *columns)
{
    return columns->n == 0;
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

static int set_cell(struct columns *columns, int number, struct json_slice value)
{
    if (!columns->cells)
        columns->cells = calloc(columns->n + 1, sizeof *columns->cells);
    if (!columns->cells)
        return -ENOMEM;
    if (number >= 0)
        columns->cells[number] = value;
    return 0;
}

int columns_set_name(struct columns *columns, const char *name, struct json_slice value)
{
    return set_cell(columns, number_of(columns, name), value);
}

int columns_set(struct columns *columns, struct json_slice object, struct json_slice except)
{
    struct json_slice key, value;
    const char *name;
    while (json_next_member(&object, &key, &value) > 0) {
        if (!is_column(value, except))
            continue;
        int number = find_column(columns, key, &name);
        if (number == -ENOMEM || set_cell(columns, number, value) < 0)
            return -ENOMEM;
    }
    return 0;
}

void columns_print(struct columns *columns, struct csv_row *row)
{
    for (size_t i = 0; i < columns->n; i++)
        csv_scalar(row, columns->cells ? columns->cells[i] : (struct json_slice){NULL, 0});
    if (columns->cells)
        memset(columns->cells, 0, columns->n * sizeof *columns->cells);
}
