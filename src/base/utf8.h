/*
 * UTF-8, as far as file names and log lines need it: how long is the character that starts here, if it is one.
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none; what is not UTF-8 has length 0.
 */
#ifndef MELBICOMFS_BASE_UTF8_H
#define MELBICOMFS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length in bytes (1 to 4) of the character at the start of the `left` bytes at s; 0 when these don't start with one:
 * a stray or missing continuation, an overlong form, a surrogate, beyond U+10FFFF, or nothing left. */
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
    /* The second byte tells overlong forms, surrogates and what lies beyond the last plane. */
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
        (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    return len;
}

/* Whether the character of `len` bytes at s (as utf8_length() says) is a control character: below U+0020, or U+007F to
 * U+009F. */
static inline bool utf8_is_control(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;

    return len == 1 ? u[0] < 0x20 || u[0] == 0x7f : len == 2 && u[0] == 0xc2 && u[1] < 0xa0;
}

#endif
