/* SPDX-License-Identifier: MIT */
/*
 * A second opinion on JSON: a small tokenizer, layout and string decoder, written apart from src/api and only to judge
 * it.
 *
 * Threads:   none shared.
 * Ownership: tokens point into the text they were made from.
 * Errors:    false when a text is not JSON, or is nested deeper than JSON_DEPTH.
 */
#ifndef MELBICOMFS_TESTS_JSON_REFERENCE_H
#define MELBICOMFS_TESTS_JSON_REFERENCE_H

#include "json/json.h"

#include <ctype.h>
#include <json-c/printbuf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 8192

/* Each token with its bytes. Commas and colons are grammar and not kept. */
struct token {
    char kind; /* one of { } [ ], or k for a key, s for a string, w for a number or word */
    struct json_slice raw;
};

struct tokens {
    const char *at;
    const char *end;
    size_t count;
    struct token list[TOKENS_MAX];
};

static inline void tokens_space(struct tokens *t)
{
    while (t->at < t->end && *t->at != '\0' && strchr(" \t\r\n", *t->at))
        t->at++;
}

static inline bool tokens_add(struct tokens *t, char kind, size_t len)
{
    if (t->count == TOKENS_MAX)
        abort();
    t->list[t->count++] = (struct token){kind, {t->at, len}};
    t->at += len;
    return true;
}

/* The length of the escape at `at`, 0 if it is none. */
static inline size_t escape_length(const char *at, const char *end)
{
    if (end - at >= 2 && at[1] != '\0' && strchr("\"\\/bfnrt", at[1]))
        return 2;
    if (end - at < 6 || at[1] != 'u')
        return 0;
    for (int i = 2; i < 6; i++) {
        if (!isxdigit((unsigned char)at[i]))
            return 0;
    }
    return 6;
}

static inline bool tokens_string(struct tokens *t, char kind)
{
    const char *at = t->at + 1;
    size_t step;

    if (t->at == t->end || *t->at != '"')
        return false;
    for (; at < t->end && *at != '"'; at += step) {
        step = *at == '\\' ? escape_length(at, t->end) : 1;
        if (step == 0 || (unsigned char)*at < 0x20)
            return false;
    }
    return at < t->end && tokens_add(t, kind, (size_t)(at + 1 - t->at));
}

/* RFC 8259's number as a table: where each of 0, 1-9, -, +, . and e leads. */
static inline bool is_number(const char *at, size_t len)
{
    static const char CLASSES[] = "0123456789-+.eE";
    static const int NEXT[][6] = {
        {2, 3, 1, 0, 0, 0}, {2, 3, 0, 0, 0, 0}, {0, 0, 0, 0, 4, 6}, {3, 3, 0, 0, 4, 6}, {5, 5, 0, 0, 0, 0},
        {5, 5, 0, 0, 0, 6}, {8, 8, 7, 7, 0, 0}, {8, 8, 0, 0, 0, 0}, {8, 8, 0, 0, 0, 0},
    };
    int state = 0;

    for (size_t i = 0; i < len; i++) {
        const char *class = memchr(CLASSES, at[i], sizeof(CLASSES) - 1);
        int column = !class ? -1 : class == CLASSES ? 0 : class < CLASSES + 10 ? 1 : (int)(class - CLASSES) - 8;

        state = column < 0 ? 0 : NEXT[state][column > 5 ? 5 : column];
        if (state == 0)
            return false;
    }
    return state == 2 || state == 3 || state == 5 || state == 8;
}

static inline bool tokens_word(struct tokens *t)
{
    size_t len = 0, left = (size_t)(t->end - t->at);

    while (len < left && (isalnum((unsigned char)t->at[len]) || strchr("+-.", t->at[len])) && t->at[len] != '\0')
        len++;
    if ((len == 4 && (memcmp(t->at, "true", 4) == 0 || memcmp(t->at, "null", 4) == 0)) ||
        (len == 5 && memcmp(t->at, "false", 5) == 0) || is_number(t->at, len))
        return tokens_add(t, 'w', len);
    return false;
}

static inline bool tokens_value(struct tokens *t, unsigned depth);

static inline bool tokens_container(struct tokens *t, unsigned depth, char close)
{
    tokens_add(t, *t->at, 1);
    tokens_space(t);
    for (bool first = true; t->at < t->end && depth <= JSON_DEPTH; first = false) {
        if (*t->at == close)
            return tokens_add(t, close, 1);
        if (!first && *t->at++ != ',')
            return false;
        tokens_space(t);
        if (close == '}') {
            if (!tokens_string(t, 'k'))
                return false;
            tokens_space(t);
            if (t->at == t->end || *t->at++ != ':')
                return false;
        }
        if (!tokens_value(t, depth))
            return false;
        tokens_space(t);
    }
    return false;
}

static inline bool tokens_value(struct tokens *t, unsigned depth)
{
    tokens_space(t);
    if (t->at == t->end)
        return false;
    switch (*t->at) {
    case '{':
        return tokens_container(t, depth + 1, '}');
    case '[':
        return tokens_container(t, depth + 1, ']');
    case '"':
        return tokens_string(t, 's');
    default:
        return tokens_word(t);
    }
}

static inline bool tokenize(struct tokens *t, struct json_slice raw)
{
    t->at = raw.at;
    t->end = raw.at + raw.len;
    t->count = 0;
    if (!tokens_value(t, 0))
        return false;
    tokens_space(t);
    return t->at == t->end;
}

