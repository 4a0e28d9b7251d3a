/* SPDX-License-Identifier: MIT */
#include "chance.h"

#include "text.h"

/* splitmix64: one multiplication-mixed counter, good enough for names and prices. */
static uint64_t next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

struct chance chance_for(uint64_t seed, enum chance_kind kind, uint64_t index)
{
    struct chance chance = {seed * 0x2545f4914f6cdd1dU + (uint64_t)kind};
    chance.state = next(&chance) + index * 0xd1342543de82ef95U;
    next(&chance);
    return chance;
}

unsigned chance_below(struct chance *chance, unsigned below)
{
    return (unsigned)((next(chance) >> 32) * below >> 32);
}

/* Both follow the civil calendar in years that begin in March, so that the leap day comes last. */
long day_of(int year, int month, int day)
{
    long y = month <= 2 ? year - 1 : year;
    long era = y / 400, of_era = y - era * 400;
    long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void split(long day, int *year, int *month, int *of_month)
{
    day += 719468;
    long era = day / 146097, of_era = day - era * 146097;
    long y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * y + y / 4 - y / 100);
    long m = (5 * of_year + 2) / 153;
    *of_month = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

int year_of(long day)
{
    int year, month, of_month;
    split(day, &year, &month, &of_month);
    return year;
}

static char digit(long n)
{
    return (char)('0' + n % 10);
}

void text_day(struct text *text, long day)
{
    int y, m, d;
    split(day, &y, &m, &d);
    text_add(text,
             (char[]){digit(y / 1000), digit(y / 100), digit(y / 10), digit(y), '-', digit(m / 10), digit(m), '-',
                      digit(d / 10), digit(d)},
             10);
}

void text_day_member(struct text *text, const char *key, long day)
{
    text_key(text, key);
    text_char(text, '"');
    text_day(text, day);
    text_char(text, '"');
}

void text_moment_member(struct text *text, const char *key, long day, unsigned second)
{
    long at = (long)second, h = at / 3600, m = at / 60 % 60, s = at % 60;
    text_key(text, key);
    text_char(text, '"');
    text_day(text, day);
    text_add(text,
             (char[]){' ', digit(h / 10), digit(h), ':', digit(m / 10), digit(m), ':', digit(s / 10), digit(s), '"'},
             10);
}
