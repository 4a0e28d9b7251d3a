/* SPDX-License-Identifier: MIT */
#include "base/exposition.h"

#include "base/utf8.h"

#include <json-c/printbuf.h>
#include <string.h>

#define LABEL_MAX   128            /* bytes of a value that are printed */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void exposition_family(struct printbuf *out, const char *name, const char *type, const char *help)
{
    sprintbuf(out, "# HELP melbicomfs_%s %s\n# TYPE melbicomfs_%s %s\n", name, help, name, type);
}

/* Appends one character of a label's value. */
static void print_character(struct printbuf *out, const char *at, size_t len)
{
    if (*at == '\n')
        printbuf_strappend(out, "\\n");
    else if (*at == '"' || *at == '\\')
        sprintbuf(out, "\\%c", *at);
    else if (len == 0 || utf8_is_control(at, len))
        printbuf_strappend(out, REPLACEMENT);
    else
        printbuf_memappend(out, at, (int)len);
}

void exposition_label(struct printbuf *out, const char *value)
{
    size_t left = strlen(value), room = LABEL_MAX;

    printbuf_strappend(out, "\"");
    while (left > 0) {
        size_t len = utf8_length(value, left), step = len ? len : 1;

        if (step > room)
            break;
        print_character(out, value, len);
        value += step;
        left -= step;
        room -= step;
    }
    printbuf_strappend(out, "\"");
}
