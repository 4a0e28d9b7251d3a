/* SPDX-License-Identifier: MIT */
/*
 * One transfer: what it sends, what it makes of the answer, and which answers it refuses.
 */
#include "http/http.h"

#include <time.h>
#include <zlib.h>

#include "http/request.h"
#include "http_fixture.h"

static void test_request(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("200 OK",
                             "Content-Length: 5\r\nETag: \"e1\"\r\nLast-Modified: Mon, 02 Nov 2026 10:00:00 GMT\r\n",
                             "hello")},
        {.bytes = WEB_EMPTY("304 Not Modified", "ETag: \"e2\"\r\n")},
        {.bytes = WEB_OK},
    };
    struct fixture *f = fixture_new();
    struct web *web = WEB_START(script);
    struct told told = ask(f, "GET", web->url), again = {0}, post;
    char url[128];

    (void)state;
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_int_equal(told.result.error, 0);
    assert_int_equal(told.result.status, 200);
    assert_int_equal(told.head_status, 200);
    assert_int_equal(told.result.bytes, 5);
    assert_int_equal(told.result.retry_after_ms, -1);
    assert_true(told.result.ns > 0);
    assert_memory_equal(told.body, "hello", 5);
    assert_string_equal(told.etag, "\"e1\"");
    assert_string_equal(told.last_modified, "Mon, 02 Nov 2026 10:00:00 GMT");
    assert_string_equal(told.detail, "");
    assert_true(told.left);
    assert_ptr_equal(strstr(web->requests[0], "GET /path?query=1 HTTP/1.1\r\n"), web->requests[0]);
    assert_non_null(strstr(web->requests[0], "\r\nAuthorization: Bearer secret-token\r\n"));
    assert_non_null(strstr(web->requests[0], "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(web->requests[0], "\r\nUser-Agent: melbicomfs/"));
    assert_non_null(strstr(web->requests[0], "gzip"));
    assert_null(strstr(web->requests[0], "If-None-Match"));

    (void)snprintf(url, sizeof(url), "%s/x", web->url);
    start_request(f, &again,
                  (struct http_request){
                      .method = "GET", .url = url, .etag = "\"e1\"", .last_modified = "Mon, 02 Nov 2026 10:00:00 GMT"});
    await(f, again.dones);
    assert_int_equal(again.result.status, 304);
    assert_string_equal(again.etag, "\"e2\"");
    assert_string_equal(again.last_modified, "none");
    assert_non_null(strstr(web->requests[1], "\r\nIf-None-Match: \"e1\"\r\n"));
    assert_non_null(strstr(web->requests[1], "\r\nIf-Modified-Since: Mon, 02 Nov 2026 10:00:00 GMT\r\n"));
    /* Nothing is left over in a handle that is used again. */
    assert_null(strstr(web->requests[1], "Authorization"));

    post = ask(f, "POST", web->url);
    assert_int_equal(post.result.status, 200);
    assert_ptr_equal(strstr(web->requests[2], "POST /path?query=1 HTTP/1.1\r\n"), web->requests[2]);
    assert_non_null(strstr(web->requests[2], "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(web->requests[2], "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(web->requests[2], "If-None-Match"));
    assert_int_equal(web_connections(web), 1);
    fixture_free(f);
    web_stop(web);
}

static void test_interim_and_trailers(void **state)
{
    struct told told =
        ask_for((struct web_answer){.bytes = "HTTP/1.1 103 Early Hints\r\nETag: \"no\"\r\n\r\n"
                                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"yes\"\r\n\r\n"
                                             "2\r\n{}\r\n0\r\nRetry-After: 7\r\n\r\n"},
                "GET");

    (void)state;
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_int_equal(told.heads, 1);
    assert_int_equal(told.head_status, 200);
    assert_string_equal(told.etag, "\"yes\"");
    assert_int_equal(told.result.retry_after_ms, -1);
    assert_int_equal(told.len, 2);
}

/* Every way an answer can go wrong. */
static void test_bad_answers(void **state)
{
    static const struct {
        struct web_answer answer;
        enum http_failure failure;
        long status;
    } rows[] = {
        {{.bytes = NULL, .after = WEB_RESET}, HTTP_RESET, 0},
        {{.bytes = NULL, .after = WEB_CLOSE}, HTTP_RESET, 0},
        {{.bytes = WEB_ANSWER("200 OK", "Content-Length: 100\r\n", "{"), .after = WEB_CLOSE}, HTTP_RESET, 200},
        {{.bytes = WEB_ANSWER("200 OK", "Content-Length: 100\r\n", "{"), .after = WEB_RESET}, HTTP_RESET, 200},
        {{.bytes = WEB_ANSWER("200 OK", "Transfer-Encoding: chunked\r\n", "5\r\n{"), .after = WEB_CLOSE},
         HTTP_RESET,
         200},
        {{.bytes = WEB_ANSWER("200 OK", "Transfer-Encoding: chunked\r\n", "zz\r\n{"), .after = WEB_CLOSE},
         HTTP_RESET,
         200},
        {{.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .after = WEB_CLOSE}, HTTP_BROKEN, 0},
        {{.bytes = WEB_ANSWER("200 OK", "Content-Length: 4\r\nContent-Encoding: gzip\r\n", "abcd")}, HTTP_BROKEN, 200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct told told = ask_for(rows[i].answer, "GET");

        assert_int_equal(told.result.failure, rows[i].failure);
        assert_int_equal(told.result.error, -EIO);
        assert_int_equal(told.result.status, rows[i].status);
        assert_true(told.left);
        assert_true(told.detail[0]);
    }
}

static void test_refused_requests(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_new();
    struct web *web = web_start(&ok, 1);
    struct told told = {0}, token = {0};
    char url[128];

    (void)state;
    (void)snprintf(url, sizeof(url), "http://user:pw@127.0.0.1%s/", strrchr(web->url, ':'));
    start_request(f, &told, (struct http_request){.method = "GET", .url = url});
    await(f, told.dones);
    assert_int_equal(told.result.error, -EINVAL);
    assert_int_equal(told.result.failure, HTTP_BROKEN);
    (void)snprintf(url, sizeof(url), "%s/", web->url);
    start_request(f, &token, (struct http_request){.method = "GET", .url = url, .token = "a\r\nX-Other: 1"});
    await(f, token.dones);
    assert_int_equal(token.result.error, -EINVAL);
    assert_int_equal(web_requests(web), 0);
    fixture_free(f);
    web_stop(web);
}

/* A megabyte of zeros in about a kilobyte. */
static size_t make_bomb(char *out, size_t size)
{
    uLongf len = size;
    Bytef *zeros = calloc(1, 1 << 20);
    char head[128], body[4096];

    assert_int_equal(compress2((Bytef *)body, &len, zeros, 1 << 20, 9), Z_OK);
    free(zeros);
    (void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %lu\r\n\r\n",
                   len);
    memcpy(out, head, strlen(head));
    memcpy(out + strlen(head), body, len);
    return strlen(head) + len;
}

static void test_max_body(void **state)
{
    static const struct web_answer exact = {.bytes = WEB_ANSWER("200 OK", "Content-Length: 10\r\n", "0123456789")};
    static const struct web_answer stated = {.bytes = WEB_ANSWER("200 OK", "Content-Length: 11\r\n", ""),
                                             .after = WEB_HANG};
    static const struct web_answer chunked = {
        .bytes = WEB_ANSWER("200 OK", "Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n")};
    static const struct web_answer unchanged = {.bytes = WEB_ANSWER("304 Not Modified", "Content-Length: 11\r\n", "")};
    static char bytes[4096];
    struct web_answer bomb = {.bytes = bytes, .len = make_bomb(bytes, sizeof(bytes) - 128)};
    const struct web_answer *const large[] = {&stated, &chunked, &bomb};
    struct fixture *f = fixture_new();
    struct web *web = web_start(&exact, 1);
    struct told told;

    (void)state;
    f->config.max_body = 10;
    told = ask(f, "GET", web->url);
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_int_equal(told.len, 10);
    web_stop(web);
    for (int i = 0; i < 3; i++) {
        f->config.max_body = i == 2 ? 100000 : 10;
        web = web_start(large[i], 1);
        told = ask(f, "GET", web->url);
        assert_int_equal(told.result.failure, HTTP_TOO_LARGE);
        assert_int_equal(told.result.error, -EIO);
        assert_int_equal(told.result.status, 200);
        assert_int_equal(told.heads, 1);
        assert_string_equal(told.detail, "the answer is larger than max_body");
        assert_true(told.len <= f->config.max_body);
        web_stop(web);
    }
    f->config.max_body = 10;
    web = web_start(&unchanged, 1);
    told = ask(f, "GET", web->url);
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_int_equal(told.result.status, 304);
    web_stop(web);
    f->config.max_body = 1 << 20;
    web = web_start(&bomb, 1);
    told = ask(f, "GET", web->url);
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_int_equal(told.result.bytes, 1 << 20);
    web_stop(web);
    fixture_free(f);
}

static void test_sink(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_new();
    struct web *web = web_start(&ok, 1);
    struct told told = {.refuse = -EBADMSG};

    (void)state;
    start(f, &told, "GET", web->url);
    await(f, told.dones);
    assert_int_equal(told.result.failure, HTTP_SINK);
    assert_string_equal(told.detail, "the answer was not accepted");
    assert_int_equal(told.result.error, -EBADMSG);
    fixture_free(f);
    web_stop(web);
}

static void test_redirect(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    static char bytes[256];
    struct fixture *f = fixture_new();
    struct web *other = web_start(&ok, 1), *web;
    struct web_answer redirect = {.bytes = bytes};
    struct told told;

    (void)state;
    (void)snprintf(bytes, sizeof(bytes), "HTTP/1.1 302 Found\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n",
                   other->url);
    web = web_start(&redirect, 1);
    told = ask(f, "GET", web->url);
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_int_equal(told.result.status, 302);
    assert_int_equal(web_requests(web), 1);
    assert_int_equal(web_requests(other), 0);
    fixture_free(f);
    web_stop(web);
    web_stop(other);
}

static void test_retry_after(void **state)
{
    char date[64];
    time_t now = time(NULL) + 100;
    struct tm tm;

    (void)state;
    assert_int_equal(http_retry_after_ms("7"), 7000);
    assert_int_equal(http_retry_after_ms("0"), 0);
    assert_int_equal(http_retry_after_ms(NULL), -1);
    assert_int_equal(http_retry_after_ms(""), -1);
    assert_int_equal(http_retry_after_ms("soon"), -1);
    assert_int_equal(http_retry_after_ms("-5"), -1);
    assert_int_equal(http_retry_after_ms("Mon, 02 Nov 2015 10:00:00 GMT"), 0);
    assert_int_equal(http_retry_after_ms("99999999999999999999999"), 7LL * 24 * 3600 * 1000);
    (void)gmtime_r(&now, &tm);
    (void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    assert_in_range(http_retry_after_ms(date), 98000, 100000);
    assert_int_equal(
        ask_for((struct web_answer){.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 3\r\n")}, "GET")
            .result.retry_after_ms,
        3000);
}

static void test_no_proxy_for_loopback(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(ask_for((struct web_answer){.bytes = WEB_OK}, "GET").result.failure, HTTP_OK);
    assert_int_equal(unsetenv("http_proxy") | unsetenv("ALL_PROXY"), 0);
}

static void test_once(void **state)
{
    static const char binary[] = WEB_ANSWER("200 OK", "Content-Length: 5\r\nETag: \"e\"\r\n", "a\0bcd");
    static const struct web_answer script[] = {
        {.bytes = binary, .len = sizeof(binary) - 1},
        {.bytes = WEB_ANSWER("401 Unauthorized", "Content-Length: 2\r\n", "{}")},
        {.bytes = WEB_ANSWER("200 OK", "Content-Length: 1000\r\n", "0123456789"), .pieces_ms = 50, .after = WEB_HANG},
    };
    struct config config;
    struct web *web = WEB_START(script);
    struct http_result result;
    char *body = NULL;
    size_t len = 0;

    (void)state;
    config_init(&config);
    assert_int_equal(http_once(&config, web->url, "secret-token", &result, &body, &len), 0);
    assert_int_equal(result.status, 200);
    assert_int_equal(len, 5);
    assert_memory_equal(body, "a\0bcd", 6);
    assert_string_equal(result.etag, "\"e\"");
    assert_string_equal(result.detail, "");
    assert_non_null(strstr(web->requests[0], "Bearer secret-token"));
    free(body);

    assert_int_equal(http_once(&config, web->url, NULL, &result, NULL, NULL), 0);
    assert_int_equal(result.status, 401);
    assert_null(strstr(web->requests[1], "Authorization"));

    config.timeout_total_ms = 100;
    body = NULL;
    assert_int_equal(http_once(&config, web->url, NULL, &result, &body, &len), -ETIMEDOUT);
    assert_int_equal(result.failure, HTTP_TIMEOUT);
    assert_true(result.detail[0]);
    assert_null(body);
    assert_int_equal(http_once(&config, "http://example.com/", NULL, &result, &body, &len), -EINVAL);
    config_clear(&config);
    web_stop(web);
}

static int note_verbose(CURL *easy, curl_infotype type, char *bytes, size_t len, void *data)
{
    char *said = data;
    size_t used = strlen(said);

    (void)easy;
    if (type == CURLINFO_TEXT && used + len < 4096)
        *(char *)mempcpy(said + used, bytes, len) = '\0';
    return 0;
}

/* What libcurl says it trusts, which it says when it begins to speak TLS. The peer need not answer. */
static void said_of_tls(const struct config *config, const char *url, char said[4096])
{
    CURLM *multi = curl_multi_init();
    CURL *easy = curl_easy_init();
    int64_t deadline = clock_ms() + PATIENCE_MS;
    int running = 1;

    said[0] = '\0';
    assert_true(multi && easy);
    assert_true(http_set_policy(easy, config, url, true));
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, note_verbose);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, said);
    curl_multi_add_handle(multi, easy);
    while (running && !strstr(said, "CApath: ") && clock_ms() < deadline) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 10, NULL);
    }
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
}

/* cafile= is in place of the system's certificates, which are a file and a directory. */
static void test_ca_file_alone(void **state)
{
    const char *openssl = strstr(curl_version(), "OpenSSL/");
    struct config config;
    char url[64] = "", said[4096];
    int listener = web_listen(4, url, sizeof(url));

    (void)state;
    if (!openssl)
        skip(); /* the other libraries don't tell */
    config_init(&config);
    memmove(url + 5, url + 4, strlen(url + 4) + 1);
    url[4] = 's';
    said_of_tls(&config, url, said);
    assert_non_null(strstr(said, "CApath: "));
    config.ca_file = strdup("/etc/ssl/certs/ca-certificates.crt");
    said_of_tls(&config, url, said);
    assert_non_null(strstr(said, "CAfile: /etc/ssl/certs/ca-certificates.crt"));
    assert_non_null(strstr(said, "CApath: none"));
    config_clear(&config);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_interim_and_trailers),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_max_body),
        cmocka_unit_test(test_sink),
        cmocka_unit_test(test_redirect),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_no_proxy_for_loopback),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_ca_file_alone),
    };
    int failed = cmocka_run_group_tests_name("http", tests, NULL, NULL);

    log_free();
    return failed;
}
