/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

static void make_room(struct text *text, size_t more)
{
    if (text->room - text->len > more)
        return;
    size_t room = text->room ? text->room : 256;
    while (room - text->len <= more)
        room *= 2;
    char *data = realloc(text->data, room);
    if (!data)
        abort();
    text->data = data;
    text->room = room;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
    make_room(text, len);
    if (len)
        memcpy(text->data + text->len, bytes, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void text_puts(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
    text_add(text, &c, 1);
}

void text_number(struct text *text, long number)
{
    char digits[24];
    char *at = digits + sizeof(digits);
    unsigned long rest = number < 0 ? 0UL - (unsigned long)number : (unsigned long)number;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--at = '-';
    text_add(text, at, (size_t)(digits + sizeof(digits) - at));
}

void text_printf(struct text *text, const char *format, ...)
{
    char *printed;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&printed, format, args);
    va_end(args);
    if (len < 0)
        abort();
    text_add(text, printed, (size_t)len);
    free(printed);
}

/* The length of the UTF-8 sequence at `at`, with its code point; 0 when it is none. */
static size_t decode(const unsigned char *at, size_t len, uint32_t *ret)
{
    size_t need = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (at[0] < 0xc2 || at[0] > 0xf4 || len < need)
        return 0;
    uint32_t point = at[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (at[i] & 0x3fU);
    }
    if (point < least[need] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    *ret = point;
    return need;
}

static size_t add_beyond_ascii(struct text *text, const unsigned char *at, size_t len)
{
    uint32_t point = 0xfffd;
    size_t used = decode(at, len, &point);

    if (point >= 0x10000) {
        point -= 0x10000;
        text_printf(text, "\\u%04x\\u%04x", 0xd800U + (point >> 10), 0xdc00U + (point & 0x3ff));
    } else {
        text_printf(text, "\\u%04x", point);
    }
    return used ? used : 1;
}

/* The letter that stands for `c` after a backslash, 0 when there is none. */
static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Whether `c` stands for itself in a string; a slash does when `slashes`. */
static bool is_plain(unsigned char c, bool slashes)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && (slashes || c != '/');
}

static void add_string(struct text *text, const char *bytes, size_t len, bool slashes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *end = at + len;

    text_char(text, '"');
    while (at < end) {
        const unsigned char *run = at;
        while (at < end && is_plain(*at, slashes))
            at++;
        text_add(text, (const char *)run, (size_t)(at - run));
        if (at == end)
            break;
        char escape = short_escape(*at);
        if (*at >= 0x80) {
            at += add_beyond_ascii(text, at, (size_t)(end - at));
            continue;
        }
        if (escape)
            text_add(text, (char[]){'\\', escape}, 2);
        else
            text_printf(text, "\\u%04x", *at);
        at++;
    }
    text_char(text, '"');
}

void text_json_string(struct text *text, const char *bytes, size_t len)
{
    add_string(text, bytes, len, false);
}

void text_json_readable(struct text *text, const char *bytes, size_t len)
{
    add_string(text, bytes, len, true);
}

void text_json(struct text *text, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        text_json_string(text, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        text_char(text, '[');
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            text_comma(text);
            text_json(text, json_object_array_get_idx(value, i));
        }
        text_char(text, ']');
        break;
    case json_type_object:
        text_char(text, '{');
        json_object_object_foreach(value, key, member)
        {
            text_comma(text);
            text_json_string(text, key, strlen(key));
            text_char(text, ':');
            text_json(text, member);
        }
        text_char(text, '}');
        break;
    default:
        text_puts(text, json_object_to_json_string(value));
    }
}

void text_comma(struct text *text)
{
    /* What was written last tells it: a value never ends in an opening bracket, a string ends in its quote. */
    char last = text->len ? text->data[text->len - 1] : '[';
    if (last != '[' && last != '{')
        text_char(text, ',');
}

void text_key(struct text *text, const char *key)
{
    text_comma(text);
    text_char(text, '"');
    text_puts(text, key);
    text_add(text, "\":", 2);
}

void text_member(struct text *text, const char *key, const char *value)
{
    text_key(text, key);
    text_json_string(text, value, strlen(value));
}

void text_number_member(struct text *text, const char *key, long value)
{
    text_key(text, key);
    text_number(text, value);
}

void text_money_member(struct text *text, const char *key, long cents)
{
    text_key(text, key);
    text_char(text, '"');
    text_number(text, cents / 100);
    text_add(text, (char[]){'.', (char)('0' + cents / 10 % 10), (char)('0' + cents % 10), '"'}, 4);
}

void text_id_member(struct text *text, const char *key, long id, bool as_string)
{
    text_key(text, key);
    if (as_string)
        text_char(text, '"');
    text_number(text, id);
    if (as_string)
        text_char(text, '"');
}
