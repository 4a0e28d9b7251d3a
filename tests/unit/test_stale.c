/* SPDX-License-Identifier: MIT */
/*
 * What stands in when the API fails: the old copy for a while, or an error; never an empty list.
 */
#include "stack.h"

#define ONE     "[{\"id\":1,\"status\":\"Active\"},{\"id\":2,\"status\":\"Active\"}]"
#define TWO     "[{\"id\":1,\"status\":\"Active\"},{\"id\":2,\"status\":\"Suspended\"}]"
#define GARBAGE SAYS("<html>not at all</html>")
/* Of the failures whose errno is not the host's: asked again at once, not tried again. */
#define BAD_REQUEST SAYS_AS("400 Bad Request", "", "{\"message\":\"no\"}")

static void test_a_stale_copy_stands_in(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), GARBAGE, GARBAGE, SAYS(TWO)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES), *other = stack_document(s, OP_INVOICES);

    (void)state;
    seed(other, "[]");
    assert_int_equal(obtain(s, document), 0);
    struct timespec fetched = document->fetched;

    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_true(document->stale);
    assert_true(document_fresh(document)); /* for now: nobody asks a failing API at each access */
    assert_int_equal(document->n_items, 2);
    assert_memory_equal(&document->fetched, &fetched, sizeof(fetched));
    assert_int_equal(obtain(s, document), 0);
    assert_int_equal(web_requests(s->web), 2);

    document_expire(other);
    assert_int_equal(obtain(s, other), 0);
    assert_true(other->stale);
    assert_int_equal(logged("serving the copy of"), 1); /* a line an outage */

    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_false(document->stale);
    assert_string_equal(snapshot_field(document->items[1].snapshot, SERVICE_STATUS), "Suspended");
    assert_int_equal(logged("answers again"), 1);
    stack_free(s);
}

static void test_when_no_stale_copy_stands_in(void **state)
{
    static const struct {
        struct web_answer answer;
        int error;
        bool gone; /* the content is forgotten, too */
    } rows[] = {
        {SAYS_AS("401 Unauthorized", "", "{}"), -EACCES, false},
        {SAYS_AS("403 Forbidden", "", "{}"), -EACCES, false},
        {BAD_REQUEST, -EINVAL, false},
        {SAYS_AS("404 Not Found", "", "{}"), -ENOENT, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct web_answer script[] = {SAYS(ONE), rows[i].answer};
        struct stack *s = STACK(script);
        struct document *document = stack_document(s, OP_SERVICES);

        assert_int_equal(obtain(s, document), 0);
        document_expire(document);
        assert_int_equal(obtain(s, document), rows[i].error);
        assert_false(document->stale);
        assert_false(document_fresh(document));
        assert_int_equal(document->loaded, !rows[i].gone);
        if (rows[i].gone) {
            assert_int_equal(document->n_items, 0);
            assert_null(document->etag);
        }
        stack_free(s);
    }
}

/* What has been refused is not shown again because the API fails in some other way afterwards. */
static void test_a_denial_stands_until_the_api_gives_it_again(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), SAYS_AS("403 Forbidden", "", "{}"), GARBAGE, SAYS(ONE),
                                               GARBAGE};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES), *other = stack_document(s, OP_INVOICES);
    static const int ends[] = {0, -EACCES, -EIO, 0, 0};

    (void)state;
    seed(other, "[]");
    for (unsigned i = 0; i < 5; i++) {
        document_expire(document);
        assert_int_equal(obtain(s, document), ends[i]);
        assert_int_equal(document->stale, i == 4);
    }
    document_expire(other); /* the 403 was not about this one */
    assert_int_equal(obtain(s, other), 0);
    stack_free(s);
}

static void test_a_refused_token_denies_every_copy(void **state)
{
    static const struct web_answer script[] = {SAYS_AS("401 Unauthorized", "", "{}"), GARBAGE, SAYS(ONE), GARBAGE};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES), *other = stack_document(s, OP_INVOICES);

    (void)state;
    seed(document, ONE);
    seed(other, "[]");
    document_expire(document);
    assert_int_equal(obtain(s, document), -EACCES);
    await(s, clock_ms() >= client_closed_until(s->client, NULL));
    document_expire(other);
    assert_int_equal(obtain(s, other), -EIO);
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    document_expire(other);
    assert_int_equal(obtain(s, other), 0);
    assert_true(other->stale);
    stack_free(s);
}

static void test_a_copy_is_too_old_after_stale_if_error(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), GARBAGE};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    s->config.ttl_s = 1;
    s->config.stale_if_error_s = 0;
    assert_int_equal(obtain(s, document), 0);
    await(s, !document_fresh(document));
    assert_int_equal(obtain(s, document), -EIO);
    assert_false(document_fresh(document));
    stack_free(s);
}

