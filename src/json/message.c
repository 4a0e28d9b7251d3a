/* SPDX-License-Identifier: MIT */
/*
 * The API's own message in the body of an error; see json_api_message().
 */
#include "base/cleanup.h"
#include "base/line.h"
#include "base/utf8.h"
#include "json/json.h"
#include "json/scan.h"

#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

/* The longest message that is returned, in bytes. */
#define MESSAGE_MAX 300

/* How many levels deep a string is looked for in `errors`. */
#define MESSAGE_LEVELS 3

/* The buffers of a search: `text` receives the message, `key` is scratch for json_find_member(). */
struct search {
    struct printbuf *key;
    struct printbuf *text;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool begins_with(struct json_slice value, char c)
{
    return value.len > 0 && value.at[0] == c;
}

/* Whether the value is a string that is not blank. If so, search->text is that string. */
static bool take_text(struct search *search, struct json_slice value)
{
    const char *text;

    printbuf_reset(search->text);
    if (!begins_with(value, '"') || json_string_bytes(value, search->text) < 0)
        return false;
    text = search->text->buf;
    return text[strspn(text, " \t\r\n")] != '\0';
}

/* The first element of an array; its `at` is NULL if the array is empty. */
static struct json_slice first_element(struct json_slice array)
{
    struct json_slice element;

    return json_next_element(&array, &element) > 0 ? element : (struct json_slice){NULL, 0};
}

static struct json_slice first_member(struct json_slice object)
{
    struct json_slice key, value;

    return json_next_member(&object, &key, &value) > 0 ? value : (struct json_slice){NULL, 0};
}

static bool find_message(struct search *search, struct json_slice object, unsigned levels);

/* `errors` is a string, a list of strings or objects, or an object with a string or list per wrong field. */
static bool find_in_errors(struct search *search, struct json_slice value, unsigned levels)
{
    if (take_text(search, value))
        return true;
    if (levels == 0)
        return false;
    if (begins_with(value, '['))
        return find_in_errors(search, first_element(value), levels - 1);
    if (!begins_with(value, '{'))
        return false;
    return find_message(search, value, levels - 1) || find_in_errors(search, first_member(value), levels - 1);
}

static bool find_message(struct search *search, struct json_slice object, unsigned levels)
{
    static const char *const FIELDS[] = {"message", "error",  "errors",  "detail",   "msg", "description",
                                         "title",   "reason", "warning", "warnings", NULL};

    if (!begins_with(object, '{'))
        return false;
    for (const char *const *field = FIELDS; *field; field++) {
        struct json_slice value = json_find_member(object, *field, search->key);

        if (take_text(search, value))
            return true;
        if (strcmp(*field, "error") == 0 && begins_with(value, '{') &&
            take_text(search, json_find_member(value, "message", search->key)))
            return true;
        if ((strcmp(*field, "errors") == 0 || strcmp(*field, "warnings") == 0) && find_in_errors(search, value, levels))
            return true;
    }
    return false;
}

struct json_slice json_trimmed(struct json_slice raw)
{
    size_t mark = utf8_mark(raw.at, raw.len);

    raw.at += mark;
    raw.len -= mark;
    while (raw.len > 0 && is_space(raw.at[0])) {
        raw.at++;
        raw.len--;
    }
    while (raw.len > 0 && is_space(raw.at[raw.len - 1]))
        raw.len--;
    return raw;
}

/* Whether the body is valid JSON, or the beginning of a value: brackets and quotes match up to the cut. */
static bool is_whole_or_cut(struct json_slice body, struct printbuf *scratch)
{
    struct json_scan scan;
    size_t used;

    if (json_check(body, scratch) == 0)
        return true;
    json_scan_start(&scan);
    return json_scan(&scan, body.at, body.len, &used) == 0;
}

/* The message as it may be shown: secrets replaced, on one line. */
static char *shown(const struct printbuf *text, json_hide_fn *hide)
{
    size_t len = (size_t)printbuf_length(text);
    _cleanup_(freep) char *hidden = hide ? hide(text->buf, len, &len) : NULL;

    if (!hide)
        return line_of(text->buf, len, MESSAGE_MAX, NULL);
    return hidden ? line_of(hidden, len, MESSAGE_MAX, NULL) : NULL;
}

char *json_api_message(const char *body, size_t len, json_hide_fn *hide)
{
    struct search search = {printbuf_new(), printbuf_new()};
    struct json_slice raw = json_trimmed((struct json_slice){body, len});
    char *message = NULL;

    if (search.key && search.text && is_whole_or_cut(raw, search.key) && find_message(&search, raw, MESSAGE_LEVELS))
        message = shown(search.text, hide);
    printbuf_free(search.key);
    printbuf_free(search.text);
    return message;
}
