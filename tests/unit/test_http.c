/*
 * One transfer: how it ends, what it sends, and that nothing it meets holds the loop.
 */
#include "api/http.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <zlib.h>

#include <cmocka.h>

#include "api/http_request.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "web.h"

#define PATIENCE_MS 20000

/* The name server of these tests: knows no name, and is slow about one of them. */

static atomic_bool resolver_may_answer;
static atomic_int resolvers;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (!name || !strstr(name, ".invalid")) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, ret);
    }
    if (strcmp(name, "slow.invalid") == 0) {
        atomic_fetch_add(&resolvers, 1);
        while (!atomic_load(&resolver_may_answer))
            (void)poll(NULL, 0, 5);
        atomic_fetch_sub(&resolvers, 1);
    }
    return EAI_NONAME;
}

/* What a test has, and what a transfer told it. */

struct fixture {
    struct loop *loop;
    struct config config;
    struct http *http;
};

struct told {
    struct fixture *f;
    struct http_transfer *transfer;
    unsigned heads, dones;
    long head_status;
    char body[8192];
    size_t len;
    int refuse;                     /* what on_body returns */
    bool cancel_head, cancel_body;  /* cancels itself there */
    struct http_transfer **cancels; /* cancelled in on_done */
    struct http_result result;
    char etag[64], last_modified[64], detail[256];
    bool left;
};

static void told_head(void *data, long status)
{
    struct told *told = data;

    told->heads++;
    told->head_status = status;
    if (told->cancel_head)
        http_cancel(told->transfer);
}

static int told_body(void *data, const char *bytes, size_t len)
{
    struct told *told = data;
    size_t room = sizeof(told->body) - told->len;

    assert_int_equal(told->heads, 1);
    assert_int_equal(told->dones, 0);
    memcpy(told->body + told->len, bytes, len < room ? len : room);
    told->len += len < room ? len : room;
    if (told->cancel_body)
        http_cancel(told->transfer);
    return told->refuse;
}

static void told_done(void *data, const struct http_result *result)
{
    struct told *told = data;

    told->dones++;
    told->result = *result;
    told->left = http_left(told->transfer);
    (void)snprintf(told->etag, sizeof(told->etag), "%s", result->etag ? result->etag : "none");
    (void)snprintf(told->last_modified, sizeof(told->last_modified), "%s",
                   result->last_modified ? result->last_modified : "none");
    (void)snprintf(told->detail, sizeof(told->detail), "%s", result->detail);
    if (told->cancels)
        http_cancel(*told->cancels);
}

static struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    config_init(&f->config);
    f->config.timeout_ms = 10000;
    f->config.connect_timeout_ms = 10000;
    f->loop = loop_new();
    f->http = http_new(f->loop, &f->config);
    assert_non_null(f->http);
    return f;
}

static void fixture_free(struct fixture *f)
{
    http_free(f->http);
    loop_free(f->loop);
    config_clear(&f->config);
    free(f);
}

static void start_request(struct fixture *f, struct told *told, struct http_request request)
{
    told->f = f;
    request.on_head = told_head;
    request.on_body = told_body;
    request.on_done = told_done;
    request.data = told;
    told->transfer = http_start(f->http, &request);
    assert_non_null(told->transfer);
    assert_int_equal(told->dones, 0);
    assert_false(http_left(told->transfer));
}

static void start(struct fixture *f, struct told *told, const char *method, const char *base)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "%s/path?query=1", base);
    start_request(
        f, told,
        (struct http_request){
            .method = method, .url = url, .token = "secret-token", .body = method[0] == 'P' ? "{\"a\":1}" : NULL});
}

/* Turns the loop until the condition holds. */
#define await(f, condition)                                                                                            \
    do {                                                                                                               \
        int64_t give_up = clock_ms() + PATIENCE_MS;                                                                    \
        while (!(condition)) {                                                                                         \
            assert_true(clock_ms() < give_up);                                                                         \
            assert_int_equal(loop_turn((f)->loop, 5), 0);                                                              \
        }                                                                                                              \
    } while (0)

/* One transfer from start to end. */
static struct told ask(struct fixture *f, const char *method, const char *base)
{
    struct told told = {0};

    start(f, &told, method, base);
    await(f, told.dones > 0);
    assert_int_equal(told.dones, 1);
    return told;
}

/* The same with a server and a fixture of its own. */
static struct told ask_for(struct web_answer answer, const char *method)
{
    struct fixture *f = fixture_new();
    struct web *web = web_start(&answer, 1);
    struct told told = ask(f, method, web->url);

    fixture_free(f);
    web_stop(web);
    return told;
}

