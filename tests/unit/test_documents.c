/* SPDX-License-Identifier: MIT */
/*
 * Documents over real HTTP: who asks when, what a renewal keeps, pages and candidates.
 */
#include "stack.h"

#define ONE "[{\"id\":1,\"status\":\"Active\"},{\"id\":2,\"status\":\"Active\"}]"
#define TWO "[{\"id\":1,\"status\":\"Active\"},{\"id\":2,\"status\":\"Suspended\"}]"
/* Of the failures whose errno is not the host's: asked again at once, not tried again. */
#define BAD_REQUEST SAYS_AS("400 Bad Request", "", "{\"message\":\"no\"}")

static void assert_life(const struct document *document, unsigned ttl_s)
{
    int64_t life = document->expires - clock_ms();

    assert_true(life <= (int64_t)ttl_s * 1000 && life > (int64_t)ttl_s * 1000 - PATIENCE_MS);
}

static void test_one_request_however_many_wait(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("200 OK", "", ONE), .after = WEB_CLOSE, .held = true}};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);
    struct reader readers[20];
    unsigned called = 0;

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(reader_ask(&readers[i], document), 0);
    document_prefetch(document);
    assert_true(document_fetching(document));
    waiter_cancel(&readers[7].waiter);
    waiter_cancel(&readers[19].waiter);
    waiter_cancel(&readers[0].waiter);
    await(s, web_requests(s->web) == 1);
    web_release(s->web);
    await(s, !document_fetching(document));
    for (unsigned i = 0; i < 20; i++) {
        called += readers[i].calls;
        assert_int_equal(readers[i].calls, i != 7 && i != 19 && i != 0);
        assert_int_equal(readers[i].error, 0);
    }
    assert_int_equal(called, 17);
    assert_int_equal(web_requests(s->web), 1);
    assert_true(document_fresh(document));
    assert_int_equal(reader_ask(&readers[0], document), 1);
    assert_int_equal(document->n_items, 2);
    stack_free(s);
}

static void test_ttl(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), SAYS("{\"version\":\"1.2.6\"}"), SAYS(ONE), SAYS(ONE)};
    struct stack *s = STACK(script);
    struct document *services = stack_document(s, OP_SERVICES), *version = stack_document(s, OP_VERSION);

    (void)state;
    s->config.ttl_s = 70;
    s->config.ttl_slow_s = 7000;
    assert_int_equal(obtain(s, services), 0);
    assert_int_equal(obtain(s, version), 0);
    assert_life(services, 70);
    assert_life(version, 7000);
    assert_int_equal(obtain(s, services), 0);
    assert_int_equal(web_requests(s->web), 2);

    services->expires = clock_ms() - 1;
    assert_false(document_fresh(services));
    assert_int_equal(obtain(s, services), 0);
    assert_int_equal(web_requests(s->web), 3);
    assert_life(services, 70);

    /* With no life at all, each access asks, and finds what it asked for. */
    s->config.ttl_s = 0;
    document_expire(services);
    assert_int_equal(obtain(s, services), 0);
    assert_int_equal(web_requests(s->web), 4);
    assert_true(document_fresh(services));
    await(s, !document_fresh(services));
    stack_free(s);
}

