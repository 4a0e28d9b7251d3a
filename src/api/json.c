/*
 * Taking an answer apart while it arrives.
 *
 * Only the envelope is walked by hand, a byte at a time; it is short. Each value in it, whether an item, a member's
 * name or something to skip, is given to json-c's tokener, which finds its end and refuses what is not JSON. An item
 * that lies whole in one chunk is handed on where it stands; one that a chunk's end has cut is put together in `cut`.
 *
 * A list and the envelope around it, by the byte that comes next:
 *
 *      START         [ FIRST_ITEM         { FIRST_KEY
 *      FIRST_ITEM    ] leave              any other: ITEM
 *      NEXT_ITEM                          any: ITEM
 *      AFTER_ITEM    , NEXT_ITEM          ] leave
 *      FIRST_KEY     " KEY                } leave
 *      NEXT_KEY      " KEY
 *      COLON         : VALUE
 *      VALUE         [ FIRST_ITEM and     { FIRST_KEY, under a name asked for; any other: SKIPPED
 *      AFTER_MEMBER  , NEXT_KEY           } leave
 *
 * To leave is to go to AFTER_MEMBER in the envelope around, or to DONE where there is none. ITEM, KEY and SKIPPED end
 * in AFTER_ITEM, COLON and AFTER_MEMBER.
 *
 * ITEM, KEY and SKIPPED are the tokener's, and may last many chunks: a number is only known to be over when the byte
 * after it is seen. One object is a single ITEM from START to DONE, because whether its outermost braces are an
 * envelope is only known when all its members have been seen.
 */
#include "api/json.h"
#include "base/utf8.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of an error message that are worth a log line. */
#define MESSAGE_MAX 300

/* How far to look for a string in `errors`. */
#define MESSAGE_LEVELS 3

/* json-c counts bytes in an int. */
#define PIECE_MAX ((size_t)1 << 30)

/* How many objects may lie around a list. */
#define ENVELOPES_MAX 2

enum state {
    START,
    FIRST_ITEM,
    NEXT_ITEM,
    ITEM,
    AFTER_ITEM,
    FIRST_KEY,
    NEXT_KEY,
    KEY,
    COLON,
    VALUE,
    SKIPPED,
    AFTER_MEMBER,
    DONE
};

struct json_stream {
    enum json_shape shape;
    const char *const *names;
    json_item_fn item;
    void *data;

    struct json_tokener *tokener;
    struct printbuf *cut; /* what earlier chunks held of the item now being read */
    struct printbuf *key;

    enum state state;
    unsigned envelopes; /* that are open */
    bool wanted;        /* the member being read has a name under which a list may lie */
    bool found;
    int error;
};

/* What may stand beside `data` without being a field of the object itself. */
static const char *const BESIDE[] = {"summary", "status", "success", "message",    "messages", "code",  "result",
                                     "error",   "errors", "meta",    "pagination", "total",    "count", NULL};

struct json_stream *json_stream_new(enum json_shape shape, const char *const *names, json_item_fn item, void *data)
{
    struct json_stream *stream = calloc(1, sizeof(*stream));

    if (!stream)
        return NULL;

