/* SPDX-License-Identifier: MIT */
#include "tree/csv.h"

#include "tree/text.h"

#include <json-c/printbuf.h>
#include <string.h>

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

int csv_value(const char *text, size_t len, struct printbuf *out)
{
    bool formula = len > 0 && memchr("=+-@\t\r", *text, 6) && !is_number(text, len);
    bool quote = formula;
    for (size_t i = 0; i < len && !quote; i++)
        quote = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (len > 0 && (text[0] == ' ' || text[len - 1] == ' '))
        quote = true;
    if (!quote)
        return text_append(out, text, len);

    int r = text_puts(out, formula ? "\"'" : "\"");
    while (r == 0 && len > 0) {
        const char *mark = memchr(text, '"', len);
        size_t run = mark ? (size_t)(mark - text) + 1 : len;
        r = text_append(out, text, run);
        if (r == 0 && mark)
            r = text_append(out, "\"", 1);
        text += run;
        len -= run;
    }
    return r < 0 ? r : text_append(out, "\"", 1);
}

void csv_bytes(struct csv_row *row, const char *text, size_t len)
{
    if (row->error == 0 && row->begun)
        row->error = text_append(row->out, ",", 1);
    if (row->error == 0)
        row->error = csv_value(text, len, row->out);
    row->begun = true;
}

void csv_text(struct csv_row *row, const char *text)
{
    csv_bytes(row, text ? text : "", text ? strlen(text) : 0);
}

void csv_scalar(struct csv_row *row, struct json_slice value)
{
    printbuf_reset(row->scratch);
    if (row->error == 0 && value.at && value.at[0] != '{' && value.at[0] != '[')
        row->error = json_scalar_text(value, row->scratch);
    csv_bytes(row, row->scratch->buf, (size_t)row->scratch->bpos);
}

int csv_end(struct csv_row *row)
{
    return row->error < 0 ? row->error : text_append(row->out, "\r\n", 2);
}