/* Tests. */

static void test_urls(void **state)
{
    static const char *const good[] = {
        "https://api.melbicom.net/api", "https://example.com:8443/", "http://127.0.0.1:80/api", "http://127.1.2.3",
        "http://localhost:8080/api",    "http://LOCALHOST",          "http://[::1]:80/api",     "HTTPS://EXAMPLE.COM",
        "https://[2001:db8::1]/",
    };
    static const char *const bad[] = {
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://128.0.0.1/",
        "http://[::2]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "example.com/api",
        "",
        "https://",
        "https:///api",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://:password@example.com/",
        "http://localhost@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
    };
    size_t len;
    char *log;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(http_check_url(good[i]), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (http_check_url(bad[i]) != -EINVAL)
            fail_msg("%s was let through", bad[i]);
    log = log_recent(&len);
    assert_non_null(strstr(log, "use https"));
    assert_null(strstr(log, "password@"));
    free(log);
}

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

static void test_never_left(void **state)
{
    struct fixture *f = fixture_new();
    static const struct web_answer hang = {.after = WEB_HANG};
    struct web *web = web_start(&hang, 1);
    struct told told;
    char url[64], tls[80];
    int fd = web_listen(1, url, sizeof(url));

    (void)state;
    (void)close(fd);
    told = ask(f, "POST", url);
    assert_int_equal(told.result.failure, HTTP_CONNECT);
    assert_int_equal(told.result.error, -EHOSTUNREACH);
    assert_false(told.left);

    told = ask(f, "GET", "https://nowhere.invalid");
    assert_int_equal(told.result.failure, HTTP_UNRESOLVED);
    assert_int_equal(told.result.error, -EHOSTUNREACH);
    assert_false(told.left);

    f->config.ca_file = strdup("/nonexistent/ca.pem");
    (void)snprintf(tls, sizeof(tls), "https%s", web->url + 4);
    told = ask(f, "GET", tls);
    assert_int_equal(told.result.failure, HTTP_TLS);
    assert_int_equal(told.result.error, -EIO);
    assert_false(told.left);
    free(f->config.ca_file);
    f->config.ca_file = NULL;
    fixture_free(f);
    web_stop(web);
}

/* A peer that answers a TLS handshake in plain text, which needs a server of its own: it never sees a request. */
static void *speak_plainly(void *data)
{
    int fd = accept(*(int *)data, NULL, NULL);
    char hello[2048];

    (void)!recv(fd, hello, sizeof(hello), 0);
    (void)send(fd, WEB_OK, strlen(WEB_OK), MSG_NOSIGNAL);
    (void)close(fd);
    return NULL;
}

static void test_tls_failure(void **state)
{
    struct fixture *f = fixture_new();
    char url[64], tls[80];
    int fd = web_listen(1, url, sizeof(url));
    pthread_t thread;
    struct told told;

    (void)state;
    (void)pthread_create(&thread, NULL, speak_plainly, &fd);
    (void)snprintf(tls, sizeof(tls), "https%s", url + 4);
    told = ask(f, "POST", tls);
    assert_int_equal(told.result.failure, HTTP_TLS);
    assert_int_equal(told.result.error, -EIO);
    assert_false(told.left);
    (void)pthread_join(thread, NULL);
    (void)close(fd);
    fixture_free(f);
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

/* Its accept queue is full, so that the kernel leaves a SYN unanswered. */
static void test_connect_timeout(void **state)
{
    struct fixture *f = fixture_new();
    char url[64];
    int listener = web_listen(0, url, sizeof(url)), filler[4];
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    struct told told;

    (void)state;
    (void)getsockname(listener, (struct sockaddr *)&address, &len);
    for (int i = 0; i < 4; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(filler[i], (struct sockaddr *)&address, len);
    }
    f->config.connect_timeout_ms = 150;
    told = ask(f, "GET", url);
    assert_int_equal(told.result.failure, HTTP_CONNECT);
    assert_int_equal(told.result.error, -ETIMEDOUT);
    assert_false(told.left);
    f->config.connect_timeout_ms = 10000;
    f->config.timeout_ms = 150;
    told = ask(f, "GET", url);
    assert_int_equal(told.result.failure, HTTP_CONNECT);
    assert_int_equal(told.result.error, -ETIMEDOUT);
    for (int i = 0; i < 4; i++)
        (void)close(filler[i]);
    (void)close(listener);
    fixture_free(f);
}

static void test_slow_resolver_holds_nobody(void **state)
{
    struct fixture *f = fixture_new();
    struct told told = {0}, cancelled = {0};
    int64_t began, longest = 0;

    (void)state;
    f->config.connect_timeout_ms = 100;
    start(f, &told, "GET", "https://slow.invalid");
    start(f, &cancelled, "GET", "https://slow.invalid");
    await(f, atomic_load(&resolvers) == 2);
    http_cancel(cancelled.transfer);
    while (!told.dones) {
        began = clock_ms();
        assert_int_equal(loop_turn(f->loop, 5), 0);
        longest = clock_ms() - began > longest ? clock_ms() - began : longest;
        assert_int_equal(atomic_load(&resolvers), 2);
    }
    assert_true(longest < 2000);
    assert_int_equal(told.result.failure, HTTP_UNRESOLVED);
    assert_int_equal(told.result.error, -ETIMEDOUT);
    assert_int_equal(cancelled.dones, 0);
    start(f, &cancelled, "GET", "https://slow.invalid");
    await(f, atomic_load(&resolvers) == 3);
    fixture_free(f);
    assert_int_equal(atomic_load(&resolvers), 3);
    atomic_store(&resolver_may_answer, true);
    while (atomic_load(&resolvers) > 0)
        (void)poll(NULL, 0, 1);
}

static void test_silence(void **state)
{
    static const struct web_answer never = {.after = WEB_HANG};
    static const struct web_answer midway = {.bytes = WEB_ANSWER("200 OK", "Content-Length: 9\r\n", "{"),
                                             .after = WEB_HANG};
    static const struct web_answer slowly = {
        .bytes = WEB_ANSWER("200 OK", "Content-Length: 30\r\n", "012345678901234567890123456789"), .pieces_ms = 50};
    const struct web_answer *const silent[] = {&never, &midway};
    struct fixture *f = fixture_new();
    struct web *web;
    struct told told;

    (void)state;
    f->config.timeout_ms = 100;
    for (int i = 0; i < 2; i++) {
        web = web_start(silent[i], 1);
        told = ask(f, "GET", web->url);
        assert_int_equal(told.result.failure, HTTP_TIMEOUT);
        assert_int_equal(told.result.error, -ETIMEDOUT);
        assert_int_equal(told.result.status, i == 0 ? 0 : 200);
        assert_true(told.left);
        assert_in_range(told.result.ns / 1000000, 99, 5000);
        assert_non_null(strstr(told.detail, "0.100 s"));
        web_stop(web);
    }
    /* Ten pieces, none of them late: longer than the timeout as a whole, but never silent for so long. */
    f->config.timeout_ms = 400;
    web = web_start(&slowly, 1);
    told = ask(f, "GET", web->url);
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_true(told.result.ns > 400 * 1000000LL);
    web_stop(web);
    fixture_free(f);
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
        assert_true(told.len <= f->config.max_body);
        web_stop(web);
    }
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
    assert_int_equal(told.result.error, -EBADMSG);
    fixture_free(f);
    web_stop(web);
}

/* The server reads the second request on a kept connection and closes it without a word. curl would repeat it. */
static void test_dead_kept_connection(void **state)
{
    static const enum web_after ends[] = {WEB_CLOSE, WEB_RESET};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct web_answer script[] = {{.bytes = WEB_OK}, {.after = ends[i]}, {.bytes = WEB_OK}};
        struct fixture *f = fixture_new();
        struct web *web = WEB_START(script);
        struct told told;

        assert_int_equal(ask(f, "GET", web->url).result.failure, HTTP_OK);
        told = ask(f, "POST", web->url);
        assert_int_equal(told.result.failure, HTTP_RESET);
        assert_int_equal(told.result.error, -EIO);
        assert_int_equal(told.result.status, 0);
        assert_true(told.left);
        assert_int_equal(web_requests(web), 2);
        assert_int_equal(ask(f, "POST", web->url).result.status, 200);
        assert_int_equal(web_requests(web), 3);
        fixture_free(f);
        web_stop(web);

        f = fixture_new();
        web = WEB_START(script);
        assert_int_equal(ask(f, "GET", web->url).result.failure, HTTP_OK);
        told = ask(f, "GET", web->url);
        assert_int_equal(told.result.failure, HTTP_OK);
        assert_int_equal(web_requests(web), 3);
        fixture_free(f);
        web_stop(web);
    }
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

static void test_cancel(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK}};
    struct fixture *f = fixture_new();
    struct web *web = WEB_START(script);
    struct told begun = {0}, sent = {0}, head = {.cancel_head = true}, body = {.cancel_body = true};
    struct told other = {0}, last = {.cancels = &other.transfer};

    (void)state;
    start(f, &begun, "GET", web->url);
    http_cancel(begun.transfer);
    start(f, &begun, "GET", web->url);
    assert_int_equal(loop_turn(f->loop, 0), 0);
    http_cancel(begun.transfer);

    start(f, &sent, "GET", web->url);
    await(f, web_requests(web) == 1);
    assert_true(http_left(sent.transfer));
    http_cancel(sent.transfer);

    start(f, &head, "GET", web->url);
    await(f, head.heads);
    start(f, &body, "GET", web->url);
    await(f, body.len);
    start(f, &other, "GET", "https://nowhere.invalid");
    start(f, &last, "GET", web->url);
    http_cancel(other.transfer);
    web_release(web);
    await(f, web->n_requests > 2);
    start(f, &other, "GET", web->url);
    await(f, last.dones);
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_turn(f->loop, 5), 0);
    assert_int_equal(begun.dones + sent.dones + head.dones + body.dones + other.dones, 0);
    fixture_free(f);
    web_stop(web);
}

