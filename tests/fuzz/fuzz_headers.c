/* SPDX-License-Identifier: MIT */
/*
 * The headers that are read: the result of an exchange, against a second reading of the same headers.
 *
 * libcurl's functions are replaced at link time by some that know the headers of the input. The input is one header a
 * line, `Name: value`.
 */
#include "fuzz.h"

#include "base/clock.h"
#include "http/head.h"
#include "http/http.h"
#include "http/link.h"
#include "http/request.h"

#include <stdarg.h>
#include <strings.h>

#define HEADERS 64
#define WEEK_MS (7 * 24 * 3600 * INT64_C(1000))

static struct curl_header headers[HEADERS];
static size_t n_headers;

static const char *value_of(const char *name, size_t n)
{
    for (size_t i = 0; i < n_headers; i++)
        if (strcasecmp(headers[i].name, name) == 0 && n-- == 0)
            return headers[i].value;
    return NULL;
}

/* ---- libcurl ---- */

CURLHcode curl_easy_header(CURL *easy, const char *name, size_t index, unsigned origin, int request,
                           struct curl_header **ret)
{
    static struct curl_header header;

    CHECK(easy && origin == CURLH_HEADER && request == -1, "%s", name);
    header.value = (char *)(uintptr_t)value_of(name, index);
    *ret = &header;
    return header.value ? CURLHE_OK : CURLHE_MISSING;
}

#undef curl_easy_getinfo
CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    va_list arguments;

    va_start(arguments, info);
    if (info == CURLINFO_REDIRECT_URL)
        *va_arg(arguments, char **) = (char *)(uintptr_t)value_of("Location", 0);
    va_end(arguments);
    return easy ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT;
}

/* ---- links ---- */

/* A Link header's next character; what is in quotes and between < and > means nothing here. */
struct place {
    const char *at;
    bool quoted;
};

/* Where a link ends: at the comma that is neither in quotes nor between < and >, or at the end. NULL: a quote or > is
 * missing. */
static const char *end_of_link(const char *at)
{
    bool quoted = false;
    const char *end = *at == '<' ? strchr(at, '>') : NULL;

    if (!end)
        return NULL;
    for (at = end + 1; *at && (quoted || *at != ','); at++) {
        if (quoted && *at == '\\' && *++at == '\0')
            return NULL;
        /* A quote begins only a value. */
        if (*at == '"' && (quoted || at[-1 - (ptrdiff_t)(at[-1] == ' ' || at[-1] == '\t')] == '='))
            quoted = !quoted;
    }
    return quoted ? NULL : at;
}

/* Whether a header is written as RFC 8288 shows it: only such ones are compared. */
static bool is_plain_link(const char *value)
{
    bool quoted = false, target = false;
    char before = ' ';

    for (const char *at = value; *at; at++) {
        if (target) {
            target = *at != '>';
        } else if (quoted) {
            quoted = *at != '"';
            if (*at == '\\')
                return false;
        } else if (*at == '"') {
            if (before != '=')
                return false;
            quoted = true;
        } else if (*at == '<') {
            if (before != ' ' && before != ',')
                return false;
            target = true;
        } else if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789;=, >*'%-", *at)) {
            return false;
        }
        before = *at;
    }
    return !quoted && !target;
}

/* What is found is a part of the header, between < and >, and some rel names it. */
static void check_link(const char *value)
{
    char *copy = fuzz_string(value, strlen(value));
    size_t len = 0;
    const char *target = link_find(copy, "next", &len);

    if (target) {
        CHECK(target > copy && target + len <= copy + strlen(copy) && len > 0, "%s", copy);
        CHECK(!memchr(target, '>', len) && target[0] != ' ' && target[len - 1] != ' ', "%.*s", (int)len, target);
        const char *before = target, *behind = target + len;
        while (before > copy && (before[-1] == ' ' || before[-1] == '\t'))
            before--;
        behind += strspn(behind, " \t");
        CHECK(before > copy && before[-1] == '<' && *behind == '>', "%.*s in %s", (int)len, target, copy);
        const char *end = end_of_link(before - 1);
        CHECK(!end || memmem(behind, (size_t)(end - behind), "=", 1), "no parameter: %s", copy);
        CHECK(strcasestr(behind, "next") && strcasestr(behind, "rel"), "no rel names it: %s", copy);
    }
    free(copy);
}

/* A header of links that have one parameter rel each, and no other, means what it seems to mean. */
static void check_simple_links(const char *value)
{
    const char *at = value, *expected = NULL;
    size_t len = 0, expected_len = 0;

    if (!is_plain_link(value))
        return;
    while (*at == '<') {
        const char *end = strchr(at, '>');
        size_t target = (size_t)(end - at) - 1;
        char rel[16] = "", quote = '\0', next = '\0';
        int n = 0;
        bool quoted = sscanf(end, ">; rel=\"%15[a-z]%c%n", rel, &quote, &n) == 2 && quote == '"';
        if (!quoted && sscanf(end, ">; rel=%15[a-z]%n", rel, &n) != 1)
            return;
        next = end[n];
        if (next && strncmp(end + n, ", <", 3) != 0)
            return;
        if (!expected && strcmp(rel, "next") == 0 && target > 0 && at[1] != ' ' && end[-1] != ' ' && at[1] != '\t' &&
            end[-1] != '\t') {
            expected = at + 1;
            expected_len = target;
        } else if (strcmp(rel, "next") == 0) {
            return;
        }
        at = next ? end + n + 2 : "";
    }
    if (*at)
        return;
    const char *found = link_find(value, "next", &len);
    CHECK(found == expected && (!found || len == expected_len), "%s: %.*s", value, (int)len, found ? found : "");
}

