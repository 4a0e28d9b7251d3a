/* SPDX-License-Identifier: MIT */
/*
 * For tests of the command line: a simulator for all tests of a program, and a place (command_line.h) for each.
 *
 * Threads:   the test's.
 * Ownership: the functions for cmocka make and remove both.
 * Errors:    fail the running test.
 */
#ifndef MELBICOMFS_TESTS_COMMAND_FIXTURE_H
#define MELBICOMFS_TESTS_COMMAND_FIXTURE_H

#include "command_line.h"

static struct simulator sim;
static struct place place;

static inline int set_up_all(void **state)
{
    (void)state;
    simulator_start(&sim, NULL);
    return 0;
}

static inline int tear_down_all(void **state)
{
    (void)state;
    simulator_stop(&sim);
    return 0;
}

static inline int set_up(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    place_remove(&place);
    rules_clear(&sim);
    return 0;
}

#endif
