/* SPDX-License-Identifier: MIT */
/* Names from the API as file names, there and back; cut names; what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tree/names.h"

#define ROUNDS 100000

/* Encodes, checks what must hold of every result, and decodes what isn't cut. */
static const char *encode(const char *name, size_t len, const char *suffix)
{
    static char buf[NAMES_MAX + 1];
    char back[NAMES_MAX + 1];
    size_t back_len = 0, suffix_len = strlen(suffix), n;
    int r;

    memset(buf, 'x', sizeof(buf));
    n = names_encode(name, len, suffix, buf);
    assert_in_range(n, suffix_len + 1, NAMES_MAX);
    assert_int_equal(strlen(buf), n);
    assert_string_equal(buf + n - suffix_len, suffix);
    assert_null(strchr(buf, '/'));
    assert_int_not_equal(buf[0], '.');
    r = names_decode(buf, suffix, back, &back_len);
    if (r == -E2BIG) {
        assert_true(len > 39);
        assert_true(n + 6 > NAMES_MAX);
        assert_memory_equal(buf + n - suffix_len - 18, "%~", 2);
        return buf;
    }
    assert_int_equal(r, 0);
    assert_int_equal(back_len, len);
    assert_memory_equal(back, name, len);
    assert_int_equal(back[len], 0);
    return buf;
}

static void plain_names_stay_as_they_are(void **state)
{
    static const char *const names[] = {"Active", "co.uk",  "a b\"c'd\\e*?<>|:~", "~",  "-rf", "#",
                                        "café",   "日本語", "\U0001F680 x",       "a.", " "};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_string_equal(encode(names[i], strlen(names[i]), ""), names[i]);
    assert_string_equal(encode("INV-1", 5, ".json"), "INV-1.json");
}

static void what_a_file_name_cannot_hold_is_escaped(void **state)
{
    static const struct {
        const char *name;
        size_t len;
        const char *file;
    } rows[] = {
        {"", 0, "%"},
        {".", 1, "%2E"},
        {"..", 2, "%2E."},
        {".git", 4, "%2Egit"},
        {"a/b", 3, "a%2Fb"},
        {"100%", 4, "100%25"},
        {"%41", 3, "%2541"},
        {"%~", 2, "%25~"},
        {"a\0b", 3, "a%00b"},
        {"\x1b[31m\n\t\x7f", 8, "%1B[31m%0A%09%7F"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", 6, "%C2%80%C2%9F\xc2\xa0"},
        {"\xff\xfe", 2, "%FF%FE"},
        {"a\xc3", 2, "a%C3"},                    /* cut short */
        {"\xe6\x97z", 3, "%E6%97z"},             /* cut short by another */
        {"\x80", 1, "%80"},                      /* a stray continuation */
        {"\xc0\xaf", 2, "%C0%AF"},               /* an overlong slash */
        {"\xe0\x80\xaf", 3, "%E0%80%AF"},        /* and a longer one */
        {"\xf0\x80\x80\xaf", 4, "%F0%80%80%AF"}, /* and the longest */
        {"\xe0\x9f\xbf", 3, "%E0%9F%BF"},        /* the last overlong ones */
        {"\xf0\x8f\xbf\xbf", 4, "%F0%8F%BF%BF"},
        {"\xed\xa0\x80", 3, "%ED%A0%80"},                            /* a surrogate */
        {"\xf4\x90\x80\x80", 4, "%F4%90%80%80"},                     /* beyond the last plane */
        {"\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf"},                 /* the last character */
        {"\xed\x9f\xbf\xee\x80\x80", 6, "\xed\x9f\xbf\xee\x80\x80"}, /* around the surrogates */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(encode(rows[i].name, rows[i].len, ""), rows[i].file);
    assert_string_equal(encode("", 0, ".json"), "%.json");
    assert_string_equal(encode(".", 1, ".json"), "%2E.json");
}

/* xorshift with a fixed seed. */
static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % bound;
}

static uint32_t random_character(void)
{
    static const uint32_t planes[] = {0x20, 0x80, 0xa0, 0x800, 0x10000, 0x110000};
    uint32_t c = random_below(planes[random_below(6)]);

    return c >= 0xd800 && c < 0xe000 ? '.' : c;
}

static size_t put_character(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

static void random_unicode_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char name[4 * 120];
        size_t len = 0;

        for (uint32_t n = random_below(i % 10 ? 20 : 120); n > 0; n--)
            len += put_character(name + len, random_character());
        (void)encode(name, len, i % 2 ? ".json" : "");
    }
}

