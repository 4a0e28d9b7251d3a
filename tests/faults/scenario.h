/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: pieces of work that are done again and again, each time with another allocation failing.
 *
 * A scenario is run once without a failure, to keep its right result. Then it is run with the n-th allocation failing,
 * for n = 1, 2, 3, … until a run has fewer allocations than n; and the same again with the n-th allocation and the seven
 * after it failing. Each of these runs must end with the right result or with -ENOMEM, and after it the same scenario,
 * with the same objects and without a failure, must end with the right result. At the end nothing may have leaked.
 *
 * Where a scenario has more than SAMPLE_ALL allocations, every k-th is failed beyond them, so that there are about
 * SAMPLE_MORE more; with MELBICOMFS_DEEP=1 in the environment, all are.
 *
 * Threads:   the test's. Allocations of other threads (a web server, for one) do not fail.
 * Ownership: make() gives what run() works with, drop() takes it back. Both run without failures.
 * Errors:    fail the running test, with the scenario's name and the number of the allocation.
 */
#ifndef MELBICOMFS_TESTS_SCENARIO_H
#define MELBICOMFS_TESTS_SCENARIO_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "base/clock.h"

#define SAMPLE_ALL  200
#define SAMPLE_MORE 40

/* What a run has to say. A text that does not fit is an error of the test. */
struct told {
    size_t len;
    char text[1 << 16];
};

struct scenario {
    const char *name;
    const char *with;                /* a parameter for the three functions: a path, a body and the like; or NULL */
    void *(*make)(const char *with); /* NULL: there is nothing to make */
    int (*run)(void *made, const char *with,
               struct told *told); /* returns 0, or -errno, and then `told` means nothing */
    void (*drop)(void *made);
    bool lossy; /* whatever comes of a run with a failure is right: what the code says may be lost for want of memory */
};

/* Only in builds with AddressSanitizer: returns nonzero if memory has leaked, after saying what. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* How far the running scenario is, for messages; and what was done in all. */
static struct {
    const char *name, *with;
    long n;
} scenario_at;
static long scenarios_begun, scenarios_run, scenarios_failed;

static inline void told_add(struct told *told, const char *bytes, size_t len)
{
    assert_true(told->len + len <= sizeof told->text);
    memcpy(told->text + told->len, bytes, len);
    told->len += len;
}

static inline void told_text(struct told *told, const char *text)
{
    told_add(told, text, strlen(text));
}

static inline void told_number(struct told *told, long long number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld ", number);
    told_text(told, text);
}

static inline int scenario_run(const struct scenario *s, void *made, struct told *told)
{
    told->len = 0;
    return s->run(made, s->with, told);
}

/* A message for a result that is wrong. */
static inline void scenario_wrong(const char *when, int r, const struct told *told, int right, const struct told *known)
{
    fail_msg("%s %.60s, allocation %ld: %s: %d (%s) '%.*s' and not %d '%.*s'", scenario_at.name,
             scenario_at.with ? scenario_at.with : "", scenario_at.n, when, r, strerror(-r), (int)told->len, told->text,
             right, (int)known->len, known->text);
}

static inline bool scenario_same(int r, const struct told *told, int right, const struct told *known)
{
    return r == right && (r < 0 || (told->len == known->len && memcmp(told->text, known->text, told->len) == 0));
}

