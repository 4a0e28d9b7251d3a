/* SPDX-License-Identifier: MIT */
/*
 * Tables, read back by a reader that knows nothing but RFC 4180: each row has as many values as were written, each value
 * is what it was, and none would be run as a formula.
 *
 * The input: a byte, then texts with a byte 0x1e between values and 0x1d between rows; or, if the first byte is odd, a
 * JSON array whose elements are the rows, as in all/services.csv.
 */
#include "fuzz.h"

#include "json_reference.h"
#include "tree/columns.h"
#include "tree/csv.h"

#include <json-c/printbuf.h>

#define VALUES 4096

/* A table: its values one after the other, and where each row ends. */
struct table {
    struct value {
        char *at;
        size_t len;
    } values[VALUES];
    size_t n, ends[VALUES], rows;
};

static struct table written, seen;

static void clear(struct table *table)
{
    while (table->n > 0)
        free(table->values[--table->n].at);
    table->rows = 0;
}

static void add_value(struct table *table, const char *at, size_t len)
{
    CHECK(table->n < VALUES, "too many values");
    table->values[table->n++] = (struct value){fuzz_copy(at, len), len};
}

static void end_row(struct table *table)
{
    table->ends[table->rows++] = table->n;
}

/* ---- the reader ---- */

/* Reads a value in quotes from *at on, which is behind the first quote. */
static void read_quoted(const char **at, const char *end, struct table *table)
{
    char *value = malloc((size_t)(end - *at) + 1);
    size_t len = 0;

    for (; value; ++*at) {
        CHECK(*at < end, "a quote is missing at the end");
        if (**at == '"' && (++*at == end || **at != '"'))
            break;
        value[len++] = **at;
    }
    add_value(table, value ? value : "", len);
    free(value);
}

static void read_table(const char *at, const char *end, struct table *table)
{
    while (at < end) {
        if (*at == '"') {
            at++;
            read_quoted(&at, end, table);
        } else {
            const char *first = at;
            while (at < end && *at != ',' && *at != '\r' && *at != '\n' && *at != '"')
                at++;
            add_value(table, first, (size_t)(at - first));
        }
        CHECK(at < end && (*at == ',' || (*at == '\r' && at + 1 < end && at[1] == '\n')),
              "value %zu ends with neither a comma nor a line break", table->n);
        if (*at == '\r')
            end_row(table);
        at += *at == '\r' ? 2 : 1;
        /* A comma before the end of a row: one more value, an empty one. */
        if (at[-1] == ',' && at < end && *at == '\r' && at + 1 < end) {
            add_value(table, "", 0);
            end_row(table);
            at += 2;
        }
    }
    CHECK(table->rows == 0 || table->ends[table->rows - 1] == table->n, "the last row has no line break");
}

/* ---- what is written ---- */

static bool is_plain_number(const char *at, size_t len)
{
    size_t i = len > 0 && at[0] == '-', digits = 0, points = 0;

    for (; i < len; i++) {
        digits += at[i] >= '0' && at[i] <= '9';
        points += at[i] == '.';
    }
    return digits > 0 && points <= 1 && digits + points + (at[0] == '-') == len;
}

static bool is_formula(const char *at, size_t len)
{
    return len > 0 &&
           (at[0] == '=' || at[0] == '+' || at[0] == '-' || at[0] == '@' || at[0] == '\t' || at[0] == '\r') &&
           !is_plain_number(at, len);
}

/* Reads the table back, and compares. */
static void check_table(const struct printbuf *out)
{
    char *copy = fuzz_copy(out->buf, (size_t)out->bpos);

    read_table(copy, copy + out->bpos, &seen);
    free(copy);
    CHECK(seen.rows == written.rows && seen.n == written.n, "%zu rows and %zu values were read of %zu and %zu: %s",
          seen.rows, seen.n, written.rows, written.n, out->buf);
    for (size_t i = 0; i < seen.rows; i++)
        CHECK(seen.ends[i] == written.ends[i], "row %zu has another length", i);
    for (size_t i = 0; i < seen.n; i++) {
        struct value a = written.values[i], b = seen.values[i];
        bool guarded = is_formula(a.at, a.len);
        CHECK(!is_formula(b.at, b.len), "a spreadsheet runs '%.*s'", (int)b.len, b.at);
        CHECK(b.len == a.len + guarded && (!guarded || b.at[0] == '\'') && memcmp(b.at + guarded, a.at, a.len) == 0,
              "value %zu is '%.*s' and was '%.*s'", i, (int)b.len, b.at, (int)a.len, a.at);
    }
    clear(&seen);
    clear(&written);
}