static void random_bytes_there_and_back(void **state)
{
    /* Few distinct bytes, so that near misses of UTF-8 and of the rule's own marks come often. */
    static const char few[] = "%~.2Fa/\xc2\x80\x9f\xe0\xa0\xed\xbf\xf0\x90\xf4\x8f";

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char name[300];
        size_t len = random_below(i % 10 ? 12 : sizeof(name));

        for (size_t j = 0; j < len; j++)
            name[j] = i % 2 ? (char)random_below(256) : few[random_below(sizeof(few))];
        (void)encode(name, len, i % 3 ? ".json" : "");
    }
}

/* Whatever decodes is exactly what its name encodes to: no two file names stand for one name. */
static void random_file_names_are_canonical_or_refused(void **state)
{
    static const char few[] = "%%%%0123456789ABCDEFaf~.z\xc3\xa9\x80";
    int accepted = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char file[9], back[NAMES_MAX + 1], again[NAMES_MAX + 1];
        size_t len = random_below(sizeof(file)), back_len = 99;
        int r;

        for (size_t j = 0; j < len; j++)
            file[j] = few[random_below(sizeof(few) - 1)];
        file[len] = '\0';
        r = names_decode(file, "", back, &back_len);
        if (r < 0) {
            assert_int_equal(r, -ENOENT);
            assert_int_equal(back_len, 99);
            continue;
        }
        accepted++;
        (void)names_encode(back, back_len, "", again);
        assert_string_equal(again, file);
    }
    assert_in_range(accepted, ROUNDS / 50, ROUNDS / 2);
}

static void a_name_is_cut_only_beyond_255_bytes(void **state)
{
    char name[400], expected[NAMES_MAX + 1];

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_int_equal(strlen(encode(name, 255, "")), 255);
    assert_null(strchr(encode(name, 255, ""), '%'));
    assert_null(strchr(encode(name, 250, ".json"), '%'));
    (void)snprintf(expected, sizeof(expected), "%.237s%%~%016llx", name, (unsigned long long)names_hash(name, 256));
    assert_string_equal(encode(name, 256, ""), expected);
    (void)snprintf(expected, sizeof(expected), "%.232s%%~%016llx.json", name,
                   (unsigned long long)names_hash(name, 251));
    assert_string_equal(encode(name, 251, ".json"), expected);
}

static void a_cut_falls_between_characters(void **state)
{
    static const char *const units[] = {"é", "日", "\U0001F680", "/", "\xc2\x85", "\xff"};
    static const size_t encoded[] = {2, 3, 4, 3, 6, 3};

    (void)state;
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
        for (size_t shift = 0; shift < 7; shift++) {
            char name[600] = "aaaaaaa";
            size_t len = shift;
            const char *file;

            for (int i = 0; i < 140; i++) {
                memcpy(name + len, units[u], strlen(units[u]));
                len += strlen(units[u]);
            }
            file = encode(name, len, "");
            assert_int_equal(strlen(file), shift + (237 - shift) / encoded[u] * encoded[u] + 18);
        }
}

static void cut_names_of_one_beginning_differ(void **state)
{
    char name[400], first[NAMES_MAX + 1], second[NAMES_MAX + 1];

    (void)state;
    memset(name, 'a', sizeof(name));
    (void)names_encode(name, sizeof(name), "", first);
    name[399] = 'b';
    (void)names_encode(name, sizeof(name), "", second);
    assert_memory_equal(first, second, 237);
    assert_string_not_equal(first, second);
    /* A name that is itself what a cut looks like is something else. */
    assert_string_not_equal(encode(first, strlen(first), ""), first);
}

static void assert_decodes(const char *file, const char *suffix, int expected)
{
    char buf[NAMES_MAX + 1] = "kept";
    size_t len = 99;

    assert_int_equal(names_decode(file, suffix, buf, &len), expected);
    if (expected < 0) {
        assert_int_equal(len, 99);
        assert_string_equal(buf, "kept");
    }
}

/* What is made of `as` letters and then `rest`. */
static void assert_long_decodes(int as, const char *rest, const char *suffix, int expected)
{
    char file[400];

    memset(file, 'a', sizeof(file));
    (void)snprintf(file + as, sizeof(file) - (size_t)as, "%s", rest);
    assert_decodes(file, suffix, expected);
}

