/* SPDX-License-Identifier: MIT */
/*
 * The clocks: one for deadlines and ttls, one for people, and one that stands still while the machine sleeps.
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none; no clock can fail on Linux.
 */
#ifndef MELBICOMFS_BASE_CLOCK_H
#define MELBICOMFS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A deadline that never comes, as a value of clock_ms(). */
#define CLOCK_NEVER INT64_MAX

/* Returns CLOCK_BOOTTIME in milliseconds. All deadlines and ttls are measured on this clock. It also runs while the machine
 * sleeps: what was fetched before a night is old in the morning. */
int64_t clock_ms(void);

/* Returns CLOCK_MONOTONIC in milliseconds: the clock of the kernel's entry timeouts and of libcurl, which stands still
 * while the machine sleeps. */
int64_t clock_awake_ms(void);

/* Returns CLOCK_MONOTONIC in nanoseconds, for latencies. */
int64_t clock_ns(void);

/* Returns the time of day (CLOCK_REALTIME), for mtimes and logs. */
struct timespec clock_wall(void);

/* Writes the time t as 2026-11-24T03:26:00.123Z (UTC) into buf and returns buf. `size` is buf's size in bytes, at least
 * 32. A time whose year does not fit into an int is written with the date 1970-01-01. */
char *clock_format(struct timespec t, char *buf, size_t size);

/* Converts a value of clock_ms(), in the past or in the future, to the time of day. A time after the last second of
 * time_t becomes that second. */
struct timespec clock_wall_at(int64_t ms);

#endif
