/*
 * Exchanges: what is tried again and what isn't, whose failure it is, and who waits for whom.
 */
#include "api/client.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/client_host.h"
#include "api/http.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "web.h"

#define PATIENCE_MS 20000

struct fixture {
    struct loop *loop;
    struct config config;
    struct http *http;
    struct metrics *metrics;
    struct client *client;
    struct web *web;
    const char *token; /* what read_token gives; NULL: it fails */
    unsigned token_reads;
};

struct told {
    struct fixture *f;
    struct client_exchange *exchange;
    unsigned starts, dones;
    char body[256];
    size_t len;
    int refuse;
    bool cancel_start, cancel_body;
    int restarts; /* exchanges that done starts, one after the other */
    struct client_result result;
    char message[320], etag[32];
};

static int give_token(void *data, char **ret)
{
    struct fixture *f = data;

    f->token_reads++;
    if (!f->token)
        return -ENOKEY;
    *ret = strdup(f->token);
    return 0;
}

static struct fixture *fixture_with(const struct web_answer *script, size_t n)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    config_init(&f->config);
    f->config.read_token = give_token;
    f->config.read_token_data = f;
    f->token = "first-token";
    f->web = web_start(script, n);
    free(f->config.base_url);
    assert_true(asprintf(&f->config.base_url, "%s/api", f->web->url) > 0);
    f->loop = loop_new();
    f->http = http_new(f->loop, &f->config);
    f->metrics = metrics_new();
    f->client = client_new(f->loop, f->http, &f->config, f->metrics);
    assert_non_null(f->client);
    return f;
}

#define FIXTURE(script) fixture_with(script, sizeof(script) / sizeof((script)[0]))

static void fixture_free(struct fixture *f)
{
    client_free(f->client);
    http_free(f->http);
    loop_free(f->loop);
    metrics_free(f->metrics);
    web_stop(f->web);
    config_clear(&f->config);
    log_free();
    free(f);
}

static void told_start(void *data)
{
    struct told *told = data;

    told->starts++;
    told->len = 0;
    if (told->cancel_start)
        client_cancel(told->exchange);
}

static int told_body(void *data, const char *bytes, size_t len)
{
    struct told *told = data;

    assert_true(told->starts > 0 && told->len + len < sizeof(told->body));
    memcpy(told->body + told->len, bytes, len);
    told->len += len;
    if (told->cancel_body)
        client_cancel(told->exchange);
    return told->refuse;
}

static void start(struct fixture *f, struct told *told, const char *method);

static void told_done(void *data, const struct client_result *result)
{
    struct told *told = data;

    told->dones++;
    told->result = *result;
    assert_non_null(result->message);
    assert_int_equal(result->error != 0, result->message[0] != '\0');
    assert_true(result->ns >= 0);
    (void)snprintf(told->message, sizeof(told->message), "%s", result->message);
    (void)snprintf(told->etag, sizeof(told->etag), "%s", result->etag ? result->etag : "none");
    if (told->restarts-- > 0)
        start(told->f, told, "GET");
}

static void start_conditional(struct fixture *f, struct told *told, const char *method, const char *etag)
{
    unsigned before = told->dones;
    struct client_request request = {
        .operation = "services",
        .method = method,
        .path = "/services?status=Active",
        .body = method[0] == 'P' ? "{}" : NULL,
        .etag = etag,
        .on_start = told_start,
        .on_body = told_body,
        .on_done = told_done,
        .data = told,
    };

    told->f = f;
    told->exchange = client_start(f->client, &request);
    assert_non_null(told->exchange);
    assert_int_equal(told->dones, before);
}

static void start(struct fixture *f, struct told *told, const char *method)
{
    start_conditional(f, told, method, NULL);
}

#define await(f, condition)                                                                                            \
    do {                                                                                                               \
        int64_t give_up = clock_ms() + PATIENCE_MS;                                                                    \
        while (!(condition)) {                                                                                         \
            assert_true(clock_ms() < give_up);                                                                         \
            assert_int_equal(loop_turn((f)->loop, 5), 0);                                                              \
        }                                                                                                              \
    } while (0)

