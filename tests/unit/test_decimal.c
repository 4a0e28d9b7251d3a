/* SPDX-License-Identifier: MIT */
/*
 * Exact sums. What they must be is known by other means: from arithmetic by hand, or from sums of whole numbers.
 */
#include "tree/decimal.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_sum(const struct decimal *sum, const char *expected)
{
    char text[DECIMAL_TEXT];

    size_t len = decimal_print(sum, text);
    assert_int_equal(len, strlen(text));
    assert_string_equal(text, expected);
}

static void add(struct decimal *sum, const char *text)
{
    if (!decimal_add(sum, text, strlen(text)))
        fail_msg("'%s' was not taken", text);
}

static void sums_are_exact(void **state)
{
    static const struct {
        const char *summands[5], *sum;
    } rows[] = {
        {{NULL}, "0.00"},
        {{"0"}, "0.00"},
        {{"-0"}, "0.00"},
        {{"-0.000"}, "0.000"},
        {{"5"}, "5.00"},
        {{"007"}, "7.00"},
        {{"0.1", "0.2"}, "0.30"},
        {{"0.1", "0.2", "-0.3"}, "0.00"},
        {{"1.005"}, "1.005"},
        {{"-5.00", "2.5"}, "-2.50"},
        {{"2.5", "-5.00"}, "-2.50"},
        {{"-0.01"}, "-0.01"},
        {{"999999999.999999999", "0.000000001"}, "1000000000.000000000"},
        {{"1000000000", "-0.000000000000000001"}, "999999999.999999999999999999"},
        {{"-1000000000", "0.000000000000000001"}, "-999999999.999999999999999999"},
        {{"99999999999999999999999999999999999999", "1"}, "100000000000000000000000000000000000000.00"},
        {{"-99999999999999999999999999999999999999", "-1"}, "-100000000000000000000000000000000000000.00"},
        {{"0.0000000000000000000000000000000000001", "1234567890123456789012345678901234567.8"},
         "1234567890123456789012345678901234567.8000000000000000000000000000000000001"},
        {{"9007199254740993", "0.10"}, "9007199254740993.10"},
        {{"0.00", "410.0", "0.005", "1", "2"}, "413.005"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct decimal sum = {.decimals = 0};

        for (unsigned k = 0; k < 5 && rows[i].summands[k]; k++)
            add(&sum, rows[i].summands[k]);
        assert_sum(&sum, rows[i].sum);
    }
}

static void other_texts_are_no_numbers(void **state)
{
    static const char *const texts[] = {
        "",
        "-",
        ".",
        "-.",
        "1.",
        ".5",
        "-.5",
        "+5",
        "1e3",
        "1E3",
        "1,234.50",
        " 5",
        "5 ",
        "0x5",
        "--5",
        "1-",
        "1.2.3",
        "1.-2",
        "1. 2",
        "NaN",
        "inf",
        "null",
        "\xd9\xa5",
        "5\n",
        "5EUR",
        "EUR 5",
        "1 2",
        "5..",
        "1_0",
        "999999999999999999999999999999999999999",
        "0.00000000000000000000000000000000000000",
        "-1.23456789012345678901234567890123456789",
    };
    struct decimal sum = {.decimals = 0};

    (void)state;
    add(&sum, "7.5");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (decimal_add(&sum, texts[i], strlen(texts[i])))
            fail_msg("'%s' was taken", texts[i]);
    assert_false(decimal_add(&sum, "5\0", 2));
    assert_false(decimal_add(&sum, "12", 0));
    assert_sum(&sum, "7.50");
    assert_true(decimal_add(&sum, "12345", 2)); /* the bytes after the text are not its own */
    assert_sum(&sum, "19.50");
}

/* Many summands with many digits: no group runs over. */
static void long_sums_are_exact(void **state)
{
    struct decimal sum = {.decimals = 0}, other = {.decimals = 0}, down = {.decimals = 0};

    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        add(&sum, "99999999999999999999.999999999999999999");
        add(&down, "-99999999999999999999.999999999999999999");
    }
    assert_sum(&sum, "99999999999999999999999999.999999999999000000");
    assert_sum(&down, "-99999999999999999999999999.999999999999000000");
    decimal_add_sum(&other, &sum);
    assert_sum(&other, "99999999999999999999999999.999999999999000000");
    decimal_add_sum(&other, &down);
    assert_sum(&other, "0.000000000000000000");
    /* The largest sum of DECIMAL_SUMMANDS summands fits into its groups. */
    assert_true(INT64_MAX / 1000000000 >= (int64_t)DECIMAL_SUMMANDS);
}

/* Random cents, against a sum of whole numbers. */
static void random_sums_are_exact(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200; round++) {
        struct decimal sum = {.decimals = 0}, parts = {.decimals = 0};
        int64_t cents = 0;
        char text[64];

        for (unsigned i = 0; i < 100; i++) {
            int64_t amount = ((int64_t)rand() << 20 ^ rand()) % 100000000000000 * (rand() % 2 ? 1 : -1);
            struct decimal part = {.decimals = 0};

            (void)snprintf(text, sizeof(text), "%s%" PRId64 ".%02" PRId64, amount < 0 ? "-" : "",
                           (int64_t)llabs(amount) / 100, (int64_t)llabs(amount) % 100);
            add(&sum, text);
            add(&part, text);
            decimal_add_sum(&parts, &part);
            cents += amount;
        }
        (void)snprintf(text, sizeof(text), "%s%" PRId64 ".%02" PRId64, cents < 0 ? "-" : "",
                       (int64_t)llabs(cents) / 100, (int64_t)llabs(cents) % 100);
        assert_sum(&sum, text);
        assert_sum(&parts, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(other_texts_are_no_numbers),
        cmocka_unit_test(long_sums_are_exact),
        cmocka_unit_test(random_sums_are_exact),
    };

    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
