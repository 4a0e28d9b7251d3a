/* SPDX-License-Identifier: MIT */
#include "base/exposition.h"

#include "base/utf8.h"

#include <json-c/printbuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX   128            /* bytes of a value that are printed */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void exposition_text(struct exposition *text, const char *bytes, size_t len)
{
    if (printbuf_memappend(text->out, bytes, (int)len) < 0)
        text->failed = true;
}

void exposition_print(struct exposition *text, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    exposition_text(text, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1);
}

void exposition_family(struct exposition *text, const char *name, const char *type, const char *help)
{
    exposition_print(text, "# HELP melbicomfs_%s %s\n# TYPE melbicomfs_%s %s\n", name, help, name, type);
}

/* Appends one character of a label's value. */
static void print_character(struct exposition *text, const char *at, size_t len)
{
    if (*at == '\n')
        exposition_print(text, "\\n");
    else if (*at == '"' || *at == '\\')
        exposition_print(text, "\\%c", *at);
    else if (len == 0 || utf8_is_control(at, len))
        exposition_print(text, REPLACEMENT);
    else
        exposition_text(text, at, len);
}

void exposition_label(struct exposition *text, const char *value)
{
    size_t left = strlen(value), room = LABEL_MAX;

    exposition_print(text, "\"");
    while (left > 0) {
        size_t len = utf8_length(value, left), step = len ? len : 1;

        if (step > room)
            break;
        print_character(text, value, len);
        value += step;
        left -= step;
        room -= step;
    }
    exposition_print(text, "\"");
}
