/* SPDX-License-Identifier: MIT */
/*
 * Exchanges: what each failure is called, what is tried again and what isn't.
 */
#include "http/client.h"

#include "client_fixture.h"

/* The table of errors. */

static void test_statuses(void **state)
{
    static const struct {
        const char *bytes;
        long status;
        int error;
        bool host;
        const char *advice;
    } rows[] = {
        {WEB_OK, 200, 0, false, NULL},
        {WEB_EMPTY("204 No Content", ""), 204, 0, false, NULL},
        {WEB_EMPTY("302 Found", "Location: http://127.0.0.1:1/\r\n"), 302, -EIO, false, "redirects are not followed"},
        {WEB_EMPTY("304 Not Modified", ""), 304, -EIO, false, "check the proxy or cache in front of the API"},
        {WEB_EMPTY("400 Bad Request", ""), 400, -EINVAL, false, "check what was asked for"},
        {WEB_EMPTY("401 Unauthorized", ""), 401, -EACCES, true, "check the token; try again after 2 s"},
        {WEB_EMPTY("403 Forbidden", ""), 403, -EACCES, false, "check what the token is allowed to do"},
        {WEB_EMPTY("404 Not Found", ""), 404, -ENOENT, false, "check the id or name"},
        {WEB_EMPTY("405 Method Not Allowed", ""), 405, -EIO, false, "check the URL"},
        {WEB_EMPTY("410 Gone", ""), 410, -ENOENT, false, "check the id or name"},
        {WEB_EMPTY("418 I'm a teapot", ""), 418, -EIO, false, "check the URL"},
        {WEB_EMPTY("422 Unprocessable Entity", ""), 422, -EINVAL, false, "check what was asked for"},
        {WEB_EMPTY("429 Too Many Requests", ""), 429, -EBUSY, false, "try again later"},
        {WEB_EMPTY("500 Internal Server Error", ""), 500, -EIO, false, "try again later"},
        {WEB_EMPTY("503 Service Unavailable", ""), 503, -EIO, false, "try again later"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct web_answer answer = {.bytes = rows[i].bytes};
        struct fixture *f = fixture_with(&answer, 1);
        /* A POST, because it isn't tried again: one row, one request. */
        struct told told = ask(f, "POST");

        assert_int_equal(told.result.error, rows[i].error);
        assert_int_equal(told.result.status, rows[i].status);
        assert_int_equal(told.result.host, rows[i].host);
        assert_int_equal(told.result.retry_at != 0, rows[i].host);
        assert_true(told.result.left);
        assert_false(told.result.not_modified);
        assert_int_equal(web_requests(f->web), 1);
        assert_int_equal(log_lines(), rows[i].error != 0);
        if (rows[i].error)
            assert_true(logged("services: POST /services?status=Active: HTTP ") && logged(rows[i].advice));
        assert_int_equal(client_closed_until(f->client, NULL) != 0, rows[i].host);
        fixture_free(f);
    }
}

/* What the answer says is in the log, in its own words, and decides the advice. */
static void test_words(void **state)
{
    static const struct {
        const char *bytes;
        const char *message, *advice, *not ;
    } rows[] = {
        {WEB_ANSWER("403 Forbidden", "Content-Length: 36\r\n", "{\"message\":\"Invalid IP 203.0.113.9\"}"),
         "Invalid IP 203.0.113.9", "check what the token is allowed to do, and from which addresses", "front"},
        {WEB_ANSWER("403 Forbidden", "Content-Type: text/html\r\nContent-Length: 37\r\n",
                    "<html><title>Just a moment...</title>"),
         "a web page, \"Just a moment...\"", "something in front of the API answered", "token"},
        {WEB_ANSWER("401 Unauthorized", "Content-Length: 6\r\n", "<html>"), "a web page",
         "something in front of the API answered", "token"},
        {WEB_ANSWER("502 Bad Gateway", "Content-Length: 6\r\n", "<html>"), "a web page",
         "something in front of the API answered", "token"},
        {WEB_ANSWER("500 No", "Content-Type: text/html\r\nContent-Length: 15\r\n", "Out of memory.\n"),
         "\"Out of memory.\"", "the service is in trouble", "front"},
        {WEB_ANSWER("429 Too Many Requests", "Content-Length: 27\r\n", "\xef\xbb\xbf{\"message\":\"Slow down.\"}"),
         "Slow down.", "try again later", "front"},
        {WEB_EMPTY("418 I'm a teapot", ""), "HTTP status 418 without a message", "check the URL", "front"},
        {WEB_EMPTY("302 Found", "Location: https://www.example.com/login?next=/\r\n"),
         "a redirect to https://www.example.com/login", "check the token", "redirects"},
        {WEB_EMPTY("301 Moved", "Location: https://127.0.0.1/v1/services\r\n"),
         "a redirect to https://127.0.0.1/v1/services", "redirects are not followed: set url=https://127.0.0.1/v1",
         "token"},
        {WEB_EMPTY("302 Found", ""), "a redirect without a target", "redirects are not followed", "token"},
        {WEB_EMPTY("304 Not Modified", ""), "the API answered 304 (not modified) to a request without validators",
         "check the proxy or cache", "redirect"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct web_answer answer = {.bytes = rows[i].bytes};
        struct fixture *f = fixture_with(&answer, 1);

        assert_string_equal(ask(f, "POST").message, rows[i].message);
        assert_int_equal(log_lines(), 1);
        assert_true(logged(rows[i].message) && logged(rows[i].advice));
        assert_false(logged(rows[i].not ));
        fixture_free(f);
    }
}

static void test_failures(void **state)
{
    static const struct {
        struct web_answer answer;
        int error;
        bool closes; /* the operation */
        const char *advice;
    } rows[] = {
        {{.after = WEB_RESET}, -EIO, false, "check the network"},
        {{.bytes = WEB_ANSWER("200 OK", "Content-Length: 9\r\n", "{"), .after = WEB_CLOSE},
         -EIO,
         false,
         "check the network"},
        {{.bytes = "no HTTP at all\r\n", .after = WEB_CLOSE}, -EIO, false, "check that the URL is the API's"},
        {{.bytes = WEB_ANSWER("200 OK", "Content-Length: 999\r\n", "")}, -EIO, false, "raise max_body="},
        {{.after = WEB_HANG}, -ETIMEDOUT, true, "raise timeout="},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_with(&rows[i].answer, 1);
        struct told told;

        f->config.max_body = 100;
        f->config.timeout_ms = scaled(100);
        told = ask(f, "POST");
        assert_int_equal(told.result.error, rows[i].error);
        assert_false(told.result.host);
        assert_int_equal(operation_of(f, "services").closed_until, rows[i].closes ? told.result.retry_at : 0);
        assert_true(told.result.left);
        assert_int_equal(web_requests(f->web), 1);
        assert_int_equal(log_lines(), 1);
        assert_true(logged(rows[i].advice));
        fixture_free(f);
    }
}

static void test_unreachable(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    static const char *const methods[] = {"GET", "POST"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture *f = fixture_with(&ok, 1);
        struct told told;
        int64_t began = clock_ms();

        leave_port(f);
        told = ask(f, methods[i]);
        assert_int_equal(told.result.error, -EHOSTUNREACH);
        assert_true(told.result.host);
        assert_false(told.result.left);
        /* Three pauses: at least 100, 200 and 400 ms. */
        assert_int_equal(metric(f, "melbicomfs_http_retries_total "), 3);
        assert_in_range(clock_ms() - began, 700, 10000 * time_scale());
        assert_true(logged("check the network or the URL"));
        fixture_free(f);
    }
}

static void test_answer(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER(
             "200 OK", "Content-Length: 5\r\nETag: \"e\"\r\nLink: <?page=2>; rel=next\r\nX-Total: 40\r\n", "hello")},
        {.bytes = WEB_EMPTY("304 Not Modified", "")},
        {.bytes = WEB_ANSWER("404 Not Found", "Content-Length: 31\r\n", "{\"message\":\"Service not found\"}")},
    };
    struct fixture *f = FIXTURE(script);
    struct told told = ask(f, "GET"), renewed = {0};

    (void)state;
    assert_int_equal(told.result.error, 0);
    assert_int_equal(told.starts, 1);
    assert_memory_equal(told.body, "hello", 5);
    assert_string_equal(told.etag, "\"e\"");
    assert_string_equal(told.link_next, "?page=2");
    assert_int_equal(told.result.total, 40);
    assert_int_equal(told.result.retry_at, 0);
    assert_ptr_equal(strstr(f->web->requests[0], "GET /api/services?status=Active HTTP/1.1\r\n"), f->web->requests[0]);
    assert_non_null(strstr(f->web->requests[0], "Bearer first-token\r\n"));

    start_conditional(f, &renewed, "GET", "\"e\"");
    await(f, renewed.dones);
    assert_int_equal(renewed.result.error, 0);
    assert_true(renewed.result.not_modified);
    assert_string_equal(renewed.link_next, "none");
    assert_int_equal(renewed.result.total, -1);
    assert_int_equal(renewed.starts, 0);
    assert_non_null(strstr(f->web->requests[1], "If-None-Match: \"e\"\r\n"));

    told = ask(f, "GET");
    assert_int_equal(told.result.error, -ENOENT);
    assert_string_equal(told.message, "Service not found");
    assert_int_equal(told.starts, 0);
    assert_true(logged("info services: GET /services?status=Active: HTTP 404: Service not found: check the id"));
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"404\"} "), 1);
    assert_int_equal(metric(f, "melbicomfs_http_received_bytes_total "), 36);
    assert_int_equal(f->token_reads, 1);
    fixture_free(f);
}

