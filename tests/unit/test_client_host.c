/* SPDX-License-Identifier: MIT */
/*
 * Exchanges among each other: a host that fails, places, the token, and ends that are asked for.
 */
#include "http/client.h"

#include "client_fixture.h"
#include "http/gate.h"
#include "http/health.h"

/* Gates. */

/* Asserts that the gate, which was closed between `since` and now, stays so for `pause` ms. */
static void assert_closed_for(const struct gate *gate, int64_t since, int64_t pause)
{
    assert_in_range(gate->until, since + pause, clock_ms() + pause);
}

static void fail_at(struct gate *gate, const void *who, int error, int64_t retry_after_ms, const char *message)
{
    gate_close(
        gate, who,
        &(struct gate_failure){
            .error = error, .message = message, .retry_after_ms = retry_after_ms, .first_ms = 2000, .max_ms = 30000});
}

static void test_gate(void **state)
{
    struct gate gate = {0};
    int a = 0, b = 0, c = 0;
    int64_t now = clock_ms();

    (void)state;
    assert_true(gate_admits(&gate, &a));
    fail_at(&gate, &a, -EHOSTUNREACH, -1, "down");
    assert_closed_for(&gate, now, 2000);
    assert_false(gate_admits(&gate, &b));
    /* Others that were under way don't prolong it. */
    fail_at(&gate, &b, -ETIMEDOUT, -1, "late");
    assert_int_equal(gate.error, -EHOSTUNREACH);
    assert_false(gate.asked);
    for (int64_t pause = 4000; pause < 100000; pause *= 2) {
        gate.until = now = clock_ms();
        assert_true(gate_admits(&gate, &b));
        assert_false(gate_admits(&gate, &c));
        fail_at(&gate, &b, -EHOSTUNREACH, -1, "down");
        assert_closed_for(&gate, now, pause < 30000 ? pause : 30000);
    }
    /* A probe that learns nothing leaves its place to another. */
    gate.until = clock_ms();
    assert_true(gate_admits(&gate, &b));
    gate_leave(&gate, &c);
    assert_false(gate_admits(&gate, &c));
    gate_leave(&gate, &b);
    assert_true(gate_admits(&gate, &c));
    assert_true(gate_open(&gate, &c, 0));
    assert_false(gate_open(&gate, &c, 0));
    now = clock_ms();
    fail_at(&gate, &a, -EBUSY, 60000, "busy");
    assert_closed_for(&gate, now, 60000);
    now = clock_ms();
    fail_at(&gate, &b, -EBUSY, 70000, "busy");
    assert_closed_for(&gate, now, 70000);
    assert_true(gate.asked);
    /* What was sent before that was only slower. */
    assert_false(gate_open(&gate, &c, gate.said_ns - 1));
    assert_true(gate.closed);
    assert_true(gate_open(&gate, &c, clock_ns() + 1));
    /* Of a host that nothing was heard of, any answer is news. */
    fail_at(&gate, &a, -ETIMEDOUT, -1, "silent");
    assert_true(gate_open(&gate, &c, 1));
    fail_at(&gate, &a, -EACCES, -1, "token");
    assert_false(gate_open(&gate, &c, 1));
    gate.until = clock_ms();
    assert_true(gate_admits(&gate, &b));
    assert_true(gate_open(&gate, &b, 1));
}

/* Health. */

struct patient {
    struct health health;
    struct health_operation *list, *item;
};

static struct patient patient_new(void)
{
    struct patient p = {0};

    p.list = health_operation(&p.health, "services");
    p.item = health_operation(&p.health, "service");
    assert_non_null(p.list);
    assert_ptr_equal(health_operation(&p.health, "services"), p.list);
    assert_ptr_not_equal(p.list, p.item);
    return p;
}

static const struct gate *ends(struct patient *p, struct health_operation *operation, enum blame blame, bool heard,
                               int64_t retry_after_ms)
{
    return health_ended(&p->health, operation, p,
                        &(struct health_end){.blame = blame,
                                             .heard = heard,
                                             .final = true,
                                             .error = blame == BLAME_NONE ? 0 : -EIO,
                                             .message = "why",
                                             .retry_after_ms = retry_after_ms,
                                             .began_ns = clock_ns()});
}

