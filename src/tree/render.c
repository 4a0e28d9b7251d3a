#include "tree/render.h"

#include "api/documents.h"
#include "api/json.h"
#include "base/cleanup.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void printbuf_freep(struct printbuf **out)
{
    if (*out)
        printbuf_free(*out);
}

static int append(struct printbuf *out, const char *bytes, size_t len)
{
    if (len > INT_MAX)
        return -ENOMEM;
    return printbuf_memappend(out, bytes, (int)len) < 0 ? -ENOMEM : 0;
}

/* ---- the list as JSON: each item's text, two spaces further in ---- */

static int append_indented(struct printbuf *out, const struct snapshot *text)
{
    const char *at = text->data, *end = text->data + text->len - 1; /* without the last newline */
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        line = line ? line + 1 : end;
        if (append(out, "  ", 2) < 0 || append(out, at, (size_t)(line - at)) < 0)
            return -ENOMEM;
        at = line;
    }
    return 0;
}

static int render_json(const struct document *document, struct printbuf *out)
{
    if (document->n_items == 0)
        return append(out, "[]\n", 3);
    for (size_t i = 0; i < document->n_items; i++)
        if (append(out, i == 0 ? "[\n" : ",\n", 2) < 0 || append_indented(out, document->items[i].snapshot) < 0)
            return -ENOMEM;
    return append(out, "\n]\n", 3);
}

/* ---- the list as a table ---- */

static bool is_number(const char *text, size_t len)
{
    const char *end = text + len;
    text += text < end && *text == '-';
    size_t whole = 0, fraction = 0;
    while (text < end && *text >= '0' && *text <= '9')
        text++, whole++;
    if (text < end && *text == '.')
        for (text++; text < end && *text >= '0' && *text <= '9'; text++)
            fraction++;
    return text == end && whole + fraction > 0;
}

int render_csv_value(const char *text, size_t len, struct printbuf *out)
{
    bool formula = len > 0 && memchr("=+-@\t\r", *text, 6) && !is_number(text, len);
    bool quote = formula;
    for (size_t i = 0; i < len && !quote; i++)
        quote = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (len > 0 && (text[0] == ' ' || text[len - 1] == ' '))
        quote = true;
    if (!quote)
        return append(out, text, len);

    if (append(out, formula ? "\"'" : "\"", formula ? 2 : 1) < 0)
        return -ENOMEM;
    while (len > 0) {
        const char *mark = memchr(text, '"', len);
        size_t run = mark ? (size_t)(mark - text) + 1 : len;
        if (append(out, text, run) < 0 || (mark && append(out, "\"", 1) < 0))
            return -ENOMEM;
        text += run;
        len -= run;
    }
    return append(out, "\"", 1);
}

/* Columns: the keys of scalar members, by first appearance. Values are the columns' numbers. */
static int find_columns(const struct document *document, struct json_object *columns, struct printbuf *scratch)
{
    for (size_t i = 0; i < document->n_items; i++) {
        struct json_slice rest = {document->items[i].snapshot->data, document->items[i].snapshot->len - 1}, key, value;
        while (json_next_member(&rest, &key, &value) > 0) {
            if (value.at[0] == '{' || value.at[0] == '[')
                continue;
            printbuf_reset(scratch);
            if (json_scalar_text(key, scratch) < 0)
                return -ENOMEM;
            if (!json_object_object_get_ex(columns, scratch->buf, NULL))
                json_object_object_add(columns, scratch->buf, json_object_new_int(json_object_object_length(columns)));
        }
    }
    return 0;
}

static int append_row(const struct snapshot *text, struct json_object *columns, struct json_slice *cells, size_t n,
                      struct printbuf *scratch, struct printbuf *out)
{
    struct json_slice rest = {text->data, text->len - 1}, key, value;
    struct json_object *column;

    memset(cells, 0, n * sizeof *cells);
    while (json_next_member(&rest, &key, &value) > 0) {
        printbuf_reset(scratch);
        if (json_scalar_text(key, scratch) < 0)
            return -ENOMEM;
        if (value.at[0] != '{' && value.at[0] != '[' && json_object_object_get_ex(columns, scratch->buf, &column))
            cells[json_object_get_int(column)] = value;
    }
    for (size_t i = 0; i < n; i++) {
        printbuf_reset(scratch);
        if (cells[i].at && json_scalar_text(cells[i], scratch) < 0)
            return -ENOMEM;
        if ((i > 0 && append(out, ",", 1) < 0) || render_csv_value(scratch->buf, (size_t)scratch->bpos, out) < 0)
            return -ENOMEM;
    }
    return append(out, "\r\n", 2);
}

