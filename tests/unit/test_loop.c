/* SPDX-License-Identifier: MIT */
/* The loop: timers, tasks, descriptors, the lent wait, waking and quitting. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"

#define TIMERS 3000
#define LONG   20000 /* milliseconds: a wait this long means the loop wasn't woken */

static int setup(void **state)
{
    *state = loop_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    loop_free(*state);
    return 0;
}

/* What was called, in order. */
static struct {
    int ids[TIMERS];
    size_t n;
} calls;

static void called(int id)
{
    assert_true(calls.n < TIMERS);
    calls.ids[calls.n++] = id;
}

static void call_id(void *data)
{
    called(*(int *)data);
}

static void assert_calls(size_t n, const int *ids)
{
    assert_int_equal(calls.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(calls.ids[i], ids[i]);
    calls.n = 0;
}
#define ASSERT_CALLS(...) assert_calls(sizeof((int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__})

/* Deterministic, so that a failure can be repeated. */
static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

/* Timers. */

struct numbered {
    struct timer timer;
    int id;
    uint32_t order; /* when it was set last */
};

static int by_moment(const void *a, const void *b)
{
    const struct numbered *x = *(struct numbered *const *)a, *y = *(struct numbered *const *)b;

    if (x->timer.at != y->timer.at)
        return x->timer.at < y->timer.at ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Sets, moves and clears at random, then compares what fires with a sorted list. */
static void timers_fire_in_order(void **state)
{
    struct numbered *timers = calloc(TIMERS, sizeof(*timers)), **expected = calloc(TIMERS, sizeof(struct numbered *));
    int64_t now = clock_ms();
    size_t n = 0;

    assert_non_null(timers);
    assert_non_null(expected);
    random_state = 1;
    calls.n = 0;
    for (int i = 0; i < TIMERS; i++)
        timers[i] = (struct numbered){.timer = {.fn = call_id, .data = &timers[i].id}, .id = i};
    for (uint32_t i = 0; i < 10 * TIMERS; i++) {
        struct numbered *t = &timers[random_below(TIMERS)];

        if (random_below(3) == 0) {
            timer_clear(&t->timer);
            continue;
        }
        t->order = i;
        timer_set(*state, &t->timer, now - random_below(1000));
    }
    for (size_t i = 0; i < TIMERS; i++)
        if (timer_is_set(&timers[i].timer))
            expected[n++] = &timers[i];
    qsort(expected, n, sizeof(expected[0]), by_moment);
    assert_true(n > TIMERS / 2);
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(calls.ids[i], expected[i]->id);
        assert_false(timer_is_set(&expected[i]->timer));
    }
    free(expected);
    free(timers);
}

/* A heap that was thinned out while partly fired keeps its order. */
static void timers_to_come_survive_those_that_fire(void **state)
{
    static struct numbered timers[200];
    int64_t now = clock_ms();

    calls.n = 0;
    for (int i = 0; i < 200; i++) {
        timers[i] = (struct numbered){.timer = {.fn = call_id, .data = &timers[i].id}, .id = i};
        timer_set(*state, &timers[i].timer, i % 2 ? now - 200 + i : now + 3600000 + i);
    }
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, 100);
    for (int i = 0; i < 200; i++)
        assert_int_equal(timer_is_set(&timers[i].timer), i % 2 == 0);
    for (int i = 0; i < 200; i += 2)
        timer_set(*state, &timers[i].timer, now - i);
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, 200);
    for (int i = 0; i < 100; i++)
        assert_int_equal(calls.ids[100 + i], 198 - 2 * i);
}

static void a_timer_never_fires_early(void **state)
{
    int id = 7;
    struct timer timer = {.fn = call_id, .data = &id};
    int64_t start = clock_ms();

    calls.n = 0;
    timer_set(*state, &timer, start + 30);
    assert_int_equal(timer.at, start + 30);
    while (calls.n == 0) {
        assert_true(timer_is_set(&timer));
        assert_int_equal(loop_turn(*state, LONG), 0);
    }
    assert_true(clock_ms() >= start + 30);
    assert_true(clock_ms() < start + LONG);
    ASSERT_CALLS(7);
    start = clock_ms();
    timer_set(*state, &timer, start + 15);
    while (calls.n == 0)
        assert_int_equal(loop_turn(*state, 0), 0); /* without a wait that could hide it */
    assert_true(clock_ms() >= start + 15);
}

static void a_timer_that_never_comes_bounds_no_wait(void **state)
{
    struct timer timer = {.fn = call_id};

    timer_set(*state, &timer, CLOCK_NEVER);
    loop_wake(*state);
    assert_int_equal(loop_turn(*state, LONG), 0);
    assert_true(timer_is_set(&timer));
    timer_clear(&timer);
    timer_clear(&timer);
    assert_false(timer_is_set(&timer));
}

