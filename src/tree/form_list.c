/* SPDX-License-Identifier: MIT */
/*
 * A list as JSON: each item's text, indented by two more spaces.
 */
#include "tree/forms.h"
#include "tree/text.h"

#include <json-c/printbuf.h>
#include <string.h>

static int append_indented(struct printbuf *out, const struct snapshot *text)
{
    const char *at = text->data, *end = text->data + text->len - 1; /* without the last newline */
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        line = line ? line + 1 : end;
        int r = text_append(out, "  ", 2);
        if (r == 0)
            r = text_append(out, at, (size_t)(line - at));
        if (r < 0)
            return r;
        at = line;
    }
    return 0;
}

static int print_item(struct print *print, const struct item *item)
{
    int r = text_append(print->out, print->out->bpos == 0 ? "[\n" : ",\n", 2);
    return r < 0 ? r : append_indented(print->out, item->snapshot);
}

static int end(struct print *print)
{
    return text_puts(print->out, print->out->bpos == 0 ? "[]\n" : "\n]\n");
}

const struct form form_list = {.item = print_item, .end = end, .slot = RENDITION_OF_ALL};