static struct told ask(struct fixture *f, const char *method)
{
    struct told told = {0};

    start(f, &told, method);
    await(f, told.dones);
    assert_int_equal(told.dones, 1);
    return told;
}

/* A counter of the metrics, by the beginning of its line; 0 before it is there. */
static long metric(struct fixture *f, const char *line)
{
    struct printbuf *text = printbuf_new();
    const char *at;
    long value = 0;

    metrics_print(f->metrics, text);
    for (at = text->buf; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, strlen(line)) == 0)
            value = strtol(at + strlen(line), NULL, 10);
    }
    printbuf_free(text);
    return value;
}

static bool logged(const char *text)
{
    size_t len;
    char *log = log_recent(&len);
    bool found = log && strstr(log, text);

    free(log);
    return found;
}

static unsigned log_lines(void)
{
    size_t len;
    char *log = log_recent(&len);
    unsigned n = 0;

    for (char *p = log; p && (p = strchr(p, '\n')); p++)
        n++;
    free(log);
    return n;
}

/* Nobody listens at its base URL any more. */
static void leave_port(struct fixture *f)
{
    char url[64];
    int fd = web_listen(1, url, sizeof(url));

    (void)close(fd);
    free(f->config.base_url);
    f->config.base_url = strdup(url);
}

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
        {WEB_EMPTY("304 Not Modified", ""), 304, -EIO, false, "redirects"},
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

static void test_failures(void **state)
{
    static const struct {
        struct web_answer answer;
        int error;
        bool host;
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
        f->config.timeout_ms = 100;
        told = ask(f, "POST");
        assert_int_equal(told.result.error, rows[i].error);
        assert_int_equal(told.result.host, rows[i].host);
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
        assert_in_range(clock_ms() - began, 700, 10000);
        assert_true(logged("check the network or the URL"));
        fixture_free(f);
    }
}

static void test_answer(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("200 OK", "Content-Length: 5\r\nETag: \"e\"\r\n", "hello")},
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
    assert_int_equal(told.result.retry_at, 0);
    assert_ptr_equal(strstr(f->web->requests[0], "GET /api/services?status=Active HTTP/1.1\r\n"), f->web->requests[0]);
    assert_non_null(strstr(f->web->requests[0], "Bearer first-token\r\n"));

    start_conditional(f, &renewed, "GET", "\"e\"");
    await(f, renewed.dones);
    assert_int_equal(renewed.result.error, 0);
    assert_true(renewed.result.not_modified);
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

        f->config.timeout_ms = 100;
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

        f->config.timeout_ms = 200;
        assert_int_equal(ask(f, "POST").result.error, rows[i].error);
        assert_int_equal(web_requests(f->web), rows[i].requests);
        fixture_free(f);

        f = FIXTURE(kept);
        f->config.timeout_ms = 200;
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
    assert_in_range(told.result.ns / 1000000, 1000, 10000);
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
    f->config.timeout_total_ms = 150;
    f->config.max_connections = 1;
    start(f, &first, "POST");
    await(f, client_left(first.exchange));
    start(f, &waiting, "POST");
    assert_true(client_busy(f->client));
    assert_false(client_left(waiting.exchange));
    await(f, first.dones && waiting.dones);
    assert_int_equal(first.result.error, -ETIMEDOUT);
    assert_true(first.result.left);
    assert_true(first.result.host);
    assert_int_equal(waiting.result.error, -ETIMEDOUT);
    assert_false(waiting.result.left);
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"} "), 1);
    fixture_free(f);

    f = fixture_with(&slowly, 1);
    f->config.timeout_total_ms = 150;
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -ETIMEDOUT);
    assert_false(told.result.host);
    assert_true(logged("raise timeout_total="));
    fixture_free(f);

    /* Retries end with the deadline too, and with the errno of what they met. */
    f = fixture_with(&busy, 1);
    f->config.timeout_total_ms = 90;
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EIO);
    assert_int_equal(web_requests(f->web), 1);
    fixture_free(f);
}