/* ---- numbers and dates ---- */

static void check_retry_after(const char *value, int64_t ms)
{
    size_t digits = value ? strspn(value, "0123456789") : 0;
    time_t date = value ? curl_getdate(value, NULL) : -1;

    CHECK(ms >= -1 && ms <= WEEK_MS, "%s: %jd ms", value ? value : "-", (intmax_t)ms);
    if (!value || !*value) {
        CHECK(ms == -1, "%jd ms without a value", (intmax_t)ms);
    } else if (!value[digits]) {
        int64_t expected = digits > 9 ? WEEK_MS : strtoll(value, NULL, 10) * 1000;
        CHECK(ms == (expected < WEEK_MS ? expected : WEEK_MS), "%s: %jd ms", value, (intmax_t)ms);
    } else if (date == -1) {
        CHECK(ms == -1, "%s: %jd ms", value, (intmax_t)ms);
    } else {
        int64_t left = (int64_t)date - clock_wall().tv_sec;
        left = left < 0 ? 0 : left > WEEK_MS / 1000 ? WEEK_MS : left * 1000;
        CHECK(ms - left <= 2000 && left - ms <= 2000, "%s: %jd ms", value, (intmax_t)ms);
    }
}

static int64_t count_of(const char *name)
{
    const char *value = value_of(name, 0);
    int64_t n = 0;

    if (!value || !*value || strlen(value) > 18)
        return -1;
    for (; *value; value++) {
        if (*value < '0' || *value > '9')
            return -1;
        n = n * 10 + (*value - '0');
    }
    return n;
}

/* Whether a text has the form of a pattern: d is a digit, a a letter, _ a digit or space, the others are themselves. */
static bool looks_like(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++) {
        bool digit = *text >= '0' && *text <= '9', letter = (*text | 0x20) >= 'a' && (*text | 0x20) <= 'z';
        if (*pattern == 'd'   ? !digit
            : *pattern == 'a' ? !letter
            : *pattern == '_' ? !digit && *text != ' '
                              : *text != *pattern)
            return false;
    }
    return *text == '\0';
}

/* A date of a certificate, read by sscanf() and counted in days from the year 0. */
static void check_certificate_date(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, leaps;
    int64_t got = http_certificate_date(text);
    char name[4] = "";

    if (looks_like(text, "dddd-dd-dd dd:dd:dd GMT")) {
        sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second);
    } else if (looks_like(text, "aaa _d dd:dd:dd dddd GMT")) {
        sscanf(text, "%3s %d %d:%d:%d %d", name, &day, &hour, &minute, &second, &year);
        const char *found = strstr(names, name);
        month = found && (found - names) % 3 == 0 ? (int)(found - names) / 3 + 1 : 0;
    }
    if (month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 || year < 1970)
        return;
    leaps = (month > 2 ? year : year - 1) / 4 - (month > 2 ? year : year - 1) / 100 +
            (month > 2 ? year : year - 1) / 400 - 477;
    int64_t days = INT64_C(365) * (year - 1970) + leaps + before[month - 1] + day - 1;
    CHECK(got == days * 86400 + hour * 3600 + minute * 60 + second, "%s: %jd", text, (intmax_t)got);
}

/* ---- the input ---- */

static void read_headers(const uint8_t *data, size_t size)
{
    n_headers = 0;
    while (size > 0 && n_headers < HEADERS) {
        char *line = fuzz_part(&data, &size, '\n');
        size_t name = strcspn(line, ":"), end = strcspn(line, "\r");
        line[end] = '\0';
        const char *value = line + name + (line[name] == ':');
        value += strspn(value, " \t");
        headers[n_headers].value = fuzz_string(value, strlen(value));
        line[name < end ? name : end] = '\0';
        headers[n_headers++].name = line;
    }
}

static void check_result(CURL *easy)
{
    struct http_result result = http_no_answer(HTTP_OK, 0, "");
    int64_t total = count_of("X-Total-Count");

    http_head_read(easy, &result);
    CHECK(result.etag == value_of("ETag", 0) && result.last_modified == value_of("Last-Modified", 0) &&
              result.content_type == value_of("Content-Type", 0) && result.location == value_of("Location", 0),
          "a header is another one's");
    CHECK(result.total == (total >= 0 ? total : count_of("X-Total")), "%jd in all", (intmax_t)result.total);
    check_retry_after(value_of("Retry-After", 0), result.retry_after_ms);
    const char *date = value_of("Date", 0);
    CHECK(result.date == (date ? curl_getdate(date, NULL) : -1), "%s", date ? date : "-");
}

static void check_head_link(CURL *easy)
{
    char *link = NULL;
    const char *value, *expected = NULL;
    size_t len = 0;

    CHECK(http_head_link(easy, "next", &link) == 0, "http_head_link()");
    for (size_t n = 0; !expected && (value = value_of("Link", n)); n++)
        expected = link_find(value, "next", &len);
    CHECK(!expected == !link, "the link is %s", link ? link : "-");
    CHECK(!link || (strlen(link) == len && memcmp(link, expected, len) == 0), "the link is %s", link ? link : "-");
    free(link);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char handle;
    CURL *easy = &handle;

    read_headers(data, size);
    check_result(easy);
    check_head_link(easy);
    for (size_t i = 0; i < n_headers; i++) {
        check_link(headers[i].value);
        check_simple_links(headers[i].value);
        check_certificate_date(headers[i].value);
        check_retry_after(headers[i].value, http_retry_after_ms(headers[i].value));
    }
    while (n_headers > 0) {
        free(headers[--n_headers].name);
        free(headers[n_headers].value);
    }
    return 0;
}
