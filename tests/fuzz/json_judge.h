/* SPDX-License-Identifier: MIT */
/*
 * The judge of the JSON printer: json_indent() must accept what the tokenizer of json_reference.h accepts, and nothing
 * else; its text must have the same tokens, laid out as jq does.
 *
 * Threads:   one.
 * Ownership: all is borrowed.
 * Errors:    abort the program.
 */
#ifndef MELBICOMFS_TESTS_JSON_JUDGE_H
#define MELBICOMFS_TESTS_JSON_JUDGE_H

#include "fuzz.h"

#include "json_reference.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/printbuf.h>

/* The longest document, in bytes. */
#define JUDGE_BYTES 32768

#define JUDGE(condition) CHECK(condition, "the JSON printer")

/* How many control characters (U+007F to U+009F) stand in a string as they are, not escaped. */
static inline size_t bare_controls(struct json_slice raw)
{
    size_t n = 0;

    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i], next = i + 1 < raw.len ? (unsigned char)raw.at[i + 1] : 0;
        n += c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
    }
    return n;
}

static inline void judge_string(struct json_slice in, struct json_slice out)
{
    static uint32_t before[JUDGE_BYTES], after[JUDGE_BYTES];
    bool needless;
    size_t n = string_units(in, before, &needless);

    JUDGE(string_units(out, after, &needless) == n);
    JUDGE(memcmp(before, after, n * sizeof(*before)) == 0);
    JUDGE(!needless);
    JUDGE(bare_controls(in) == bare_controls(out));
}

static inline void judge_tokens(const struct tokens *in, const struct tokens *out)
{
    JUDGE(in->count == out->count);
    for (size_t i = 0; i < in->count; i++) {
        struct json_slice a = in->list[i].raw, b = out->list[i].raw;

        JUDGE(in->list[i].kind == out->list[i].kind);
        if (in->list[i].kind == 's')
            judge_string(a, b);
        else
            JUDGE(a.len == b.len && memcmp(a.at, b.at, a.len) == 0);
    }
}

/* A third opinion, more lenient than both: json-c lets NaN, -01, control characters in strings and more pass. Its strict
 * mode is not asked, because 0.18 refuses integers beyond 64 bits and bytes that are not ASCII there. */
static inline bool json_c_accepts(struct json_slice raw)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH + 2);
    char *copy = strndup(raw.at, raw.len);
    struct json_object *object;
    bool accepted;
    size_t end;

    if (!tokener || !copy)
        abort();
    /* The terminator too: it ends a number. */
    object = json_tokener_parse_ex(tokener, copy, (int)strlen(copy) + 1);
    end = json_tokener_get_parse_end(tokener);
    accepted =
        json_tokener_get_error(tokener) == json_tokener_success && copy[end + strspn(copy + end, " \t\r\n")] == '\0';
    json_object_put(object);
    json_tokener_free(tokener);
    free(copy);
    return accepted;
}

/* Prints `raw`, which lies in a block of its own size, and judges the result. Returns whether it is JSON. */
static inline bool judge_printer(struct json_slice raw, unsigned indent)
{
    static struct tokens in, out;
    struct printbuf *text = printbuf_new(), *other = printbuf_new();
    bool valid = tokenize(&in, raw);
    struct json_slice printed;
    int r = json_indent(raw, indent, text);

    JUDGE(r == (valid ? 0 : -EBADMSG));
    if (!valid)
        JUDGE(printbuf_length(text) == 0);
    if (valid) {
        JUDGE(json_c_accepts(raw));
        printed = (struct json_slice){text->buf, (size_t)printbuf_length(text)};
        JUDGE(tokenize(&out, printed));
        judge_tokens(&in, &out);
        lay_out(&out, indent, other);
        JUDGE(strcmp(text->buf, other->buf) == 0);
        printbuf_reset(other);
        JUDGE(json_indent(printed, indent, other) == 0);
        JUDGE(strcmp(text->buf, other->buf) == 0);
    }
    printbuf_free(text);
    printbuf_free(other);
    return valid;
}

#endif