/* The host. */

static void test_host_state(void **state)
{
    struct client_host host = {0};
    int a = 0, b = 0, c = 0;

    (void)state;
    assert_true(client_host_admits(&host, &a));
    assert_true(client_host_failed(&host, &a, -EHOSTUNREACH, -1, "down"));
    assert_in_range(host.until - clock_ms(), 1900, 2000);
    assert_false(client_host_admits(&host, &b));
    /* Others that were under way don't prolong it. */
    assert_false(client_host_failed(&host, &b, -ETIMEDOUT, -1, "late"));
    assert_int_equal(host.error, -EHOSTUNREACH);
    for (int64_t pause = 4000; pause < 100000; pause *= 2) {
        host.until = clock_ms();
        assert_true(client_host_admits(&host, &b));
        assert_false(client_host_admits(&host, &c));
        assert_false(client_host_failed(&host, &b, -EHOSTUNREACH, -1, "down"));
        assert_in_range(host.until - clock_ms(), (pause < 30000 ? pause : 30000) - 100, pause < 30000 ? pause : 30000);
    }
    /* A probe that learns nothing leaves its place to another. */
    host.until = clock_ms();
    assert_true(client_host_admits(&host, &b));
    client_host_leave(&host, &c);
    assert_false(client_host_admits(&host, &c));
    client_host_leave(&host, &b);
    assert_true(client_host_admits(&host, &c));
    assert_true(client_host_answered(&host));
    assert_false(client_host_answered(&host));
    assert_true(client_host_failed(&host, &a, -EBUSY, 60000, "busy"));
    assert_in_range(host.until - clock_ms(), 59900, 60000);
    assert_false(client_host_failed(&host, &b, -EBUSY, 70000, "busy"));
    assert_in_range(host.until - clock_ms(), 69900, 70000);
}

static void test_closed_host(void **state)
{
    static const struct web_answer script[] = {{.after = WEB_HANG}, {.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);
    struct told first = {0}, waiting[5] = {0}, probe = {0};
    int error = 0;

    (void)state;
    f->config.timeout_ms = 100;
    f->config.max_connections = 1;
    start(f, &first, "GET");
    for (int i = 0; i < 5; i++)
        start(f, &waiting[i], "GET");
    await(f, first.dones && waiting[4].dones);
    assert_int_equal(first.result.error, -ETIMEDOUT);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(waiting[i].dones, 1);
        assert_int_equal(waiting[i].result.error, -ETIMEDOUT);
        assert_true(waiting[i].result.host);
        assert_int_equal(waiting[i].result.retry_at, first.result.retry_at);
    }
    assert_int_equal(client_closed_until(f->client, &error), first.result.retry_at);
    assert_int_equal(error, -ETIMEDOUT);
    for (int i = 0; i < 200; i++)
        assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    assert_int_equal(web_requests(f->web), 1);
    assert_int_equal(log_lines(), 1);

    /* One probe; whoever else comes fails at once. */
    f->config.timeout_ms = 10000;
    await(f, clock_ms() >= first.result.retry_at);
    start(f, &probe, "GET");
    assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    await(f, web_requests(f->web) == 2);
    assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    assert_int_equal(web_requests(f->web), 2);
    web_release(f->web);
    await(f, probe.dones);
    assert_int_equal(probe.result.error, 0);
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    assert_true(logged("the service answers again"));
    assert_int_equal(ask(f, "GET").result.error, 0);
    fixture_free(f);
}

static void test_failed_probe(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_with(&ok, 1);
    struct told told, probe = {0};
    char *there = strdup(f->config.base_url);

    (void)state;
    leave_port(f);
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EHOSTUNREACH);
    await(f, clock_ms() >= told.result.retry_at);
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EHOSTUNREACH);
    /* The probe has no retries of its own, and its failure doubles the pause. */
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"} "), 5);
    assert_in_range(told.result.retry_at - clock_ms(), 3000, 4000);
    /* One that is cancelled leaves the next to another. */
    await(f, clock_ms() >= told.result.retry_at);
    start(f, &probe, "GET");
    client_cancel(probe.exchange);
    free(f->config.base_url);
    f->config.base_url = there;
    assert_int_equal(ask(f, "GET").result.error, 0);
    fixture_free(f);
}