static void test_a_renewal_is_conditional_and_304_renews(void **state)
{
    static const struct web_answer script[] = {
        SAYS_AS("200 OK", "ETag: \"a\"\r\nLast-Modified: Tue, 24 Nov 2026 03:26:00 GMT\r\n", ONE),
        {.bytes = WEB_ANSWER("304 Not Modified", "ETag: \"a\"\r\n", ""), .after = WEB_CLOSE},
        SAYS(TWO),
        SAYS(TWO),
    };
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(obtain(s, document), 0);
    assert_null(strstr(s->web->requests[0], "If-None-Match"));
    assert_string_equal(document->etag, "\"a\"");
    struct snapshot *first = document->items[0].snapshot;
    struct timespec changed = document->changed, fetched = document->fetched;
    uint64_t generation = document->generation;

    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_non_null(strstr(s->web->requests[1], "If-None-Match: \"a\""));
    assert_true(document_fresh(document));
    assert_int_equal(document->generation, generation);
    assert_ptr_equal(document->items[0].snapshot, first);
    assert_memory_equal(&document->changed, &changed, sizeof(changed));
    assert_true(document->fetched.tv_sec > fetched.tv_sec ||
                (document->fetched.tv_sec == fetched.tv_sec && document->fetched.tv_nsec > fetched.tv_nsec));

    /* An answer without validators takes the old ones away. */
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_null(document->etag);
    assert_null(document->last_modified);
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_null(strstr(s->web->requests[3], "If-None-Match"));
    assert_null(strstr(s->web->requests[3], "If-Modified-Since"));
    stack_free(s);
}

/* An answer of an earlier run is asked for with its validators, as if this run had got it. */
static void test_a_restored_answer_is_asked_for_with_its_validators(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("304 Not Modified", "ETag: \"a\"\r\n", ""), .after = WEB_CLOSE},
        SAYS(TWO),
        SAYS(TWO),
    };
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(document_restore(document, ONE, strlen(ONE), "\"a\"", NULL), 0);
    assert_true(document->loaded);
    assert_false(document_fresh(document));
    assert_int_equal(obtain(s, document), 0);
    assert_non_null(strstr(s->web->requests[0], "If-None-Match: \"a\""));
    assert_null(strstr(s->web->requests[0], "If-Modified-Since"));
    assert_int_equal(document->n_items, 2);
    assert_non_null(strstr(document->items[1].snapshot->data, "Active"));
    /* What this run has got is not replaced. */
    assert_int_equal(document_restore(document, TWO, strlen(TWO), "\"b\"", NULL), 0);
    assert_true(document_fresh(document));
    assert_string_equal(document->etag, "\"a\"");
    stack_free(s);

    /* What cannot be sent is no validator. */
    s = STACK(((const struct web_answer[]){SAYS(TWO)}));
    document = stack_document(s, OP_SERVICES);
    assert_int_equal(document_restore(document, ONE, strlen(ONE), "a\rX: b", "\x7f"), 0);
    assert_int_equal(obtain(s, document), 0);
    assert_null(strstr(s->web->requests[0], "If-"));
    assert_non_null(strstr(document->items[1].snapshot->data, "Suspended"));
    stack_free(s);
}

/* Nor is it shown when the API fails: nobody knows how old it is. What is no answer is no answer of before, either. */
static void test_a_restored_answer_is_not_served_stale(void **state)
{
    static const struct web_answer script[] = {SAYS("no JSON")};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(document_restore(document, "[1", 2, "\"a\"", NULL), -EIO);
    assert_false(document->loaded);
    assert_int_equal(document_restore(document, ONE, strlen(ONE), "\"a\"", NULL), 0);
    assert_int_equal(obtain(s, document), -EIO);
    assert_false(document_fresh(document));
    stack_free(s);
}