static void test_whose_failure(void **state)
{
    int who = 0;

    (void)state;
    struct patient p = patient_new();
    assert_ptr_equal(ends(&p, p.list, BLAME_HOST, false, -1), &p.health.host);
    assert_ptr_equal(health_bars(&p.health, p.item, &who), &p.health.host);
    assert_null(ends(&p, p.item, BLAME_NONE, true, -1));
    assert_null(health_bars(&p.health, p.list, &who));

    /* Silence is the operation's, */
    assert_ptr_equal(ends(&p, p.list, BLAME_SILENCE, false, -1), &p.list->gate);
    assert_ptr_equal(health_bars(&p.health, p.list, &who), &p.list->gate);
    assert_null(health_bars(&p.health, p.item, &who));
    /* also if another falls silent after an answer came to any; */
    health_heard(&p.health);
    assert_ptr_equal(ends(&p, p.item, BLAME_SILENCE, false, -1), &p.item->gate);
    assert_false(p.health.host.closed);
    /* the host's, if none came. */
    assert_ptr_equal(ends(&p, p.list, BLAME_SILENCE, false, -1), &p.health.host);
    assert_true(p.health.host.closed);
    assert_null(ends(&p, p.list, BLAME_NONE, true, -1));
    assert_false(p.health.host.closed || p.list->gate.closed);
    assert_true(p.item->gate.closed);
    health_clear(&p.health);
}

/* The answer that stops in its middle shows that the host is there. */
static void test_silence_within_an_answer(void **state)
{
    struct patient p = patient_new();

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(ends(&p, p.list, BLAME_SILENCE, true, -1), &p.list->gate);
        assert_ptr_equal(ends(&p, p.item, BLAME_SILENCE, true, -1), &p.item->gate);
    }
    assert_false(p.health.host.closed);
    health_clear(&p.health);
}

static void test_failures_in_a_row(void **state)
{
    struct patient p = patient_new();
    int64_t now = clock_ms();

    (void)state;
    log_free();
    for (int i = 1; i < 64; i++) {
        assert_null(ends(&p, p.item, BLAME_PASSING, true, -1));
        assert_int_equal(health_in_trouble(p.item), i >= 8);
    }
    assert_int_equal(log_lines(), 1);
    assert_true(logged("service: 8 failures in a row"));
    assert_false(health_in_trouble(p.list));
    assert_ptr_equal(ends(&p, p.item, BLAME_PASSING, true, -1), &p.item->gate);
    assert_closed_for(&p.item->gate, now, 250);
    assert_false(p.health.host.closed || p.list->gate.closed);
    /* A probe that fails closes it for longer, up to 2 s. */
    for (int64_t pause = 500; pause < 10000; pause *= 2) {
        p.item->gate.until = now = clock_ms();
        assert_null(health_bars(&p.health, p.item, &p));
        assert_ptr_equal(ends(&p, p.item, BLAME_PASSING, true, -1), &p.item->gate);
        assert_closed_for(&p.item->gate, now, pause < 2000 ? pause : 2000);
    }
    assert_null(ends(&p, p.item, BLAME_NONE, true, -1));
    assert_false(health_in_trouble(p.item));
    assert_int_equal(log_lines(), 2);
    assert_true(logged("service: the service answers again"));
    assert_null(health_bars(&p.health, p.item, &now));
    health_clear(&p.health);
    log_free();
}

static void test_retry_after_of_an_operation(void **state)
{
    struct patient p = patient_new();
    int64_t now = clock_ms();
    int who = 0;

    (void)state;
    assert_ptr_equal(ends(&p, p.item, BLAME_PASSING, true, 9000), &p.item->gate);
    assert_closed_for(&p.item->gate, now, 9000);
    assert_true(p.item->gate.asked);
    assert_ptr_equal(health_bars(&p.health, p.item, &who), &p.item->gate);
    assert_null(health_bars(&p.health, p.list, &who));
    health_clear(&p.health);
}

/* The client behind closed gates. */

static const struct web_answer ok_answer = {.bytes = WEB_OK};

static void test_closed_operation(void **state)
{
    static const struct web_answer script[] = {
        {.after = WEB_HANG}, {.bytes = WEB_OK}, {.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);
    struct told first = {0}, waiting[5] = {0}, probe = {0};

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
        assert_false(waiting[i].result.host);
        assert_int_equal(waiting[i].result.retry_at, first.result.retry_at);
    }
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    assert_int_equal(operation_of(f, "services").closed_until, first.result.retry_at);
    assert_int_equal(operation_of(f, "services").error, -ETIMEDOUT);
    assert_false(client_ready(f->client, "services"));
    assert_true(client_ready(f->client, "balance"));
    /* Not into the time of the probe. */
    for (int i = 0; i < 200 && clock_ms() < first.result.retry_at - 1000; i++)
        assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    assert_int_equal(web_requests(f->web), 1);
    assert_int_equal(log_lines(), 1);
    /* Others are asked. */
    assert_int_equal(ask_of(f, "balance").result.error, 0);

    /* One probe; whoever else comes fails at once. */
    f->config.timeout_ms = scaled(10000);
    await(f, clock_ms() >= first.result.retry_at);
    start(f, &probe, "GET");
    assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    await(f, web_requests(f->web) == 3);
    assert_int_equal(ask(f, "GET").result.error, -ETIMEDOUT);
    assert_int_equal(web_requests(f->web), 3);
    web_release(f->web);
    await(f, probe.dones);
    assert_int_equal(probe.result.error, 0);
    assert_int_equal(operation_of(f, "services").closed_until, 0);
    assert_true(logged("services: the service answers again"));
    assert_int_equal(ask(f, "GET").result.error, 0);
    fixture_free(f);
}