/* Runs the scenario with `times` allocations failing from the n-th on. Returns whether there was an n-th. */
static inline bool scenario_with_failure(const struct scenario *s, long n, long times, int right,
                                         const struct told *known)
{
    static struct told told;
    struct allocations *a = allocations_own();
    int64_t began = clock_ns();
    void *made = s->make ? s->make(s->with) : NULL;

    scenario_at.n = n;
    allocations_arm(a, n, times);
    int r = scenario_run(s, made, &told);
    bool reached = allocations_disarm(a) >= n;
    scenarios_failed += a->failed;
    if (r != -ENOMEM && !s->lossy && !scenario_same(r, &told, right, known))
        scenario_wrong("with the failure", r, &told, right, known);
    r = scenario_run(s, made, &told);
    if (!scenario_same(r, &told, right, known))
        scenario_wrong("after the failure", r, &told, right, known);
    if (s->drop)
        s->drop(made);
    if (getenv("MELBICOMFS_SCENARIOS") && clock_ns() - began > 100000000)
        print_message("allocation %ld, %ld: %ld ms, %d\n", n, times, (long)((clock_ns() - began) / 1000000), r);
    return reached;
}

static inline void scenario_test(const struct scenario *s)
{
    static struct told known;
    struct allocations *a = allocations_own();
    void *made = s->make ? s->make(s->with) : NULL;
    bool deep = getenv("MELBICOMFS_DEEP") != NULL;
    const char *from = getenv("SCENARIO_FROM"), *to = getenv("SCENARIO_TO");

    int64_t began = clock_ns();
    scenarios_begun++;
    scenario_at.name = s->name;
    scenario_at.with = s->with;
    scenario_at.n = 0;
    allocations_arm(a, 0, 0);
    int right = scenario_run(s, made, &known);
    long all = allocations_disarm(a), step = deep ? 1 : (all - SAMPLE_ALL) / SAMPLE_MORE;
    if (s->drop)
        s->drop(made);
    assert_true(right != -ENOMEM);
    if (getenv("MELBICOMFS_SCENARIOS"))
        print_message("%s %s: %ld allocations, %d '%.*s'\n", s->name, s->with ? s->with : "", all, right,
                      (int)known.len, known.text);
    for (long n = from ? atol(from) : 1; (!to || n <= atol(to)) && scenario_with_failure(s, n, 1, right, &known);)
        n += n < SAMPLE_ALL || step < 1 ? 1 : step;
    for (long n = 1; scenario_with_failure(s, n, 8, right, &known);)
        n += n < SAMPLE_ALL / 4 || deep ? 1 : step < 4 ? 5 : step;
    scenarios_run++;
    if (getenv("MELBICOMFS_SCENARIOS"))
        print_message("%ld ms\n", (long)((clock_ns() - began) / 1000000));
    /* A scenario that failed has left what it made behind. */
    if (scenarios_run == scenarios_begun && __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
        fail_msg("%s %.60s leaks", s->name, s->with ? s->with : "");
}

/* For cmocka: a test for each scenario of a table. */
static inline void scenario_cmocka(void **state)
{
    const struct scenario *s = *state;

    scenario_test(s);
}

/* Runs n scenarios, each as a test of its own, and returns how many failed. Those whose name and parameter do not
 * contain $SCENARIO, if that is set, are left out. */
static inline int scenarios(const char *group, const struct scenario *all, size_t n)
{
    struct CMUnitTest *tests = calloc(n, sizeof *tests);
    const char *only = getenv("SCENARIO");
    size_t chosen = 0;
    int failed;

    assert_non_null(tests);
    for (size_t i = 0; i < n; i++) {
        char *name;
        assert_true(asprintf(&name, "%s%s%.60s", all[i].name, all[i].with ? " " : "", all[i].with ? all[i].with : "") >
                    0);
        if (!only || strstr(name, only))
            tests[chosen++] = (struct CMUnitTest){
                .name = name, .test_func = scenario_cmocka, .initial_state = (void *)(uintptr_t)&all[i]};
        else
            free(name);
    }
    allocations_of_this_thread();
    failed = _cmocka_run_group_tests(group, tests, chosen, NULL, NULL);
    for (size_t i = 0; i < chosen; i++)
        free((void *)(uintptr_t)tests[i].name);
    free(tests);
    print_message("%s: %ld scenarios passed, %ld allocations failed\n", group, scenarios_run, scenarios_failed);
    return failed;
}

#endif
