/* SPDX-License-Identifier: MIT */
/*
 * An input as a row of choices, for fuzzers that generate what they test: each byte decides one choice. When the bytes
 * are used up, a random generator decides, whose seed is a hash of the input. So each input means the same every time,
 * and a few random bytes are already a whole random document.
 *
 * Threads:   one.
 * Ownership: the input is borrowed.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TESTS_CHOICES_H
#define MELBICOMFS_TESTS_CHOICES_H

#include <stddef.h>
#include <stdint.h>

static const uint8_t *choices_at, *choices_end;
static uint64_t choices_random;

/* Begins with the input's first byte. */
static inline void choices_start(const uint8_t *data, size_t size)
{
    choices_at = data;
    choices_end = size > 0 ? data + size : data;
    choices_random = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        choices_random = (choices_random ^ data[i]) * UINT64_C(0x100000001b3);
}

/* The next choice, a number below `limit`. More than 256 possibilities take two bytes. */
static inline unsigned below(unsigned limit)
{
    if (choices_at < choices_end) {
        unsigned value = *choices_at++;
        if (limit > 256 && choices_at < choices_end)
            value = value << 8 | *choices_at++;
        return value % limit;
    }
    /* splitmix64 */
    uint64_t z = choices_random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (unsigned)((z ^ z >> 31) % limit);
}

/* One of the elements of an array. */
#define ONE_OF(choices) ((choices)[below((unsigned)(sizeof(choices) / sizeof((choices)[0])))])

#endif
