/*
 * Memory that runs out when a test says so.
 *
 * These stand in for the C library's calloc() and strdup(), for the program that includes them and all it is linked
 * with. To be included by one file of a program.
 *
 * Threads:   one, while anything fails.
 * Ownership: none.
 * Errors:    none of its own.
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
    /* Of malloc() and memset() a compiler makes calloc(). */
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
