/* SPDX-License-Identifier: MIT */
/*
 * A token that takes time to come: who waits for it, and who doesn't.
 */
#include "http/client.h"

#include "client_fixture.h"

/* A command's stand-in: the test gives what it "prints" when it likes. */
static struct slow {
    struct token_reading reading;
    int input;
    unsigned starts, asks, drops;
    int fails;    /* what start_token returns */
    int limit_ms; /* until its deadline */
} slow;

static int slow_start(void *data, struct token_reading **ret)
{
    int ends[2];

    (void)data;
    if (slow.fails)
        return slow.fails;
    assert_int_equal(pipe(ends), 0);
    slow.reading = (struct token_reading){.fd = ends[0], .deadline = clock_ms() + slow.limit_ms};
    slow.input = ends[1];
    slow.starts++;
    *ret = &slow.reading;
    return 0;
}

static void slow_end(void)
{
    close(slow.reading.fd);
    close(slow.input);
}

/* What was written is the token; nothing but "-" is a command that failed. */
static int slow_ask(struct token_reading *reading, char **ret)
{
    struct pollfd fd = {.fd = reading->fd, .events = POLLIN};
    char text[64] = "";

    slow.asks++;
    if (poll(&fd, 1, 0) == 1)
        assert_true(read(reading->fd, text, sizeof(text) - 1) > 0);
    else if (clock_ms() < reading->deadline)
        return 1;
    slow_end();
    if (!*text || *text == '-')
        return *text ? -EIO : -ETIMEDOUT;
    *ret = strdup(text);
    return 0;
}

static void slow_drop(struct token_reading *reading)
{
    assert_ptr_equal(reading, &slow.reading);
    slow.drops++;
    slow_end();
}

static void give(const char *text)
{
    assert_int_equal(write(slow.input, text, strlen(text)), strlen(text));
}

static struct fixture *slow_fixture(const struct web_answer *script, size_t n)
{
    struct fixture *f = fixture_with(script, n);

    slow = (struct slow){.limit_ms = PATIENCE_MS};
    f->config.start_token = slow_start;
    f->config.ask_token = slow_ask;
    f->config.drop_token = slow_drop;
    return f;
}

#define SLOW_FIXTURE(script) slow_fixture(script, sizeof(script) / sizeof((script)[0]))
#define REFUSED              WEB_ANSWER("401 Unauthorized", "Content-Length: 23\r\n", "{\"message\":\"No entry.\"}")

static const struct web_answer refused = {.bytes = REFUSED};

static void test_only_the_refused_wait(void **state)
{
    static const struct web_answer script[] = {{.bytes = REFUSED}, {.bytes = WEB_OK}, {.bytes = WEB_OK}};
    struct fixture *f = SLOW_FIXTURE(script);
    struct told told = {0};

    (void)state;
    client_set_token(f->client, "old-token");
    start(f, &told, "POST");
    await(f, slow.starts == 1);
    assert_int_equal(ask(f, "GET").result.error, 0);
    assert_non_null(strstr(f->web->requests[1], "Bearer old-token\r\n"));
    assert_int_equal(told.dones, 0);
    assert_int_equal(client_closed_until(f->client, NULL), 0);
    assert_true(client_ready(f->client, "balance"));
    give("new-token");
    await(f, told.dones);
    assert_int_equal(told.result.error, 0);
    assert_non_null(strstr(f->web->requests[2], "Bearer new-token\r\n"));
    assert_int_equal(slow.starts, 1);
    assert_int_equal(f->token_reads, 0);
    assert_int_equal(log_lines(), 0);
    log_info("new-token");
    assert_false(logged("new-token"));
    fixture_free(f);
    assert_int_equal(slow.drops, 0);
}

/* Refused exchanges end as if nothing had been tried, each with its line in the log, and close the host. */
static void test_no_other_token_comes(void **state)
{
    static const char *const gives[] = {"old-token", "-"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct fixture *f = slow_fixture(&refused, 1);
        struct told told[2] = {0};
        int error = 0;

        client_set_token(f->client, "old-token");
        start(f, &told[0], "GET");
        await(f, slow.starts == 1);
        start(f, &told[1], "GET");
        await(f, metric(f, "melbicomfs_http_requests_total{operation=\"services\",status=\"401\"} ") == 2);
        give(gives[i]);
        await(f, told[0].dones && told[1].dones);
        for (unsigned k = 0; k < 2; k++) {
            assert_int_equal(told[k].result.error, -EACCES);
            assert_int_equal(told[k].result.status, 401);
            assert_true(told[k].result.host);
            assert_string_equal(told[k].message, "No entry.");
        }
        assert_int_equal(slow.starts, 1);
        assert_true(logged("HTTP 401: No entry.: check the token; try again after 2 s"));
        assert_int_equal(log_lines(), 2);
        assert_true(client_closed_until(f->client, &error) > 0);
        assert_int_equal(error, -EACCES);
        assert_int_equal(ask(f, "GET").result.error, -EACCES);
        assert_int_equal(web_requests(f->web), 2);
        fixture_free(f);
    }
}