/* Whoever asks again from done, however often, doesn't keep the loop from turning. */
static void test_asking_again_from_done(void **state)
{
    static const struct web_answer unauthorized = {.bytes = WEB_EMPTY("401 Unauthorized", "")};
    struct fixture *f = fixture_with(&unauthorized, 1);
    struct told told = {.restarts = 50};

    (void)state;
    assert_int_equal(ask(f, "GET").result.error, -EACCES);
    start(f, &told, "GET");
    for (unsigned turn = 1; turn <= 51; turn++) {
        assert_int_equal(loop_turn(f->loop, 0), 0);
        assert_int_equal(told.dones, turn);
    }
    assert_int_equal(web_requests(f->web), 1);
    fixture_free(f);
}

static void test_places(void **state)
{
    static const struct web_answer held = {.bytes = WEB_OK, .held = true};
    struct fixture *f = fixture_with(&held, 1);
    struct told told[7] = {0};

    (void)state;
    f->config.max_connections = 3;
    assert_false(client_busy(f->client));
    for (int i = 0; i < 7; i++) {
        start(f, &told[i], i % 2 ? "GET" : "POST");
        assert_int_equal(client_busy(f->client), i >= 2);
    }
    await(f, web_requests(f->web) == 3);
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_turn(f->loop, 5), 0);
    assert_int_equal(web_requests(f->web), 3);
    for (int i = 0; i < 7; i++)
        assert_int_equal(client_left(told[i].exchange), i < 3);
    /* A place that is given up goes to the first in line, past one that has gone. */
    client_cancel(told[3].exchange);
    client_cancel(told[0].exchange);
    await(f, client_left(told[4].exchange));
    assert_false(client_left(told[5].exchange));
    web_release(f->web);
    await(f, told[1].dones && told[2].dones && told[4].dones && told[5].dones && told[6].dones);
    assert_int_equal(told[0].dones + told[3].dones, 0);
    for (int i = 0; i < 7; i++)
        assert_int_equal(told[i].result.error, 0);
    assert_false(client_busy(f->client));
    fixture_free(f);
}

/* The token. */

static void test_changed_token(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_OK},
                                               {.bytes = WEB_EMPTY("401 Unauthorized", "")},
                                               {.bytes = WEB_OK},
                                               {.bytes = WEB_EMPTY("401 Unauthorized", "")},
                                               {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);

    (void)state;
    client_set_token(f->client, "given-token");
    assert_int_equal(ask(f, "GET").result.error, 0);
    assert_int_equal(f->token_reads, 0);
    assert_non_null(strstr(f->web->requests[0], "Bearer given-token\r\n"));
    assert_int_equal(ask(f, "GET").result.error, 0);
    assert_int_equal(f->token_reads, 1);
    assert_non_null(strstr(f->web->requests[1], "Bearer given-token\r\n"));
    assert_non_null(strstr(f->web->requests[2], "Bearer first-token\r\n"));
    f->token = "second-token";
    assert_int_equal(ask(f, "POST").result.error, 0);
    assert_non_null(strstr(f->web->requests[4], "Bearer second-token\r\n"));
    assert_int_equal(log_lines(), 0);
    log_info("given-token first-token second-token");
    assert_false(logged("given-token") || logged("first-token") || logged("second-token"));
    fixture_free(f);
}

static void test_refused_token(void **state)
{
    static const struct web_answer bad = {.bytes = WEB_EMPTY("401 Unauthorized", ""), .held = true};
    struct fixture *f = fixture_with(&bad, 1);
    struct told told[4] = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        start(f, &told[i], "GET");
    await(f, web_requests(f->web) == 4);
    web_release(f->web);
    await(f, told[0].dones && told[1].dones && told[2].dones && told[3].dones);
    for (int i = 0; i < 4; i++)
        assert_int_equal(told[i].result.error, -EACCES);
    assert_int_equal(web_requests(f->web), 4);
    /* Read to be sent, and once more for all four. */
    assert_int_equal(f->token_reads, 2);
    assert_int_equal(ask(f, "GET").result.error, -EACCES);
    assert_int_equal(f->token_reads, 2);
    fixture_free(f);
}

