/* SPDX-License-Identifier: MIT */
/*
 * How much slower than usual programs run here, for the times in unit tests.
 *
 * Threads:   any.
 * Ownership: nothing is handed over.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TESTS_TIME_SCALE_H
#define MELBICOMFS_TESTS_TIME_SCALE_H

#include <stdlib.h>

/* How many times slower than usual programs run here, as MELBICOMFS_TIMEOUT_SCALE says; 1 without it. A test multiplies
 * by it a limit in which something must happen, and a bound that shows that something is not waited for. */
static inline int time_scale(void)
{
    const char *text = getenv("MELBICOMFS_TIMEOUT_SCALE");
    int n = text ? atoi(text) : 1;

    return n > 0 ? n : 1;
}

/* `ms` times time_scale(), for the unsigned times of a configuration. */
static inline unsigned scaled(unsigned ms)
{
    return ms * (unsigned)time_scale();
}

#endif