/* What cannot be sent back is not kept, and does no harm. */
static void test_validators_that_cannot_be_sent(void **state)
{
    char longest[1200], longer[1200];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char *answer = i ? longer : longest;
        int head = snprintf(answer, sizeof(longer), "HTTP/1.1 200 OK\r\nETag: ");

        memset(answer + head, 'e', 1024 + i);
        (void)snprintf(answer + head + 1024 + i, sizeof(longer) - 1024 - (size_t)head - i, "\r\n\r\n" ONE);
    }
    const struct {
        struct web_answer answer;
        bool kept;
    } rows[] = {
        {SAYS_AS("200 OK", "ETag: \"a\tb\"\r\n", ONE), false},
        {SAYS_AS("200 OK", "ETag: \"a\x01\"\r\n", ONE), false},
        {SAYS_AS("200 OK", "ETag: \"a\x7f\"\r\n", ONE), false},
        {SAYS_AS("200 OK", "Last-Modified: Tue,\t24\r\n", ONE), false},
        {{.bytes = longer, .after = WEB_CLOSE}, false},
        {{.bytes = longest, .after = WEB_CLOSE}, true},
        {SAYS_AS("200 OK", "ETag: \"\xc3\xa9\"\r\n", ONE), true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct web_answer script[] = {rows[i].answer, SAYS(TWO)};
        struct stack *s = STACK(script);
        struct document *document = stack_document(s, OP_SERVICES);

        assert_int_equal(obtain(s, document), 0);
        assert_int_equal(document->etag != NULL, rows[i].kept);
        assert_null(document->last_modified);
        document_expire(document);
        assert_int_equal(obtain(s, document), 0);
        assert_int_equal(strstr(s->web->requests[1], "If-None-Match") != NULL, rows[i].kept);
        stack_free(s);
    }
}

static void test_equal_bytes_keep_snapshots_and_generation(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), SAYS(" " ONE "\n"), SAYS(TWO)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(obtain(s, document), 0);
    struct snapshot *one = document->items[0].snapshot, *two = snapshot_ref(document->items[1].snapshot);
    struct timespec changed = document->changed, mtime = one->mtime;
    uint64_t generation = document->generation;

    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_int_equal(document->generation, generation);
    assert_ptr_equal(document->items[0].snapshot, one);
    assert_ptr_equal(document->items[1].snapshot, two);
    assert_memory_equal(&document->changed, &changed, sizeof(changed));

    /* What has changed changes only its own. */
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_int_equal(web_requests(s->web), 3);
    assert_int_not_equal(document->generation, generation);
    assert_ptr_equal(document->items[0].snapshot, one);
    assert_memory_equal(&one->mtime, &mtime, sizeof(mtime));
    assert_ptr_not_equal(document->items[1].snapshot, two);
    assert_text(document->items[1].snapshot, "{\n  \"id\": 2,\n  \"status\": \"Suspended\"\n}\n");
    assert_text(two, "{\n  \"id\": 2,\n  \"status\": \"Active\"\n}\n"); /* whoever holds it reads on */
    snapshot_unref(two);
    stack_free(s);
}

/* An answer on its way when a document is expired is too old for those who ask afterwards. */
static void test_expire_during_a_fetch(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("200 OK", "", ONE), .after = WEB_CLOSE, .held = true}, SAYS(TWO)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);
    struct reader before, after;

    (void)state;
    assert_int_equal(reader_ask(&before, document), 0);
    await(s, web_requests(s->web) == 1);
    document_expire(document);
    assert_int_equal(reader_ask(&after, document), 0);
    web_release(s->web);
    await(s, before.calls);
    assert_int_equal(after.calls, 0);
    assert_false(document_fresh(document));
    await(s, after.calls);
    assert_int_equal(before.calls, 1);
    assert_int_equal(web_requests(s->web), 2);
    assert_true(document_fresh(document));
    assert_string_equal(snapshot_field(document->items[1].snapshot, SERVICE_STATUS), "Suspended");
    stack_free(s);
}

static void test_expire_during_a_failing_fetch(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("400 Bad Request", "", "{}"), .after = WEB_CLOSE, .held = true}, SAYS(ONE)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);
    struct reader before;

    (void)state;
    assert_int_equal(reader_ask(&before, document), 0);
    await(s, web_requests(s->web) == 1);
    document_expire(document);
    web_release(s->web);
    await(s, before.calls);
    assert_int_equal(before.error, -EINVAL);
    assert_int_equal(obtain(s, document), 0); /* not the old error */
    stack_free(s);
}

struct again {
    struct reader reader, second;
    struct document *document;
};

static void touch_and_ask_again(void *data, int error)
{
    struct again *again = data;

    reader_called(&again->reader, error);
    document_expire(again->document);
    assert_int_equal(reader_ask(&again->second, again->document), 0);
}

