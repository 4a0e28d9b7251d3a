/* SPDX-License-Identifier: MIT */
/*
 * For tests that compare the tree with a mount and without one: the same simulator answers both.
 *
 * Threads:   the test's.
 * Ownership: as in harness.h.
 * Errors:    fail the running test.
 */
#ifndef MELBICOMFS_TESTS_DOOR_H
#define MELBICOMFS_TESTS_DOOR_H

#include "../mount/harness.h"

#include <stdio.h>
#include <string.h>

/* In commands for run(): the program on the account, without a mount. */
#define SHELL "MELBICOM_TOKEN=" HARNESS_TOKEN " \"$MELBICOMFS\" \"$URL\" "

/* Starts an account that is small enough for many runs, and its mount. */
static inline int door_start(struct fixture *f)
{
    static const char *const options[] = {"--services", "9", "--invoices", "40", NULL};
    return fixture_start(f, options, NULL);
}

/* Asserts that two commands have the same exit status and print the same on stdout. */
static inline void assert_same_output(const struct mount *mount, const char *a, const char *b)
{
    struct ran first = run(mount, "%s", a), second = run(mount, "%s", b);

    if (first.status != second.status || first.out_len != second.out_len ||
        memcmp(first.out, second.out, first.out_len) != 0)
        fail_msg("%s\nexits with %d and prints %zu bytes:\n%.1000s\n%.1000s\n%s\nexits with %d and prints "
                 "%zu:\n%.1000s\n%.1000s",
                 a, first.status, first.out_len, first.out, first.err, b, second.status, second.out_len, second.out,
                 second.err);
}

#endif
