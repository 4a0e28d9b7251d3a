/* SPDX-License-Identifier: MIT */
/*
 * The stream: however an answer is cut into chunks, the visitor sees the same. If the answer is JSON, the visitor sees
 * what a walk over its tokens says that it has to see.
 *
 * The input: a byte that says what the visitor does with each value, a byte for the sizes of chunks, and the answer.
 */
#include "fuzz.h"

#include "json_reference.h"

#include <errno.h>
#include <json-c/printbuf.h>

/* What has been seen: a line for each call of the visitor. */
struct trace {
    struct printbuf *lines;
    unsigned policy;
};

/* What is done with a value: it depends on where the value is, and on its first byte. */
static enum json_step step_of(unsigned policy, unsigned depth, const char *key, char first)
{
    unsigned mix = policy + depth * 7 + (unsigned char)first + (key ? (unsigned char)key[0] : 3U);

    if (depth < JSON_LEVELS && (first == '{' || first == '[') && policy % 3 > 0)
        return mix % 5 == 0 ? JSON_WHOLE : mix % 2 ? JSON_ENTER : JSON_ENTER_KEEP;
    return mix % 7 == 0 ? JSON_SKIP : mix % 3 == 0 ? JSON_BRIEF : JSON_WHOLE;
}

static void put_line(struct printbuf *lines, const char *what, unsigned depth, const char *key, struct json_slice raw)
{
    sprintbuf(lines, "%s %u ", what, depth);
    if (key)
        printbuf_memappend(lines, key, (int)strlen(key));
    sprintbuf(lines, "%s%s%zu:", key ? "=" : "", raw.at ? "" : "-", raw.len);
    if (raw.at && raw.len > 0)
        printbuf_memappend(lines, raw.at, (int)raw.len);
    printbuf_memappend(lines, "\n", 1);
}

static int on_begin(void *data, const struct json_place *place, char first)
{
    struct trace *trace = data;

    put_line(trace->lines, "begin", place->depth, place->key, (struct json_slice){&first, 1});
    return (int)step_of(trace->policy, place->depth, place->key, first);
}

static int on_value(void *data, const struct json_place *place, struct json_slice raw)
{
    put_line(((struct trace *)data)->lines, "value", place->depth, place->key, raw);
    return 0;
}

static int on_leave(void *data, const struct json_place *place, struct json_slice raw)
{
    put_line(((struct trace *)data)->lines, "leave", place->depth, place->key, raw);
    return 0;
}

/* Streams an answer in chunks of 1 to `most` bytes, each in a block of its own. */
static int stream(const uint8_t *data, size_t size, size_t most, struct trace *trace)
{
    static const struct json_visitor visitor = {on_begin, on_value, on_leave};
    struct json_stream *stream = json_stream_new(&visitor, trace);
    size_t n = most;
    int r = 0;

    printbuf_reset(trace->lines);
    for (size_t at = 0; at < size; at += n) {
        n = most <= 2 || most > size ? most : 1 + (n * 31 + 7) % most;
        n = n < size - at ? n : size - at;
        char *chunk = fuzz_copy(data + at, n);
        r = json_stream_feed(stream, chunk, n);
        free(chunk);
    }
    int end = json_stream_end(stream);
    CHECK(r == 0 || end == r, "%d, then %d", r, end);
    CHECK(end == 0 || end == -EBADMSG, "%d", end);
    CHECK(json_stream_end(stream) == end, "the second end");
    json_stream_free(stream);
    return end;
}

/* ---- what has to be seen ---- */

/* Returns the index behind the value that begins at token i, and the value's bytes in *ret. */
static size_t whole_value(const struct tokens *t, size_t i, struct json_slice *ret)
{
    const char *first = t->list[i].raw.at;
    unsigned depth = 0;

    do {
        depth += t->list[i].kind == '{' || t->list[i].kind == '[';
        depth -= t->list[i].kind == '}' || t->list[i].kind == ']';
    } while (depth > 0 && i++ < t->count);
    *ret = (struct json_slice){first, (size_t)(t->list[i].raw.at + t->list[i].raw.len - first)};
    return i + 1;
}

/* Writes the trace of the value that begins at token i. Returns the index behind it. */
static size_t expect(const struct tokens *t, size_t i, unsigned depth, const char *key, struct trace *trace)
{
    struct json_slice raw;
    char first = *t->list[i].raw.at;
    enum json_step step = step_of(trace->policy, depth, key, first);
    size_t next = whole_value(t, i, &raw);

    put_line(trace->lines, "begin", depth, key, (struct json_slice){&first, 1});
    if (step == JSON_BRIEF && raw.len > JSON_BRIEF_MAX)
        raw = (struct json_slice){NULL, 0};
    if (step == JSON_WHOLE || step == JSON_BRIEF)
        put_line(trace->lines, "value", depth, key, raw);
    if (step != JSON_ENTER && step != JSON_ENTER_KEEP)
        return next;
    for (i++; !strchr("}]", t->list[i].kind);) {
        char *name = NULL;
        if (t->list[i].kind == 'k') {
            name = calloc(1, 3 * t->list[i].raw.len + 1);
            if (!name)
                abort();
            (void)reference_text(t->list[i++].raw, name);
        }
        i = expect(t, i, depth + 1, name, trace);
        free(name);
    }
    put_line(trace->lines, "leave", depth, key, step == JSON_ENTER_KEEP ? raw : (struct json_slice){NULL, 0});
    return next;
}

static bool same(const struct printbuf *a, const struct printbuf *b)
{
    return a->bpos == b->bpos && memcmp(a->buf, b->buf, (size_t)a->bpos) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tokens tokens;
    unsigned policy = fuzz_number(&data, &size, 256), most = 1 + fuzz_number(&data, &size, 64);
    struct trace trace = {printbuf_new(), policy}, other = {printbuf_new(), policy};
    size_t mark = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    if (size < TOKENS_MAX) {
        int r = stream(data, size, size + 1, &trace);
        const size_t sizes[] = {1, 2, most};
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            CHECK(stream(data, size, sizes[i], &other) == r, "in chunks of %zu bytes", sizes[i]);
            CHECK(same(trace.lines, other.lines), "in chunks of %zu bytes:\n%s\ninstead of:\n%s", sizes[i],
                  other.lines->buf, trace.lines->buf);
        }
        if (tokenize(&tokens, (struct json_slice){(const char *)data + mark, size - mark})) {
            printbuf_reset(other.lines);
            (void)expect(&tokens, 0, 0, NULL, &other);
            CHECK(r == 0, "the answer is JSON");
            CHECK(same(trace.lines, other.lines), "seen:\n%s\ninstead of:\n%s", trace.lines->buf, other.lines->buf);
        }
    }
    printbuf_free(trace.lines);
    printbuf_free(other.lines);
    return 0;
}
