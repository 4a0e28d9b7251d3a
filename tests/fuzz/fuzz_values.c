/* SPDX-License-Identifier: MIT */
/*
 * Values of settings: what a number, a size, a time, a flag, a path and a URL mean is worked out a second time. A text
 * that is refused leaves the result untouched.
 *
 * The input is the text.
 */
#include "fuzz.h"

#include "base/url.h"
#include "command/values.h"

#include <errno.h>
#include <strings.h>

#define UNTOUCHED UINT64_C(0xfedcba9876543210)

static const struct {
    uint64_t min, max;
} limits[] = {{0, UINT64_MAX}, {1, 256}, {10, 3600000}, {0, 0777}, {1024, UINT64_C(1) << 40}};

/* A number, and whether it is beyond 64 bits. */
struct number {
    uint64_t n;
    bool over;
};

static struct number times(struct number number, unsigned factor)
{
    number.over = __builtin_mul_overflow(number.n, factor, &number.n) || number.over;
    return number;
}

static struct number plus(struct number number, int digit)
{
    number.over = __builtin_add_overflow(number.n, (unsigned)digit, &number.n) || number.over;
    return number;
}

static bool is_within(struct number number, size_t limit)
{
    return !number.over && number.n >= limits[limit].min && number.n <= limits[limit].max;
}

/* The digits at the beginning of a text as a number. Returns how many they are. */
static size_t digits_of(const char *text, unsigned base, struct number *ret)
{
    size_t n = 0;

    *ret = (struct number){0, false};
    for (; text[n] >= '0' && text[n] < (char)('0' + base); n++)
        *ret = plus(times(*ret, base), text[n] - '0');
    return n;
}

static void check_number(const char *text, int base)
{
    struct number number;
    size_t len = digits_of(text, (unsigned)base, &number);

    for (size_t i = 0; i < LENGTH(limits); i++) {
        uint64_t got = UNTOUCHED;
        int r = value_number(text, base, limits[i].min, limits[i].max, &got);
        bool valid = len > 0 && !text[len] && is_within(number, i);
        CHECK(valid == (r == 0), "number '%s', base %d: %d", text, base, r);
        CHECK(got == (valid ? number.n : UNTOUCHED), "number '%s', base %d: %ju", text, base, (uintmax_t)got);
    }
}

static void check_size(const char *text)
{
    static const char letters[] = "KkMmGgTt";
    struct number number;
    size_t len = digits_of(text, 10, &number);
    const char *letter = text[len] ? strchr(letters, text[len]) : NULL;
    bool size = len > 0 && (!text[len] || (letter && !text[len + 1]));

    for (ptrdiff_t k = letter ? (letter - letters) / 2 + 1 : 0; k > 0; k--)
        number = times(number, 1024);
    for (size_t i = 0; i < LENGTH(limits); i++) {
        uint64_t got = UNTOUCHED;
        int r = value_size(text, limits[i].min, limits[i].max, &got);
        bool valid = size && is_within(number, i);
        CHECK(valid == (r == 0), "size '%s': %d", text, r);
        CHECK(got == (valid ? number.n : UNTOUCHED), "size '%s': %ju", text, (uintmax_t)got);
    }
}

/* The seconds of the unit that the rest of a text is; 0: it is none. */
static unsigned unit_of(const char *rest)
{
    static const unsigned seconds[] = {1, 60, 3600, 86400};
    static const char letters[] = "smhd";
    const char *letter = *rest ? strchr(letters, *rest) : NULL;

    return !*rest ? 1 : letter && !rest[1] ? seconds[letter - letters] : 0;
}

static void check_time(const char *text)
{
    struct number number;
    size_t len = digits_of(text, 10, &number);
    unsigned unit = unit_of(text + len);

    number = times(number, unit ? unit : 1);
    for (size_t i = 0; i < LENGTH(limits); i++) {
        uint64_t got = UNTOUCHED;
        int r = value_time(text, limits[i].min, limits[i].max, &got);
        bool valid = len > 0 && unit > 0 && is_within(number, i);
        CHECK(valid == (r == 0), "time '%s': %d", text, r);
        CHECK(got == (valid ? number.n : UNTOUCHED), "time '%s': %ju", text, (uintmax_t)got);
    }
}

/* The first three decimals count, the others are cut. */
static void check_seconds(const char *text)
{
    struct number number;
    size_t len = digits_of(text, 10, &number), decimals = 0;
    const char *rest = text + len;

    if (len > 0 && *rest == '.')
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, decimals++)
            number = decimals < 3 ? plus(times(number, 10), *rest - '0') : number;
    for (; decimals < 3; decimals++)
        number = times(number, 10);
    unsigned unit = unit_of(rest);
    number = times(number, unit ? unit : 1);
    for (size_t i = 0; i < LENGTH(limits); i++) {
        uint64_t got = UNTOUCHED;
        int r = value_seconds(text, limits[i].min, limits[i].max, &got);
        bool valid = len > 0 && unit > 0 && is_within(number, i);
        CHECK(valid == (r == 0), "seconds '%s': %d", text, r);
        CHECK(got == (valid ? number.n : UNTOUCHED), "seconds '%s': %ju", text, (uintmax_t)got);
    }
}

static void check_flag(const char *text)
{
    static const char words[] = " 0 no false off 1 yes true on ";
    bool flag = false, other = true;
    int r = value_bool(text, &flag);
    char padded[16];

    CHECK(value_bool(text, &other) == r, "flag '%s'", text);
    CHECK(flag == (r == 0 && other) && (r == 0 || other), "flag '%s'", text);
    snprintf(padded, sizeof padded, " %.10s ", text);
    const char *at = strlen(text) < 10 && *text && !strpbrk(text, " ") ? strcasestr(words, padded) : NULL;
    CHECK((at != NULL) == (r == 0), "flag '%s': %d", text, r);
    CHECK(!at || flag == (at - words >= 15), "flag '%s': %d", text, flag);
}

static void check_path(const char *text)
{
    char *path = NULL;
    int r = value_path(text, "/etc/melbicomfs", &path);

    CHECK((r == 0) == (path != NULL), "path '%s': %d", text, r);
    if (r != 0)
        return;
    CHECK(*path == '/', "path '%s': %s", text, path);
    if (*text == '/')
        CHECK(strcmp(path, text) == 0, "path '%s': %s", text, path);
    else if (*text != '~')
        CHECK(strncmp(path, "/etc/melbicomfs/", 16) == 0 && strcmp(path + 16, text) == 0, "path '%s': %s", text, path);
    free(path);
}

static void check_url(const char *text)
{
    const char *why = NULL;
    char *url = NULL;
    bool loopback;
    int r = value_url(text, &url, &why);

    CHECK((r == 0) == (url != NULL) && (r == 0) == (why == NULL), "URL '%s': %d", text, r);
    if (r != 0)
        return;
    size_t len = strlen(url);
    CHECK(!strpbrk(url, "?#") && url[len - 1] != '/', "URL '%s': %s", text, url);
    CHECK(strncmp(text, url, len) == 0 && text[len + strspn(text + len, "/")] == '\0', "URL '%s': %s", text, url);
    CHECK(!url_problem(url, &loopback), "URL '%s': %s", text, url);
    free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);

    check_number(text, 8);
    check_number(text, 10);
    check_size(text);
    check_time(text);
    check_seconds(text);
    check_flag(text);
    check_path(text);
    check_url(text);
    free(text);
    return 0;
}
