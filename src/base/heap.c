/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* How much the heap grows at once, in bytes. The part of a step up to its first multiple of a large page stays in small
 * pages. */
#define STEP (16 << 20)

/* Where the heap ended at the last call. */
static char *seen;

void heap_init(void)
{
    mallopt(M_TOP_PAD, STEP);
    seen = sbrk(0);
}

void heap_grown(void)
{
    char *end = sbrk(0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)seen % page;

    if (end > seen)
        (void)madvise(seen - before, (size_t)(end - seen) + before, MADV_HUGEPAGE);
    seen = end;
}
