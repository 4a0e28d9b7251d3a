/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* How much the heap grows at once, in bytes. */
#define STEP (16u << 20)

/* The kernel uses a large page only where all of it belongs to the heap and nothing of it has been touched. So each step
 * ends at a multiple of this, or else the step after it. */
#define LARGE (2u << 20)

#define LONG_ANSWER (1u << 20)

/* Where the heap ended at the last call; NULL before heap_init(). */
static char *seen;

/* malloc() grows the heap by M_TOP_PAD and by what it needs at the moment, which is mostly less than one small page. */
static void set_step(uintptr_t end)
{
    mallopt(M_TOP_PAD, (int)(STEP - end % LARGE - (unsigned)getpagesize()));
}

void heap_init(void)
{
    seen = sbrk(0);
    set_step((uintptr_t)seen);
}

void heap_grown(size_t len)
{
    static bool wanted; /* there was a long answer */
    char *end = sbrk(0);
    size_t before = (uintptr_t)seen % (unsigned)getpagesize();

    wanted = wanted || len > LONG_ANSWER;
    if (!seen || !wanted || end == seen)
        return;
    if (end > seen)
        (void)madvise(seen - before, (size_t)(end - seen) + before, MADV_HUGEPAGE);
    seen = end;
    set_step((uintptr_t)end);
}
