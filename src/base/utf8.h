/* SPDX-License-Identifier: MIT */
/*
 * UTF-8, as far as file names and log lines need it: the length of a character, and whether it is a control character.
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none; bytes that are not UTF-8 have the length 0.
 */
#ifndef MELBICOMFS_BASE_UTF8_H
#define MELBICOMFS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the length in bytes (1 to 4) of the character at s, where `left` bytes are left. Returns 0 if these bytes do
 * not begin with a valid character: a stray or missing continuation byte, an overlong form, a surrogate, a value above
 * U+10FFFF, or no byte at all. */
static inline size_t utf8_length(const char *s, size_t left)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t len;

    if (left == 0)
        return 0;
    if (u[0] < 0x80)
        return 1;
    if (u[0] < 0xc2 || u[0] > 0xf4)
        return 0;
    len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    if (left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    /* The second byte shows overlong forms, surrogates and values above U+10FFFF. */
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
        (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    return len;
}

/* Returns the length of the byte order mark at s, where `left` bytes are left: 3, or 0 if there is none. */
static inline size_t utf8_mark(const char *s, size_t left)
{
    return left >= 3 && s[0] == '\xef' && s[1] == '\xbb' && s[2] == '\xbf' ? 3 : 0;
}

/* Returns whether the character at s is a control character: below U+0020, or U+007F to U+009F. `len` is its length as
 * utf8_length() returned it, not 0. */
static inline bool utf8_is_control(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;

    return len == 1 ? u[0] < 0x20 || u[0] == 0x7f : len == 2 && u[0] == 0xc2 && u[1] < 0xa0;
}

#endif