/* Two operations that get no answer, while nobody gets one, close the host. */
static void test_silent_host(void **state)
{
    static const struct web_answer silence = {.after = WEB_HANG};
    struct fixture *f = fixture_with(&silence, 1);
    int error = 0;

    (void)state;
    f->config.timeout_ms = scaled(100);
    assert_false(ask_of(f, "balance").result.host);
    assert_true(ask_of(f, "invoices").result.host);
    assert_int_not_equal(client_closed_until(f->client, &error), 0);
    assert_int_equal(error, -ETIMEDOUT);
    assert_int_equal(ask_of(f, "products").result.error, -ETIMEDOUT);
    assert_int_equal(web_requests(f->web), 2);
    fixture_free(f);
}

/* An operation without an answer leaves a place for the others, however many of its requests wait. */
static void test_a_place_is_left(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK, .held = true}, {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);
    struct told stalled[5] = {0};

    (void)state;
    f->config.max_connections = 3;
    for (int i = 0; i < 5; i++)
        start_of(f, &stalled[i], "invoices");
    await(f, web_requests(f->web) == 2);
    assert_false(client_ready(f->client, "invoices"));
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask_of(f, "balance").result.error, 0);
    assert_int_equal(web_requests(f->web), 12);
    assert_int_equal(stalled[0].dones, 0);
    web_release(f->web);
    await(f, stalled[0].dones && stalled[4].dones);
    fixture_free(f);
}

/* A thousand requests to an API in trouble are a few. */
static void test_trouble(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_EMPTY("503 Service Unavailable", "")}};
    struct fixture *f = FIXTURE(script);
    struct told told[16] = {0};

    (void)state;
    for (int i = 0; i < 16; i++)
        start_of(f, &told[i], "service");
    for (int i = 0; i < 16; i++)
        await(f, told[i].dones);
    /* Seven at a time: those of the first round pause when the eighth failure comes, and end with their own failures. */
    assert_in_range(web_requests(f->web), 16, 18);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(told[i].result.error, -EIO);
        assert_non_null(strstr(told[i].message, "HTTP status 503 without a message"));
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ask_of(f, "service").result.error, -EIO);
    assert_in_range(web_requests(f->web), 64, 90);
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    fixture_free(f);
}

/* Explicit acts. */

static struct told purge(struct fixture *f)
{
    struct told told = {0};

    start_asking(f, &told, &(struct asking){.method = "POST", .operation = "purge", .turn = TURN_WAITS});
    await(f, told.dones);
    return told;
}

static void test_a_purge_waits_for_its_turn(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 1\r\n")},
                                               {.bytes = WEB_OK}};
    struct fixture *f = FIXTURE(script);

    (void)state;
    f->config.timeout_total_ms = 500; /* less than the Retry-After: the reader gives up */
    assert_int_equal(ask(f, "GET").result.error, -EBUSY);
    f->config.timeout_total_ms = scaled(20000);
    int64_t until = client_closed_until(f->client, NULL);
    assert_int_equal(purge(f).result.error, 0);
    assert_true(clock_ms() >= until);
    assert_int_equal(web_requests(f->web), 2);
    fixture_free(f);
}

static void test_a_purge_does_not_wait_too_long(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_EMPTY("429 Too Many Requests", "Retry-After: 9999\r\n")}};
    struct fixture *f = FIXTURE(script);
    char when[32];

    (void)state;
    assert_int_equal(ask(f, "GET").result.error, -EBUSY);
    int64_t until = client_closed_until(f->client, NULL);
    struct told told = purge(f);
    assert_int_equal(told.result.error, -EBUSY);
    assert_false(told.result.left);
    assert_non_null(strstr(told.message, "not sent: the service asks for a pause until "));
    /* To the second; two readings of the clocks can differ by one. */
    bool said = false;
    for (int64_t shift = -1000; shift <= 1000; shift += 1000)
        said = said || strstr(told.message, clock_format(clock_wall_at(until + shift), when, sizeof when));
    assert_true(said);
    assert_int_equal(web_requests(f->web), 1);
    fixture_free(f);
}