/* Who asks from within the answer waits for the next one; nobody is called twice or in a circle. */
static void test_asking_again_from_within_an_answer(void **state)
{
    static const struct web_answer script[] = {SAYS(ONE), SAYS(TWO)};
    struct stack *s = STACK(script);
    struct again again = {.document = stack_document(s, OP_SERVICES)};

    (void)state;
    again.reader.waiter = (struct waiter){.fn = touch_and_ask_again, .data = &again};
    assert_int_equal(document_ask(again.document, &again.reader.waiter), 0);
    await(s, again.reader.calls);
    assert_int_equal(again.second.calls, 0);
    await(s, again.second.calls);
    assert_int_equal(again.reader.calls, 1);
    assert_int_equal(web_requests(s->web), 2);
    assert_true(document_fresh(again.document));
    stack_free(s);
}

static void look_again(void *data, int error)
{
    struct again *again = data;

    reader_called(&again->reader, error);
    assert_true(document_fresh(again->document));
    assert_int_equal(reader_ask(&again->second, again->document), 1);
}

/* Whoever asked before the document was expired is served by the answer that was on its way: were they to ask again,
 * they would wait for as long as somebody touches it more often than a fetch takes. */
static void test_an_answer_that_has_expired_serves_those_who_waited(void **state)
{
    static const struct web_answer script[] = {
        {.bytes = WEB_ANSWER("200 OK", "", ONE), .after = WEB_CLOSE, .held = true}};
    struct stack *s = STACK(script);
    struct again again = {.document = stack_document(s, OP_SERVICES)};

    (void)state;
    again.reader.waiter = (struct waiter){.fn = look_again, .data = &again};
    assert_int_equal(document_ask(again.document, &again.reader.waiter), 0);
    await(s, web_requests(s->web) == 1);
    document_expire(again.document);
    web_release(s->web);
    await(s, again.reader.calls);
    assert_false(document_fresh(again.document));
    assert_int_equal(web_requests(s->web), 1);
    stack_free(s);
}

static void test_an_error_is_remembered_for_a_second(void **state)
{
    static const struct web_answer script[] = {BAD_REQUEST, SAYS(ONE)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);
    struct reader reader;

    (void)state;
    assert_int_equal(obtain(s, document), -EINVAL);
    int64_t failed = clock_ms();
    assert_int_equal(document->error, -EINVAL);
    assert_int_equal(reader_ask(&reader, document), -EINVAL);
    document_prefetch(document);
    assert_false(document_fetching(document));
    await(s, clock_ms() > failed + 800 || reader_ask(&reader, document) != -EINVAL);
    assert_true(clock_ms() > failed + 800);
    assert_int_equal(web_requests(s->web), 1);
    await(s, clock_ms() > failed + 1000);
    assert_int_equal(obtain(s, document), 0);
    assert_int_equal(document->error, 0);
    assert_int_equal(web_requests(s->web), 2);
    stack_free(s);
}

static void test_expiring_forgets_an_error(void **state)
{
    static const struct web_answer script[] = {BAD_REQUEST, SAYS(ONE)};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(obtain(s, document), -EINVAL);
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    stack_free(s);
}

/* ---- pages ---- */

#define TWO_ITEMS(a, b) SAYS("[{\"id\":" #a "},{\"id\":" #b "}]")