struct meddler {
    struct loop *loop;
    struct timer timer, *victim;
    struct task task, *other;
    int id;
};

static void set_self_clear_victim(void *data)
{
    struct meddler *m = data;

    called(m->id);
    timer_set(m->loop, &m->timer, 0);
    timer_clear(m->victim);
}

static void timers_may_be_set_and_cleared_as_they_fire(void **state)
{
    int ids[] = {1, 2};
    struct timer cleared = {.fn = call_id, .data = &ids[0]}, kept = {.fn = call_id, .data = &ids[1]};
    struct meddler m = {.loop = *state, .victim = &cleared, .id = 9};

    calls.n = 0;
    m.timer = (struct timer){.fn = set_self_clear_victim, .data = &m};
    timer_set(*state, &m.timer, 1);
    timer_set(*state, &cleared, 2);
    timer_set(*state, &kept, 3);
    assert_int_equal(loop_turn(*state, LONG), 0); /* set again for a past moment: no wait */
    ASSERT_CALLS(9, 2);
    assert_int_equal(loop_turn(*state, 0), 0);
    ASSERT_CALLS(9);
    timer_clear(&m.timer);
}

/* Tasks. */

static void tasks_run_once_in_order(void **state)
{
    int ids[] = {0, 1, 2, 3};
    struct task tasks[4];

    calls.n = 0;
    for (int i = 0; i < 4; i++) {
        tasks[i] = (struct task){.fn = call_id, .data = &ids[i]};
        task_defer(*state, &tasks[i]);
    }
    task_defer(*state, &tasks[0]);
    task_cancel(&tasks[2]);
    task_cancel(&tasks[2]);
    assert_int_equal(calls.n, 0);
    assert_int_equal(loop_turn(*state, 0), 0);
    ASSERT_CALLS(0, 1, 3);
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, 0);
    task_defer(*state, &tasks[3]);
    task_cancel(&tasks[3]);
    task_defer(*state, &tasks[2]);
    assert_int_equal(loop_turn(*state, 0), 0);
    ASSERT_CALLS(2);
}

static void defer_self_cancel_other(void *data)
{
    struct meddler *m = data;

    called(m->id);
    task_defer(m->loop, &m->task);
    task_cancel(m->other);
}

static void a_task_deferred_by_a_task_waits_a_turn(void **state)
{
    int ids[] = {1, 2};
    struct task other = {.fn = call_id, .data = &ids[0]}, last = {.fn = call_id, .data = &ids[1]};
    struct meddler m = {.loop = *state, .other = &other, .id = 9};
    int64_t start = clock_ms();

    calls.n = 0;
    m.task = (struct task){.fn = defer_self_cancel_other, .data = &m};
    task_defer(*state, &m.task);
    task_defer(*state, &other);
    task_defer(*state, &last);
    assert_int_equal(loop_turn(*state, LONG), 0); /* a task deferred: no wait */
    ASSERT_CALLS(9, 2);
    assert_int_equal(loop_turn(*state, LONG), 0);
    ASSERT_CALLS(9);
    assert_true(clock_ms() < start + LONG);
    task_cancel(&m.task);
}

/* Descriptors. */

struct end {
    struct loop *loop;
    int fds[2];
    int id;
    short revents;
    struct end *next; /* unwatched from within ready, */
    struct end *late; /* and this one watched in its place, if there is one */
};

static void ready_reads(void *data, short revents)
{
    struct end *end = data;
    char c;

    called(end->id);
    end->revents = revents;
    if (revents & POLLIN)
        assert_int_equal(read(end->fds[0], &c, 1), 1);
    if (end->next)
        loop_unwatch(end->loop, end->next->fds[0]);
    if (end->late)
        assert_int_equal(loop_watch(end->loop, end->late->fds[0], POLLIN, ready_reads, end->late), 0);
}

static void end_open(struct end *end, struct loop *loop, int id)
{
    *end = (struct end){.loop = loop, .id = id};
    assert_int_equal(pipe(end->fds), 0);
}

static void end_close(struct end *end)
{
    loop_unwatch(end->loop, end->fds[0]);
    (void)close(end->fds[0]);
    if (end->fds[1] >= 0)
        (void)close(end->fds[1]);
}

