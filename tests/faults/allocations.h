/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail on demand.
 *
 * A program that is linked with allocations.c has a malloc(), calloc(), realloc(), reallocarray(), strdup() and
 * strndup() that can fail. They serve the whole program: its own code, and what libcurl, json-c, libfuse, inih and the C
 * library allocate for it (asprintf(), getline(), fopen() and the like). The allocations of other libraries (OpenSSL,
 * the dynamic linker) and of sanitizers never fail and are not counted.
 *
 *      allocations_arm(&a, n, 1)       the n-th allocation from now fails, once
 *      allocations_arm(&a, n, 50)      ... and the 49 after it
 *      allocations_disarm(&a)          returns how many were counted
 *
 * The state is in memory that two processes can share: a program whose environment has MELBICOMFS_ALLOCATIONS=FILE maps
 * that file, and the test that has mapped the same file arms it. Otherwise the state is the program's own, and only the
 * thread that armed it is counted.
 *
 * With MELBICOMFS_ALLOCATIONS_TRACE in the environment, and with AddressSanitizer, each failure prints its stack.
 *
 * Threads:   any.
 * Ownership: static storage, or the mapped file.
 * Errors:    an allocation that fails returns NULL with errno ENOMEM.
 */
#ifndef MELBICOMFS_TESTS_ALLOCATIONS_H
#define MELBICOMFS_TESTS_ALLOCATIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct allocations {
    atomic_bool armed;
    atomic_long seen;        /* allocations since allocations_arm() */
    atomic_long first, last; /* the numbers, from 1, of those that fail; 0 and 0: none, only count */
    atomic_long failed;      /* how many have failed since allocations_arm() */
    atomic_long failed_ever; /* ... since the program began */
};

/* The state of this program. */
struct allocations *allocations_own(void);

static inline void allocations_arm(struct allocations *a, long n, long times)
{
    atomic_store(&a->armed, false);
    atomic_store(&a->seen, 0);
    atomic_store(&a->failed, 0);
    atomic_store(&a->first, n);
    atomic_store(&a->last, n ? n + times - 1 : 0);
    atomic_store(&a->armed, true);
}

static inline long allocations_disarm(struct allocations *a)
{
    atomic_store(&a->armed, false);
    return atomic_load(&a->seen);
}

/* Only the calling thread's allocations are counted from now on. For tests that have servers in threads of their own. */
void allocations_of_this_thread(void);

#endif