/* The host says when to come again: until then the copy is as good as it gets. */
static void test_a_stale_copy_stands_until_retry_after(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE),
                                               SAYS_AS("429 Too Many Requests", "Retry-After: 300\r\n", "{}")};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(obtain(s, document), 0);
    s->config.timeout_total_ms = scaled(2000);
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_true(document->stale);
    assert_true(document->expires > clock_ms() + 250000);
    stack_free(s);
}

/* Nobody who can be shown something waits until the service wants to be asked again; who can not, does. */
static void test_a_copy_is_shown_instead_of_waiting(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE),
                                               SAYS_AS("429 Too Many Requests", "Retry-After: 200\r\n", "{}"),
                                               SAYS_AS("503 Service Unavailable", "Retry-After: 200\r\n", "{}")};

    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        const struct web_answer answers[] = {script[0], script[i]};
        struct stack *s = STACK(answers);
        struct document *document = stack_document(s, OP_SERVICES);
        int64_t began = clock_ms();

        assert_int_equal(obtain(s, document), 0);
        document_expire(document);
        assert_int_equal(obtain(s, document), 0);
        assert_true(document->stale);
        assert_true(clock_ms() - began < 5000 * time_scale());
        assert_int_equal(web_requests(s->web), 2);
        stack_free(s);
    }
}

static void test_a_copy_too_old_to_be_shown_is_waited_for(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), SAYS_AS("429 Too Many Requests", "Retry-After: 2\r\n", "{}"),
                                               SAYS(TWO)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    s->config.ttl_s = 1;
    s->config.stale_if_error_s = 0;
    assert_int_equal(obtain(s, document), 0);
    await(s, !document_fresh(document));
    assert_int_equal(obtain(s, document), 0);
    assert_false(document->stale);
    assert_int_equal(web_requests(s->web), 3);
    stack_free(s);
}

static void test_a_retry_after_makes_no_copy_last_longer(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE),
                                               SAYS_AS("429 Too Many Requests", "Retry-After: 86400\r\n", "{}")};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    s->config.ttl_s = 1;
    s->config.stale_if_error_s = scaled(1);
    assert_int_equal(obtain(s, document), 0);
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_true(document->stale);
    assert_in_range(document->expires - clock_ms(), 0, 1000 + 1000 * time_scale());
    await(s, !document_fresh(document));
    assert_int_equal(obtain(s, document), -EBUSY);
    stack_free(s);
}

/* With no copy, an error: never an empty list. */
static void test_answers_that_are_none(void **state)
{
    static const char *const bodies[] = {
        "",     "<html>", "[{\"id\":1},",         "[1,2]]",        "{\"message\":\"maintenance\"}",
        "true", "12",     "{\"data\":{\"a\":1}}", "[{\"id\":01}]", "[{\"id\":1}] x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        char answer[256];
        (void)snprintf(answer, sizeof(answer), WEB_ANSWER("200 OK", "", "%s"), bodies[i]);
        const struct web_answer script[] = {{.bytes = answer, .after = WEB_CLOSE}};
        struct stack *s = STACK(script);
        struct document *document = stack_document(s, OP_SERVICES);

        int r = obtain(s, document);
        if (r != -EIO)
            fail_msg("'%s' is taken for an answer: %d", bodies[i], r);
        assert_false(document->loaded);
        assert_int_equal(web_requests(s->web), 1);
        stack_free(s);
    }
}

/* A body within max_body of which too much would become: one line says what to do. */
static void test_an_answer_that_takes_too_much_memory(void **state)
{
    static const size_t n = 40000;
    char *answer = malloc(2 * n + 100);
    int head = snprintf(answer, 100, WEB_ANSWER("200 OK", "", "["));

    (void)state;
    for (size_t i = 0; i < n; i++)
        memcpy(answer + head + 2 * i, "1,", 2);
    strcpy(answer + (size_t)head + 2 * n, "1]");
    const struct web_answer script[] = {{.bytes = answer, .after = WEB_CLOSE}};
    struct stack *s = STACK(script);

    s->config.max_body = 2 * n + 10;
    assert_int_equal(obtain(s, stack_document(s, OP_SERVICES)), -EIO);
    assert_int_equal(web_requests(s->web), 1);
    assert_int_equal(logged("raise max_body="), 1);
    assert_int_equal(logged("\n"), 1);
    stack_free(s);
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stale_copy_stands_in),
        cmocka_unit_test(test_when_no_stale_copy_stands_in),
        cmocka_unit_test(test_a_denial_stands_until_the_api_gives_it_again),
        cmocka_unit_test(test_a_refused_token_denies_every_copy),
        cmocka_unit_test(test_a_copy_is_too_old_after_stale_if_error),
        cmocka_unit_test(test_a_stale_copy_stands_until_retry_after),
        cmocka_unit_test(test_a_copy_is_shown_instead_of_waiting),
        cmocka_unit_test(test_a_copy_too_old_to_be_shown_is_waited_for),
        cmocka_unit_test(test_a_retry_after_makes_no_copy_last_longer),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_an_answer_that_takes_too_much_memory),
    };

    return cmocka_run_group_tests_name("stale", tests, NULL, NULL);
}
