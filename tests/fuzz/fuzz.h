/* SPDX-License-Identifier: MIT */
/*
 * What all fuzzers share.
 *
 * A fuzzer is a program with LLVMFuzzerTestOneInput(), which gets the bytes of an input, gives them to the code under
 * test, and checks with CHECK() that a property holds. scripts/fuzz links it with clang's libFuzzer, which looks for
 * inputs that reach new code. The tests link it with replay.c, which only replays the inputs of a corpus and mutations
 * of them.
 *
 * Threads:   one.
 * Ownership: the caller frees what is returned.
 * Errors:    CHECK() aborts the program; so do helpers when out of memory.
 */
#ifndef MELBICOMFS_TESTS_FUZZ_H
#define MELBICOMFS_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Tries one input, which lies in a block of exactly its size. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts unless the condition holds. What comes after the condition is printf's. */
#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                                    \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Returns a copy of `len` bytes in a block of exactly that size, so that AddressSanitizer sees each byte read too
 * many. */
static inline char *fuzz_copy(const void *bytes, size_t len)
{
    char *copy = calloc(1, len > 0 ? len : 1);

    if (!copy)
        abort();
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

/* Returns the bytes as a string, which ends before the first NUL among them. */
static inline char *fuzz_string(const void *bytes, size_t len)
{
    char *copy = len > 0 ? strndup(bytes, len) : strdup("");

    if (!copy)
        abort();
    return copy;
}

/* Takes the next part of an input, up to the byte `mark` or the end, and moves *data and *size past it and the mark.
 * Returns it as a string. */
static inline char *fuzz_part(const uint8_t **data, size_t *size, char mark)
{
    const uint8_t *end = *size > 0 ? memchr(*data, mark, *size) : NULL;
    size_t len = end ? (size_t)(end - *data) : *size;
    char *part = fuzz_string(*data, len);

    *data += len + (end != NULL);
    *size -= len + (end != NULL);
    return part;
}

/* Takes the first byte of an input as a number below `limit`; 0 if there is none. */
static inline unsigned fuzz_number(const uint8_t **data, size_t *size, unsigned limit)
{
    if (*size == 0)
        return 0;
    ++*data;
    --*size;
    return (*data)[-1] % limit;
}

#endif
