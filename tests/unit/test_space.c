/* SPDX-License-Identifier: MIT */
/*
 * The memory that documents take: which go first, and that renewals add nothing.
 */
#include "places.h"

#include "api/documents.h"

static bool gone_marks(void *data, struct document *document)
{
    (void)document;
    ++*(unsigned *)data;
    return true;
}

static void on_evict(void *data, struct document *document)
{
    assert_true(document->loaded);
    ++*(unsigned *)data;
}

static void fill(struct document *document, size_t bytes)
{
    char *body = malloc(bytes + 64);

    assert_non_null(body);
    int n = snprintf(body, 64, "{\"id\":%" PRIu64 ",\"filler\":\"", document->query.id);
    memset(body + n, 'x', bytes);
    (void)snprintf(body + (size_t)n + bytes, 32, "\"}");
    seed(document, body);
    free(body);
}

static unsigned turned(struct stack *s)
{
    unsigned n = 0;

    assert_int_equal(loop_turn(s->loop, 0), 0);
    documents_each(s->documents, gone_marks, &n);
    return n;
}

static void test_the_least_recently_used_goes_first(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    const struct query one = {.operation = OP_SERVICE, .id = 1}, two = {.operation = OP_SERVICE, .id = 2},
                       three = {.operation = OP_SERVICE, .id = 3}, four = {.operation = OP_SERVICE, .id = 4};
    unsigned evicted = 0;
    size_t n;

    (void)state;
    s->config.cache_size = 35000;
    documents_on_evict(s->documents, on_evict, &evicted);
    fill(stack_service(s, 1), 10000);
    fill(stack_service(s, 2), 10000);
    fill(stack_service(s, 3), 10000);
    assert_int_equal(turned(s), 3);
    struct document *kept = document_ref(documents_find(s->documents, &two));
    assert_non_null(documents_find(s->documents, &one));
    assert_non_null(documents_find(s->documents, &three)); /* used after the other two */
    fill(stack_service(s, 4), 10000);
    assert_int_equal(turned(s), 3);
    assert_int_equal(evicted, 1);
    assert_null(documents_find(s->documents, &one));
    assert_non_null(documents_find(s->documents, &three));
    assert_non_null(documents_find(s->documents, &four));
    assert_ptr_equal(documents_find(s->documents, &two), kept); /* somebody had it */

    document_unref(kept);
    fill(stack_service(s, 5), 100000); /* larger than everything: it stays, alone */
    assert_int_equal(turned(s), 1);
    assert_int_equal(evicted, 4);
    assert_true(documents_cost(s->documents, &n) > 100000);
    assert_int_equal(n, 1);
    stack_free(s);
}

/* A cache_size of 8 GiB means 1 GiB to a program of 32 bits. */
static void test_a_cache_stays_within_the_address_space(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    const size_t large = (size_t)600 << 20;

    (void)state;
    s->config.cache_size = UINT64_C(8) << 30;
    fill(stack_service(s, 1), 10);
    fill(stack_service(s, 2), 10);
    document_grow(stack_service(s, 1), large);
    assert_int_equal(turned(s), 2);
    document_grow(stack_service(s, 2), large);
    assert_int_equal(turned(s), sizeof(void *) == 4 ? 1 : 2);
    stack_free(s);
}

/* Metrics and extended attributes tell of documents, and have no say in which of them stay. */
static void test_a_look_is_no_use(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    const struct query balance = {.operation = OP_BALANCE}, one = {.operation = OP_SERVICE, .id = 1};
    struct walk walk;

    (void)state;
    s->config.cache_size = 35000;
    fill(stack_document(s, OP_BALANCE), 10000);
    fill(stack_service(s, 1), 10000);
    fill(stack_service(s, 2), 10000);
    assert_int_equal(turned(s), 3);
    assert_int_equal(peek(s, ".melbicomfs/metrics"), 1);
    assert_int_equal(peek(s, ".melbicomfs/status.json"), 1);
    fill(stack_service(s, 3), 10000);
    assert_int_equal(turned(s), 3);
    assert_null(documents_peek(s->documents, &balance));

    struct place *info = walk_to(s, &walk, "services/1/info.json");
    assert_ptr_equal(tree_origin(s->tree, info), documents_peek(s->documents, &one));
    walk_end(&walk);
    fill(stack_service(s, 4), 10000);
    assert_int_equal(turned(s), 3);
    assert_null(documents_peek(s->documents, &one));
    stack_free(s);
}

