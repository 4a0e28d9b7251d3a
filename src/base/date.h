/* SPDX-License-Identifier: MIT */
/*
 * Dates: days of the calendar, as the API writes them (2026-10-01).
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none.
 */
#ifndef MELBICOMFS_BASE_DATE_H
#define MELBICOMFS_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* The length of "2026-10-01", in bytes. */
#define DATE_LEN 10

struct date {
    int year;  /* 1 to 9999 */
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* Reads a date: YYYY-MM-DD, alone or followed by `T` or a space and anything, which is passed over: the day is the one
 * that is written, in whatever time zone. Returns false, with *ret untouched, if the text is NULL, has another form, or
 * is no day of the calendar (0000-00-00, 2026-02-30). */
bool date_read(const char *text, struct date *ret);

/* Returns the number of days from 1970-01-01 to the date; negative before it. */
int64_t date_days(struct date date);

/* Returns today's date in UTC, as date_days() counts it. */
int64_t date_today(void);

/* Returns clock_ms() at the next midnight, UTC: until then date_today() stays the same, if nobody sets the clock. */
int64_t date_midnight(void);

#endif
