/* SPDX-License-Identifier: MIT */
/*
 * Exchanges among each other: a host that fails, places, the token, and ends that are asked for.
 */
#include "http/client.h"

#include "client_fixture.h"
#include "http/host.h"

/* The host. */

/* Asserts that the host, which was closed between `since` and now, stays so for `pause` ms. */
static void assert_closed_for(const struct client_host *host, int64_t since, int64_t pause)
{
    assert_in_range(host->until, since + pause, clock_ms() + pause);
}

static void test_host_state(void **state)
{
    struct client_host host = {0};
    int a = 0, b = 0, c = 0;
    int64_t now = clock_ms();

    (void)state;
    assert_true(client_host_admits(&host, &a));
    assert_true(client_host_failed(&host, &a, -EHOSTUNREACH, -1, "down"));
    assert_closed_for(&host, now, 2000);
    assert_false(client_host_admits(&host, &b));
    /* Others that were under way don't prolong it. */
    assert_false(client_host_failed(&host, &b, -ETIMEDOUT, -1, "late"));
    assert_int_equal(host.error, -EHOSTUNREACH);
    for (int64_t pause = 4000; pause < 100000; pause *= 2) {
        host.until = now = clock_ms();
        assert_true(client_host_admits(&host, &b));
        assert_false(client_host_admits(&host, &c));
        assert_false(client_host_failed(&host, &b, -EHOSTUNREACH, -1, "down"));
        assert_closed_for(&host, now, pause < 30000 ? pause : 30000);
    }
    /* A probe that learns nothing leaves its place to another. */
    host.until = clock_ms();
    assert_true(client_host_admits(&host, &b));
    client_host_leave(&host, &c);
    assert_false(client_host_admits(&host, &c));
    client_host_leave(&host, &b);
    assert_true(client_host_admits(&host, &c));
    assert_true(client_host_answered(&host, &c, 0));
    assert_false(client_host_answered(&host, &c, 0));
    now = clock_ms();
    assert_true(client_host_failed(&host, &a, -EBUSY, 60000, "busy"));
    assert_closed_for(&host, now, 60000);
    now = clock_ms();
    assert_false(client_host_failed(&host, &b, -EBUSY, 70000, "busy"));
    assert_closed_for(&host, now, 70000);
    /* What was sent before that was only slower. */
    assert_false(client_host_answered(&host, &c, host.said_ns - 1));
    assert_true(host.closed);
    assert_true(client_host_answered(&host, &c, clock_ns() + 1));
    /* Of a host that nothing was heard of, any answer is news. */
    assert_true(client_host_failed(&host, &a, -ETIMEDOUT, -1, "silent"));
    assert_true(client_host_answered(&host, &c, 1));
    assert_true(client_host_failed(&host, &a, -EACCES, -1, "token"));
    assert_false(client_host_answered(&host, &c, 1));
    host.until = clock_ms();
    assert_true(client_host_admits(&host, &b));
    assert_true(client_host_answered(&host, &b, 1));
}

static void test_closed_host(void **state)
{
    static const struct web_answer script[] = {{.after = WEB_HANG}, {.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);
    struct told first = {0}, waiting[5] = {0}, probe = {0};
    int error = 0;

    (void)state;
    f->config.timeout_ms = scaled(100);
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
    /* Not into the time of the probe. */
    for (int i = 0; i < 200 && clock_ms() < first.result.retry_at - 1000; i++)
        assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    assert_int_equal(web_requests(f->web), 1);
    assert_int_equal(log_lines(), 1);

    /* One probe; whoever else comes fails at once. */
    f->config.timeout_ms = scaled(10000);
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

/* Those that were sent before the service asked to be left alone don't undo it by being slower. */
static void test_stragglers_leave_the_host_closed(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_OK, .held = true},
                                               {.bytes = WEB_OK, .held = true},
                                               {.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 100\r\n")}};
    struct fixture *f = FIXTURE(script);
    struct told told[2] = {0};

    (void)state;
    f->config.timeout_total_ms = 50000; /* less than Retry-After */
    for (unsigned i = 0; i < 2; i++) {
        start(f, &told[i], "GET");
        await(f, web_requests(f->web) == i + 1);
    }
    assert_int_equal(ask(f, "GET").result.error, -EBUSY);
    web_release(f->web);
    await(f, told[0].dones && told[1].dones);
    assert_int_equal(told[0].result.error, 0);
    assert_in_range(client_closed_until(f->client, NULL) - clock_ms(), 90000, 100000);
    assert_int_equal(ask(f, "GET").result.error, -EBUSY);
    assert_int_equal(web_requests(f->web), 3);
    fixture_free(f);
}

/* After a Retry-After one of those who were told to wait goes first, and the others when it has been answered. */
static void test_one_asks_first_when_a_pause_is_over(void **state)
{
    static const struct web_answer busy = {.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 1\r\n"),
                                           .held = true};
    static const struct web_answer ok = {.bytes = WEB_OK}, again = {.bytes = WEB_OK, .pieces_ms = 60};
    const struct web_answer script[] = {busy, busy, busy, busy, again, ok};
    struct fixture *f = FIXTURE(script);
    struct told told[4] = {0};
    int64_t until;

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        start(f, &told[i], "GET");
    await(f, web_requests(f->web) == 4);
    web_release(f->web);
    await(f, (until = client_closed_until(f->client, NULL)));
    await(f, web_requests(f->web) == 5);
    assert_true(clock_ms() >= until);
    while (!told[0].dones && !told[1].dones && !told[2].dones && !told[3].dones) {
        assert_int_equal(web_requests(f->web), 5);
        assert_int_equal(loop_turn(f->loop, 5), 0);
    }
    await(f, told[0].dones && told[1].dones && told[2].dones && told[3].dones);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(told[i].result.error, 0);
    assert_int_equal(web_requests(f->web), 8);
    fixture_free(f);
}

/* A retry that is due when the host has been found silent ends with it. */
static void test_a_pause_that_ends_at_a_silent_host(void **state)
{
    static const struct web_answer script[] = {{.after = WEB_HANG}, {.bytes = WEB_EMPTY("500 No", "")}};
    struct fixture *f = FIXTURE(script);
    struct told silent = {0}, paused = {0};

    (void)state;
    f->config.timeout_ms = 500;
    start(f, &silent, "GET");
    await(f, web_requests(f->web) == 1);
    start(f, &paused, "GET");
    await(f, silent.dones);
    assert_false(paused.dones);
    await(f, paused.dones);
    assert_int_equal(paused.result.error, -ETIMEDOUT);
    assert_true(paused.result.host);
    assert_in_range(web_requests(f->web), 2, 4);
    assert_int_equal(log_lines(), 1);
    fixture_free(f);
}

static void test_failed_probe(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = fixture_with(&ok, 1);
    struct told told, probe = {0};
    char *there = strdup(f->config.base_url);
    int64_t began;

    (void)state;
    leave_port(f);
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EHOSTUNREACH);
    await(f, clock_ms() >= told.result.retry_at);
    began = clock_ms();
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EHOSTUNREACH);
    /* The probe has no retries of its own, and its failure doubles the pause. */
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"} "), 5);
    assert_in_range(told.result.retry_at, began + 4000, clock_ms() + 4000);
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
        cmocka_unit_test(test_host_state),
        cmocka_unit_test(test_closed_host),
        cmocka_unit_test(test_stragglers_leave_the_host_closed),
        cmocka_unit_test(test_one_asks_first_when_a_pause_is_over),
        cmocka_unit_test(test_a_pause_that_ends_at_a_silent_host),
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

    return cmocka_run_group_tests_name("client_host", tests, NULL, NULL);
}
