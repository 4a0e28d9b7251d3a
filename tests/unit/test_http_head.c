/* SPDX-License-Identifier: MIT */
/*
 * What a result says of the head of an answer and of its connection; links; one blocking request.
 */
#include "http/head.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "http/link.h"
#include "http_fixture.h"

/* Links. */

static void test_links(void **state)
{
    static const struct {
        const char *value, *rel, *target; /* NULL: none */
    } rows[] = {
        /* The examples of RFC 8288. */
        {"<http://example.com/TheBook/chapter2>; rel=\"previous\"; title=\"previous chapter\"", "previous",
         "http://example.com/TheBook/chapter2"},
        {"<http://example.com/TheBook/chapter2>; rel=\"previous\"; title=\"previous chapter\"", "next", NULL},
        {"</>; rel=\"http://example.net/foo\"", "http://example.net/foo", "/"},
        {"</terms>; rel=\"copyright\"; anchor=\"#foo\"", "copyright", NULL},
        {"</TheBook/chapter2>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; rel=\"next\"; "
         "title*=UTF-8'de'n%c3%a4chstes%20Kapitel",
         "next", "/TheBook/chapter4"},
        {"<http://example.org/>; rel=\"start http://example.net/relation/other\"", "start", "http://example.org/"},
        {"<http://example.org/>; rel=\"start http://example.net/relation/other\"", "http://example.net/relation/other",
         "http://example.org/"},
        {"<https://example.org/>; rel=\"start\", <https://example.org/index>; rel=\"index\"", "index",
         "https://example.org/index"},
        /* Ways to write it. */
        {"<?page=2>;rel=next", "next", "?page=2"},
        {"<?page=2> ; REL = \"Next\"", "next", "?page=2"},
        {"< ?page=2 >; rel=next", "next", "?page=2"},
        {"<?page=9>; rel=\"last  next\"", "next", "?page=9"},
        {"<?page=2>; title=\"a, <b>; rel=last \\\" c\"; rel=next", "next", "?page=2"},
        {"<?a=1,2;3>; rel=prev, <?a=4,5;6>; rel=next", "next", "?a=4,5;6"},
        {", ,<?page=2>; rel=next ,", "next", "?page=2"},
        {"<?page=2>;; rel=next;", "next", "?page=2"},
        {"<?page=2>; crossorigin; rel=next", "next", "?page=2"},
        /* What is no next page. */
        {"<?page=2>; rel=prev; rel=next", "next", NULL},
        {"<?page=2>; rev=next", "next", NULL},
        {"<?page=2>; rel=nextpage", "next", NULL},
        {"<?page=2>; rel=\"prev-next\"", "next", NULL},
        {"<?page=2>; title=\"rel=next\"", "next", NULL},
        {"<?page=2>; title=\"; rel=next", "next", NULL},
        {"<?page=2>; title=\"\\", "next", NULL},
        {"<?page=2>; rel", "next", NULL},
        {"<?page=2>; rel=", "next", NULL},
        {"<?page=2", "next", NULL},
        {"<?page=2>", "next", NULL},
        {"<?page=2> rel=next", "next", NULL},
        {"<>; rel=next", "next", NULL},
        {"<  >; rel=next", "next", NULL},
        {"?page=2; rel=next", "next", NULL},
        {"", "next", NULL},
        {",", "next", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = 0, expected = rows[i].target ? strlen(rows[i].target) : 0;
        const char *target = link_find(rows[i].value, rows[i].rel, &len);

        if (!target != !rows[i].target || (target && (len != expected || memcmp(target, rows[i].target, len) != 0)))
            fail_msg("%s: '%.*s' instead of '%s'", rows[i].value, (int)len, target ? target : "",
                     rows[i].target ? rows[i].target : "none");
    }
}

/* The head of an answer. */

/* Asks a server that gives this answer, and keeps its result. */
static struct http_result perform(struct web_answer answer)
{
    struct config config;
    struct web *web = web_start(&answer, 1);
    char url[96];
    struct http_request request = {.method = "GET", .url = url};
    struct http_result result;

    config_init(&config);
    (void)snprintf(url, sizeof(url), "%s/api/invoices", web->url);
    (void)http_perform(&config, &request, &result);
    config_clear(&config);
    web_stop(web);
    return result;
}

static void test_all_headers(void **state)
{
    struct http_result result = perform((struct web_answer){
        .bytes = WEB_EMPTY("200 OK", "ETag: \"e\"\r\nLast-Modified: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
                                     "content-type: text/html; charset=utf-8\r\nDate: Mon, 02 Nov 2026 10:00:01 GMT\r\n"
                                     "Link: </>; rel=first\r\nlink: <?page=2>; rel=next, <?page=3>; rel=next\r\n"
                                     "Link: <?page=4>; rel=next\r\nX-Total: 9\r\nX-Total-Count: 40\r\n"
                                     "Location: /elsewhere\r\n")});

    (void)state;
    assert_int_equal(result.status, 200);
    assert_string_equal(result.etag, "\"e\"");
    assert_string_equal(result.last_modified, "Mon, 02 Nov 2026 10:00:00 GMT");
    assert_string_equal(result.content_type, "text/html; charset=utf-8");
    assert_int_equal(result.date, 1793613601);
    assert_string_equal(result.link_next, "?page=2");
    assert_int_equal(result.total, 40);
    assert_null(result.location);
    assert_string_equal(result.version, "1.1");
    assert_string_equal(result.ip, "127.0.0.1");
    assert_false(result.reused);
    assert_string_equal(result.detail, "");
}

static void test_no_headers(void **state)
{
    struct http_result results[] = {
        perform((struct web_answer){.bytes = "HTTP/1.0 200 OK\r\n\r\n", .after = WEB_CLOSE}),
        perform(
            (struct web_answer){.bytes = WEB_EMPTY("200 OK", "Date: soon\r\nX-Total-Count: many\r\nLink: none\r\n")}),
        perform((struct web_answer){.after = WEB_CLOSE}),
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(results[i].status, i == 2 ? 0 : 200);
        assert_null(results[i].etag);
        assert_null(results[i].last_modified);
        assert_null(results[i].content_type);
        assert_null(results[i].location);
        assert_null(results[i].link_next);
        assert_int_equal(results[i].total, -1);
        assert_int_equal(results[i].date, -1);
        assert_int_equal(results[i].retry_after_ms, -1);
        assert_null(results[i].certificate_issuer);
        assert_int_equal(results[i].certificate_expires, -1);
    }
    assert_string_equal(results[0].version, "1.0");
    assert_string_equal(results[1].version, "1.1");
    assert_null(results[2].version);
}

static void test_totals(void **state)
{
    static const struct {
        const char *bytes;
        int64_t total;
    } rows[] = {
        {WEB_EMPTY("200 OK", "X-Total: 7\r\n"), 7},
        {WEB_EMPTY("200 OK", "x-total-count: 0\r\n"), 0},
        {WEB_EMPTY("200 OK", "X-Total-Count: 5000000000\r\n"), 5000000000},
        {WEB_EMPTY("200 OK", "X-Total-Count: -1\r\n"), -1},
        {WEB_EMPTY("200 OK", "X-Total-Count: 40 items\r\n"), -1},
        {WEB_EMPTY("200 OK", "X-Total-Count:\r\n"), -1},
        {WEB_EMPTY("200 OK", "X-Total-Count: 99999999999999999999\r\n"), -1},
        {WEB_EMPTY("200 OK", "X-Total-Count: unknown\r\nX-Total: 7\r\n"), 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(perform((struct web_answer){.bytes = rows[i].bytes}).total, rows[i].total);
}

static void test_location(void **state)
{
    static const struct {
        const char *bytes, *end; /* end of the target; NULL: there is none */
    } rows[] = {
        {WEB_EMPTY("302 Found", "Location: /login\r\n"), "/login"},
        {WEB_EMPTY("301 Moved", "Location: login\r\n"), "/api/login"},
        {WEB_EMPTY("307 Elsewhere", "Location: https://example.com/api\r\n"), "https://example.com/api"},
        {WEB_EMPTY("302 Found", ""), NULL},
        {WEB_EMPTY("201 Created", "Location: /invoices/5\r\n"), NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_result result = perform((struct web_answer){.bytes = rows[i].bytes});

        assert_int_equal(result.error, 0);
        assert_int_equal(!result.location, !rows[i].end);
        if (rows[i].end) {
            size_t len = strlen(result.location), end = strlen(rows[i].end);
            assert_true(len >= end && strncmp(result.location, "http", 4) == 0);
            assert_string_equal(result.location + len - end, rows[i].end);
        }
    }
}

static void test_reused(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_OK}, {.bytes = WEB_OK, .after = WEB_CLOSE}, {.bytes = WEB_OK}};
    static const bool reused[] = {false, true, false};
    struct fixture *f = fixture_new();
    struct web *web = WEB_START(script);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ask(f, "GET", web->url).result.reused, reused[i]);
    char *url = strdup(web->url);
    web_stop(web);
    /* No connection at all. */
    assert_false(ask(f, "GET", url).result.reused);
    free(url);
    fixture_free(f);
}

/* One blocking request. */

static void test_perform(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("200 OK", "Content-Length: 5\r\nETag: \"e\"\r\n", "hello")},
        {.bytes = WEB_EMPTY("304 Not Modified", "")},
        {.bytes = WEB_ANSWER("200 OK", "Content-Length: 1000\r\n", "0123456789"), .pieces_ms = 50, .after = WEB_HANG},
    };
    struct web *web = WEB_START(script);
    struct told told = {0};
    struct http_request request = {
        .method = "POST", .url = web->url, .body = "{}", .on_head = told_head, .on_body = told_body, .data = &told};
    struct config config;
    struct http_result result;

    (void)state;
    config_init(&config);
    assert_int_equal(http_perform(&config, &request, &result), 0);
    assert_int_equal(told.heads, 1);
    assert_int_equal(told.head_status, 200);
    assert_int_equal(told.len, 5);
    assert_memory_equal(told.body, "hello", 5);
    assert_int_equal(result.bytes, 5);
    assert_string_equal(result.etag, "\"e\"");
    assert_int_equal(strncmp(web->requests[0], "POST ", 5), 0);
    assert_ptr_equal(request.data, &told);

    /* The strings of a result are good for the next request, although that one frees them. */
    request = (struct http_request){.method = "GET", .url = web->url, .etag = result.etag};
    assert_int_equal(http_perform(&config, &request, &result), 0);
    assert_int_equal(result.status, 304);
    assert_non_null(strstr(web->requests[1], "If-None-Match: \"e\"\r\n"));
    assert_null(result.etag);

    request = (struct http_request){
        .method = "GET", .url = web->url, .on_head = told_head, .on_body = told_body, .data = &told};
    told = (struct told){0};
    config.timeout_total_ms = 100;
    assert_int_equal(http_perform(&config, &request, &result), -ETIMEDOUT);
    assert_int_equal(result.failure, HTTP_TIMEOUT);
    assert_string_equal(result.detail, "no whole answer within timeout_total");
    told = (struct told){.refuse = -EBADMSG};
    config.timeout_total_ms = 10000;
    assert_int_equal(http_perform(&config, &request, &result), -EBADMSG);
    assert_int_equal(result.failure, HTTP_SINK);
    config_clear(&config);
    web_stop(web);
}

