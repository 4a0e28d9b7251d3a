/* SPDX-License-Identifier: MIT */
/*
 * One transfer: that it ends whatever it meets, that nothing it meets holds the loop, and that a POST goes out once.
 */
#include "http/http.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>

#include "http_fixture.h"

/* The name server of these tests: knows no name, and is slow about those that end in slow.invalid. */

static atomic_bool resolver_may_answer;
static atomic_int resolvers;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (!name || !strstr(name, ".invalid")) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, ret);
    }
    if (strstr(name, "slow.invalid")) {
        atomic_fetch_add(&resolvers, 1);
        while (!atomic_load(&resolver_may_answer))
            (void)poll(NULL, 0, 5);
        atomic_fetch_sub(&resolvers, 1);
    }
    return EAI_NONAME;
}

static void test_never_left(void **state)
{
    struct fixture *f = fixture_new();
    static const struct web_answer hang = {.after = WEB_HANG};
    struct web *web = web_start(&hang, 1);
    struct told told;
    char url[64], tls[80];
    int fd = web_reserve(url, sizeof(url));

    (void)state;
    told = ask(f, "POST", url);
    (void)close(fd);
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
    f->config.connect_timeout_ms = 60000; /* it must not have ended before it is cancelled */
    start(f, &cancelled, "GET", "https://other.slow.invalid");
    f->config.connect_timeout_ms = scaled(100);
    start(f, &told, "GET", "https://slow.invalid");
    await(f, atomic_load(&resolvers) == 2);
    http_cancel(cancelled.transfer);
    while (!told.dones) {
        began = clock_ms();
        assert_int_equal(loop_turn(f->loop, 5), 0);
        longest = clock_ms() - began > longest ? clock_ms() - began : longest;
        assert_int_equal(atomic_load(&resolvers), 2);
    }
    assert_true(longest < 2000 * time_scale());
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

/* Two transfers to one host. Whether the second resolves the name itself or waits for the connection of the first is
 * curl's affair (7.88 does one, 8.14 the other); neither way does it end later for it, nor with the first. */
static void test_slow_resolver_of_two(void **state)
{
    struct fixture *f = fixture_new();
    struct told first = {0}, second = {0};

    (void)state;
    atomic_store(&resolver_may_answer, false);
    f->config.connect_timeout_ms = scaled(100);
    start(f, &first, "GET", "https://slow.invalid");
    start(f, &second, "GET", "https://slow.invalid");
    await(f, first.dones && second.dones);
    assert_int_equal(first.result.failure, HTTP_UNRESOLVED);
    assert_int_equal(first.result.error, -ETIMEDOUT);
    assert_int_equal(second.result.failure, HTTP_UNRESOLVED);
    assert_int_equal(second.result.error, -ETIMEDOUT);
    assert_in_range(second.result.ns / 1000000, 99, 5000 * time_scale());

    f->config.connect_timeout_ms = scaled(10000);
    first = second = (struct told){0};
    start(f, &first, "GET", "https://slow.invalid");
    start(f, &second, "GET", "https://slow.invalid");
    await(f, atomic_load(&resolvers) >= 1);
    http_cancel(first.transfer);
    atomic_store(&resolver_may_answer, true);
    await(f, second.dones);
    assert_int_equal(first.dones, 0);
    assert_int_equal(second.result.failure, HTTP_UNRESOLVED);
    assert_int_equal(second.result.error, -EHOSTUNREACH);
    assert_true(second.result.ns / 1000000 < 5000 * time_scale());
    fixture_free(f);
    while (atomic_load(&resolvers) > 0)
        (void)poll(NULL, 0, 1);
}

static void test_silence(void **state)
{
    static const struct web_answer never = {.after = WEB_HANG};
    static const struct web_answer midway = {.bytes = WEB_ANSWER("200 OK", "Content-Length: 9\r\n", "{"),
                                             .after = WEB_HANG};
    const struct web_answer slowly = {
        .bytes = WEB_ANSWER("200 OK", "Content-Length: 30\r\n", "012345678901234567890123456789"),
        .pieces_ms = 50 * time_scale()};
    const struct web_answer *const silent[] = {&never, &midway};
    struct fixture *f = fixture_new();
    struct web *web;
    struct told told;
    char limit[32];

    (void)state;
    f->config.timeout_ms = scaled(100);
    (void)snprintf(limit, sizeof(limit), "%d.%d00 s", time_scale() / 10, time_scale() % 10);
    for (int i = 0; i < 2; i++) {
        web = web_start(silent[i], 1);
        told = ask(f, "GET", web->url);
        assert_int_equal(told.result.failure, HTTP_TIMEOUT);
        assert_int_equal(told.result.error, -ETIMEDOUT);
        assert_int_equal(told.result.status, i == 0 ? 0 : 200);
        assert_true(told.left);
        assert_in_range(told.result.ns / 1000000, 99 * time_scale(), 5000 * time_scale());
        assert_non_null(strstr(told.detail, limit));
        web_stop(web);
    }
    /* Ten pieces, none of them late: longer than the timeout as a whole, but never silent for so long. */
    f->config.timeout_ms = scaled(400);
    web = web_start(&slowly, 1);
    told = ask(f, "GET", web->url);
    assert_int_equal(told.result.failure, HTTP_OK);
    assert_true(told.result.ns > 400 * 1000000LL * time_scale());
    web_stop(web);
    fixture_free(f);
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
        assert_non_null(strstr(told.detail, "may have arrived"));
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

static void test_cancel(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK}};
    static const struct web_answer hang = {.after = WEB_HANG};
    struct fixture *f = fixture_new();
    struct web *web = WEB_START(script), *silent = web_start(&hang, 1);
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
    start(f, &other, "GET", silent->url);
    await(f, web_requests(silent) == 1);
    start(f, &last, "GET", web->url);
    await(f, last.dones);
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_turn(f->loop, 5), 0);
    assert_int_equal(begun.dones + sent.dones + head.dones + body.dones + other.dones, 0);
    fixture_free(f);
    web_stop(web);
    web_stop(silent);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_left),
        cmocka_unit_test(test_tls_failure),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_slow_resolver_holds_nobody),
        cmocka_unit_test(test_slow_resolver_of_two),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_dead_kept_connection),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_free_with_everything_in_flight),
        cmocka_unit_test(test_foreign_descriptors),
        cmocka_unit_test(test_idle_sleeps),
    };
    int failed = cmocka_run_group_tests_name("http_ends", tests, NULL, NULL);

    log_free();
    return failed;
}