static void test_pages(void **state)
{
    static const char *const settings[] = {"services.page_size=2", "services.page_offset=from", NULL};
    static const struct web_answer whole[] = {TWO_ITEMS(1, 2), TWO_ITEMS(3, 4), SAYS("[]")};
    static const struct web_answer rest[] = {TWO_ITEMS(1, 2), TWO_ITEMS(3, 4), SAYS("[{\"id\":5}]")};
    static const struct web_answer none[] = {SAYS("[]")};
    static const struct {
        const struct web_answer *script;
        unsigned n, items;
    } rows[] = {{whole, 3, 4}, {rest, 3, 5}, {none, 1, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stack *s = stack_new(rows[i].script, rows[i].n, settings);
        struct document *document = stack_document(s, OP_SERVICES);
        char path[128], expected[128];

        assert_int_equal(obtain(s, document), 0);
        assert_int_equal(web_requests(s->web), rows[i].n);
        for (unsigned page = 0; page < rows[i].n; page++) {
            (void)snprintf(expected, sizeof(expected), "/api/services?limitnum=2&from=%u", page * 2);
            assert_string_equal(asked(s, page, path, sizeof(path)), expected);
        }
        assert_int_equal(document->n_items, rows[i].items);
        assert_int_equal(document->n_ids, rows[i].items);
        assert_false(document->maybe_cut);
        stack_free(s);
    }
}

/* A list of more pages than max_pages is refused, however its pages are found; of as many, it is whole. */
static void test_a_list_of_too_many_pages(void **state)
{
    static const char *const by_hand[] = {"services.page_size=2", NULL}, *const by_number[] = {NULL};
    static const struct web_answer hand[] = {TWO_ITEMS(1, 2), TWO_ITEMS(3, 4), SAYS("[{\"id\":5}]")};
    static const struct web_answer number[] = {SAYS("{\"data\":[{\"id\":1}],\"page\":1,\"pages\":3}"),
                                               SAYS("{\"data\":[{\"id\":2}],\"page\":2,\"pages\":3}"),
                                               SAYS("{\"data\":[{\"id\":3}],\"page\":3,\"pages\":3}")};
    static const struct {
        const struct web_answer *script;
        const char *const *settings;
        unsigned max_pages;
        int r;
    } rows[] = {
        {hand, by_hand, 3, 0}, {hand, by_hand, 2, -EIO}, {number, by_number, 3, 0}, {number, by_number, 2, -EIO}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stack *s = stack_new(rows[i].script, 3, rows[i].settings);
        struct document *document = stack_document(s, OP_SERVICES);

        s->config.max_pages = rows[i].max_pages;
        assert_int_equal(obtain(s, document), rows[i].r);
        assert_int_equal(web_requests(s->web), rows[i].max_pages);
        assert_false(document->maybe_cut);
        stack_free(s);
    }
}

/* The service gives fewer at a time than are asked for: the first page is not the last one. */
static void test_a_first_page_that_looks_cut(void **state)
{
    static const struct {
        const char *page_size;
        bool cut;
    } rows[] = {{"services.page_size=100", true}, {"services.page_size=11", true}, {"services.page_size=10", false}};
    static const struct web_answer script[] = {SAYS("[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4},{\"id\":5},"
                                                    "{\"id\":6},{\"id\":7},{\"id\":8},{\"id\":9},{\"id\":10}]"),
                                               SAYS("[]")};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const settings[] = {rows[i].page_size, NULL};
        struct stack *s = stack_new(script, 2, settings);
        struct document *document = stack_document(s, OP_SERVICES);

        assert_int_equal(obtain(s, document), 0);
        assert_int_equal(document->n_items, 10);
        assert_int_equal(document->maybe_cut, rows[i].cut);
        assert_int_equal(logged("set services.page_size = 10"), rows[i].cut);
        stack_free(s);
    }
}

/* A page that breaks off is fetched again by itself; one that fails for good is no short list. */
static void test_a_page_that_fails(void **state)
{
    static const char *const settings[] = {"services.page_size=2", NULL};
    static const struct web_answer again[] = {
        TWO_ITEMS(1, 2),
        {.bytes = WEB_ANSWER("200 OK", "Content-Length: 99\r\n", "[{\"id\":3},{\"i"), .after = WEB_RESET},
        TWO_ITEMS(3, 4),
        SAYS("[]")};
    static const struct web_answer lost[] = {TWO_ITEMS(1, 2), SAYS_AS("404 Not Found", "", "{}")};
    struct stack *s = stack_new(again, 4, settings);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(obtain(s, document), 0);
    assert_int_equal(document->n_ids, 4);
    assert_non_null(document_item(document, 4));
    stack_free(s);

    s = stack_new(lost, 2, settings);
    document = stack_document(s, OP_SERVICES);
    assert_int_equal(obtain(s, document), -EIO);
    assert_false(document->loaded);
    assert_int_equal(web_requests(s->web), 2);
    stack_free(s);
}

