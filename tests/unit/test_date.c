/* SPDX-License-Identifier: MIT */
/*
 * Days of the calendar, read from what the API writes.
 */
#include "base/clock.h"
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct timespec wall, uptime = {1000, 0};

/* Stands in for the C library's, for all of this program. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
    *ret = id == CLOCK_BOOTTIME ? uptime : wall;
    return 0;
}

static void dates_are_read(void **state)
{
    static const struct {
        const char *text;
        struct date date;
    } rows[] = {
        {"2026-10-01", {2026, 10, 1}},          {"2026-10-01T23:59:59+14:00", {2026, 10, 1}},
        {"2026-10-01 00:00:00", {2026, 10, 1}}, {"2026-10-01 ", {2026, 10, 1}},
        {"2026-10-01Tx", {2026, 10, 1}},        {"0001-01-01", {1, 1, 1}},
        {"9999-12-31", {9999, 12, 31}},         {"2024-02-29", {2024, 2, 29}},
        {"2000-02-29", {2000, 2, 29}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct date date = {0};

        assert_true(date_read(rows[i].text, &date));
        assert_memory_equal(&date, &rows[i].date, sizeof(date));
    }
}

static void other_texts_are_no_dates(void **state)
{
    static const char *const texts[] = {
        "",
        "2",
        "2026",
        "2026-",
        "2026-1",
        "2026-10",
        "2026-10-",
        "2026-10-1",
        "0000-00-00",
        "0000-01-01",
        "2026-00-01",
        "2026-13-01",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "2026-02-30",
        "2100-02-29",
        "2026-04-31",
        "2026-1-01",
        "2026-10-1 ",
        " 2026-10-01",
        "26-10-01",
        "2026/10/01",
        "2026-10/01",
        "01.10.2026",
        "+026-10-01",
        "2026-10-0a",
        "2026-10-01Z",
        "2026-10-010",
        "12026-10-01",
        "2026-10-01\n",
        "today",
    };

    (void)state;
    struct date date = {7, 7, 7};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (date_read(texts[i], &date))
            fail_msg("'%s' was read as a date", texts[i]);
    assert_false(date_read(NULL, &date));
    assert_memory_equal(&date, (&(struct date){7, 7, 7}), sizeof(date));
}

/* Every day of seven times 400 years, after which the calendar repeats, has the next number, and no other text of its form is a date. */
static void days_are_counted(void **state)
{
    int64_t next = 0;
    char text[16];

    (void)state;
    for (int year = 1; year <= 2800; year++)
        for (int month = 0; month <= 13; month++)
            for (int day = 0; day <= 32; day++) {
                struct date date;
                (void)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
                if (!date_read(text, &date))
                    continue;
                if (year > 1 || month > 1 || day > 1)
                    assert_int_equal(date_days(date), next);
                next = date_days(date) + 1;
                if (month == 1 && day == 1 && year == 1970)
                    assert_int_equal(date_days(date), 0);
            }
    assert_int_equal(date_days((struct date){1, 1, 1}), -719162);
    assert_int_equal(date_days((struct date){1969, 12, 31}), -1);
    assert_int_equal(date_days((struct date){9999, 12, 31}), 2932896);
}

static void today_ends_at_midnight(void **state)
{
    static const struct {
        time_t now;
        long ns;
        int64_t today, left_ms;
    } rows[] = {
        {0, 0, 0, 86400000},
        {86399, 0, 0, 1000},
        {86399, 999000000, 0, 1},
        {86400, 0, 1, 86400000},
        {1790856000, 500000000, 20727, 43199500},
        {-1, 0, -1, 1000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wall = (struct timespec){rows[i].now, rows[i].ns};
        assert_int_equal(date_today(), rows[i].today);
        assert_int_equal(date_midnight(), clock_ms() + rows[i].left_ms + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(other_texts_are_no_dates),
        cmocka_unit_test(days_are_counted),
        cmocka_unit_test(today_ends_at_midnight),
    };

    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