static void a_descriptor_is_called_while_it_is_ready(void **state)
{
    struct end end;

    calls.n = 0;
    end_open(&end, *state, 1);
    assert_int_equal(loop_watch(*state, end.fds[0], POLLIN, ready_reads, &end), 0);
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, 0);
    assert_int_equal(write(end.fds[1], "ab", 2), 2);
    assert_int_equal(loop_turn(*state, LONG), 0);
    assert_int_equal(loop_turn(*state, LONG), 0);
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(end.revents, POLLIN);
    ASSERT_CALLS(1, 1);
    (void)close(end.fds[1]);
    end.fds[1] = -1;
    assert_int_equal(loop_turn(*state, LONG), 0);
    assert_int_equal(end.revents, POLLHUP);
    loop_unwatch(*state, end.fds[0]);
    calls.n = 0;
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, 0);
    end_close(&end);
}

static void watches_may_change_within_ready(void **state)
{
    struct end first, second, late;

    calls.n = 0;
    end_open(&first, *state, 1);
    end_open(&second, *state, 2);
    end_open(&late, *state, 3);
    first.next = &second;
    first.late = &late;
    assert_int_equal(loop_watch(*state, first.fds[0], POLLIN, ready_reads, &first), 0);
    assert_int_equal(loop_watch(*state, second.fds[0], POLLIN, ready_reads, &second), 0);
    assert_int_equal(write(first.fds[1], "a", 1), 1);
    assert_int_equal(write(second.fds[1], "a", 1), 1);
    assert_int_equal(write(late.fds[1], "a", 1), 1);
    assert_int_equal(loop_turn(*state, LONG), 0);
    ASSERT_CALLS(1);
    assert_int_equal(loop_turn(*state, LONG), 0);
    ASSERT_CALLS(3);
    first.next = &late;
    first.late = NULL;
    assert_int_equal(write(first.fds[1], "a", 1), 1);
    assert_int_equal(write(late.fds[1], "a", 1), 1);
    assert_int_equal(loop_turn(*state, LONG), 0);
    ASSERT_CALLS(1);
    end_close(&first);
    end_close(&second);
    end_close(&late);
}

static void eight_descriptors_and_no_more(void **state)
{
    struct end ends[9];

    for (int i = 0; i < 9; i++)
        end_open(&ends[i], *state, i);
    for (int i = 0; i < 8; i++)
        assert_int_equal(loop_watch(*state, ends[i].fds[0], POLLIN, ready_reads, &ends[i]), 0);
    assert_int_equal(loop_watch(*state, ends[8].fds[0], POLLIN, ready_reads, &ends[8]), -ENOSPC);
    assert_int_equal(loop_watch(*state, ends[3].fds[0], POLLIN, ready_reads, &ends[3]), -EEXIST);
    loop_unwatch(*state, ends[3].fds[0]);
    loop_unwatch(*state, ends[3].fds[0]);
    assert_int_equal(loop_watch(*state, ends[8].fds[0], POLLIN, ready_reads, &ends[8]), 0);
    loop_unwatch(*state, ends[0].fds[0]);
    loop_unwatch(*state, ends[5].fds[0]);
    calls.n = 0;
    for (int i = 0; i < 9; i++)
        assert_int_equal(write(ends[i].fds[1], "a", 1), 1);
    assert_int_equal(loop_turn(*state, LONG), 0);
    ASSERT_CALLS(1, 2, 8, 4, 6, 7);
    for (int i = 0; i < 9; i++)
        end_close(&ends[i]);
}

/* The lent wait. */

struct lent {
    int result;
    unsigned n;
    int timeout_ms;
};

static int lent_wait(void *data, struct pollfd *fds, unsigned n, int timeout_ms)
{
    struct lent *lent = data;

    called(1);
    lent->n = n;
    lent->timeout_ms = timeout_ms;
    if (lent->result == 0)
        assert_true(poll(fds, n, 0) >= 0);
    return lent->result;
}

static void lent_run(void *data)
{
    (void)data;
    called(3);
}

static void the_wait_can_be_lent(void **state)
{
    struct lent lent = {0};
    struct end end;
    int id = 2;
    struct timer timer = {.fn = call_id, .data = &id};

    calls.n = 0;
    end_open(&end, *state, 2);
    assert_int_equal(loop_watch(*state, end.fds[0], POLLIN, ready_reads, &end), 0);
    assert_int_equal(write(end.fds[1], "a", 1), 1);
    loop_lend_wait(*state, lent_wait, lent_run, &lent);
    assert_int_equal(loop_turn(*state, 55), 0);
    ASSERT_CALLS(1, 2, 3);
    assert_int_equal(lent.n, 2); /* ours and the eventfd */
    assert_int_equal(lent.timeout_ms, 55);
    assert_int_equal(loop_turn(*state, -1), 0);
    assert_int_equal(lent.timeout_ms, INT_MAX);
    timer_set(*state, &timer, clock_ms() + 5000);
    assert_int_equal(loop_turn(*state, -1), 0);
    assert_in_range(lent.timeout_ms, 1, 5000);
    timer_clear(&timer);
    lent.result = -EINTR;
    assert_int_equal(loop_turn(*state, 0), 0);
    lent.result = -ENOMEM;
    assert_int_equal(loop_run(*state), -ENOMEM);
    calls.n = 0;
    loop_lend_wait(*state, NULL, NULL, NULL);
    assert_int_equal(loop_turn(*state, 0), 0);
    assert_int_equal(calls.n, 0);
    end_close(&end);
}