/* The layout, from the tokens alone. */
static inline void lay_out(const struct tokens *t, unsigned indent, struct printbuf *out)
{
    int depth = 0;

    printbuf_reset(out);
    for (size_t i = 0; i < t->count; i++) {
        char kind = t->list[i].kind, before = i > 0 ? t->list[i - 1].kind : 'k';
        bool opens = kind == '{' || kind == '[', closes = kind == '}' || kind == ']';
        bool opened = before == '{' || before == '[';

        depth -= closes;
        if (before != 'k' && !(opened && closes)) {
            printbuf_memappend(out, opened || closes ? "\n" : ",\n", opened || closes ? 1 : 2);
            printbuf_memset(out, -1, ' ', (int)indent + 2 * depth);
        }
        printbuf_memappend(out, t->list[i].raw.at, (int)t->list[i].raw.len);
        if (kind == 'k')
            printbuf_memappend(out, ": ", 2);
        depth += opens;
    }
}

/* One UTF-8 character or, as 0x110000 and its value, a byte that is none. */
static inline size_t utf8_unit(const unsigned char *at, size_t len, uint32_t *ret)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 1;
    uint32_t value = n == 1 ? at[0] : at[0] & (0x7fu >> n);

    for (size_t i = 1; i < n && n <= len; i++)
        value = (at[i] & 0xc0) == 0x80 ? value << 6 | (at[i] & 0x3f) : 0xffffff;
    if (n > len || at[0] >= 0xf8 || (n == 1 && value >= 0x80) || value < LEAST[n] || value > 0x10ffff ||
        (value & ~0x7ffu) == 0xd800) {
        *ret = 0x110000 + at[0];
        return 1;
    }
    *ret = value;
    return n;
}

static inline uint32_t escaped_unit(const char *at, size_t step)
{
    static const char LETTERS[] = "bfnrt", VALUES[] = "\b\f\n\r\t";
    const char *letter = memchr(LETTERS, at[1], 5);
    char hex[5] = "";

    if (step == 2)
        return (uint32_t)(letter ? VALUES[letter - LETTERS] : at[1]);
    memcpy(hex, at + 2, 4);
    return (uint32_t)strtoul(hex, NULL, 16);
}

/* A string's value; *ret_needless says whether it has escapes that JSON doesn't require. */
static inline size_t string_units(struct json_slice raw, uint32_t *units, bool *ret_needless)
{
    size_t count = 0, paired = 0, step;
    const char *end = raw.at + raw.len - 1;

    *ret_needless = false;
    for (const char *at = raw.at + 1; at < end; at += step) {
        uint32_t value;

        if (*at != '\\') {
            step = utf8_unit((const unsigned char *)at, (size_t)(end - at), &value);
            units[count++] = value;
            continue;
        }
        step = escape_length(at, end);
        value = escaped_unit(at, step);
        /* `paired` is where a low surrogate would complete a pair. */
        if (value >= 0xdc00 && value <= 0xdfff && paired == count && count > 0) {
            units[count - 1] = 0x10000 + ((units[count - 1] - 0xd800) << 10) + (value - 0xdc00);
            *ret_needless = true;
            paired = 0;
            continue;
        }
        units[count++] = value;
        paired = value >= 0xd800 && value <= 0xdbff ? count : 0;
        if (value >= 0x20 && value != '"' && value != '\\' && !(value >= 0x7f && value <= 0x9f) &&
            !(value >= 0xd800 && value <= 0xdfff))
            *ret_needless = true;
    }
    return count;
}

/* Room for the text of any scalar. */
#define TEXT_MAX_BYTES (3 * TOKENS_MAX)

static inline size_t put_utf8(uint32_t value, char *out)
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; value >>= 6)
        out[i] = (char)(0x80 | (value & 0x3f));
    out[0] = (char)(leads[n] | value);
    return n;
}

static inline bool is_low_surrogate(const char *at, const char *end)
{
    return end - at >= 6 && at[0] == '\\' && at[1] == 'u' && escape_length(at, end) == 6 &&
           escaped_unit(at, 6) >= 0xdc00 && escaped_unit(at, 6) <= 0xdfff;
}

/* Writes the text of a scalar, as json_scalar_text() shall: null is empty, and the escapes of U+0000 and of lone
 * surrogates stay. Returns its length. */
static inline size_t reference_text(struct json_slice raw, char *out)
{
    const char *at = raw.at + 1, *end = raw.at + raw.len - 1;
    size_t used = 0, step;

    if (*raw.at != '"') {
        memcpy(out, raw.at, raw.len);
        return *raw.at == 'n' ? 0 : raw.len;
    }
    for (; at < end; at += step) {
        uint32_t value = *at == '\\' ? escaped_unit(at, escape_length(at, end)) : 0x110000;

        step = *at == '\\' ? escape_length(at, end) : 1;
        if (value >= 0xd800 && value <= 0xdbff && is_low_surrogate(at + 6, end)) {
            value = 0x10000 + ((value - 0xd800) << 10) + (escaped_unit(at + 6, 6) - 0xdc00);
            step = 12;
        }
        if (value > 0x10ffff || value == 0 || (value & ~0x7ffu) == 0xd800) {
            memcpy(out + used, at, step);
            used += step;
        } else {
            used += put_utf8(value, out + used);
        }
    }
    return used;
}

#endif
