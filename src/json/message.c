/*
 * What an API says of itself in the body of an error. Bodies are small and this is rare, so json-c reads them.
 */
#include "json/json.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/utf8.h"

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of an error message that are worth a log line. */
#define MESSAGE_MAX 300

/* How far to look for a string in `errors`. */
#define MESSAGE_LEVELS 3

/* NULL when it is not JSON; *ret_cut (may be NULL) tells whether that is only for want of its end. */
static struct json_object *parse_whole(const char *body, size_t len, bool *ret_cut)
{
    struct json_tokener *tokener;
    struct json_object *root;

    if (len == 0 || len > INT_MAX)
        return NULL;
    tokener = json_tokener_new_ex(JSON_DEPTH);
    if (!tokener)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    root = json_tokener_parse_ex(tokener, body, (int)len);
    if (ret_cut)
        *ret_cut = json_tokener_get_error(tokener) == json_tokener_continue;
    json_tokener_free(tokener);
    return root;
}

/* An object of the members that lie whole in a body that has been cut: the words mostly come before a long trace. */
static struct json_object *parse_cut(const char *body, size_t len)
{
    struct json_object *root = json_object_new_object(), *parsed;
    struct json_slice rest = {body, len}, key, value;

    while (root && json_next_member(&rest, &key, &value) > 0) {
        char *name = strndup(key.at + 1, key.len - 2);

        parsed = parse_whole(value.at, value.len, NULL);
        if (!name || json_object_object_add(root, name, parsed) < 0)
            json_object_put(parsed);
        free(name);
    }
    return root;
}

static struct json_object *if_text(struct json_object *value)
{
    const char *text;

    if (!json_object_is_type(value, json_type_string))
        return NULL;
    text = json_object_get_string(value);
    return text[strspn(text, " \t\r\n")] != '\0' ? value : NULL;
}

static struct json_object *find_message(struct json_object *object, unsigned levels);

/* `errors` is a text, a list of texts or of objects, or an object with a text or a list for each field at fault. */
static struct json_object *find_in_errors(struct json_object *value, unsigned levels)
{
    struct json_object *found = if_text(value);

    if (found || levels == 0)
        return found;
    if (json_object_is_type(value, json_type_array))
        return find_in_errors(json_object_array_get_idx(value, 0), levels - 1);
    found = find_message(value, levels - 1);
    if (!found && json_object_is_type(value, json_type_object)) {
        struct json_object_iterator first = json_object_iter_begin(value), end = json_object_iter_end(value);

        if (!json_object_iter_equal(&first, &end))
            found = find_in_errors(json_object_iter_peek_value(&first), levels - 1);
    }
    return found;
}

static struct json_object *find_message(struct json_object *object, unsigned levels)
{
    static const char *const FIELDS[] = {"message",     "error", "errors", "detail", "msg",
                                         "description", "title", "reason", NULL};

    if (!json_object_is_type(object, json_type_object))
        return NULL;
    for (const char *const *field = FIELDS; *field; field++) {
        struct json_object *value = json_object_object_get(object, *field), *found = if_text(value);

        if (!found && strcmp(*field, "error") == 0 && json_object_is_type(value, json_type_object))
            found = if_text(json_object_object_get(value, "message"));
        else if (!found && strcmp(*field, "errors") == 0)
            found = find_in_errors(value, levels);
        if (found)
            return found;
    }
    return NULL;
}

/* White space, control characters and the line breaks that only Unicode knows. */
static bool breaks_line(const char *at, size_t n)
{
    return *at == ' ' || utf8_is_control(at, n) ||
           (n == 3 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0));
}

/* Whatever breaks a line becomes one space, whatever is not UTF-8 a question mark; cut between characters. */
static char *one_line(const char *text, size_t len)
{
    char line[MESSAGE_MAX + 1];
    size_t used = 0, n;
    bool space = false;

    for (size_t i = 0; i < len; i += n) {
        const char *at = text + i;
        bool valid = (n = utf8_length(at, len - i)) > 0;

        if (valid && breaks_line(at, n)) {
            space = used > 0;
            continue;
        }
        n = valid ? n : 1;
        if (used + space + n > MESSAGE_MAX)
            break;
        if (space)
            line[used++] = ' ';
        memcpy(line + used, valid ? at : "?", n);
        used += n;
        space = false;
    }
    return used > 0 ? strndup(line, used) : NULL;
}

char *json_api_message(const char *body, size_t len)
{
    bool cut = false;
    struct json_object *root = parse_whole(body, len, &cut), *found;
    _cleanup_(freep) char *shown = NULL;
    char *message = NULL;
    size_t shown_len = 0;

    if (!root && cut)
        root = parse_cut(body, len);
    found = find_message(root, MESSAGE_LEVELS);
    if (found)
        shown = log_hidden(json_object_get_string(found), (size_t)json_object_get_string_len(found), &shown_len);
    if (shown)
        message = one_line(shown, shown_len);
    json_object_put(root);
    return message;
}
