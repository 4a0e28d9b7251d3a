/* SPDX-License-Identifier: MIT */
/*
 * Scaled times for unit tests, for machines on which programs run slowly.
 *
 * Threads:   any.
 * Ownership: nothing is handed over.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TESTS_TIME_SCALE_H
#define MELBICOMFS_TESTS_TIME_SCALE_H

#include <stdlib.h>

/* How many times slower than usual programs run on this machine: the value of MELBICOMFS_TIMEOUT_SCALE, or 1 without
 * it. A test multiplies two kinds of times by it: a limit within which something must happen, and a limit that shows
 * that the program does not wait for something. */
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
