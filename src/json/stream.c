/* SPDX-License-Identifier: MIT */
/*
 * Walking through an answer while it arrives.
 *
 * Only the brackets and commas of the containers that the visitor enters are read byte by byte: they are the envelope,
 * which is short. For every other value, and for each key, json_scan() finds the end. A value that lies in one chunk is
 * delivered from there, without a copy. The pieces of a value that lies in several chunks are joined in `cut`.
 *
 * The states. Each row shows which state follows which next byte:
 *
 *      VALUE         [ or { of a value that is entered: FIRST      any other: INSIDE
 *      FIRST         ] or }: the container ends                    " in an object: KEY     any other in an array: VALUE
 *      NEXT                                                        " in an object: KEY     any other in an array: VALUE
 *      COLON         : VALUE
 *      AFTER         ] or }: the container ends                    , NEXT
 *
 * KEY is followed by COLON. INSIDE and the end of a container are followed by AFTER, or by DONE if the value was the
 * whole answer. In KEY and INSIDE, json_scan() takes the bytes. These states may last for many chunks; a number ends
 * only when the byte after it has arrived.
 *
 * While any container is kept, all bytes of the answer are copied to `kept`. They are copied once, even if several kept
 * containers lie inside one another: the bytes of an inner one are a part of the outer one's.
 */
#include "json/json.h"
#include "json/scan.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* printbuf counts bytes in an int. */
#define PIECE_MAX ((size_t)1 << 30)

enum state { VALUE, INSIDE, FIRST, NEXT, KEY, COLON, AFTER, DONE };

/* A container that has been entered and not left. */
struct level {
    char close;           /* the bracket that ends it */
    bool kept;            /* its bytes are wanted at its end */
    int kept_at;          /* where they begin in stream->kept */
    size_t members;       /* how many have begun */
    struct printbuf *key; /* the decoded key of the current member */
};

struct json_stream {
    const struct json_visitor *visitor;
    void *data;

    enum state state;
    enum json_step step; /* in INSIDE: what the visitor wants of the value */
    unsigned depth;      /* how many levels are open */
    unsigned mark;       /* how many bytes of a byte order mark have come */
    struct level levels[JSON_LEVELS];

    struct json_scan scan;
    struct printbuf *cut; /* the bytes of the current value that earlier chunks contained */
    bool long_brief;      /* in INSIDE: a brief value is longer than JSON_BRIEF_MAX */
    struct printbuf *scratch;

    bool keeping;          /* a container is kept */
    const char *unkept;    /* while keeping: the first byte of the chunk that is not in `kept` */
    struct printbuf *kept; /* the bytes from the outermost kept container on */

    int error; /* 0, or the error that every later call returns */
};

struct json_stream *json_stream_new(const struct json_visitor *visitor, void *data)
{
    struct json_stream *stream = calloc(1, sizeof(*stream));

