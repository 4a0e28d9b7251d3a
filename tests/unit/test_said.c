/* SPDX-License-Identifier: MIT */
/*
 * What a failed answer says, in one line; where redirects lead; and what is advised.
 */
#include "http/said.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/line.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/http.h"
#include "http/redirect.h"
#include "http/verdict.h"

#define HTML "text/html; charset=UTF-8"

struct row {
    const char *type, *body; /* body NULL: none */
    enum said said;
    const char *words; /* NULL: none */
};

static void check(const struct row *row)
{
    struct http_result result = {.status = 403, .content_type = row->type};
    char *words = NULL;
    enum said said = said_of(&result, row->body, row->body ? strlen(row->body) : 0, &words);

    if (said != row->said || !words != !row->words || (words && strcmp(words, row->words) != 0))
        fail_msg("%s: kind %d, '%s' instead of %d, '%s'", row->body ? row->body : "no body", (int)said,
                 words ? words : "none", (int)row->said, row->words ? row->words : "none");
    free(words);
}

static void test_bodies(void **state)
{
    static const struct row rows[] = {
        {"application/json", "{\"result\":\"error\",\"message\":\"Invalid IP 203.0.113.9\"}", SAID_MESSAGE,
         "Invalid IP 203.0.113.9"},
        {HTML, "{\"message\":\"JSON that PHP calls HTML\"}", SAID_MESSAGE, "JSON that PHP calls HTML"},
        {NULL, "\xef\xbb\xbf{\"message\":\"after a mark\"}", SAID_MESSAGE, "after a mark"},
        {NULL, "\xef\xbb\xbf \n{\"message\":\"and space\"}", SAID_MESSAGE, "and space"},
        {HTML, "<html><title>Just a moment...</title>", SAID_PAGE, "a web page, \"Just a moment...\""},
        {NULL, "  \n<!doctype html><html><head><TITLE lang=en>\n Access\tdenied \n</TITLE>", SAID_PAGE,
         "a web page, \"Access denied\""},
        {NULL, "\xef\xbb\xbf<html>no title", SAID_PAGE, "a web page"},
        {"TEXT/HTML", "<h1>blocked</h1><title></title>", SAID_PAGE, "a web page"},
        {HTML, "<title", SAID_PAGE, "a web page"},
        {HTML, "<title>not closed", SAID_PAGE, "a web page"},
        {HTML, "Notice: x in <b>y.php</b>", SAID_PAGE, "a web page"},
        {"application/xhtml+xml", "x <br/>", SAID_PAGE, "a web page"},
        {HTML, "Access denied", SAID_TEXT, "\"Access denied\""},
        {HTML, "{\"code\":5,\"html\":\"<b>\"}", SAID_TEXT, "\"{\"code\":5,\"html\":\"<b>\"}\""},
        {"text/plain", "upstream <connect> error or disconnect/reset before headers", SAID_TEXT,
         "\"upstream <connect> error or disconnect/r...\""},
        {NULL, "0123456789012345678901234567890123456789", SAID_TEXT, "\"0123456789012345678901234567890123456789\""},
        {NULL, "a\x01\r\n\tb\xff", SAID_TEXT, "\"a b?\""},
        {NULL, "\x01\x02", SAID_TEXT, NULL},
        {HTML, "", SAID_NOTHING, NULL},
        {HTML, NULL, SAID_NOTHING, NULL},
        {NULL, " \r\n\t", SAID_NOTHING, NULL},
        {NULL, "\xef\xbb\xbf", SAID_NOTHING, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i]);
}

/* A NUL is a byte like any other, and nothing beyond the length is read. */
static void test_any_bytes(void **state)
{
    struct http_result result = {.status = 500};
    char *words = NULL;

    (void)state;
    assert_int_equal(said_of(&result, "\0ab", 3, &words), SAID_TEXT);
    assert_string_equal(words, "\"ab\"");
    free(words);
    char *tight = strndup("<title>x</titl", 14);
    char *exact = malloc(14);
    memcpy(exact, tight, 14);
    assert_int_equal(said_of(&result, exact, 14, &words), SAID_PAGE);
    assert_string_equal(words, "a web page");
    free(words);
    free(exact);
    free(tight);
}