/* The certificate. */

static void test_certificate_dates(void **state)
{
    (void)state;
    assert_int_equal(http_certificate_date("Nov  2 10:00:01 2026 GMT"), 1793613601);
    assert_int_equal(http_certificate_date("2026-11-02 10:00:01 GMT"), 1793613601);
    assert_true(http_certificate_date("Dec 31 00:00:00 2099 GMT") == INT64_C(4102358400)); /* beyond 32 bits */
    assert_true(http_certificate_date("2099-12-31 00:00:00 GMT") == INT64_C(4102358400));
    assert_int_equal(http_certificate_date("2026-11-02 10:00:01"), -1);
    assert_int_equal(http_certificate_date("2026-11-02 10:00:01 GMT+1"), -1);
    assert_int_equal(http_certificate_date("never"), -1);
    assert_int_equal(http_certificate_date(""), -1);
}

static pid_t run_shell(const char *command)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execlp("sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static bool accepts(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    (void)close(fd);
    return yes;
}

/* Makes a certificate for 127.0.0.1 in `dir`, valid for ten days, and serves https with it on `port`. */
static pid_t serve_tls(const char *dir, unsigned port)
{
    char command[512];
    int64_t deadline = clock_ms() + PATIENCE_MS;
    int status = 0;

    (void)snprintf(command, sizeof(command),
                   "cd '%s' && exec openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key "
                   "-out cert -days 10 "
                   "-subj '/O=Test Issuer/CN=127.0.0.1' -addext subjectAltName=IP:127.0.0.1 2>openssl.log",
                   dir);
    assert_int_equal(waitpid(run_shell(command), &status, 0) > 0 && status == 0, 1);
    (void)snprintf(command, sizeof(command),
                   "cd '%s' && exec openssl s_server -accept 127.0.0.1:%u -cert cert -key key -www -quiet "
                   ">s_server.log 2>&1 </dev/null",
                   dir, port);
    pid_t pid = run_shell(command);
    while (!accepts(port)) {
        assert_true(clock_ms() < deadline);
        (void)poll(NULL, 0, 20);
    }
    return pid;
}

