/* SPDX-License-Identifier: MIT */
/*
 * Finds where a JSON value ends, in bytes that arrive in pieces.
 *
 * A scan looks only at strings and brackets. It does not tell whether the value is valid: json_indent() and
 * json_scalar_text() check every token.
 *
 * Threads:   nothing is shared; a scan is used by one thread at a time.
 * Ownership: a scan is a plain struct that owns nothing; the bytes are borrowed for the call.
 * Errors:    -EBADMSG: brackets do not match, brackets are nested deeper than JSON_DEPTH, or a string contains a
 *            control character.
 */
#ifndef MELBICOMFS_JSON_SCAN_H
#define MELBICOMFS_JSON_SCAN_H

#include "json/json.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The state of a scan between two pieces. */
struct json_scan {
    enum {
        SCAN_NEW,  /* no byte of the value has been seen */
        SCAN_BARE, /* in a number or word that is the whole value */
        SCAN_STRING,
        SCAN_ESCAPE, /* in a string, directly after a backslash */
        SCAN_BETWEEN /* in brackets, outside strings */
    } state;
    unsigned depth;
    char open[JSON_DEPTH]; /* for each open bracket, the bracket that closes it */
};

/* Must be called before each value. */
static inline void json_scan_start(struct json_scan *scan)
{
    scan->state = SCAN_NEW;
    scan->depth = 0;
}

/* Scans the next `len` bytes. The first byte of the first piece must be the first byte of the value, without white
 * space before it. Returns 1 if the value ends in this piece; *ret_used is the number of bytes that belong to the
 * value, which may be 0: a number or word ends where a byte follows that cannot belong to it. Returns 0 if the value
 * may go on in the next piece; *ret_used is `len`. Returns -EBADMSG as above. */
int json_scan(struct json_scan *scan, const char *bytes, size_t len, size_t *ret_used);

/* A word of eight bytes, each of which is `c`. */
#define JSON_EACH(c) (UINT64_C(0x0101010101010101) * (c))

/* Finds the bytes of `word` that are below n (at most 128). The lowest set bit of the result is in the first such byte;
 * the result is 0 if there is no such byte. The bits above the lowest one mean nothing. */
static inline uint64_t json_bytes_below(uint64_t word, uint64_t n)
{
    return (word - JSON_EACH(n)) & ~word & JSON_EACH(0x80);
}

/* Returns the address of the first quote, backslash or control character (below U+0020) from `at` on, or `end`. Looks
 * at eight bytes at a time, because most bytes of an answer are in strings. */
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