/* Also when no other request has found the host alive again, and the host is still away. */
static void test_a_purge_is_tried_while_the_host_is_closed(void **state)
{
    struct fixture *f = fixture_with(&ok_answer, 1);
    char *there = strdup(f->config.base_url);

    (void)state;
    leave_port(f);
    assert_int_equal(ask(f, "GET").result.error, -EHOSTUNREACH);
    long before = metric(f, "melbicomfs_http_requests_total{operation=\"purge\",status=\"0\"} ");
    int64_t until = client_closed_until(f->client, NULL);
    assert_int_equal(purge(f).result.error, -EHOSTUNREACH);
    assert_true(clock_ms() >= until);
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"purge\",status=\"0\"} "), before + 1);
    free(f->config.base_url);
    f->config.base_url = there;
    assert_int_equal(purge(f).result.error, 0);
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    fixture_free(f);
}

static struct told touched(struct fixture *f)
{
    struct told told = {0};

    start_asking(f, &told, &(struct asking){.method = "GET", .turn = TURN_NOW});
    await(f, told.dones);
    return told;
}

static void test_what_was_touched_is_asked_for_at_once(void **state)
{
    static const struct web_answer script[] = {{.bytes = WEB_OK},
                                               {.bytes = WEB_EMPTY("429 No", "Retry-After: 999\r\n")}};
    struct fixture *f = FIXTURE(script);
    char *there = strdup(f->config.base_url);

    (void)state;
    leave_port(f);
    assert_int_equal(ask(f, "GET").result.error, -EHOSTUNREACH);
    long tries = metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"} ");
    int64_t until = client_closed_until(f->client, NULL);
    assert_int_equal(touched(f).result.error, -EHOSTUNREACH);
    assert_int_equal(metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"} "), tries + 1);
    assert_int_equal(client_closed_until(f->client, NULL), until);
    free(f->config.base_url);
    f->config.base_url = there;
    assert_int_equal(touched(f).result.error, 0);
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    /* But never before a Retry-After. */
    f->config.timeout_total_ms = 100000;
    assert_int_equal(ask(f, "GET").result.error, -EBUSY);
    assert_int_equal(touched(f).result.error, -EBUSY);
    assert_int_equal(web_requests(f->web), 2);
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

/* A retry that is due when the operation has been found silent ends with it. */
static void test_a_pause_that_ends_at_a_silent_operation(void **state)
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
    assert_false(paused.result.host);
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
    f->config.max_connections = 4; /* the last is for another operation */
    assert_true(client_ready(f->client, "balance"));
    for (int i = 0; i < 7; i++) {
        start(f, &told[i], i % 2 ? "GET" : "POST");
        assert_int_equal(client_ready(f->client, "services"), i < 2);
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
    assert_true(client_ready(f->client, "balance"));
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
    assert_true(client_ready(f->client, "services"));

    leave_port(f);
    assert_int_equal(ask(f, "GET").result.error, -EHOSTUNREACH);
    start(f, &ending, "GET");
    client_cancel(ending.exchange);
    for (int i = 0; i < 5; i++)
        assert_int_equal(loop_turn(f->loop, 5), 0);
    assert_int_equal(flying.dones + queued.dones + paused.dones + ending.dones + at_start.dones + at_body.dones, 0);
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
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_whose_failure),
        cmocka_unit_test(test_silence_within_an_answer),
        cmocka_unit_test(test_failures_in_a_row),
        cmocka_unit_test(test_retry_after_of_an_operation),
        cmocka_unit_test(test_closed_operation),
        cmocka_unit_test(test_silent_host),
        cmocka_unit_test(test_a_place_is_left),
        cmocka_unit_test(test_trouble),
        cmocka_unit_test(test_a_purge_waits_for_its_turn),
        cmocka_unit_test(test_a_purge_does_not_wait_too_long),
        cmocka_unit_test(test_a_purge_is_tried_while_the_host_is_closed),
        cmocka_unit_test(test_what_was_touched_is_asked_for_at_once),
        cmocka_unit_test(test_stragglers_leave_the_host_closed),
        cmocka_unit_test(test_one_asks_first_when_a_pause_is_over),
        cmocka_unit_test(test_a_pause_that_ends_at_a_silent_operation),
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