/* Waking and quitting. */

static void *wake_from_afar(void *loop)
{
    loop_wake(loop);
    return NULL;
}

static void waking_ends_a_wait(void **state)
{
    int64_t start = clock_ms();
    pthread_t thread;

    errno = ENOTTY;
    loop_wake(*state);
    loop_wake(*state);
    assert_int_equal(errno, ENOTTY);
    assert_int_equal(loop_turn(*state, LONG), 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_from_afar, *state), 0);
    assert_int_equal(loop_turn(*state, LONG), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(clock_ms() < start + LONG);
}

/* Two wakes are one: once it has ended a wait, it must not end the next. */
static void a_wake_is_used_up(void **state)
{
    int64_t start;

    loop_wake(*state);
    loop_wake(*state);
    assert_int_equal(loop_turn(*state, LONG), 0);
    start = clock_ns();
    assert_int_equal(loop_turn(*state, 20), 0);
    assert_true(clock_ns() - start >= 19 * 1000000);
}

static void quit(void *data)
{
    loop_quit(data, 69);
}

static void quitting_ends_the_run_with_its_status(void **state)
{
    struct task task = {.fn = quit, .data = *state};
    struct timer timer = {.fn = quit, .data = *state};

    loop_quit(*state, 5);
    assert_int_equal(loop_run(*state), 5);
    task_defer(*state, &task);
    assert_int_equal(loop_run(*state), 69);
    timer_set(*state, &timer, clock_ms() + 5);
    assert_int_equal(loop_run(*state), 69);
}

static void freeing_clears_what_is_set(void **state)
{
    struct loop *loop = loop_new();
    struct timer timers[3] = {{.fn = quit}, {.fn = quit}, {.fn = quit}};
    struct task task = {.fn = quit};

    (void)state;
    assert_non_null(loop);
    for (int i = 0; i < 3; i++)
        timer_set(loop, &timers[i], i);
    task_defer(loop, &task);
    loop_free(loop);
    for (int i = 0; i < 3; i++)
        assert_false(timer_is_set(&timers[i]));
    timer_clear(&timers[0]);
    task_cancel(&task);
    loop_free(NULL);
}

/* The clocks that the loop goes by. */

static void moments_become_times_of_day(void **state)
{
    char buf[32];
    struct timespec wall = clock_wall(), at = clock_wall_at(clock_ms()), never = clock_wall_at(CLOCK_NEVER);

    (void)state;
    assert_in_range(at.tv_sec, (uintmax_t)wall.tv_sec - 1, (uintmax_t)wall.tv_sec + 2);
    assert_in_range(clock_wall_at(clock_ms() + 3600000).tv_sec, (uintmax_t)wall.tv_sec + 3599,
                    (uintmax_t)wall.tv_sec + 3602);
    assert_true(clock_wall_at(-1500).tv_nsec >= 0);
    assert_true(never.tv_sec > wall.tv_sec);
    assert_true(strlen(clock_format(never, buf, sizeof(buf))) < sizeof(buf));
    assert_string_equal(clock_format((struct timespec){1795490760, 123999999}, buf, sizeof(buf)),
                        "2026-11-24T03:26:00.123Z");
    assert_string_equal(clock_format((struct timespec){-1, 5000000}, buf, sizeof(buf)), "1969-12-31T23:59:59.005Z");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_order),
        TEST(timers_to_come_survive_those_that_fire),
        TEST(a_timer_never_fires_early),
        TEST(a_timer_that_never_comes_bounds_no_wait),
        TEST(timers_may_be_set_and_cleared_as_they_fire),
        TEST(tasks_run_once_in_order),
        TEST(a_task_deferred_by_a_task_waits_a_turn),
        TEST(a_descriptor_is_called_while_it_is_ready),
        TEST(watches_may_change_within_ready),
        TEST(eight_descriptors_and_no_more),
        TEST(the_wait_can_be_lent),
        TEST(waking_ends_a_wait),
        TEST(a_wake_is_used_up),
        TEST(quitting_ends_the_run_with_its_status),
        cmocka_unit_test(freeing_clears_what_is_set),
        cmocka_unit_test(moments_become_times_of_day),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