static void test_an_api_that_knows_no_offset_ends(void **state)
{
    static const char *const settings[] = {"services.page_size=2", NULL};
    static const struct web_answer script[] = {TWO_ITEMS(1, 2)};
    struct stack *s = stack_new(script, 1, settings);
    struct document *document = stack_document(s, OP_SERVICES);

    (void)state;
    assert_int_equal(obtain(s, document), 0);
    assert_int_equal(web_requests(s->web), 2);
    assert_int_equal(document->n_items, 2);
    assert_int_equal(document->unshown, 0);
    assert_int_equal(logged("page_offset"), 1);
    stack_free(s);
}

/* ---- candidates ---- */

static void test_candidates(void **state)
{
    static const struct web_answer script[] = {
        SAYS_AS("404 Not Found", "", "{}"), SAYS("{\"balance\":\"1.00\",\"currency\":\"EUR\"}"),
        SAYS("{\"balance\":\"2.00\",\"currency\":\"EUR\"}"), SAYS_AS("404 Not Found", "", "{}")};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_BALANCE);
    char path[128];

    (void)state;
    assert_int_equal(obtain(s, document), 0);
    assert_string_equal(asked(s, 0, path, sizeof(path)), "/api/billing/creditbalance");
    assert_string_equal(asked(s, 1, path, sizeof(path)), "/api/billing/balance");
    assert_string_equal(document->url, "/billing/balance");
    document_expire(document);
    assert_int_equal(obtain(s, document), 0);
    assert_string_equal(asked(s, 2, path, sizeof(path)), "/api/billing/balance");
    document_expire(document);
    assert_int_equal(obtain(s, document), -ENOENT); /* the one that is there says so */
    assert_int_equal(web_requests(s->web), 4);
    stack_free(s);
}

/* What all candidates answered with 404 has no bearing on what is asked later. */
static void test_candidates_after_a_404_of_all(void **state)
{
    static const struct web_answer script[] = {SAYS_AS("404 Not Found", "", "{}"), SAYS_AS("404 Not Found", "", "{}"),
                                               SAYS_AS("404 Not Found", "", "{}"), SAYS("{}")};
    struct stack *s = STACK(script);
    char path[128];

    (void)state;
    assert_int_equal(obtain(s, stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "zz")), -ENOENT);
    assert_int_equal(web_requests(s->web), 3);
    assert_int_equal(obtain(s, stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "com")), 0);
    assert_string_equal(asked(s, 3, path, sizeof(path)), "/api/domains/pricing?extension=.com");
    stack_free(s);
}

#define NOT_FOUND SAYS_AS("404 Not Found", "", "{}")
#define PRICES    SAYS("{\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"11.00\"}}}}")

/* An extension that is not sold is asked for under every candidate, the last of which may be there and hold something
 * else. Whatever it says, the others' prices are asked for where they are. */