static void what_the_rule_never_makes_is_refused(void **state)
{
    static const char *const refused[] = {
        "",
        ".",
        "..",
        ".git",
        "%2",
        "a%",
        "%%",
        "%G0",
        "%2f",
        "%ff",
        "%41",
        "a%2E",
        "%7E",
        "a/b",
        "a\x01",
        "\x7f",
        "\xc2\x85",
        "\xff",
        "%C3%A9",
        "\xc3",
        "a%~",
        "%~",
        "%2E%2E",
        "%~0123456789abcdef",
        "%20",
        "\xed\xa0\x80",
        "%F0%9F%9A%80",
        "x%00%",
        "%25%",
        "%-1",
        "% 1",
        "%0x",
        "a\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_decodes(refused[i], "", -ENOENT);
    assert_decodes("a", ".json", -ENOENT);
    assert_decodes(".json", ".json", -ENOENT);
    assert_decodes("a.jsonx", ".json", -ENOENT);
    assert_decodes("a.JSON", ".json", -ENOENT);
    assert_decodes("a.json", ".json", 0);
    assert_decodes("%.json", ".json", 0);
    assert_long_decodes(250, ".json", ".json", 0);
    assert_long_decodes(251, ".json", ".json", -ENOENT);
}

static void cut_names_are_told_from_others(void **state)
{
    static const char cut[] = "%~0123456789abcdef";

    (void)state;
    assert_long_decodes(237, cut, "", -E2BIG);
    assert_long_decodes(237, "%~0123456789ABCDEF", "", -ENOENT);
    assert_long_decodes(237, "%~0123456789abcdeg", "", -ENOENT);
    assert_long_decodes(238, cut, "", -ENOENT); /* 256 bytes */
    assert_long_decodes(232, cut, "", -E2BIG);  /* room for no more than five: a unit may need six */
    assert_long_decodes(231, cut, "", -ENOENT); /* room for any */
    /* Before the mark the rule holds as anywhere. */
    assert_long_decodes(234, "%2F%~0123456789abcdef", "", -E2BIG);
    assert_long_decodes(234, "%2f%~0123456789abcdef", "", -ENOENT);
    assert_long_decodes(236, "\x01%~0123456789abcdef", "", -ENOENT);
    assert_long_decodes(255, "", "", 0);
    assert_long_decodes(256, "", "", -ENOENT);
}

static void ids(void **state)
{
    static const char *const refused[] = {"",    "00",
                                          "01",  "-1",
                                          "+1",  " 1",
                                          "1 ",  "1a",
                                          "0x1", ".json",
                                          "1.0", "10000000000000000000",
                                          "१",   "99999999999999999999"};
    uint64_t id = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_equal(names_id(refused[i], "", &id), -ENOENT);
    assert_int_equal(names_id("7", ".json", &id), -ENOENT);
    assert_int_equal(names_id("7.jsonx", ".json", &id), -ENOENT);
    assert_int_equal(names_id(".json", ".json", &id), -ENOENT);
    assert_int_equal(id, 42);
    assert_int_equal(names_id("0", "", &id), 0);
    assert_int_equal(id, 0);
    assert_int_equal(names_id("10421.json", ".json", &id), 0);
    assert_int_equal(id, 10421);
    assert_int_equal(names_id("9999999999999999999", "", &id), 0);
    assert_true(id == UINT64_C(9999999999999999999));
}

/* The published test vectors of 64-bit FNV-1a. */
static void the_hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(names_hash("", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(names_hash("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(names_hash("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names_stay_as_they_are),
        cmocka_unit_test(what_a_file_name_cannot_hold_is_escaped),
        cmocka_unit_test(random_unicode_there_and_back),
        cmocka_unit_test(random_bytes_there_and_back),
        cmocka_unit_test(random_file_names_are_canonical_or_refused),
        cmocka_unit_test(a_name_is_cut_only_beyond_255_bytes),
        cmocka_unit_test(a_cut_falls_between_characters),
        cmocka_unit_test(cut_names_of_one_beginning_differ),
        cmocka_unit_test(what_the_rule_never_makes_is_refused),
        cmocka_unit_test(cut_names_are_told_from_others),
        cmocka_unit_test(ids),
        cmocka_unit_test(the_hash_is_fnv_1a),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