    stream->shape = shape;
    stream->names = names;
    stream->item = item;
    stream->data = data;
    stream->tokener = json_tokener_new_ex(JSON_DEPTH);
    stream->cut = printbuf_new();
    stream->key = printbuf_new();
    if (!stream->tokener || !stream->cut || !stream->key) {
        json_stream_free(stream);
        return NULL;
    }
    /* Strict alone would refuse an item for the comma after it. */
    json_tokener_set_flags(stream->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    return stream;
}

void json_stream_free(struct json_stream *stream)
{
    if (!stream)
        return;
    if (stream->tokener)
        json_tokener_free(stream->tokener);
    printbuf_free(stream->cut);
    printbuf_free(stream->key);
    free(stream);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_wrapper(const struct json_stream *stream, const char *key)
{
    if (strcmp(key, "data") == 0 || strcmp(key, "value") == 0)
        return true;
    for (const char *const *name = stream->names; name && *name; name++) {
        if (strcmp(key, *name) == 0)
            return true;
    }
    return false;
}

static bool is_beside(const char *key)
{
    for (const char *const *name = BESIDE; *name; name++) {
        if (strcasecmp(key, *name) == 0)
            return true;
    }
    return false;
}

/*
 * Finds what the envelope `whole` holds: 1 and the member's name (in stream->key) and value; 0 when the object is not
 * an envelope but the thing itself.
 */
static int find_enveloped(struct json_stream *stream, struct json_slice whole, struct json_slice *ret)
{
    struct json_slice rest = whole, key, value, inner = {NULL, 0}, inner_key = {NULL, 0};
    int r;

    while ((r = json_next_member(&rest, &key, &value)) > 0) {
        printbuf_reset(stream->key);
        r = json_scalar_text(key, stream->key);
        if (r < 0)
            return r;
        if (!inner.at && value.at[0] == '{' && is_wrapper(stream, stream->key->buf)) {
            inner = value;
            inner_key = key;
        } else if (!is_beside(stream->key->buf)) {
            return 0;
        }
    }
    if (r < 0 || !inner.at)
        return r;

    printbuf_reset(stream->key);
    r = json_scalar_text(inner_key, stream->key);
    if (r < 0)
        return r;
    *ret = inner;
    return 1;
}

static int deliver_object(struct json_stream *stream, struct json_slice raw, struct json_object *index)
{
    int r = find_enveloped(stream, raw, &raw);

    if (r < 0)
        return r;
    if (r > 0 && !json_object_object_get_ex(index, stream->key->buf, &index))
        return -EBADMSG;
    stream->found = true;
    stream->state = DONE;
    return stream->item(stream->data, raw, index);
}

static int deliver(struct json_stream *stream, struct json_slice raw, struct json_object *index)
{
    int r;

    /* json-c says success, without an object, when it is out of memory. */
    if (!index && raw.at[0] != 'n')
        return -ENOMEM;

    if (stream->shape == JSON_OBJECT) {
        r = deliver_object(stream, raw, index);
    } else {
        stream->state = AFTER_ITEM;
        r = stream->item(stream->data, raw, index);
    }
    return r < 0 ? r : 0;
}

static int finish_key(struct json_stream *stream, struct json_object *index)
{
    const char *key;

    if (!index)
        return -ENOMEM;
    key = json_object_get_string(index);
    /* A name with a U+0000 in it is longer than it looks, and none of ours. */
    stream->wanted = (size_t)json_object_get_string_len(index) == strlen(key) && is_wrapper(stream, key);
    stream->state = COLON;
    return 0;
}

/* The item's last `len` bytes are at `at`, those before are in stream->cut. */
static int finish_item(struct json_stream *stream, const char *at, size_t len, struct json_object *index)
{
    struct json_slice raw = {at, len};
    int r;

    if (printbuf_length(stream->cut) > 0) {
        if (printbuf_memappend(stream->cut, at, (int)len) < 0)
            return -ENOMEM;
        raw.at = stream->cut->buf;
        raw.len = (size_t)printbuf_length(stream->cut);
    }
    /* json-c also takes the white space after a value. */
    while (raw.len > 0 && is_space(raw.at[raw.len - 1]))
        raw.len--;
    if (raw.len == 0)
        return -EBADMSG;

    r = deliver(stream, raw, index);
    printbuf_reset(stream->cut);
    return r;
}

/* Gives the tokener what there is; moves `rest` past what it took. */
static int take_value(struct json_stream *stream, struct json_slice *rest)
{
    struct json_object *index = json_tokener_parse_ex(stream->tokener, rest->at, (int)rest->len);
    enum json_tokener_error error = json_tokener_get_error(stream->tokener);
    const char *at = rest->at;
    size_t used = error == json_tokener_continue ? rest->len : json_tokener_get_parse_end(stream->tokener);
    int r = 0;

    rest->at += used;
    rest->len -= used;
    if (error == json_tokener_continue) {
        if (stream->state == ITEM && printbuf_memappend(stream->cut, at, (int)used) < 0)
            r = -ENOMEM;
    } else if (error != json_tokener_success) {
        r = -EBADMSG;
    } else if (stream->state == ITEM) {
        r = finish_item(stream, at, used, index);
    } else if (stream->state == KEY) {
        r = finish_key(stream, index);
    } else {
        stream->state = AFTER_MEMBER;
    }
    json_object_put(index);
    return r;
}

/* To `state`, having used the byte that led there. */
static int move(struct json_stream *stream, enum state state)
{
    stream->state = state;
    return 1;
}

/* To `state`, for which the same byte is the first. */
static int stay(struct json_stream *stream, enum state state)
{
    stream->state = state;
    return 0;
}

static int open_list(struct json_stream *stream)
{
    stream->found = true;
    return move(stream, FIRST_ITEM);
}

static int open_envelope(struct json_stream *stream)
{
    stream->envelopes++;
    return move(stream, FIRST_KEY);
}

static int close_list(struct json_stream *stream)
{
    return move(stream, stream->envelopes > 0 ? AFTER_MEMBER : DONE);
}

static int close_envelope(struct json_stream *stream)
{
    stream->envelopes--;
    return move(stream, stream->envelopes > 0 ? AFTER_MEMBER : DONE);
}

static int start(struct json_stream *stream, char c)
{
    if (stream->shape == JSON_OBJECT)
        return c == '{' ? stay(stream, ITEM) : -EBADMSG;
    if (c == '[')
        return open_list(stream);
    return c == '{' ? open_envelope(stream) : -EBADMSG;
}

static int start_member(struct json_stream *stream, char c)
{
    if (stream->wanted && !stream->found) {
        if (c == '[')
            return open_list(stream);
        if (c == '{' && stream->envelopes < ENVELOPES_MAX)
            return open_envelope(stream);
    }
    return stay(stream, SKIPPED);
}

/* One byte of the envelope: 1 when it is used up, 0 when a value begins with it. */
static int take_byte(struct json_stream *stream, char c)
{
    switch (stream->state) {
    case START:
        return start(stream, c);
    case FIRST_ITEM:
        return c == ']' ? close_list(stream) : stay(stream, ITEM);
    case NEXT_ITEM:
        return stay(stream, ITEM);
    case AFTER_ITEM:
        if (c == ']')
            return close_list(stream);
        return c == ',' ? move(stream, NEXT_ITEM) : -EBADMSG;
    case FIRST_KEY:
        if (c == '}')
            return close_envelope(stream);
        return c == '"' ? stay(stream, KEY) : -EBADMSG;
    case NEXT_KEY:
        return c == '"' ? stay(stream, KEY) : -EBADMSG;
    case COLON:
        return c == ':' ? move(stream, VALUE) : -EBADMSG;
    case VALUE:
        return start_member(stream, c);
    case AFTER_MEMBER:
        if (c == '}')
            return close_envelope(stream);
        return c == ',' ? move(stream, NEXT_KEY) : -EBADMSG;
    case ITEM:
    case KEY:
    case SKIPPED:
    case DONE:
        break;
    }
    return -EBADMSG;
}

static bool in_value(const struct json_stream *stream)
{
    return stream->state == ITEM || stream->state == KEY || stream->state == SKIPPED;
}

/* `rest` is not empty; at least a byte of it is used, or the state has moved on. */
static int take(struct json_stream *stream, struct json_slice *rest)
{
    int r;

    if (in_value(stream))
        return take_value(stream, rest);

    if (is_space(*rest->at)) {
        r = 1;
    } else {
        r = take_byte(stream, *rest->at);
        if (r < 0)
            return r;
    }
    rest->at += r;
    rest->len -= (size_t)r;
    return 0;
}

int json_stream_feed(struct json_stream *stream, const char *bytes, size_t len)
{
    while (len > 0 && stream->error == 0) {
        struct json_slice rest = {bytes, len < PIECE_MAX ? len : PIECE_MAX};

        bytes += rest.len;
        len -= rest.len;
        while (rest.len > 0 && stream->error == 0)
            stream->error = take(stream, &rest);
    }
    return stream->error;
}

int json_stream_end(struct json_stream *stream)
{
    if (stream->error == 0 && (stream->state != DONE || !stream->found))
        stream->error = -EBADMSG;
    return stream->error;
}

static struct json_object *parse_whole(const char *body, size_t len)
{
    struct json_tokener *tokener;
    struct json_object *root;

    if (len > PIECE_MAX)
        return NULL;
    tokener = json_tokener_new_ex(JSON_DEPTH);
    if (!tokener)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    root = json_tokener_parse_ex(tokener, body, (int)len);
    json_tokener_free(tokener);
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
    struct json_object *root = parse_whole(body, len);
    struct json_object *found = find_message(root, MESSAGE_LEVELS);
    char *message = NULL;

    if (found)
        message = one_line(json_object_get_string(found), (size_t)json_object_get_string_len(found));
    json_object_put(root);
    return message;
}