    if (!stream)
        return NULL;
    stream->visitor = visitor;
    stream->data = data;
    stream->cut = printbuf_new();
    stream->kept = printbuf_new();
    stream->scratch = printbuf_new();
    bool ok = stream->cut && stream->kept && stream->scratch;
    for (unsigned i = 0; i < JSON_LEVELS; i++)
        ok = (stream->levels[i].key = printbuf_new()) && ok;
    if (!ok) {
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
    printbuf_free(stream->kept);
    printbuf_free(stream->scratch);
    for (unsigned i = 0; i < JSON_LEVELS; i++)
        printbuf_free(stream->levels[i].key);
    free(stream);
}

void json_stream_forget(struct json_stream *stream)
{
    stream->keeping = false;
    for (unsigned i = 0; i < stream->depth; i++)
        stream->levels[i].kept = false;
    printbuf_reset(stream->kept);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Where the current value stands. */
static struct json_place place_of(const struct json_stream *stream)
{
    const struct level *level = stream->depth > 0 ? &stream->levels[stream->depth - 1] : NULL;

    return (struct json_place){.depth = stream->depth, .key = level && level->close == '}' ? level->key->buf : NULL};
}

/* ---- keeping the bytes of a container ---- */

/* Stops keeping the outermost container that is kept. The containers in it are kept on. */
static void forget_outermost(struct json_stream *stream)
{
    struct level *level = stream->levels, *end = stream->levels + stream->depth;

    while (level < end && !level->kept)
        level++;
    if (level < end)
        level->kept = false;
    while (level < end && !level->kept)
        level++;
    if (level == end) {
        json_stream_forget(stream);
        return;
    }
    int cut = level->kept_at;
    memmove(stream->kept->buf, stream->kept->buf + cut, (size_t)(printbuf_length(stream->kept) - cut));
    stream->kept->bpos -= cut;
    for (; level < end; level++)
        level->kept_at -= cut;
}

/* Copies the bytes up to `at`. A container that is longer than JSON_KEEP_MAX is forgotten. */
static int keep_up_to(struct json_stream *stream, const char *at)
{
    size_t len = (size_t)(at - stream->unkept);

    while (stream->keeping && len > (size_t)(JSON_KEEP_MAX - printbuf_length(stream->kept)))
        forget_outermost(stream);
    if (!stream->keeping)
        return 0;
    stream->unkept = at;
    return printbuf_memappend(stream->kept, at - len, (int)len) < 0 ? -ENOMEM : 0;
}

/* Begins to keep a container, which begins at `at`. */
static int begin_keeping(struct json_stream *stream, struct level *level, const char *at)
{
    int r = stream->keeping ? keep_up_to(stream, at) : 0;

    if (!stream->keeping) {
        stream->keeping = true;
        stream->unkept = at;
        printbuf_reset(stream->kept);
    }
    level->kept = r == 0;
    level->kept_at = printbuf_length(stream->kept);
    return r;
}

/* Ends a container, whose last byte is before `end`, with its bytes in *ret; ret->at is NULL if they were not kept, or
 * were forgotten. Returns 0 or -ENOMEM. */
static int end_keeping(struct json_stream *stream, struct level *level, const char *end, struct json_slice *ret)
{
    *ret = (struct json_slice){NULL, 0};
    if (!level->kept)
        return 0;
    int r = keep_up_to(stream, end);
    if (r == 0 && level->kept)
        *ret = (struct json_slice){stream->kept->buf + level->kept_at,
                                   (size_t)(printbuf_length(stream->kept) - level->kept_at)};
    return r;
}

/* ---- values ---- */

/* Checks a string, number or word, and leaves its text in `text`. */
static int read_scalar(struct json_slice raw, struct printbuf *text)
{
    printbuf_reset(text);
    return json_scalar_text(raw, text);
}

/* Whether the bytes of the current value are needed when it is complete. A number or word is checked even if it is
 * skipped. */
static bool is_kept(const struct json_stream *stream)
{
    return stream->state == KEY || stream->step != JSON_SKIP || stream->scan.state == SCAN_BARE;
}

static int keep_piece(struct json_stream *stream, struct json_slice piece)
{
    if (stream->state == INSIDE && stream->step == JSON_BRIEF &&
        (stream->long_brief || piece.len > (size_t)(JSON_BRIEF_MAX - printbuf_length(stream->cut)))) {
        stream->long_brief = true;
        return 0;
    }
    if (piece.len > (size_t)(INT_MAX - 64 - printbuf_length(stream->cut)))
        return -EFBIG;
    return printbuf_memappend(stream->cut, piece.at, (int)piece.len) < 0 ? -ENOMEM : 0;
}

static void end_value(struct json_stream *stream)
{
    stream->state = stream->depth > 0 ? AFTER : DONE;
}

static int deliver(struct json_stream *stream, struct json_slice raw)
{
    struct json_place place = place_of(stream);
    bool left_out = stream->step == JSON_BRIEF && (stream->long_brief || raw.len > JSON_BRIEF_MAX);
    int r = 0;

    if (left_out)
        raw = (struct json_slice){NULL, 0};
    else if (raw.len == 0 || (raw.at[0] != '{' && raw.at[0] != '['))
        r = read_scalar(raw, stream->scratch);
    if (r == 0 && stream->step != JSON_SKIP)
        r = stream->visitor->value(stream->data, &place, raw);
    return r < 0 ? r : 0;
}

/* Ends the current key or value. `last` is its last piece; the pieces before are in stream->cut. */
static int finish(struct json_stream *stream, struct json_slice last)
{
    struct json_slice raw = last;
    int r = 0;

    if (printbuf_length(stream->cut) > 0) {
        r = keep_piece(stream, last);
        raw = (struct json_slice){stream->cut->buf, (size_t)printbuf_length(stream->cut)};
    }
    if (r == 0 && stream->state == KEY) {
        r = read_scalar(raw, stream->levels[stream->depth - 1].key);
        stream->state = COLON;
    } else if (r == 0) {
        if (is_kept(stream))
            r = deliver(stream, raw);
        end_value(stream);
    }
    printbuf_reset(stream->cut);
    return r;
}

/* Moves `rest` past the bytes that belong to the current key or value. */
static int take_value(struct json_stream *stream, struct json_slice *rest)
{
    struct json_slice piece = {rest->at, 0};
    int r = json_scan(&stream->scan, rest->at, rest->len, &piece.len);

    if (r < 0)
        return r;
    rest->at += piece.len;
    rest->len -= piece.len;
    if (r > 0)
        return finish(stream, piece);
    return is_kept(stream) ? keep_piece(stream, piece) : 0;
}

/* ---- what is entered ---- */

/* Goes to `state`; the current byte is used up. */
static int move(struct json_stream *stream, enum state state)
{
    stream->state = state;
    return 1;
}

/* Goes to `state`, in which json_scan() takes the bytes from the current one on. */
static int scan(struct json_stream *stream, enum state state)
{
    stream->state = state;
    stream->long_brief = false;
    json_scan_start(&stream->scan);
    return 0;
}

static int enter(struct json_stream *stream, const char *at, bool keep)
{
    struct level *level = &stream->levels[stream->depth];
    int r = 0;

    *level = (struct level){.close = *at == '{' ? '}' : ']', .key = level->key};
    printbuf_reset(level->key);
    stream->depth++;
    if (keep)
        r = begin_keeping(stream, level, at);
    return r < 0 ? r : move(stream, FIRST);
}

static int leave(struct json_stream *stream, const char *at)
{
    struct level *level = &stream->levels[stream->depth - 1];
    struct json_slice raw;

    int r = end_keeping(stream, level, at + 1, &raw);
    if (r < 0)
        return r;
    stream->depth--;
    struct json_place place = place_of(stream);
    r = stream->visitor->leave(stream->data, &place, raw);
    bool inside_kept = false;
    for (unsigned i = 0; i < stream->depth; i++)
        inside_kept = inside_kept || stream->levels[i].kept;
    stream->keeping = inside_kept;
    end_value(stream);
    return r < 0 ? r : 1;
}

/* Begins a value at `at`, and asks the visitor what to do with it. */
static int start_value(struct json_stream *stream, const char *at)
{
    struct json_place place = place_of(stream);
    int step = stream->visitor->begin(stream->data, &place, *at);

    if (step < 0)
        return step;
    if ((*at == '{' || *at == '[') && (step == JSON_ENTER || step == JSON_ENTER_KEEP)) {
        if (stream->depth == JSON_LEVELS)
            return -EBADMSG;
        return enter(stream, at, step == JSON_ENTER_KEEP);
    }
    stream->step = step == JSON_ENTER || step == JSON_ENTER_KEEP ? JSON_SKIP : (enum json_step)step;
    return scan(stream, INSIDE);
}

/* Begins a member or element at `at`, or ends the container there. */
static int start_member(struct json_stream *stream, const char *at)
{
    struct level *level = &stream->levels[stream->depth - 1];

    if (stream->state == FIRST && *at == level->close)
        return leave(stream, at);
    if (level->close == ']')
        return start_value(stream, at);
    return *at == '"' ? scan(stream, KEY) : -EBADMSG;
}

/* The answer may begin with a byte order mark. Returns 1 if the byte is a part of one. */
static int take_mark(struct json_stream *stream, char c)
{
    static const char MARK[] = "\xef\xbb\xbf";

    if (stream->depth > 0 || stream->state != VALUE || stream->mark == sizeof(MARK) - 1)
        return 0;
    if (c == MARK[stream->mark]) {
        stream->mark++;
        return 1;
    }
    return stream->mark == 0 ? 0 : -EBADMSG;
}

/* Takes the byte at `at`, which is no white space. Returns 1 if it is used up, 0 if a value or key begins with it. */
static int take_byte(struct json_stream *stream, const char *at)
{
    switch (stream->state) {
    case VALUE:
        return start_value(stream, at);
    case FIRST:
    case NEXT:
        return start_member(stream, at);
    case COLON:
        return *at == ':' ? move(stream, VALUE) : -EBADMSG;
    case AFTER:
        if (*at == stream->levels[stream->depth - 1].close)
            return leave(stream, at);
        return *at == ',' ? move(stream, NEXT) : -EBADMSG;
    case INSIDE:
    case KEY:
    case DONE:
        break;
    }
    return -EBADMSG;
}

/* Takes bytes from `rest`, which is not empty. Each call uses at least one byte or changes the state. */
static int take(struct json_stream *stream, struct json_slice *rest)
{
    int r;

    if (stream->state == INSIDE || stream->state == KEY)
        return take_value(stream, rest);
    r = take_mark(stream, *rest->at);
    if (r == 0)
        r = is_space(*rest->at) ? 1 : take_byte(stream, rest->at);
    if (r < 0)
        return r;
    rest->at += r;
    rest->len -= (size_t)r;
    return 0;
}

int json_stream_feed(struct json_stream *stream, const char *bytes, size_t len)
{
    while (len > 0 && stream->error == 0) {
        struct json_slice rest = {bytes, len < PIECE_MAX ? len : PIECE_MAX};

        stream->unkept = bytes;
        bytes += rest.len;
        len -= rest.len;
        while (rest.len > 0 && stream->error == 0)
            stream->error = take(stream, &rest);
        if (stream->error == 0 && stream->keeping)
            stream->error = keep_up_to(stream, bytes);
    }
    return stream->error;
}

int json_stream_end(struct json_stream *stream)
{
    /* A number or word that is the whole answer ends with the answer. */
    if (stream->error == 0 && stream->state == INSIDE && stream->depth == 0 && stream->scan.state == SCAN_BARE)
        stream->error = finish(stream, (struct json_slice){"", 0});
    if (stream->error == 0 && stream->state != DONE)
        stream->error = -EBADMSG;
    return stream->error;
}