/* A web page with a 401 may be the API's: the token is read again, but is not what the log speaks of. */
static void test_a_page_instead_of_the_api(void **state)
{
    static const struct web_answer page = {
        .bytes = WEB_ANSWER("401 Unauthorized", "Content-Length: 22\r\n", "<title>Hello!</title>\n")};
    struct fixture *f = slow_fixture(&page, 1);
    struct told told = {0};

    (void)state;
    client_set_token(f->client, "old-token");
    start(f, &told, "GET");
    await(f, slow.starts == 1);
    give("old-token");
    await(f, told.dones);
    assert_int_equal(told.result.error, -EACCES);
    assert_true(logged("HTTP 401: a web page, \"Hello!\": something in front of the API answered"));
    assert_false(logged("check the token"));
    fixture_free(f);
}

static void test_a_command_that_cannot_start(void **state)
{
    struct fixture *f = slow_fixture(&refused, 1);
    struct told told;

    (void)state;
    client_set_token(f->client, "old-token");
    slow.fails = -EIO;
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EACCES);
    assert_string_equal(told.message, "No entry.");
    fixture_free(f);
}

/* The command is asked when its time is up even if it says nothing. */
static void test_the_deadline_of_the_command(void **state)
{
    struct fixture *f = slow_fixture(&refused, 1);
    struct told told;

    (void)state;
    client_set_token(f->client, "old-token");
    slow.limit_ms = 50;
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -EACCES);
    assert_int_equal(slow.asks, 1);
    fixture_free(f);
}

static void test_the_deadline_of_the_exchange(void **state)
{
    static const struct web_answer script[] = {{.bytes = REFUSED}, {.bytes = WEB_OK}};
    struct fixture *f = SLOW_FIXTURE(script);
    struct told told;

    (void)state;
    client_set_token(f->client, "old-token");
    f->config.timeout_total_ms = scaled(200);
    told = ask(f, "GET");
    assert_int_equal(told.result.error, -ETIMEDOUT);
    assert_false(told.result.host);
    assert_string_equal(told.message, "no token within timeout_total");
    /* It comes all the same, for the next. */
    give("new-token");
    await(f, slow.asks == 1);
    f->config.timeout_total_ms = scaled(20000);
    assert_int_equal(ask(f, "GET").result.error, 0);
    assert_non_null(strstr(f->web->requests[1], "Bearer new-token\r\n"));
    fixture_free(f);
}

static void test_no_token_to_begin_with(void **state)
{
    static const struct web_answer ok = {.bytes = WEB_OK};
    struct fixture *f = slow_fixture(&ok, 1);
    struct told told[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        start(f, &told[i], "GET");
    assert_int_equal(slow.starts, 1);
    client_cancel(told[1].exchange);
    give("new-token");
    await(f, told[0].dones && told[2].dones);
    assert_int_equal(told[0].result.error, 0);
    assert_int_equal(told[2].result.error, 0);
    assert_int_equal(web_requests(f->web), 2);
    fixture_free(f);

    f = slow_fixture(&ok, 1);
    told[0] = (struct told){0};
    start(f, &told[0], "GET");
    give("-");
    await(f, told[0].dones);
    assert_int_equal(told[0].result.error, -EACCES);
    assert_string_equal(told[0].message, "the token could not be read");
    assert_int_equal(web_requests(f->web), 0);
    fixture_free(f);
}

static void test_free_while_it_is_read(void **state)
{
    struct fixture *f = slow_fixture(&refused, 1);
    struct told told = {0};

    (void)state;
    client_set_token(f->client, "old-token");
    start(f, &told, "GET");
    await(f, slow.starts == 1);
    fixture_free(f);
    assert_int_equal(slow.drops, 1);
    assert_int_equal(told.dones, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_refused_wait),       cmocka_unit_test(test_no_other_token_comes),
        cmocka_unit_test(test_a_page_instead_of_the_api),   cmocka_unit_test(test_a_command_that_cannot_start),
        cmocka_unit_test(test_the_deadline_of_the_command), cmocka_unit_test(test_the_deadline_of_the_exchange),
        cmocka_unit_test(test_no_token_to_begin_with),      cmocka_unit_test(test_free_while_it_is_read),
    };

    return cmocka_run_group_tests_name("client_token", tests, NULL, NULL);
}
