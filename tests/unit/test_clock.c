/* SPDX-License-Identifier: MIT */
/*
 * The clocks on a machine that has run for a long time, and moments that time_t cannot hold.
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct timespec wall = {1795490760, 250000000}, uptime, awake;

/* Stands in for the C library's, for all of this program. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
    *ret = id == CLOCK_BOOTTIME ? uptime : id == CLOCK_MONOTONIC ? awake : wall;
    return 0;
}

/* With 32 bits, milliseconds in a time_t would run over after 25 days. */
static void an_uptime_of_years_is_in_range(void **state)
{
    (void)state;
    uptime = (struct timespec){2147484, 999999999};
    assert_true(clock_ms() == INT64_C(2147484999));
    awake = uptime;
    assert_true(clock_awake_ms() == INT64_C(2147484999));
    assert_true(clock_ns() == INT64_C(2147484999999999));
    awake = uptime = (struct timespec){2000000000, 0};
    assert_true(clock_ms() == INT64_C(2000000000000));
    assert_true(clock_ns() == INT64_C(2000000000000000000));
}

static void moments_are_counted_from_now(void **state)
{
    (void)state;
    uptime = (struct timespec){2147484, 500000000};
    struct timespec now = clock_wall_at(clock_ms()), before = clock_wall_at(clock_ms() - 1500);

    assert_true(now.tv_sec == wall.tv_sec && now.tv_nsec == wall.tv_nsec);
    assert_true(before.tv_sec == wall.tv_sec - 2 && before.tv_nsec == 750000000);
}

/* A ttl goes on while the machine sleeps, and so does the time of day. */
static void a_night_counts(void **state)
{
    (void)state;
    awake = uptime = (struct timespec){100, 0};
    int64_t evening = clock_ms(), awake_before = clock_awake_ms();
    uptime.tv_sec += 8 * 3600;
    wall.tv_sec += 8 * 3600;
    assert_true(clock_ms() - evening == INT64_C(8) * 3600 * 1000);
    assert_true(clock_awake_ms() == awake_before);
    assert_true(clock_wall_at(evening).tv_sec == wall.tv_sec - 8 * 3600);
    wall.tv_sec -= 8 * 3600;
}

/* The year 2040: with a time_t of 32 bits, the last moment it holds stands for all that come later. */
static void later_than_time_t_is_its_last_second(void **state)
{
    int64_t in_2040 = INT64_C(2208988800), last = INT32_MAX;
    char buf[32];

    (void)state;
    uptime = (struct timespec){0};
    struct timespec at = clock_wall_at((in_2040 - wall.tv_sec) * 1000), never = clock_wall_at(CLOCK_NEVER);
    assert_true(at.tv_sec == (sizeof(time_t) < 8 ? last : in_2040));
    assert_true(never.tv_sec >= at.tv_sec && never.tv_nsec >= 0 && never.tv_nsec < 1000000000);
    assert_string_equal(clock_format((struct timespec){INT32_MAX, 0}, buf, sizeof(buf)), "2038-01-19T03:14:07.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uptime_of_years_is_in_range),
        cmocka_unit_test(moments_are_counted_from_now),
        cmocka_unit_test(a_night_counts),
        cmocka_unit_test(later_than_time_t_is_its_last_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
