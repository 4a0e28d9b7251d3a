/* SPDX-License-Identifier: MIT */
/*
 * Sums of amounts, against arithmetic with one digit at a time. In another order, and in two parts, the sum is the same.
 *
 * The input is the amounts, one a line.
 */
#include "fuzz.h"

#include "tree/decimal.h"

#define AMOUNTS 200
#define WHOLE   48 /* digits before the point: those of an amount, and ten more */
#define DIGITS  (WHOLE + DECIMAL_DIGITS)

/* Digits, the highest first. */
struct number {
    int digits[DIGITS];
};

struct line {
    const char *at;
    size_t len;
};

/* Whether a text is a plain decimal number. If so, *whole and *decimals say how many digits it has. */
static bool is_amount(struct line line, size_t *whole, size_t *decimals)
{
    size_t at = line.len > 0 && line.at[0] == '-', points = 0;

    *whole = *decimals = 0;
    for (; at < line.len; at++) {
        if (line.at[at] >= '0' && line.at[at] <= '9')
            ++*(points ? decimals : whole);
        else if (line.at[at] != '.' || ++points > 1)
            return false;
    }
    return *whole > 0 && (*decimals > 0) == (points > 0) && *whole + *decimals <= DECIMAL_DIGITS;
}

/* Adds a number's digits, without its sign. */
static void add(struct number *number, struct line line, size_t whole)
{
    size_t minus = line.at[0] == '-', place = WHOLE - whole, n = 0;
    int carry = 0;

    for (size_t i = minus; i < line.len; i++)
        if (line.at[i] != '.')
            number->digits[place + n++] += line.at[i] - '0';
    for (size_t i = DIGITS; i-- > 0;) {
        number->digits[i] += carry;
        carry = number->digits[i] / 10;
        number->digits[i] %= 10;
    }
    CHECK(carry == 0, "the reference is too short");
}

/* Prints plus - minus. */
static void print(const struct number *plus, const struct number *minus, size_t decimals, char text[DIGITS + 4])
{
    int order = memcmp(plus, minus, sizeof *plus) ? 1 : 0, borrow = 0;
    struct number difference;
    size_t first = 0, n = 0;

    for (size_t i = 0; order && i < DIGITS; i++)
        if (plus->digits[i] != minus->digits[i]) {
            order = plus->digits[i] > minus->digits[i] ? 1 : -1;
            break;
        }
    const struct number *large = order < 0 ? minus : plus, *small = order < 0 ? plus : minus;
    for (size_t i = DIGITS; i-- > 0;) {
        int digit = large->digits[i] - small->digits[i] - borrow;
        borrow = digit < 0;
        difference.digits[i] = digit + 10 * borrow;
    }
    if (order < 0)
        text[n++] = '-';
    while (first < WHOLE - 1 && difference.digits[first] == 0)
        first++;
    for (size_t i = first; i < WHOLE + decimals; i++) {
        if (i == WHOLE)
            text[n++] = '.';
        text[n++] = (char)('0' + difference.digits[i]);
    }
    text[n] = '\0';
}

static void check_same(const struct decimal *sum, const char *expected, const char *how)
{
    char text[DECIMAL_TEXT];
    size_t len = decimal_print(sum, text);

    CHECK(len == strlen(text) && strcmp(text, expected) == 0, "the sum %s is %s, not %s", how, text, expected);
}

static size_t read_lines(const char *at, const char *end, struct line lines[AMOUNTS])
{
    size_t n = 0;

    for (; at < end && n < AMOUNTS; n++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        lines[n] = (struct line){at, (size_t)((newline ? newline : end) - at)};
        at += lines[n].len + (newline != NULL);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line lines[AMOUNTS];
    size_t n = read_lines((const char *)data, (const char *)data + size, lines), decimals = 2, whole, fraction;
    struct decimal sum = {0}, back = {0}, parts[2] = {{{0}, {0}, 0}, {{0}, {0}, 0}};
    struct number plus = {{0}}, minus = {{0}};
    char expected[DIGITS + 4];

    for (size_t i = 0; i < n; i++) {
        char *copy = fuzz_copy(lines[i].at, lines[i].len);
        bool amount = is_amount(lines[i], &whole, &fraction);
        CHECK(decimal_add(&sum, copy, lines[i].len) == amount, "'%.*s'", (int)lines[i].len, lines[i].at);
        free(copy);
        if (amount) {
            add(lines[i].at[0] == '-' ? &minus : &plus, lines[i], whole);
            decimals = fraction > decimals ? fraction : decimals;
        }
        (void)decimal_add(&parts[i % 3 == 0], lines[i].at, lines[i].len);
    }
    print(&plus, &minus, decimals, expected);
    check_same(&sum, expected, "");
    for (size_t i = n; i-- > 0;)
        (void)decimal_add(&back, lines[i].at, lines[i].len);
    check_same(&back, expected, "in the other order");
    decimal_add_sum(&parts[0], &parts[1]);
    check_same(&parts[0], expected, "of two parts");
    return 0;
}