static void test_secrets(void **state)
{
    static const struct row rows[] = {
        {NULL, "{\"message\":\"no secret-4711\"}", SAID_MESSAGE, "no [hidden]"},
        {NULL, "<title>no secret-4711</title>", SAID_PAGE, "a web page, \"no [hidden]\""},
        {NULL, "no secret-4711", SAID_TEXT, "\"no [hidden]\""},
        /* The end of the forty bytes is within the secret. */
        {NULL, "0123456789012345678901234567890 secret-4711", SAID_TEXT,
         "\"0123456789012345678901234567890 [hidden]\""},
    };
    struct http_result result = {.status = 302, .location = "https://example.com/secret-4711/x"};
    char *words;

    (void)state;
    log_hide("secret-4711");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i]);
    assert_int_equal(said_of(&result, NULL, 0, &words), SAID_REDIRECT);
    assert_string_equal(words, "a redirect to https://example.com/[hidden]/x");
    free(words);
}

static void test_redirects(void **state)
{
    static const struct {
        const char *location;
        enum said said;
        const char *words;
    } rows[] = {
        {"https://h/login", SAID_LOGIN, "a redirect to https://h/login"},
        {"https://h/en/Login.php?next=%2Fapi", SAID_LOGIN, "a redirect to https://h/en/Login.php"},
        {"https://h/user/sign_in/", SAID_LOGIN, "a redirect to https://h/user/sign_in/"},
        {"https://h/signin", SAID_LOGIN, "a redirect to https://h/signin"},
        {"https://h/oauth2/authorize?client=1", SAID_LOGIN, "a redirect to https://h/oauth2/authorize"},
        {"https://h/sso", SAID_LOGIN, "a redirect to https://h/sso"},
        {"https://login.example.com/api", SAID_REDIRECT, "a redirect to https://login.example.com/api"},
        {"https://h/login/api", SAID_REDIRECT, "a redirect to https://h/login/api"},
        {"https://h/api?page=login", SAID_REDIRECT, "a redirect to https://h/api"},
        {"https://user:password@h/api#there", SAID_REDIRECT, "a redirect to https://h/api"},
        {"https://h", SAID_REDIRECT, "a redirect to https://h/"},
        {"no URL", SAID_REDIRECT, "a redirect without a target"},
        {NULL, SAID_REDIRECT, "a redirect without a target"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_result result = {.status = 302, .location = rows[i].location};
        char *words = NULL;

        /* What the body says does not count. */
        assert_int_equal(said_of(&result, "{\"message\":\"Found\"}", 19, &words), rows[i].said);
        assert_string_equal(words, rows[i].words);
        free(words);
    }
    struct http_result unchanged = {.status = 304, .location = "https://h/login"};
    char *words = NULL;
    assert_int_equal(said_of(&unchanged, NULL, 0, &words), SAID_UNCHANGED);
    assert_string_equal(words, "the API answered 304 (not modified) to a request without validators");
    free(words);
}

static void test_redirect_advice(void **state)
{
    static const struct {
        const char *base, *path, *location, *advice; /* NULL: none */
    } rows[] = {
        {"http://127.0.0.1:80/api", "/version", "https://127.0.0.1/api/version", "set url=https://127.0.0.1/api"},
        {"https://h/api", "/services?status=Active", "https://h/api/v1/services?status=Active",
         "set url=https://h/api/v1"},
        {"https://h/api", "/services?status=Active", "https://h/v1/services", "set url=https://h/v1"},
        {"https://h/api", "/version", "https://www.h/api/version",
         "set url=https://www.h/api, if that host is the service's"},
        /* Nothing that would be accepted as url=, or would help. */
        {"https://h/api", "/version", "http://h/api/version", NULL},
        {"https://h/api", "/version", "https://h/api/version/", NULL},
        {"https://h/api", "/version", "https://h/api/version?a=1", NULL},
        {"https://h/api", "/version", "https://h/", NULL},
        {"https://h/api", "/version", "/version", NULL},
        {"https://h/api", "/version", "no URL", NULL},
        {"https://h/api", "", "https://h/x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *url = NULL;
        assert_true(asprintf(&url, "%s%s", rows[i].base, rows[i].path) > 0);
        char *advice = redirect_advice(rows[i].base, url, rows[i].location);

        if (!advice != !rows[i].advice)
            fail_msg("%s: '%s' instead of '%s'", rows[i].location, advice ? advice : "none",
                     rows[i].advice ? rows[i].advice : "none");
        if (advice) {
            assert_memory_equal(advice, "redirects are not followed: ", 28);
            assert_string_equal(advice + 28, rows[i].advice);
        }
        free(advice);
        free(url);
    }
}

/* What came changes the advice, and neither the errno nor what may be tried again. */
static void test_advice(void **state)
{
    static const struct {
        long status;
        enum said said;
        int error;
        const char *has, *has_not;
    } rows[] = {
        {401, SAID_NOTHING, -EACCES, "check the token", "front"},
        {401, SAID_MESSAGE, -EACCES, "check the token", "front"},
        {401, SAID_PAGE, -EACCES, "in front of the API", "token"},
        {403, SAID_MESSAGE, -EACCES, "what the token is allowed to do, and from which addresses", "front"},
        {403, SAID_TEXT, -EACCES, "what the token is allowed to do", "front"},
        {403, SAID_PAGE, -EACCES, "in front of the API", "token"},
        {500, SAID_MESSAGE, -EIO, "the service is in trouble", "front"},
        {500, SAID_PAGE, -EIO, "in front of the API", "token"},
        {503, SAID_PAGE, -EIO, "in front of the API", "token"},
        {404, SAID_PAGE, -ENOENT, "check the id or name", "front"},
        {429, SAID_PAGE, -EBUSY, "try again later", "front"},
        {302, SAID_REDIRECT, -EIO, "redirects are not followed", "token"},
        {302, SAID_LOGIN, -EIO, "check the token", "redirects"},
        {304, SAID_UNCHANGED, -EIO, "try again later", "redirect"},
        {200, SAID_PAGE, 0, "", "front"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_result result = {.status = rows[i].status, .retry_after_ms = -1};
        struct client_verdict verdict = client_judge(&result, rows[i].said, false, true);
        struct client_verdict plain = client_judge(&result, SAID_NOTHING, false, true);

        assert_int_equal(verdict.error, rows[i].error);
        assert_int_equal(verdict.blame, plain.blame);
        assert_int_equal(verdict.again_get, plain.again_get);
        assert_int_equal(verdict.again_post, plain.again_post);
        if (!strstr(verdict.advice, rows[i].has) || strstr(verdict.advice, rows[i].has_not))
            fail_msg("%ld, %d: %s", rows[i].status, (int)rows[i].said, verdict.advice);
    }
}

static void test_lines(void **state)
{
    bool cut = true;
    char *line = line_of("  a \n\t b\xe2\x80\xa8"
                         "c  ",
                         14, 100, &cut);

    (void)state;
    assert_string_equal(line, "a b c");
    assert_false(cut);
    free(line);
    /* Cut between characters, and a space does not stand at the end. */
    line = line_of("ab \xc3\xa9", 5, 4, &cut);
    assert_string_equal(line, "ab");
    assert_true(cut);
    free(line);
    assert_null(line_of(" \n", 2, 10, NULL));
    assert_null(line_of("", 0, 10, NULL));
    assert_int_equal(utf8_mark("\xef\xbb\xbf", 3), 3);
    assert_int_equal(utf8_mark("\xef\xbb\xbf", 2), 0);
    assert_int_equal(utf8_mark("abc", 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),    cmocka_unit_test(test_any_bytes),       cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_redirects), cmocka_unit_test(test_redirect_advice), cmocka_unit_test(test_advice),
        cmocka_unit_test(test_lines),
    };
    int failed = cmocka_run_group_tests_name("said", tests, NULL, NULL);

    log_free();
    return failed;
}
