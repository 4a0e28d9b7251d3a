/* SPDX-License-Identifier: MIT */
/*
 * Cutting an answer into items while the answer arrives.
 *
 * Only the envelope is read byte by byte; it is short. For each value in the envelope (an item, a member's name, a
 * value to skip), json_scan() finds the end. An item that lies in one chunk is delivered from there, without a copy.
 * The pieces of an item that lies in several chunks are joined in `cut`.
 *
 * The states for a list and the envelope around it. Each row shows which state follows which next byte:
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
 * "leave" goes to AFTER_MEMBER of the envelope around it, or to DONE if there is no envelope. ITEM is followed by
 * AFTER_ITEM, KEY by COLON, and SKIPPED by AFTER_MEMBER.
 *
 * In ITEM, KEY and SKIPPED, json_scan() takes the bytes. These states may last for many chunks; a number ends only when
 * the byte after it has arrived.
 *
 * For JSON_OBJECT and JSON_MAP, the whole answer is a single ITEM from START to DONE: whether the outermost braces are
 * an envelope is known only when all members have been seen.
 */
#include "json/json.h"
#include "json/scan.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* printbuf counts bytes in an int. */
#define PIECE_MAX ((size_t)1 << 30)

/* The largest number of objects around a list. */
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

    struct json_scan scan;
    struct printbuf *cut; /* the bytes of the current value that earlier chunks contained */
    struct printbuf *scratch;

    enum state state;
    unsigned envelopes; /* the number of open envelopes */
    bool wanted;        /* the current member has a name under which a list may lie */
    bool found;         /* the list or object has been found */
    int error;          /* 0, or the error that every later call returns */
};

/* The members that an envelope may have beside `data`. Any other member means that the object is no envelope. */
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
    stream->cut = printbuf_new();
    stream->scratch = printbuf_new();
    if (!stream->cut || !stream->scratch) {
        json_stream_free(stream);
        return NULL;
    }
    return stream;
}

