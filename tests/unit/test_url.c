/* SPDX-License-Identifier: MIT */
/* Which URLs may be asked, and which are refused with which words. */
#include "base/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void https_and_loopback_may_be_asked(void **state)
{
    static const char *const far[] = {
        "https://api.melbicom.net/api", "https://example.com:8443/", "HTTPS://EXAMPLE.COM",
        "https://[2001:db8::1]/",       "https://h/a?b=http://c/#d",
    };
    static const char *const near[] = {
        "http://127.0.0.1:80/api", "http://127.1.2.3",          "http://localhost:8080/api", "http://LOCALHOST",
        "http://[::1]:80/api",     "https://127.0.0.1:443/api", "https://localhost",
    };
    bool loopback;

    (void)state;
    for (size_t i = 0; i < LENGTH(far); i++) {
        loopback = true;
        assert_null(url_problem(far[i], &loopback));
        assert_false(loopback);
    }
    for (size_t i = 0; i < LENGTH(near); i++) {
        loopback = false;
        assert_null(url_problem(near[i], &loopback));
        assert_true(loopback);
    }
}

static void others_are_refused(void **state)
{
    static const struct {
        const char *url, *why;
    } rows[] = {
        {"http://example.com/", "must be https"},
        {"http://127.0.0.1.example.com/", "must be https"},
        {"http://localhost.example.com/", "must be https"},
        {"http://128.0.0.1/", "must be https"},
        {"http://[::2]/", "must be https"},
        {"http://[::ffff:127.0.0.1]/", "must be https"},
        {"http://0.0.0.0/", "must be https"},
        {"ftp://example.com/", "must be https"},
        {"ftp://127.0.0.1/", "must be https"},
        {"file:///etc/passwd", "names no host"},
        {"https://", "names no host"},
        {"https:///api", "names no host"},
        {"https:////api", "names no host"},
        {"https:///host/api", "names no host"},
        {"https:/host/api", "is not a URL"},
        {"https:host", "is not a URL"},
        {"example.com/api", "is not a URL"},
        {"localhost:8080/api", "is not a URL"},
        {"://", "is not a URL"},
        {"\350ttp://[::1]:80/", "is not a URL"}, /* nor relative to another one */
        {"", "is not a URL"},
        {"https://user@example.com/", "holds a user or password"},
        {"https://user:password@example.com/", "holds a user or password"},
        {"https://:password@example.com/", "holds a user or password"},
        {"http://localhost@example.com/", "holds a user or password"},
        {"https://exa mple.com/", "is not a URL"},
        {"https://example.com:99999/", "is not a URL"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool loopback;
        const char *problem = url_problem(rows[i].url, &loopback);
        if (!problem)
            fail_msg("%s was let through", rows[i].url);
        if (!strstr(problem, rows[i].why))
            fail_msg("%s %s", rows[i].url, problem);
        assert_null(strstr(problem, "password@"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(https_and_loopback_may_be_asked),
                                       cmocka_unit_test(others_are_refused)};
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
