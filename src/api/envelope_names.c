/* SPDX-License-Identifier: MIT */
#include "api/envelope_names.h"

#include "base/utf8.h"

#include <json-c/printbuf.h>
#include <string.h>
#include <strings.h>

/* How many of an object's keys a text shows, and how many bytes of each. */
#define KEYS_SHOWN 8
#define KEY_SHOWN  40

static const char *const NEVER[] = {
    "error",    "errors",    "warning", "warnings", "message",  "messages", "notice",     "notices", "link",
    "links",    "_links",    "meta",    "_meta",    "metadata", "summary",  "pagination", "paging",  "paginator",
    "included", "debug",     "sort",    "filters",  "facets",   "columns",  "parameters", "headers", "request",
    "query",    "debuginfo", "trace",   "pageinfo", "cursor",   NULL};

static const char *const GENERIC[] = {"data", "value", "result", "items", NULL};

static const char *const BESIDE[] = {"status",      "success",      "ok",          "code",        "total",
                                     "count",       "totalresults", "startnumber", "numreturned", "statusCode",
                                     "status_code", "http_code",    "timestamp",   "time",        "version",
                                     "apiVersion",  "request_id",   "requestId",   "msg",         "jsonrpc",
                                     "id",          "type",         NULL};

static bool is_in(const char *key, const char *const *names)
{
    /* Most names differ in the first letter, whatever its case. */
    for (; names && *names; names++)
        if ((*key | 0x20) == (**names | 0x20) && strcasecmp(key, *names) == 0)
            return true;
    return false;
}

enum name_class name_class_of(const char *key, const char *const *names)
{
    if (is_in(key, names))
        return NAME_OWN;
    if (is_in(key, GENERIC))
        return NAME_GENERIC;
    return is_in(key, NEVER) || key[0] == '@' ? NAME_NEVER : NAME_OTHER;
}

bool name_is_beside(const char *key)
{
    return is_in(key, BESIDE) || is_in(key, NEVER) || is_in(key, GENERIC);
}

bool name_is_number(const char *key)
{
    return *key && key[strspn(key, "0123456789")] == '\0';
}

bool name_has_number(const char *key)
{
    size_t before = strcspn(key, "0123456789");

    return before <= 16 && name_is_number(key + before);
}

/* The text of a scalar member, in `scratch`; NULL if there is none, or it is null. */
static const char *scalar_of(struct json_slice object, const char *name, struct printbuf *scratch)
{
    struct json_slice value = json_find_member(object, name, scratch);

    if (!value.at || value.at[0] == 'n' || value.at[0] == '{' || value.at[0] == '[')
        return NULL;
    printbuf_reset(scratch);
    return json_scalar_text(value, scratch) == 0 ? scratch->buf : NULL;
}

bool object_has_id(struct json_slice object, const char *const *ids, struct printbuf *scratch)
{
    for (; ids && *ids; ids++) {
        const char *text = scalar_of(object, *ids, scratch);
        if (text)
            return name_is_number(text);
    }
    return false;
}

bool object_is_call(struct json_slice object, struct printbuf *scratch)
{
    if (json_find_member(object, "jsonrpc", scratch).at)
        return true;
    struct json_slice result = json_find_member(object, "result", scratch);
    if (!result.at || result.at[0] != 'n')
        return false;
    struct json_slice error = json_find_member(object, "error", scratch);
    return error.at && error.at[0] != 'n';
}

bool object_has_scalar(struct json_slice object, const char *const *names, struct printbuf *scratch)
{
    for (; names && *names; names++)
        if (scalar_of(object, *names, scratch))
            return true;
    return false;
}

void append_key(struct printbuf *out, size_t *n, const char *key)
{
    size_t length = strlen(key);

    if (++*n > KEYS_SHOWN) {
        if (*n == KEYS_SHOWN + 1)
            printbuf_strappend(out, ", …");
        return;
    }
    sprintbuf(out, "%s", *n == 1 ? "an object with the keys " : ", ");
    for (size_t i = 0, step; i < length; i += step) {
        size_t valid = utf8_length(key + i, length - i);
        bool shown = valid > 0 && !utf8_is_control(key + i, valid);
        step = valid > 0 ? valid : 1;
        if (i + step > KEY_SHOWN)
            break;
        sprintbuf(out, "%.*s", shown ? (int)step : 1, shown ? key + i : "?");
    }
}

static const char *kind_of(char first)
{
    switch (first) {
    case '{':
        return "an empty object";
    case '[':
        return "a list";
    case '"':
        return "a string";
    case 'n':
        return "null";
    case 't':
    case 'f':
        return "true or false";
    default:
        return "a number";
    }
}

void append_kind(struct printbuf *out, struct json_slice value, struct printbuf *scratch)
{
    struct json_slice rest = value, key, member;
    size_t n = 0;

    while (value.len > 0 && value.at[0] == '{' && json_next_member(&rest, &key, &member) > 0) {
        printbuf_reset(scratch);
        if (json_scalar_text(key, scratch) == 0)
            append_key(out, &n, scratch->buf);
    }
    if (n == 0)
        sprintbuf(out, "%s", value.len > 0 ? kind_of(value.at[0]) : "nothing");
}
