/*
 * The two clocks: one for deadlines, one for people.
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none; neither clock can fail on Linux.
 */
#ifndef MELBICOMFS_BASE_CLOCK_H
#define MELBICOMFS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A moment that never comes, on clock_ms(). */
#define CLOCK_NEVER INT64_MAX

/* Milliseconds on CLOCK_MONOTONIC: deadlines and lives are measured on it. */
int64_t clock_ms(void);

/* Nanoseconds on CLOCK_MONOTONIC, for latencies. */
int64_t clock_ns(void);

/* The time of day, for mtimes and logs. */
struct timespec clock_wall(void);

/* Writes t as 2026-11-24T03:26:00.123Z (UTC) into buf (at least 32 bytes) and returns buf. */
char *clock_format(struct timespec t, char *buf, size_t size);

/* The time of day at the monotonic moment ms (as of clock_ms()), past or to come; the last that time_t holds if that is
 * sooner. */
struct timespec clock_wall_at(int64_t ms);

#endif