static int render_items_csv(const struct document *document, struct json_object *columns, struct printbuf *out)
{
    _cleanup_(printbuf_freep) struct printbuf *scratch = printbuf_new();
    if (!scratch || !columns || find_columns(document, columns, scratch) < 0)
        return -ENOMEM;
    size_t n = (size_t)json_object_object_length(columns), i = 0;
    _cleanup_(freep) struct json_slice *cells = calloc(n + 1, sizeof *cells);
    if (!cells || n == 0)
        return cells ? 0 : -ENOMEM;

    json_object_object_foreach(columns, name, number)
    {
        (void)number;
        if ((i++ > 0 && append(out, ",", 1) < 0) || render_csv_value(name, strlen(name), out) < 0)
            return -ENOMEM;
    }
    if (append(out, "\r\n", 2) < 0)
        return -ENOMEM;
    for (i = 0; i < document->n_items; i++) {
        int r = append_row(document->items[i].snapshot, columns, cells, n, scratch, out);
        if (r < 0)
            return r;
    }
    return 0;
}

static int render_prices_csv(const struct document *document, struct printbuf *out)
{
    static const char header[] = "extension,operation,currency,years,price\r\n";
    if (append(out, header, sizeof header - 1) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < document->n_items; i++) {
        const struct snapshot *price = document->items[i].snapshot;
        for (unsigned k = 0; k < SNAPSHOT_FIELDS; k++) {
            const char *field = snapshot_field(price, k);
            if (render_csv_value(field, strlen(field), out) < 0 || append(out, ",", 1) < 0)
                return -ENOMEM;
        }
        if (render_csv_value(price->data, price->len - 1, out) < 0 || append(out, "\r\n", 2) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int render_csv(const struct document *document, struct printbuf *out)
{
    if (endpoint_of(document->query.operation)->shape == SHAPE_PRICES)
        return render_prices_csv(document, out);
    struct json_object *columns = json_object_new_object();
    int r = render_items_csv(document, columns, out);
    json_object_put(columns);
    return r;
}

/* ---- one line ---- */

static int render_fields(const struct document *document, unsigned n, struct printbuf *out)
{
    const struct snapshot *item = document->items[0].snapshot;
    for (unsigned i = 0; i < n; i++) {
        const char *field = snapshot_field(item, i);
        if (!field && i == 0)
            return -EIO;
        if (field && ((i > 0 && append(out, " ", 1) < 0) || append(out, field, strlen(field)) < 0))
            return -ENOMEM;
    }
    return append(out, "\n", 1);
}

static int make(const struct document *document, enum route_render how, struct printbuf *out)
{
    switch (how) {
    case RENDER_JSON:
        return render_json(document, out);
    case RENDER_CSV:
        return render_csv(document, out);
    case RENDER_BALANCE:
        return render_fields(document, 2, out);
    case RENDER_VERSION:
        return render_fields(document, 1, out);
    case RENDER_ITEM:
    case RENDER_WHOLE:
    case RENDER_MADE:
        break;
    }
    return -EIO;
}

/* Where the document keeps a form; the forms of one line never meet those of a list. */
static unsigned slot_of(enum route_render how)
{
    return how == RENDER_JSON ? 0 : how == RENDER_CSV ? 1 : how == RENDER_BALANCE ? 2 : 3;
}

int render(struct document *document, enum route_render how, struct snapshot **ret)
{
    unsigned slot = slot_of(how);

    if (how == RENDER_ITEM || how == RENDER_WHOLE) {
        *ret = how == RENDER_WHOLE ? document->whole : document->n_items > 0 ? document->items[0].snapshot : NULL;
        return *ret ? 0 : -EIO;
    }
    if (document->renditions[slot] && document->rendition_of[slot] == document->generation) {
        *ret = document->renditions[slot];
        return 0;
    }
    _cleanup_(printbuf_freep) struct printbuf *out = printbuf_new();
    if (!out)
        return -ENOMEM;
    if ((how == RENDER_BALANCE || how == RENDER_VERSION) && document->n_items == 0)
        return -EIO;
    int r = make(document, how, out);
    if (r < 0)
        return r;
    struct snapshot *text = snapshot_new(out->buf, (size_t)out->bpos, NULL);
    if (!text)
        return -ENOMEM;
    text->mtime = document->changed;
    *ret = document_rendered(document, slot, text);
    return 0;
}