static void test_no_token(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_with(&ok, 1);
    struct told told;

    (void)state;
    f->token = NULL;
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EACCES);
    assert_true(told.result.host);
    assert_false(told.result.left);
    assert_int_equal(web_requests(f->web), 0);
    assert_int_equal(ask(f, "GET").result.error, -EACCES);
    assert_int_equal(f->token_reads, 1);
    fixture_free(f);

    f = fixture_with(&ok, 1);
    f->config.read_token = NULL;
    assert_int_equal(ask(f, "GET").result.error, 0);
    assert_null(strstr(f->web->requests[0], "Authorization"));
    fixture_free(f);
}

/* Ends that are asked for. */

static void test_refused_body(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_with(&ok, 1);
    struct told told = {.refuse = -EBADMSG};

    (void)state;
    start(f, &told, "GET");
    await(f, told.dones);
    assert_int_equal(told.result.error, -EBADMSG);
    assert_false(told.result.host);
    assert_int_equal(web_requests(f->web), 1);
    fixture_free(f);
}

static void test_cancel(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_OK, .held = true}, {.bytes = WEB_EMPTY("500 No", "")}, {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);
    struct told flying = {0}, queued = {0}, paused = {0}, ending = {0};
    struct told at_start = {.cancel_start = true}, at_body = {.cancel_body = true};

    (void)state;
    f->config.max_connections = 1;
    start(f, &flying, "GET");
    start(f, &queued, "GET");
    await(f, web_requests(f->web) == 1);
    client_cancel(queued.exchange);
    client_cancel(flying.exchange);
    start(f, &paused, "GET");
    await(f, metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"500\"} ") == 1);
    client_cancel(paused.exchange);
    start(f, &at_start, "GET");
    await(f, at_start.starts);
    start(f, &at_body, "GET");
    await(f, at_body.len);
    assert_int_equal(ask(f, "GET").result.error, 0);

    leave_port(f);
    assert_int_equal(ask(f, "GET").result.error, -EHOSTUNREACH);
    start(f, &ending, "GET");
    client_cancel(ending.exchange);
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_turn(f->loop, 5), 0);
    assert_int_equal(flying.dones + queued.dones + paused.dones + ending.dones + at_start.dones + at_body.dones, 0);
    assert_false(client_busy(f->client));
    fixture_free(f);
}

static void test_free_with_everything_under_way(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_EMPTY("500 No", "")}, {.after = WEB_HANG}};
    struct fixture *f = FIXTURE(script);
    struct told told[4] = {0};

    (void)state;
    f->config.max_connections = 1;
    start(f, &told[0], "GET");
    await(f, metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"500\"} ") == 1);
    start(f, &told[1], "GET");
    await(f, web_requests(f->web) == 2);
    start(f, &told[2], "GET");
    fixture_free(f);

    f = FIXTURE(script);
    f->token = NULL;
    start(f, &told[3], "GET");
    fixture_free(f);
    for (int i = 0; i < 4; i++)
        assert_int_equal(told[i].dones, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_get_is_tried_again),
        cmocka_unit_test(test_four_attempts),
        cmocka_unit_test(test_get_is_not_tried_again),
        cmocka_unit_test(test_post_is_tried_again_only_if_refused),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_after_beyond_the_deadline),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_host_state),
        cmocka_unit_test(test_closed_host),
        cmocka_unit_test(test_failed_probe),
        cmocka_unit_test(test_asking_again_from_done),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_changed_token),
        cmocka_unit_test(test_refused_token),
        cmocka_unit_test(test_no_token),
        cmocka_unit_test(test_refused_body),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_free_with_everything_under_way),
    };

    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