static void try_texts(const uint8_t *data, size_t size, struct printbuf *out, struct printbuf *scratch)
{
    const char *at = (const char *)data, *end = at + size;

    for (bool more = true; more;) {
        struct csv_row row = csv_row(out, scratch);
        char mark;
        do {
            const char *first = at;
            while (at < end && *at != 0x1e && *at != 0x1d)
                at++;
            char *copy = fuzz_copy(first, (size_t)(at - first));
            csv_bytes(&row, copy, (size_t)(at - first));
            add_value(&written, copy, (size_t)(at - first));
            free(copy);
            more = at < end;
            mark = more ? *at++ : '\0';
        } while (mark == 0x1e);
        end_row(&written);
        CHECK(csv_end(&row) == 0, "csv_end()");
    }
    check_table(out);
}

/* ---- tables of JSON ---- */

/* The columns of the table: their names as text. */
static struct table columns;

static size_t find_column(const char *name, size_t len)
{
    size_t i = 0;

    while (i < columns.n && (columns.values[i].len != len || memcmp(columns.values[i].at, name, len) != 0))
        i++;
    return i;
}

/* Walks over the scalar members of an object. Returns the index behind the object. */
static size_t each_member(const struct tokens *t, size_t i, bool learn, size_t cells[VALUES])
{
    static char name[TEXT_MAX_BYTES];
    unsigned depth = 0;
    size_t first = i;

    do {
        char kind = t->list[i].kind;
        if (depth == 1 && kind == 'k' && strchr("sw", t->list[i + 1].kind)) {
            size_t len = reference_text(t->list[i].raw, name), column = find_column(name, len);
            if (learn && column == columns.n)
                add_value(&columns, name, len);
            else if (!learn)
                cells[column] = i + 1;
        }
        depth += kind == '{' || kind == '[';
        depth -= kind == '}' || kind == ']';
        i++;
    } while (depth > 0 && i > first);
    return i;
}

static void expect_row(const struct tokens *t, const size_t cells[VALUES])
{
    static char text[TEXT_MAX_BYTES];

    for (size_t i = 0; i < columns.n; i++) {
        size_t len = cells[i] ? reference_text(t->list[cells[i]].raw, text) : 0;
        add_value(&written, text, len);
    }
    end_row(&written);
}

/* What the table has to hold, from the tokens alone. Returns false if it would be too large for this fuzzer. */
static bool expect_table(const struct tokens *t, size_t *ret_rows)
{
    static size_t cells[VALUES];

    *ret_rows = 0;
    for (size_t i = 1; t->list[i].kind != ']'; ++*ret_rows)
        i = each_member(t, i, true, NULL);
    if ((*ret_rows + 1) * columns.n >= VALUES)
        return false;
    for (size_t i = 0; i < columns.n; i++)
        add_value(&written, columns.values[i].at, columns.values[i].len);
    end_row(&written);
    for (size_t i = 1; t->list[i].kind != ']';) {
        memset(cells, 0, sizeof cells);
        i = each_member(t, i, false, cells);
        expect_row(t, cells);
    }
    return true;
}

/* Prints the table as form_csv.c does. */
static void print_table(struct json_slice raw, struct printbuf *out, struct printbuf *scratch)
{
    static const struct json_slice nothing = {NULL, 0};
    struct columns *made = columns_new(NULL, NULL);
    struct json_slice rest = raw, element;
    struct csv_row row = csv_row(out, scratch);

    while (json_next_element(&rest, &element) > 0)
        CHECK(columns_learn(made, element, nothing) == 0, "columns_learn()");
    columns_names(made, &row);
    CHECK(csv_end(&row) == 0, "csv_end()");
    for (rest = raw; json_next_element(&rest, &element) > 0;) {
        row = csv_row(out, scratch);
        CHECK(columns_set(made, element, nothing) == 0, "columns_set()");
        columns_print(made, &row);
        CHECK(csv_end(&row) == 0, "csv_end()");
    }
    columns_free(made);
}

static void try_json(const uint8_t *data, size_t size, struct printbuf *out, struct printbuf *scratch)
{
    static struct tokens tokens;
    size_t rows;

    if (size >= TOKENS_MAX || !tokenize(&tokens, (struct json_slice){(const char *)data, size}) ||
        tokens.list[0].kind != '[')
        return;
    bool fits = expect_table(&tokens, &rows);
    if (fits && columns.n > 0) {
        char *copy = fuzz_copy(data, size);
        print_table((struct json_slice){copy, size}, out, scratch);
        free(copy);
        check_table(out);
    }
    clear(&written);
    clear(&columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct printbuf *out = printbuf_new(), *scratch = printbuf_new();
    unsigned mode = fuzz_number(&data, &size, 2);

    if (mode == 1)
        try_json(data, size, out, scratch);
    else if (size < VALUES - 1)
        try_texts(data, size, out, scratch);
    printbuf_free(out);
    printbuf_free(scratch);
    return 0;
}