void json_stream_free(struct json_stream *stream)
{
    if (!stream)
        return;
    printbuf_free(stream->cut);
    printbuf_free(stream->scratch);
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

/* Checks a string, number or word, and leaves its text in stream->scratch. */
static int read_scalar(struct json_stream *stream, struct json_slice raw)
{
    printbuf_reset(stream->scratch);
    return json_scalar_text(raw, stream->scratch);
}

/* The brackets of `raw` must be balanced. */
static bool is_empty_array(struct json_slice raw)
{
    size_t i = 1;

    while (i < raw.len && is_space(raw.at[i]))
        i++;
    return raw.at[0] == '[' && i == raw.len - 1;
}

static bool may_be_inner(const struct json_stream *stream, struct json_slice value)
{
    return value.at[0] == '{' || (stream->shape == JSON_MAP && is_empty_array(value));
}

/* Looks for an envelope in `whole`, a valid object. Returns 1 and the enveloped value, or 0 if `whole` is not an
 * envelope but the object itself. */
static int find_enveloped(struct json_stream *stream, struct json_slice whole, struct json_slice *ret)
{
    struct json_slice rest = whole, key, value, inner = {NULL, 0};
    int r;

    while ((r = json_next_member(&rest, &key, &value)) > 0) {
        r = read_scalar(stream, key);
        if (r < 0)
            return r;
        if (!inner.at && may_be_inner(stream, value) && is_wrapper(stream, stream->scratch->buf))
            inner = value;
        else if (!is_beside(stream->scratch->buf))
            return 0;
    }
    if (r < 0 || !inner.at)
        return r;
    *ret = inner;
    return 1;
}

/* Nobody else reads the envelope, so the whole answer is checked here. */
static int deliver_object(struct json_stream *stream, struct json_slice raw)
{
    int r;

    r = json_check(raw, stream->scratch);
    if (r == 0 && raw.at[0] == '{')
        r = find_enveloped(stream, raw, &raw);
    if (r < 0)
        return r;
    if (raw.at[0] == '[') {
        if (!is_empty_array(raw))
            return -EBADMSG;
        raw = (struct json_slice){"{}", 2};
    }
    stream->found = true;
    stream->state = DONE;
    return stream->item(stream->data, raw);
}

static int deliver(struct json_stream *stream, struct json_slice raw)
{
    int r = 0;

    if (stream->shape != JSON_LIST) {
        r = deliver_object(stream, raw);
    } else {
        if (raw.len == 0 || (raw.at[0] != '{' && raw.at[0] != '['))
            r = read_scalar(stream, raw);
        stream->state = AFTER_ITEM;
        if (r == 0)
            r = stream->item(stream->data, raw);
    }
    return r < 0 ? r : 0;
}

static int finish_key(struct json_stream *stream, struct json_slice raw)
{
    int r = read_scalar(stream, raw);

    if (r < 0)
        return r;
    stream->wanted = is_wrapper(stream, stream->scratch->buf);
    stream->state = COLON;
    return 0;
}

/* Whether the bytes of the current value are needed when the value is complete. */
static bool is_kept(const struct json_stream *stream)
{
    return stream->state != SKIPPED || stream->scan.state == SCAN_BARE;
}

static int keep_piece(struct json_stream *stream, struct json_slice piece)
{
    if (piece.len > (size_t)(INT_MAX - 64 - printbuf_length(stream->cut)))
        return -EFBIG;
    return printbuf_memappend(stream->cut, piece.at, (int)piece.len) < 0 ? -ENOMEM : 0;
}

/* `last` is the last piece of the current value; the pieces before it are in stream->cut. */
static int finish_value(struct json_stream *stream, struct json_slice last)
{
    struct json_slice raw = last;
    int r = 0;

    if (printbuf_length(stream->cut) > 0) {
        r = keep_piece(stream, last);
        if (r < 0)
            return r;
        raw = (struct json_slice){stream->cut->buf, (size_t)printbuf_length(stream->cut)};
    }
    if (stream->state == KEY) {
        r = finish_key(stream, raw);
    } else if (stream->state == ITEM) {
        r = deliver(stream, raw);
    } else {
        if (is_kept(stream))
            r = read_scalar(stream, raw);
        stream->state = AFTER_MEMBER;
    }
    printbuf_reset(stream->cut);
    return r;
}

/* Moves `rest` past the bytes that belong to the current value. */
static int take_value(struct json_stream *stream, struct json_slice *rest)
{
    struct json_slice piece = {rest->at, 0};
    int r = json_scan(&stream->scan, rest->at, rest->len, &piece.len);

    if (r < 0)
        return r;
    rest->at += piece.len;
    rest->len -= piece.len;
    if (r > 0)
        return finish_value(stream, piece);
    return is_kept(stream) ? keep_piece(stream, piece) : 0;
}

/* Goes to `state`; the current byte is used up. */
static int move(struct json_stream *stream, enum state state)
{
    stream->state = state;
    return 1;
}

/* Goes to `state`, which reads a value; the current byte is the first byte of that value. */
static int begin(struct json_stream *stream, enum state state)
{
    stream->state = state;
    json_scan_start(&stream->scan);
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
    if (stream->shape != JSON_LIST)
        return c == '{' || (c == '[' && stream->shape == JSON_MAP) ? begin(stream, ITEM) : -EBADMSG;
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
    return begin(stream, SKIPPED);
}

/* Takes one byte of the envelope. Returns 1 if the byte is used up, 0 if a value begins with it. */
static int take_byte(struct json_stream *stream, char c)
{
    switch (stream->state) {
    case START:
        return start(stream, c);
    case FIRST_ITEM:
        return c == ']' ? close_list(stream) : begin(stream, ITEM);
    case NEXT_ITEM:
        return begin(stream, ITEM);
    case AFTER_ITEM:
        if (c == ']')
            return close_list(stream);
        return c == ',' ? move(stream, NEXT_ITEM) : -EBADMSG;
    case FIRST_KEY:
        if (c == '}')
            return close_envelope(stream);
        return c == '"' ? begin(stream, KEY) : -EBADMSG;
    case NEXT_KEY:
        return c == '"' ? begin(stream, KEY) : -EBADMSG;
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

/* Takes bytes from `rest`, which is not empty. Each call uses at least one byte or changes the state. */
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