static void test_certificate(void **state)
{
    char dir[] = "/tmp/test_http_head.XXXXXX", url[64], command[64];
    int fd = web_listen(1, url, sizeof(url));
    unsigned port = (unsigned)atoi(strrchr(url, ':') + 1);
    struct http_request request = {.method = "GET", .url = url};
    struct http_result result;
    struct config config;

    (void)state;
    (void)close(fd);
    assert_non_null(mkdtemp(dir));
    pid_t server = serve_tls(dir, port);
    config_init(&config);
    assert_true(asprintf(&config.ca_file, "%s/cert", dir) > 0);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
    assert_int_equal(http_perform(&config, &request, &result), 0);
    assert_null(result.certificate_issuer);
    assert_int_equal(result.certificate_expires, -1);
    request.want_certificate = true;
    assert_int_equal(http_perform(&config, &request, &result), 0);
    assert_non_null(strstr(result.certificate_issuer, "Test Issuer"));
    assert_in_range(result.certificate_expires - time(NULL), 10 * 24 * 3600 - 600, 10 * 24 * 3600);
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(waitpid(server, NULL, 0), server);
    config_clear(&config);
    (void)snprintf(command, sizeof(command), "rm -r '%s'", dir);
    assert_int_equal(waitpid(run_shell(command), NULL, 0) > 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links),   cmocka_unit_test(test_all_headers),       cmocka_unit_test(test_no_headers),
        cmocka_unit_test(test_totals),  cmocka_unit_test(test_location),          cmocka_unit_test(test_reused),
        cmocka_unit_test(test_perform), cmocka_unit_test(test_certificate_dates), cmocka_unit_test(test_certificate),
    };
    int failed = cmocka_run_group_tests_name("http_head", tests, NULL, NULL);

    log_free();
    return failed;
}
