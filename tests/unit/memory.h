/* SPDX-License-Identifier: MIT */
/*
 * A calloc() and a strdup() that fail while a test has set `memory_fails`.
 *
 * They replace the C library's functions in the whole test program, libraries included. Only one source file of a
 * program may include this header.
 *
 * Threads:   only one thread may run while `memory_fails` is set.
 * Ownership: as for the C library's functions; free() frees.
 * Errors:    while `memory_fails` is set, both return NULL.
 */
#ifndef MELBICOMFS_TESTS_MEMORY_H
#define MELBICOMFS_TESTS_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool memory_fails;

void *calloc(size_t n, size_t size)
{
    size_t bytes;

    if (memory_fails || __builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    /* Not malloc() and memset(): a compiler may replace the two by a call of calloc(), which is this function. */
    void *memory = aligned_alloc(_Alignof(max_align_t), (bytes | (_Alignof(max_align_t) - 1)) + 1);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memory_fails ? NULL : malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

#endif