static void test_free_with_everything_in_flight(void **state)
{
    static const struct web_answer script[] = {
        {.after = WEB_HANG}, {.bytes = WEB_ANSWER("200 OK", "Content-Length: 9\r\n", "{"), .after = WEB_HANG}};
    struct fixture *f = fixture_new();
    struct web *web = WEB_START(script);
    struct told told[4] = {0};

    (void)state;
    start(f, &told[0], "GET", web->url);
    await(f, web_requests(web) == 1);
    /* Which also shows that nobody waits for a first answer to see whether a connection can be shared. */
    start(f, &told[1], "POST", web->url);
    await(f, told[1].len);
    start(f, &told[2], "GET", web->url);
    assert_int_equal(loop_turn(f->loop, 0), 0);
    start(f, &told[3], "GET", web->url);
    fixture_free(f);
    for (int i = 0; i < 4; i++)
        assert_int_equal(told[i].dones, 0);
    web_stop(web);
}

/* Descriptors of the loop's are served while curl waits, with the events that curl has no name for too. */
static void note_revents(void *data, short revents)
{
    *(short *)data |= revents;
}

static void test_foreign_descriptors(void **state)
{
    static const struct web_answer hang = {.after = WEB_HANG};
    struct fixture *f = fixture_new();
    struct web *web = web_start(&hang, 1);
    struct told told = {0};
    short broken = 0, readable = 0;
    int one[2], two[2];

    (void)state;
    assert_int_equal(pipe(one) | pipe(two), 0);
    (void)close(one[0]);
    start(f, &told, "GET", web->url);
    await(f, web_requests(web) == 1);
    assert_int_equal(loop_watch(f->loop, one[1], POLLIN, note_revents, &broken), 0);
    assert_int_equal(loop_watch(f->loop, two[0], POLLIN, note_revents, &readable), 0);
    assert_int_equal(loop_turn(f->loop, 1000), 0);
    assert_true(broken & POLLERR);
    assert_false(broken & POLLIN);
    assert_int_equal(readable, 0);
    loop_unwatch(f->loop, one[1]);
    assert_int_equal(write(two[1], "x", 1), 1);
    await(f, readable);
    assert_int_equal(readable, POLLIN);
    loop_unwatch(f->loop, two[0]);
    (void)close(one[1]);
    (void)close(two[0]);
    (void)close(two[1]);
    fixture_free(f);
    web_stop(web);
}

static void test_idle_sleeps(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_new();
    struct web *web = web_start(&ok, 1);
    int64_t began;

    (void)state;
    assert_int_equal(ask(f, "GET", web->url).result.failure, HTTP_OK);
    /* The kept connection is closed meanwhile, which is no reason to wake up. */
    web_stop(web);
    began = clock_ms();
    assert_int_equal(loop_turn(f->loop, 300), 0);
    assert_true(clock_ms() - began >= 299);
    fixture_free(f);
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
    assert_null(result.etag);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_interim_and_trailers),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_never_left),
        cmocka_unit_test(test_tls_failure),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_slow_resolver_holds_nobody),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_max_body),
        cmocka_unit_test(test_sink),
        cmocka_unit_test(test_dead_kept_connection),
        cmocka_unit_test(test_redirect),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_free_with_everything_in_flight),
        cmocka_unit_test(test_foreign_descriptors),
        cmocka_unit_test(test_idle_sleeps),
        cmocka_unit_test(test_no_proxy_for_loopback),
        cmocka_unit_test(test_once),
    };
    int failed;

    log_set_level(LOG_LEVEL_INFO);
    failed = cmocka_run_group_tests_name("http", tests, NULL, NULL);
    log_free();
    return failed;
}
