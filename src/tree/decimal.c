/* SPDX-License-Identifier: MIT */
#include "tree/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 9 /* of a group */
#define GROUP  INT64_C(1000000000)
#define GROUPS (DECIMAL_WHOLE + DECIMAL_FRACTION)

static size_t count_digits(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

static int64_t group_of(const char *digits, size_t n)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

/* Adds n digits before the point, whose last ones are the units. */
static void add_whole(struct decimal *sum, int64_t sign, const char *digits, size_t n)
{
    for (size_t i = 0; n > 0; i++) {
        size_t part = n < DIGITS ? n : DIGITS;
        n -= part;
        sum->whole[i] += sign * group_of(digits + n, part);
    }
}

/* Adds n digits after the point. The last group may have less than nine. */
static void add_fraction(struct decimal *sum, int64_t sign, const char *digits, size_t n)
{
    for (size_t i = 0; i * DIGITS < n; i++) {
        size_t part = n - i * DIGITS < DIGITS ? n - i * DIGITS : DIGITS;
        int64_t value = group_of(digits + i * DIGITS, part);
        for (size_t k = part; k < DIGITS; k++)
            value *= 10;
        sum->fraction[i] += sign * value;
    }
}

bool decimal_add(struct decimal *sum, const char *text, size_t len)
{
    bool minus = len > 0 && *text == '-';
    text += minus;
    len -= minus;

    size_t whole = count_digits(text, len), fraction = 0;
    if (whole == 0)
        return false;
    if (whole < len) {
        fraction = text[whole] == '.' ? count_digits(text + whole + 1, len - whole - 1) : 0;
        if (fraction == 0 || whole + 1 + fraction < len)
            return false;
    }
    if (whole + fraction > DECIMAL_DIGITS)
        return false;
    add_whole(sum, minus ? -1 : 1, text, whole);
    if (fraction > 0)
        add_fraction(sum, minus ? -1 : 1, text + whole + 1, fraction);
    if (fraction > sum->decimals)
        sum->decimals = (unsigned)fraction;
    return true;
}

void decimal_add_sum(struct decimal *sum, const struct decimal *other)
{
    for (unsigned i = 0; i < DECIMAL_WHOLE; i++)
        sum->whole[i] += other->whole[i];
    for (unsigned i = 0; i < DECIMAL_FRACTION; i++)
        sum->fraction[i] += other->fraction[i];
    if (other->decimals > sum->decimals)
        sum->decimals = other->decimals;
}

/* Puts the groups in a row, the lowest first, and carries, so that each is between 0 and GROUP. Returns the carry of the
 * highest group: -1 if the sum is negative, else 0. */
static int64_t carry(const struct decimal *sum, int64_t sign, int64_t groups[GROUPS])
{
    int64_t over = 0;
    for (unsigned i = 0; i < GROUPS; i++) {
        int64_t value =
            i < DECIMAL_FRACTION ? sum->fraction[DECIMAL_FRACTION - 1 - i] : sum->whole[i - DECIMAL_FRACTION];
        value = sign * value + over;
        over = value / GROUP;
        groups[i] = value % GROUP;
        if (groups[i] < 0) {
            groups[i] += GROUP;
            over--;
        }
    }
    return over;
}

size_t decimal_print(const struct decimal *sum, char buf[DECIMAL_TEXT])
{
    int64_t groups[GROUPS];
    bool minus = carry(sum, 1, groups) < 0;
    if (minus)
        (void)carry(sum, -1, groups);

    unsigned top = GROUPS - 1;
    while (top > DECIMAL_FRACTION && groups[top] == 0)
        top--;
    int len = snprintf(buf, DECIMAL_TEXT, "%s%" PRId64, minus ? "-" : "", groups[top]);
    for (unsigned i = top; i-- > 0;)
        len += snprintf(buf + len, DECIMAL_TEXT - (size_t)len, "%s%09" PRId64, i == DECIMAL_FRACTION - 1 ? "." : "",
                        groups[i]);
    unsigned decimals = sum->decimals > 2 ? sum->decimals : 2;
    size_t end = (size_t)len - DIGITS * DECIMAL_FRACTION + decimals;
    buf[end] = '\0';
    return end;
}
