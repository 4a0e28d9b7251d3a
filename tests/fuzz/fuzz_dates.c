/* SPDX-License-Identifier: MIT */
/*
 * Dates: which texts are days is decided a second time, and days are counted one year and one month at a time. The day
 * after a day is the next number.
 *
 * The input is the text.
 */
#include "fuzz.h"

#include "base/date.h"

static int length_of_month(int year, int month)
{
    bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);

    if (month == 2)
        return leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int length_of_year(int year)
{
    return 337 + length_of_month(year, 2);
}

static int64_t count_days(struct date date)
{
    int64_t days = date.day - 1;

    for (int month = 1; month < date.month; month++)
        days += length_of_month(date.year, month);
    for (int year = 1970; year < date.year; year++)
        days += length_of_year(year);
    for (int year = date.year; year < 1970; year++)
        days -= length_of_year(year);
    return days;
}

static bool is_date(const char *text, struct date *ret)
{
    char rest = '\0';

    if (strspn(text, "0123456789") != 4 || strlen(text) < 10 || text[4] != '-' || text[7] != '-' ||
        strspn(text + 5, "0123456789") != 2 || strspn(text + 8, "0123456789") != 2 ||
        sscanf(text, "%4d-%2d-%2d%c", &ret->year, &ret->month, &ret->day, &rest) < 3)
        return false;
    return (rest == '\0' || rest == 'T' || rest == ' ') && ret->year > 0 && ret->month > 0 && ret->month < 13 &&
           ret->day > 0 && ret->day <= length_of_month(ret->year, ret->month);
}

static struct date day_after(struct date date)
{
    if (++date.day <= length_of_month(date.year, date.month))
        return date;
    date.day = 1;
    if (++date.month <= 12)
        return date;
    date.month = 1;
    date.year++;
    return date;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct date date = {-1, -1, -1}, expected;
    bool valid = is_date(text, &expected);

    CHECK(date_read(text, &date) == valid, "'%s'", text);
    if (!valid) {
        CHECK(date.year == -1 && date.month == -1 && date.day == -1, "'%s'", text);
    } else {
        CHECK(memcmp(&date, &expected, sizeof date) == 0, "'%s': %d-%d-%d", text, date.year, date.month, date.day);
        CHECK(date_days(date) == count_days(date), "'%s': %jd", text, (intmax_t)date_days(date));
        CHECK(date_days(day_after(date)) == date_days(date) + 1, "the day after '%s'", text);
    }
    free(text);
    return 0;
}