/* json-c's own layout of what is empty differs between its versions. */
static void test_status_is_laid_out_as_other_files(void **state)
{
    static const char EMPTY[] = "\n  \"documents\": []\n}\n", NESTED[] = "\n  \"host\": {\n    \"";
    struct stack *s = stack_new(NULL, 0, NULL);
    struct walk walk;
    struct view view = {.snapshot = NULL};
    struct place *status = walk_to(s, &walk, ".melbicomfs/status.json");

    (void)state;
    assert_int_equal(look(s, status, &view), 1);
    assert_non_null(memmem(view.snapshot->data, view.snapshot->len, EMPTY, sizeof(EMPTY) - 1));
    assert_non_null(memmem(view.snapshot->data, view.snapshot->len, NESTED, sizeof(NESTED) - 1));
    view_clear(&view);
    walk_end(&walk);
    stack_free(s);
}

/* Names that are not there leave nothing behind for good. */
static void test_documents_without_content_are_bounded(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    for (uint64_t id = 0; id < 2000; id++) {
        stack_service(s, id);
        if (id % 100 == 0)
            assert_int_equal(loop_turn(s->loop, 0), 0);
    }
    assert_true(turned(s) <= 256);
    stack_free(s);
}

/* Many names that are not there within a second, and all of them remembered for that long: each new one must not look
 * at all the others. */
static void test_many_young_errors_cost_nothing(void **state)
{
    enum { NAMES = 40000 };
    struct stack *s = stack_new(NULL, 0, NULL);
    struct timespec began, now;

    (void)state;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began), 0);
    for (uint64_t id = 0; id < NAMES; id++) {
        struct document *document = stack_service(s, id);

        document->error_until = clock_ms() + 60000;
        assert_int_equal(loop_turn(s->loop, 0), 0);
    }
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    assert_int_equal(turned(s), NAMES);
    assert_true((double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9 < 2 * time_scale());
    stack_free(s);
}

static void test_the_cost_after_a_hundred_renewals(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = stack_document(s, OP_INVOICES);
    char *body = malloc(200 * 64);
    uint64_t cost = 0;
    size_t n;

    (void)state;
    assert_non_null(body);
    for (unsigned round = 0; round <= 100; round++) {
        size_t len = 0;

        for (unsigned i = 0; i < 200; i++)
            len += (size_t)snprintf(body + len, 64, "%c{\"id\":%u,\"total\":\"%04u\"}", i ? ',' : '[', i + 1000,
                                    i == round ? round + 1 : 0);
        (void)snprintf(body + len, 2, "]");
        struct snapshot *last = round ? document_item(document, 1199)->snapshot : NULL;
        seed(document, body);
        assert_true(!last || document_item(document, 1199)->snapshot == last);
        cost = cost ? cost : documents_cost(s->documents, &n);
        assert_int_equal(documents_cost(s->documents, &n), cost);
        assert_int_equal(n, 1);
    }
    free(body);
    stack_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_least_recently_used_goes_first),
        cmocka_unit_test(test_a_cache_stays_within_the_address_space),
        cmocka_unit_test(test_a_look_is_no_use),
        cmocka_unit_test(test_status_is_laid_out_as_other_files),
        cmocka_unit_test(test_documents_without_content_are_bounded),
        cmocka_unit_test(test_many_young_errors_cost_nothing),
        cmocka_unit_test(test_the_cost_after_a_hundred_renewals),
    };

    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
