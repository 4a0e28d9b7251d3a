/* SPDX-License-Identifier: MIT */
/* Which name is suggested for a mistyped word, and that none is when nothing resembles it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/closest.h"

static const char *const names[] = {"token",         "token_file", "token_command", "ttl",     "ttl_slow", "timeout",
                                    "timeout_total", "ro",         "work",          "balance", "home"};

static const char *closest_to(const char *word, size_t len)
{
    struct closest closest = {.word = word, .len = len};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        closest_try(&closest, names[i]);
    return closest.name;
}

static void a_word_with_few_mistakes_has_a_name(void **state)
{
    static const struct {
        const char *word, *name;
    } rows[] = {
        {"tokenfile", "token_file"},
        {"token-file", "token_file"},
        {"TOKEN_FILE", "token_file"},
        {"token", "token"},
        {"tokne", "token"},
        {"ttll", "ttl"},
        {"tl", "ttl"},
        {"wrok", "work"},
        {"wok", "work"},
        {"ballance", "balance"},
        {"timeouttotal", "timeout_total"},
        {"tokencmmand", "token_command"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(closest_to(rows[i].word, 0), rows[i].name);
}

static void a_word_that_resembles_nothing_has_none(void **state)
{
    static const char *const words[] = {"",
                                        "x",
                                        "frobnicate",
                                        "xxxx",
                                        "tokenfilefilefile",
                                        "\xff\xfe",
                                        "token_filetoken_filetoken_filetoken_filetoken_filetoken_file"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_null(closest_to(words[i], 0));
}

/* What stands behind the word, such as the value of an option, does not count. */
static void only_the_words_own_bytes_count(void **state)
{
    (void)state;
    assert_string_equal(closest_to("tokenfile=/x/y/z", strlen("tokenfile")), "token_file");
    assert_string_equal(closest_to("ttlx", 3), "ttl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_with_few_mistakes_has_a_name),
        cmocka_unit_test(a_word_that_resembles_nothing_has_none),
        cmocka_unit_test(only_the_words_own_bytes_count),
    };
    return cmocka_run_group_tests_name("closest", tests, NULL, NULL);
}
