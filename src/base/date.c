/* SPDX-License-Identifier: MIT */
#include "base/date.h"

#include "base/clock.h"

#include <stddef.h>

#define DAY_S 86400

/* Reads n digits as a number; -1 if there is another byte among them. */
static int digits(const char *text, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool date_read(const char *text, struct date *ret)
{
    struct date date;

    /* Each test ends at the text's NUL, so that no byte after it is read. */
    if (!text || (date.year = digits(text, 4)) < 1 || text[4] != '-' || (date.month = digits(text + 5, 2)) < 1 ||
        date.month > 12 || text[7] != '-' || (date.day = digits(text + 8, 2)) < 1 ||
        date.day > days_in(date.year, date.month))
        return false;
    if (text[DATE_LEN] && text[DATE_LEN] != 'T' && text[DATE_LEN] != ' ')
        return false;
    *ret = date;
    return true;
}

/* Counts in years that begin with March, so that a leap day is the last day of its year. */
int64_t date_days(struct date date)
{
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t of_year = (153 * month + 2) / 5 + date.day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

int64_t date_today(void)
{
    int64_t now = clock_wall().tv_sec;
    return now / DAY_S - (now % DAY_S < 0);
}

int64_t date_midnight(void)
{
    struct timespec now = clock_wall();
    int64_t left_s = (date_today() + 1) * DAY_S - now.tv_sec;
    /* A millisecond later: clock_ms() and the time of day are not read at the same moment. */
    return clock_ms() + left_s * 1000 - now.tv_nsec / 1000000 + 1;
}