static void test_a_missing_name_does_not_move_the_collection(void **state)
{
    static const struct web_answer elsewhere[] = {
        SAYS("{}"),
        SAYS("{\"data\":{\"a.example\":{\"id\":1}}}"),
        SAYS("[{\"id\":1,\"domain\":\"a.example\"}]"),
        SAYS("<html>"),
        SAYS_AS("403 Forbidden", "", "{}"),
        SAYS_AS("405 Method Not Allowed", "", "{}"),
        SAYS_AS("400 Bad Request", "", "{}"),
    };
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        const struct web_answer script[] = {NOT_FOUND, NOT_FOUND, elsewhere[i], PRICES, NOT_FOUND};
        struct stack *s = STACK(script);

        (void)obtain(s, stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "zz"));
        assert_string_equal(asked(s, 2, path, sizeof(path)), "/api/domains?extension=.zz");
        assert_int_equal(obtain(s, stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "com")), 0);
        assert_string_equal(asked(s, 3, path, sizeof(path)), "/api/domains/pricing?extension=.com");
        /* That was the proof: what is not there now is not looked for elsewhere. */
        assert_int_equal(obtain(s, stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "yy")), -ENOENT);
        assert_int_equal(web_requests(s->web), 5);
        stack_free(s);
    }
}

/* Something else that answers under a candidate is not taken for good. */
static void test_an_answer_of_another_shape_settles_nothing(void **state)
{
    static const struct web_answer script[] = {
        NOT_FOUND,
        SAYS("[]"),
        NOT_FOUND,
        SAYS("{\"module\":\"balance\"}"),
        NOT_FOUND,
        NOT_FOUND,
        SAYS("{\"balance\":\"1.00\",\"currency\":\"EUR\"}"),
        SAYS("{\"balance\":\"2.00\",\"currency\":\"EUR\"}"),
    };
    static const char *const paths[] = {"creditbalance", "balance", "creditbalance",  "balance",
                                        "creditbalance", "balance", "credit-balance", "credit-balance"};
    struct stack *s = STACK(script);
    struct document *document = stack_document(s, OP_BALANCE);
    char path[128];

    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        assert_int_equal(obtain(s, document), round == 0 ? -EIO : 0);
        document_expire(document);
    }
    for (unsigned i = 0; i < 8; i++)
        assert_string_equal(asked(s, i, path, sizeof(path)) + strlen("/api/billing/"), paths[i]);
    stack_free(s);
}

static void test_the_end_with_everything_under_way(void **state)
{
    static const struct web_answer script[] = {{.after = WEB_HANG}};
    struct stack *s = STACK(script);
    struct reader readers[2];

    (void)state;
    assert_int_equal(reader_ask(&readers[0], stack_document(s, OP_SERVICES)), 0);
    assert_int_equal(reader_ask(&readers[1], stack_document(s, OP_INVOICES)), 0);
    await(s, web_requests(s->web) > 0);
    stack_free(s);
    assert_int_equal(readers[0].calls + readers[1].calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_request_however_many_wait),
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_a_renewal_is_conditional_and_304_renews),
        cmocka_unit_test(test_a_restored_answer_is_asked_for_with_its_validators),
        cmocka_unit_test(test_a_restored_answer_is_not_served_stale),
        cmocka_unit_test(test_validators_that_cannot_be_sent),
        cmocka_unit_test(test_equal_bytes_keep_snapshots_and_generation),
        cmocka_unit_test(test_expire_during_a_fetch),
        cmocka_unit_test(test_expire_during_a_failing_fetch),
        cmocka_unit_test(test_asking_again_from_within_an_answer),
        cmocka_unit_test(test_an_answer_that_has_expired_serves_those_who_waited),
        cmocka_unit_test(test_an_error_is_remembered_for_a_second),
        cmocka_unit_test(test_expiring_forgets_an_error),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_a_list_of_too_many_pages),
        cmocka_unit_test(test_a_first_page_that_looks_cut),
        cmocka_unit_test(test_a_page_that_fails),
        cmocka_unit_test(test_an_api_that_knows_no_offset_ends),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_candidates_after_a_404_of_all),
        cmocka_unit_test(test_a_missing_name_does_not_move_the_collection),
        cmocka_unit_test(test_an_answer_of_another_shape_settles_nothing),
        cmocka_unit_test(test_the_end_with_everything_under_way),
    };

    return cmocka_run_group_tests_name("documents", tests, NULL, NULL);
}