/* Frameworks send a trace after, or around, their words. */
static void test_long_error_bodies(void **state)
{
    enum { TRACE = 20000 };
    static const struct {
        const char *before, *after;
        size_t trace;
    } rows[] = {
        {"{\"message\":\"No such service\",\"trace\":\"", "\"}", TRACE},
        {"{\"trace\":\"", "\",\"message\":\"No such service\"}", TRACE},
        {"{\"error\":{\"trace\":\"", "\",\"message\":\"No such service\"}}", TRACE},
        {"{\"message\":\"No such service\",\"trace\":\"", "\"}", 10 * TRACE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = malloc(rows[i].trace + 300);
        int head = snprintf(text, 300, WEB_ANSWER("404 Not Found", "", "%s"), rows[i].before);

        memset(text + head, 't', rows[i].trace);
        strcpy(text + (size_t)head + rows[i].trace, rows[i].after);
        struct web_answer answer = {.bytes = text, .after = WEB_CLOSE};
        struct fixture *f = fixture_with(&answer, 1);

        assert_string_equal(ask(f, "GET").message, "No such service");
        fixture_free(f);
        free(text);
    }
}

/* Trying again. */

static void test_get_is_tried_again(void **state)
{
    static const struct web_answer bad[] = {
        {.bytes = WEB_EMPTY("408 Request Timeout", "")},
        {.bytes = WEB_EMPTY("429 Too Many Requests", "")},
        {.bytes = WEB_EMPTY("500 Internal Server Error", "")},
        {.bytes = WEB_EMPTY("502 Bad Gateway", "")},
        {.bytes = WEB_EMPTY("503 Service Unavailable", "")},
        {.bytes = WEB_EMPTY("504 Gateway Timeout", "")},
        {.bytes = WEB_EMPTY("520 Odd", "")},
        {.after = WEB_RESET},
        {.after = WEB_CLOSE},
        {.bytes = WEB_ANSWER("200 OK", "Content-Length: 9\r\n", "cut"), .after = WEB_CLOSE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct web_answer script[] = {bad[i], {.bytes = WEB_OK}};
        struct fixture *f = FIXTURE(script);
        struct told told = ask(f, "GET");

        assert_int_equal(told.result.error, 0);
        assert_int_equal(web_requests(f->web), 2);
        assert_memory_equal(told.body, "{}", 2);
        assert_int_equal(told.len, 2);
        assert_int_equal(log_lines(), 0);
        assert_int_equal(client_closed_until(f->client, NULL), 0);
        fixture_free(f);
    }
}

static void test_four_attempts(void **state)
{
    static const struct web_answer bad = {.bytes =
                                              WEB_ANSWER("500 No", "Content-Length: 15\r\n", "{\"error\":\"oops\"}")};
    struct fixture *f = fixture_with(&bad, 1);
    struct told told = ask(f, "GET");

    (void)state;
    assert_int_equal(told.result.error, -EIO);
    assert_int_equal(web_requests(f->web), 4);
    assert_int_equal(metric(f, "melbicomfs_http_retries_total "), 3);
    assert_in_range(told.result.ns / 1000000, 700, 10000);
    assert_int_equal(log_lines(), 1);
    fixture_free(f);
}

static void test_get_is_not_tried_again(void **state)
{
    static const struct web_answer bad[] = {
        {.bytes = WEB_EMPTY("404 Not Found", "")},
        {.bytes = WEB_EMPTY("403 Forbidden", "")},
        {.bytes = WEB_EMPTY("302 Found", "")},
        {.bytes = "no HTTP at all\r\n", .after = WEB_CLOSE},
        {.after = WEB_HANG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct web_answer script[] = {bad[i], {.bytes = WEB_OK}};
        struct fixture *f = FIXTURE(script);

        f->config.timeout_ms = scaled(100);
        assert_true(ask(f, "GET").result.error < 0);
        assert_int_equal(web_requests(f->web), 1);
        fixture_free(f);
    }
}

static void test_post_is_tried_again_only_if_refused(void **state)
{
    static const struct {
        struct web_answer answer;
        unsigned requests;
        int error;
    } rows[] = {
        {{.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 0\r\n")}, 2, 0},
        {{.bytes = WEB_EMPTY("503 Service Unavailable", "Retry-After: 0\r\n")}, 2, 0},
        {{.bytes = WEB_EMPTY("429 Too Many Requests", "")}, 1, -EBUSY},
        {{.bytes = WEB_EMPTY("503 Service Unavailable", "")}, 1, -EIO},
        {{.bytes = WEB_EMPTY("500 Internal Server Error", "Retry-After: 0\r\n")}, 1, -EIO},
        {{.bytes = WEB_EMPTY("502 Bad Gateway", "")}, 1, -EIO},
        {{.bytes = WEB_EMPTY("408 Request Timeout", "")}, 1, -EIO},
        {{.after = WEB_RESET}, 1, -EIO},
        {{.after = WEB_CLOSE}, 1, -EIO},
        {{.after = WEB_HANG}, 1, -ETIMEDOUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* Once on a new connection, and once on a kept one that dies. */
        const struct web_answer script[] = {rows[i].answer, {.bytes = WEB_OK}};
        const struct web_answer kept[] = {{.bytes = WEB_OK}, rows[i].answer, {.bytes = WEB_OK}};
        struct fixture *f = FIXTURE(script);
        struct told told;

        f->config.timeout_ms = scaled(200);
        assert_int_equal(ask(f, "POST").result.error, rows[i].error);
        assert_int_equal(web_requests(f->web), rows[i].requests);
        fixture_free(f);

        f = FIXTURE(kept);
        f->config.timeout_ms = scaled(200);
        assert_int_equal(ask(f, "GET").result.error, 0);
        told = ask(f, "POST");
        assert_int_equal(told.result.error, rows[i].error);
        assert_true(told.result.left);
        assert_int_equal(web_requests(f->web), 1 + rows[i].requests);
        fixture_free(f);
    }
}

static void test_retry_after(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 1\r\n")},
                                               {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);
    struct told told = {0}, meanwhile;
    int error = 0;

    (void)state;
    start(f, &told, "GET");
    await(f, client_closed_until(f->client, &error));
    assert_int_equal(error, -EBUSY);
    meanwhile = ask(f, "GET");
    assert_int_equal(meanwhile.result.error, -EBUSY);
    assert_true(meanwhile.result.host);
    assert_false(meanwhile.result.left);
    assert_int_equal(meanwhile.result.retry_at, client_closed_until(f->client, NULL));
    await(f, told.dones);
    assert_int_equal(told.result.error, 0);
    assert_in_range(told.result.ns / 1000000, 1000, 10000 * time_scale());
    assert_int_equal(web_requests(f->web), 2);
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    fixture_free(f);
}

static void test_retry_after_beyond_the_deadline(void **state)
{
    static const struct web_answer bad[] = {{.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 100\r\n")},
                                            {.bytes = WEB_EMPTY("503 Service Unavailable", "Retry-After: 100\r\n")}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture *f = fixture_with(&bad[i], 1);
        struct told told;

        f->config.timeout_total_ms = 5000;
        told = ask(f, "GET");
        assert_int_equal(told.result.error, i == 0 ? -EBUSY : -EIO);
        assert_int_equal(told.result.host, i == 0);
        assert_in_range(told.result.retry_at - clock_ms(), 90000, 100000);
        assert_true(told.result.ns < 4000 * 1000000LL);
        assert_int_equal(web_requests(f->web), 1);
        assert_true(i == 1 || logged("try again after 100 s"));
        assert_int_equal(client_closed_until(f->client, NULL), i == 0 ? told.result.retry_at : 0);
        assert_int_equal(operation_of(f, "services").closed_until, i == 1 ? told.result.retry_at : 0);
        fixture_free(f);
    }
}

static void test_deadline(void **state)
{
    static const struct web_answer never = {.after = WEB_HANG};
    static const struct web_answer slowly = {.bytes = WEB_ANSWER("200 OK", "Content-Length: 9\r\n", "{"),
                                             .after = WEB_HANG};
    static const struct web_answer busy = {.bytes = WEB_EMPTY("500 No", "")};
    struct fixture *f = fixture_with(&never, 1);
    struct told told, waiting = {0}, first = {0};

    (void)state;
    f->config.timeout_total_ms = scaled(150);
    f->config.max_connections = 1;
    start(f, &first, "POST");
    await(f, client_left(first.exchange));
    start(f, &waiting, "POST");
    assert_false(client_ready(f->client, "services"));
    assert_false(client_left(waiting.exchange));
    await(f, first.dones && waiting.dones);
    assert_int_equal(first.result.error, -ETIMEDOUT);
    assert_true(first.result.left);
    assert_int_not_equal(operation_of(f, "services").closed_until, 0);
    assert_int_equal(waiting.result.error, -ETIMEDOUT);
    assert_false(waiting.result.left);
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"} "), 1);
    fixture_free(f);

    f = fixture_with(&slowly, 1);
    f->config.timeout_total_ms = scaled(150);
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -ETIMEDOUT);
    assert_false(told.result.host);
    assert_true(logged("raise timeout_total="));
    fixture_free(f);

    /* Retries end with the deadline too, and with the errno of what they met. The first pause is at least 100 ms long,
     * and all three 700 ms: where programs run slowly, the deadline lies between. */
    f = fixture_with(&busy, 1);
    f->config.timeout_total_ms = time_scale() == 1 ? 90U : 650U;
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EIO);
    assert_in_range(web_requests(f->web), 1, time_scale() == 1 ? 1 : 3);
    fixture_free(f);

    /* The same when the deadline comes while a retry is not answered. */
    const struct web_answer then_silent[] = {busy, never};
    f = fixture_with(then_silent, 2);
    f->config.timeout_total_ms = scaled(700);
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EIO);
    assert_false(told.result.host);
    assert_true(logged("HTTP 500: "));
    assert_int_equal(web_requests(f->web), 2);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_long_error_bodies),
        cmocka_unit_test(test_get_is_tried_again),
        cmocka_unit_test(test_four_attempts),
        cmocka_unit_test(test_get_is_not_tried_again),
        cmocka_unit_test(test_post_is_tried_again_only_if_refused),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_after_beyond_the_deadline),
        cmocka_unit_test(test_deadline),
    };

    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
