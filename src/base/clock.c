/* SPDX-License-Identifier: MIT */
/* The clocks; see clock.h. */
#include "base/clock.h"

#include <stdio.h>

#define NS_PER_S INT64_C(1000000000)
#define TIME_MAX (sizeof(time_t) < 8 ? INT32_MAX : INT64_MAX) /* on i386 a time_t has 32 bits and ends in 2038 */

static struct timespec read_clock(clockid_t id)
{
    struct timespec t = {0};

    (void)clock_gettime(id, &t);
    return t;
}

/* Makes a timespec of s seconds and ns nanoseconds, where ns may be negative or more than a second. A time after the
 * last second of time_t becomes that second. */
static struct timespec normalised(int64_t s, int64_t ns)
{
    s += ns / NS_PER_S;
    ns %= NS_PER_S;
    if (ns < 0) {
        ns += NS_PER_S;
        s--;
    }
    return (struct timespec){.tv_sec = (time_t)(s > TIME_MAX ? TIME_MAX : s), .tv_nsec = (long)ns};
}

static int64_t in_ms(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return in_ms(read_clock(CLOCK_BOOTTIME));
}

int64_t clock_awake_ms(void)
{
    return in_ms(read_clock(CLOCK_MONOTONIC));
}

int64_t clock_ns(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);

    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct timespec clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

char *clock_format(struct timespec t, char *buf, size_t size)
{
    struct tm tm = {.tm_mday = 1, .tm_year = 70};
    size_t len;

    (void)gmtime_r(&t.tv_sec, &tm);
    len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(buf + len, size - len, ".%03ldZ", t.tv_nsec / 1000000);
    return buf;
}

struct timespec clock_wall_at(int64_t ms)
{
    struct timespec wall = read_clock(CLOCK_REALTIME), now = read_clock(CLOCK_BOOTTIME);

    /* Seconds and nanoseconds are added apart: CLOCK_NEVER in nanoseconds would overflow. */
    return normalised(ms / 1000 + wall.tv_sec - now.tv_sec, ms % 1000 * 1000000 + wall.tv_nsec - now.tv_nsec);
}
