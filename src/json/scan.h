/*
 * Where a JSON value ends, found in bytes that come in pieces.
 *
 * Strings and brackets are all that matters for it. Whether the rest is JSON is for others to say: json_indent() and
 * json_scalar_text() check every token.
 *
 * Threads:   none shared.
 * Ownership: nothing is held; a scan is a plain struct.
 * Errors:    -EBADMSG for brackets that do not match or are nested deeper than JSON_DEPTH, and for a control character
 *            in a string.
 */
#ifndef MELBICOMFS_JSON_SCAN_H
#define MELBICOMFS_JSON_SCAN_H

#include "json/json.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_scan {
    enum {
        SCAN_NEW,
        SCAN_BARE, /* in a number or word outside of all brackets */
        SCAN_STRING,
        SCAN_ESCAPE, /* in a string, after a backslash */
        SCAN_BETWEEN /* inside of brackets */
    } state;
    unsigned depth;
    char open[JSON_DEPTH]; /* what closes each of the brackets that are open */
};

/* To be called before each value. */
static inline void json_scan_start(struct json_scan *scan)
{
    scan->state = SCAN_NEW;
    scan->depth = 0;
}

/* The next bytes, from the value's first one on, without white space before it. 1: the value ends in them, after
 * *ret_used bytes; a number or word ends at the byte that cannot be its own, so that may be 0. 0: it goes on. */
int json_scan(struct json_scan *scan, const char *bytes, size_t len, size_t *ret_used);

/* Every byte of a word is `c`. */
#define JSON_EACH(c) (UINT64_C(0x0101010101010101) * (c))

/* The lowest bit set belongs to the first byte that is below n (at most 128); none is set when none is. */
static inline uint64_t json_bytes_below(uint64_t word, uint64_t n)
{
    return (word - JSON_EACH(n)) & ~word & JSON_EACH(0x80);
}

/* The first quote, backslash or control character (below U+0020) of a string, or `end`: eight bytes at a time, since
 * most of an answer lies in strings. */
static inline const char *json_skip_plain(const char *at, const char *end)
{
    uint64_t word;

    for (; end - at >= (ptrdiff_t)sizeof(word); at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        word = json_bytes_below(word, 0x20) | json_bytes_below(word ^ JSON_EACH('"'), 1) |
               json_bytes_below(word ^ JSON_EACH('\\'), 1);
        if (word != 0)
            return at + __builtin_ctzll(word) / 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

#endif
