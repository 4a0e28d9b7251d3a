/* SPDX-License-Identifier: MIT */
#include "command/report.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/utf8.h"
#include "command/options.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct report {
    enum report_format format;
    FILE *out;
    int status;
    struct json_object *checks;      /* a list of findings */
    struct json_object *suggestions; /* a list of lines for [endpoints] */
};

static const struct {
    const char *sign, *word;
} marks[] = {
    [REPORT_GOOD] = {"✓", "good"},
    [REPORT_WARNING] = {"!", "warning"},
    [REPORT_BAD] = {"✗", "bad"},
};

void *report_owned(void *p)
{
    if (p)
        return p;
    fputs("melbicomfs: out of memory\n", stderr);
    exit(EXIT_UNREACHABLE);
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    return report_owned(text);
}

char *report_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    return text;
}

char *report_printable(const char *text, size_t len)
{
    size_t left = 0;
    _cleanup_(freep) char *hidden = report_owned(log_hidden(text, len, &left));
    char *printable = report_owned(malloc(4 * left + 1)), *to = printable;
    for (const char *p = hidden; left > 0;) {
        size_t n = utf8_length(p, left);
        if (n == 0 || utf8_is_control(p, n)) {
            n = n ? n : 1;
            for (size_t i = 0; i < n; i++)
                to += sprintf(to, "\\x%02X", (unsigned)(unsigned char)p[i]);
        } else {
            to = mempcpy(to, p, n);
        }
        p += n;
        left -= n;
    }
    *to = '\0';
    return printable;
}

struct report *report_new(enum report_format format, FILE *out)
{
    struct report *report = report_owned(calloc(1, sizeof(*report)));
    report->format = format;
    report->out = out;
    report->checks = report_owned(json_object_new_array());
    report->suggestions = report_owned(json_object_new_array());
    return report;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    json_object_put(report->checks);
    json_object_put(report->suggestions);
    free(report);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    if (text)
        json_object_object_add(object, key, report_owned(json_object_new_string(text)));
}

static void print_finding(const struct report *report, const char *check, enum report_mark mark, const char *text,
                          const char *advice)
{
    FILE *out = report->format == REPORT_FAILURES ? stderr : report->out;
    if (report->format == REPORT_JSON || (report->format == REPORT_FAILURES && mark != REPORT_BAD))
        return;
    fprintf(out, "%s %s: %s%s%s\n", marks[mark].sign, check, text, advice ? "; " : "", advice ? advice : "");
    fflush(out);
}

struct json_object *report_add(struct report *report, const char *check, enum report_mark mark, int status,
                               const char *advice, const char *format, ...)
{
    _cleanup_(freep) char *printable = NULL, *do_this = NULL;
    va_list arguments;
    va_start(arguments, format);
    _cleanup_(freep) char *text = format_text(format, arguments);
    va_end(arguments);
    printable = report_printable(text, strlen(text));
    do_this = advice ? report_printable(advice, strlen(advice)) : NULL;
    if (status > report->status)
        report->status = status;

    struct json_object *finding = report_owned(json_object_new_object());
    add_text(finding, "check", check);
    add_text(finding, "result", marks[mark].word);
    add_text(finding, "found", printable);
    add_text(finding, "advice", do_this);
    json_object_array_add(report->checks, finding);
    print_finding(report, check, mark, printable, do_this);
    return finding;
}

void report_suggest(struct report *report, const char *operation, const char *key, const char *value)
{
    _cleanup_(freep) char *printable = report_printable(value, strlen(value));
    _cleanup_(freep) char *line = NULL;
    /* A value that cannot be printed unchanged could not be copied into the file. */
    if (strcmp(printable, value) != 0)
        return;
    line = report_text("%s.%s = %s", operation, key, value);
    json_object_array_add(report->suggestions, report_owned(json_object_new_string(line)));
}

static void print_suggestions(const struct report *report, const char *path)
{
    size_t n = json_object_array_length(report->suggestions);
    if (n == 0)
        return;
    fprintf(report->out, "\nTo make the answers fit, put these lines into %s:\n\n[endpoints]\n",
            path ? path : "the configuration file");
    for (size_t i = 0; i < n; i++)
        fprintf(report->out, "%s\n", json_object_get_string(json_object_array_get_idx(report->suggestions, i)));
}

int report_end(struct report *report, const char *url, const char *path)
{
    if (report->format == REPORT_LINES)
        print_suggestions(report, path);
    if (report->format == REPORT_JSON) {
        struct json_object *whole = report_owned(json_object_new_object());
        add_text(whole, "url", url);
        add_text(whole, "config", path);
        json_object_object_add(whole, "status", report_owned(json_object_new_int(report->status)));
        json_object_object_add(whole, "checks", json_object_get(report->checks));
        json_object_object_add(whole, "endpoints", json_object_get(report->suggestions));
        fprintf(report->out, "%s\n",
                json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                          JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(whole);
    }
    fflush(report->out);
    return report->status;
}
