/* SPDX-License-Identifier: MIT */
/*
 * api/answer, api/fields: an answer becomes items with ids and fields, whatever it is made of and however it is cut.
 */
#include "api/answer.h"
#include "api/documents.h"
#include "base/config.h"
#include "json/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t max_body = 1 << 30;
static struct endpoints *endpoints; /* without overrides */

/* Builds from chunks of `chunk` bytes, each in a heap block of exactly its size, and publishes. */
static int build_in_chunks(struct document *document, const char *body, size_t chunk, bool *ret_changed)
{
    struct answer *answer = answer_new(document, endpoints, max_body);
    struct answer_page page = {0};
    size_t len = strlen(body);

    assert_non_null(answer);
    int r = answer_page(answer);
    for (size_t at = 0; r == 0 && at < len; at += chunk) {
        size_t some = len - at < chunk ? len - at : chunk;
        char *copy = malloc(some);
        assert_non_null(copy);
        memcpy(copy, body + at, some);
        r = answer_feed(answer, copy, some);
        free(copy);
    }
    if (r == 0)
        r = answer_page_end(answer, &page);
    pages_free(&page.pages);
    if (r == 0)
        r = answer_publish(answer, document, (struct timespec){.tv_sec = 1}, ret_changed);
    answer_free(answer);
    return r;
}

static int build_whole(struct document *document, const char *body)
{
    bool changed;

    return build_in_chunks(document, body, strlen(body), &changed);
}

static struct document new_document(enum operation operation)
{
    static char key[] = "key";

    return (struct document){.key = key, .query.operation = operation};
}

/* The id that an item with these members is given. */
static uint64_t id_of_members(enum operation operation, const char *members)
{
    struct document document = new_document(operation);
    char body[400];

    snprintf(body, sizeof body, "[{%s}]", members);
    if (build_whole(&document, body) != 0)
        fail_msg("%s was refused", body);
    assert_int_equal(document.n_items, 1);
    uint64_t id = document.items[0].id;
    assert_int_equal(document.n_ids, id == ITEM_NO_ID ? 0 : 1);
    assert_int_equal(document.unshown, id == ITEM_NO_ID ? 1 : 0);
    document_clear(&document);
    return id;
}

static void ids_are_plain_digits_as_number_or_string(void **state)
{
    static const struct {
        const char *token;
        uint64_t id;
    } CASES[] = {
        {"0", 0},
        {"7", 7},
        {"10421", 10421},
        {"\"10421\"", 10421},
        {"\"0\"", 0},
        {"\"1\\u0030\"", 10},
        {"999999999999999999", 999999999999999999},
        {"1000000000000000000", 1000000000000000000},
        {"\"1000000000000000000\"", 1000000000000000000},
        {"9223372036854771711", ITEM_ID_MAX},
        {"\"9223372036854771711\"", ITEM_ID_MAX},
        {"9223372036854771712", ITEM_NO_ID},
        {"9223372036854775807", ITEM_NO_ID},
        {"9999999999999999999", ITEM_NO_ID},
        {"18446744073709551615", ITEM_NO_ID},
        {"18446744073709551617", ITEM_NO_ID},
        {"123456789012345678901234567890", ITEM_NO_ID},
        {"\"123456789012345678901234567890\"", ITEM_NO_ID},
        {"1.0", ITEM_NO_ID},
        {"1e3", ITEM_NO_ID},
        {"1E0", ITEM_NO_ID},
        {"-1", ITEM_NO_ID},
        {"-0", ITEM_NO_ID},
        {"\"01\"", ITEM_NO_ID},
        {"\"00\"", ITEM_NO_ID},
        {"\"\"", ITEM_NO_ID},
        {"\" 1\"", ITEM_NO_ID},
        {"\"1 \"", ITEM_NO_ID},
        {"\"+1\"", ITEM_NO_ID},
        {"\"-1\"", ITEM_NO_ID},
        {"\"1.0\"", ITEM_NO_ID},
        {"\"0x10\"", ITEM_NO_ID},
        {"\"1\\u0000\"", ITEM_NO_ID},
        {"\"\\u0661\"", ITEM_NO_ID},
        {"\"one\"", ITEM_NO_ID},
        {"true", ITEM_NO_ID},
        {"null", ITEM_NO_ID},
        {"[1]", ITEM_NO_ID},
        {"{\"id\":1}", ITEM_NO_ID},
    };
    char members[80];

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        snprintf(members, sizeof members, "\"id\":%s", CASES[i].token);
        uint64_t id = id_of_members(OP_SERVICES, members);
        if (id != CASES[i].id)
            fail_msg("%s: %llu", members, (unsigned long long)id);
    }
}

/* services: id, serviceId, serviceid, service_id. */
static void the_best_alias_and_the_last_duplicate_count(void **state)
{
    static const struct {
        const char *members;
        uint64_t id;
    } CASES[] = {
        {"\"serviceId\":5", 5},
        {"\"service_id\":6,\"x\":1", 6},
        {"\"id\":1,\"serviceId\":5", 1},
        {"\"serviceId\":5,\"id\":1", 1},
        {"\"service_id\":7,\"serviceid\":6,\"serviceId\":5", 5},
        {"\"id\":1,\"id\":2", 2},
        {"\"id\":1,\"serviceId\":5,\"id\":2,\"serviceId\":6", 2},
        {"\"serviceId\":5,\"serviceId\":6", 6},
        {"\"id\":null,\"serviceId\":5", ITEM_NO_ID},
        {"\"id\":1,\"id\":\"x\"", ITEM_NO_ID},
        {"\"i\\u0064\":3", 3},
        {"\"id\":1,\"\\u0069\\u0064\":3", 3},
        {"\"id\\u0000\":3", ITEM_NO_ID},
        {"\"ID\":3,\"Id\":4,\"i\":5,\"\":6,\"idd\":7", ITEM_NO_ID},
        {"\"a\":{\"id\":3},\"b\":[{\"id\":4}],\"c\":\"\\\"id\\\":5\"", ITEM_NO_ID},
        {"\"a\":{\"id\":3},\"id\":8,\"b\":[{\"id\":4}]", 8},
        {"", ITEM_NO_ID},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        uint64_t id = id_of_members(OP_SERVICES, CASES[i].members);
        if (id != CASES[i].id)
            fail_msg("%s: %llu", CASES[i].members, (unsigned long long)id);
    }
}

static void fields_are_texts_of_scalars(void **state)
{
    static const char BODY[] =
        "[{\"id\":1,\"invoicenum\":\"A \\/ \\u00e9\",\"status\":\"Paid\",\"date\":\"2024-02-29 08:00:00\"},"
        "{\"id\":2,\"invoiceNum\":10.00,\"status\":null,\"date\":\"no date\"},"
        "{\"id\":3,\"number\":\"n\",\"invoicenum\":[1],\"status\":true},"
        "{\"id\":4,\"invoicenum\":\"\",\"status\":{\"a\":1},\"stat\\u0075s\":\"Unpaid\"}]";
    struct document document = new_document(OP_INVOICES);
    const struct snapshot *item[4];

    (void)state;
    assert_int_equal(build_whole(&document, BODY), 0);
    assert_int_equal(document.n_items, 4);
    for (size_t i = 0; i < 4; i++)
        item[i] = document.items[i].snapshot;
    assert_string_equal(snapshot_field(item[0], INVOICE_NUMBER), "A / \xc3\xa9");
    assert_string_equal(snapshot_field(item[0], INVOICE_STATUS), "Paid");
    assert_int_equal(item[0]->mtime.tv_sec, 1709208000);
    assert_string_equal(snapshot_field(item[1], INVOICE_NUMBER), "10.00");
    assert_null(snapshot_field(item[1], INVOICE_STATUS));
    assert_null(snapshot_field(item[2], INVOICE_NUMBER));
    assert_string_equal(snapshot_field(item[2], INVOICE_STATUS), "True");
    assert_null(snapshot_field(item[2], INVOICE_DATE));
    assert_string_equal(snapshot_field(item[3], INVOICE_NUMBER), "");
    assert_string_equal(snapshot_field(item[3], INVOICE_STATUS), "Unpaid");
    document_clear(&document);
}

/* The time of an item is its date's noon, where time_t can hold that, and else that of an item without a date. */
static void a_date_beyond_time_t_is_no_time(void **state)
{
    static const char BODY[] = "[{\"id\":1,\"date\":\"2038-01-18\"},{\"id\":2,\"date\":\"2040-01-01\"},{\"id\":3}]";
    struct document document = new_document(OP_INVOICES);
    int64_t mtime[3];

    (void)state;
    assert_int_equal(build_whole(&document, BODY), 0);
    assert_int_equal(document.n_items, 3);
    for (size_t i = 0; i < 3; i++)
        mtime[i] = document.items[i].snapshot->mtime.tv_sec;
    assert_true(mtime[0] == 2147428800);
    assert_true(mtime[1] == (sizeof(time_t) < 8 ? mtime[2] : INT64_C(2209032000)));
    document_clear(&document);
}

static void an_items_text_is_indented_and_whole(void **state)
{
    static const char BODY[] = "{\"data\": [ {\"id\":2,\"a\":[1e400,{}]} , null,\n{\"id\":1}, \"x\", [ ] ]}";
    static const char *const TEXTS[] = {"{\n  \"id\": 2,\n  \"a\": [\n    1e400,\n    {}\n  ]\n}\n", "null\n",
                                        "{\n  \"id\": 1\n}\n", "\"x\"\n", "[]\n"};
    bool changed;

    (void)state;
    for (size_t chunk = 1; chunk <= strlen(BODY); chunk++) {
        struct document document = new_document(OP_SERVICES);
        assert_int_equal(build_in_chunks(&document, BODY, chunk, &changed), 0);
        assert_true(changed);
        assert_int_equal(document.n_items, LENGTH(TEXTS));
        for (size_t i = 0; i < LENGTH(TEXTS); i++) {
            const struct snapshot *snapshot = document.items[i].snapshot;
            assert_int_equal(snapshot->len, strlen(TEXTS[i]));
            assert_memory_equal(snapshot->data, TEXTS[i], snapshot->len);
        }
        assert_int_equal(document.n_ids, 2);
        assert_int_equal(document_nth(&document, 0)->id, 1);
        assert_int_equal(document.unshown, 3);
        document_clear(&document);
    }
}

/* The stream lets pass what is in balance; an answer with such an item is refused whole all the same. */
static void an_item_that_is_not_json_refuses_the_answer(void **state)
{
    static const char *const BODIES[] = {
        "[{\"id\":1},{\"id\":}]",
        "[{\"id\":1},{\"id\":01}]",
        "[{\"id\":1},{id:2}]",
        "[{\"id\":1},{\"id\":2,}]",
        "[{\"id\":1},{\"id\":NaN}]",
        "[{\"id\":1},[1,]]",
        "[{\"id\":1},nul]",
        "[{\"id\":1},{\"id\" 2}]",
        "[{\"id\":1},{\"a\":\"\\x\"}]",
        "[{\"id\":1},{\"id\":2}",
        "[{\"id\":1},{\"id\":2",
        "[{\"id\":1},",
        "[{\"id\":1}",
        "{\"data\":[{\"id\":1}]",
        "<html></html>",
        "",
        "{\"message\":\"no\"}",
        "[{\"id\":1,\"a\":\"\t\"}]",
        "[{\"id\":1}]]",
        "[{\"id\":1},{\"id\":2]}",
    };
    bool changed;

    (void)state;
    for (size_t i = 0; i < LENGTH(BODIES); i++)
        for (size_t chunk = 1; chunk <= strlen(BODIES[i]) + 1; chunk++) {
            struct document document = new_document(OP_SERVICES);
            if (build_in_chunks(&document, BODIES[i], chunk, &changed) != -EIO)
                fail_msg("%s, by %zu: accepted", BODIES[i], chunk);
            assert_int_equal(document.n_items, 0);
        }
}

static void the_same_answer_keeps_snapshots_and_generation(void **state)
{
    struct document document = new_document(OP_SERVICES);
    bool changed;

    (void)state;
    assert_int_equal(build_whole(&document, "[{\"id\":1},{\"id\":2,\"a\":1},{\"id\":3}]"), 0);
    uint64_t generation = document.generation;
    struct snapshot *first = snapshot_ref(document.items[0].snapshot),
                    *third = snapshot_ref(document.items[2].snapshot);

    assert_int_equal(build_in_chunks(&document, "[{\"id\":1},{ \"id\":2,\"a\":1},{\"id\":3}]", 7, &changed), 0);
    assert_false(changed);
    assert_int_equal(document.generation, generation);

    assert_int_equal(build_in_chunks(&document, "[{\"id\":1},{\"id\":3}]", 7, &changed), 0);
    assert_true(changed);
    assert_true(document.generation > generation);
    assert_ptr_equal(document.items[0].snapshot, first);
    assert_ptr_equal(document.items[1].snapshot, third);
    snapshot_unref(first);
    snapshot_unref(third);
    document_clear(&document);
}

static void one_id_is_given_to_one_item(void **state)
{
    struct document document = new_document(OP_SERVICES);

    (void)state;
    assert_int_equal(build_whole(&document, "[{\"id\":2},{\"id\":1},{\"id\":\"2\"},{\"id\":1,\"a\":1}]"), 0);
    assert_int_equal(document.n_items, 4);
    assert_int_equal(document.n_ids, 2);
    assert_int_equal(document.unshown, 2);
    assert_ptr_equal(document_item(&document, 2), &document.items[0]);
    assert_ptr_equal(document_item(&document, 1), &document.items[1]);
    assert_null(document_item(&document, 3));
    document_clear(&document);
}

/* `n` times the text, between the others. */
static char *repeated(const char *before, const char *text, size_t n, const char *after)
{
    size_t len = strlen(text);
    char *body = malloc(strlen(before) + n * len + strlen(after) + 1);

    assert_non_null(body);
    char *at = stpcpy(body, before);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, text);
    (void)stpcpy(at, after);
    return body;
}

static void assert_too_large(enum operation operation, char *body, bool too_large)
{
    struct document document = new_document(operation);

    assert_int_equal(build_whole(&document, body), too_large ? -EFBIG : 0);
    document_clear(&document);
    free(body);
}

/* Two hundred levels of arrays, or one less, around as many ones. */
static char *nested(const char *before, size_t n, const char *after)
{
    char open[JSON_DEPTH + 64] = "", close[JSON_DEPTH + 64] = "";

    strcpy(open, before);
    memset(open + strlen(before), '[', JSON_DEPTH - 5);
    memset(close, ']', JSON_DEPTH - 5);
    strcat(close, after);
    open[strlen(before) + JSON_DEPTH - 5] = '1';
    return repeated(open, ",1", n, close);
}

/* What is made of an answer is bounded, and not only the answer: by 4 x max_body and a MiB. */
static void a_small_answer_that_becomes_a_large_one_is_refused(void **state)
{
    (void)state;
    max_body = 100000;
    assert_too_large(OP_SERVICES, repeated("[1", ",1", 10000, "]"), false);
    assert_too_large(OP_SERVICES, repeated("[1", ",1", 40000, "]"), true);
    assert_too_large(OP_SERVICES, nested("[", 1000, "]"), false);
    assert_too_large(OP_SERVICES, nested("[", 10000, "]"), true);
    assert_too_large(OP_BALANCE, nested("{\"a\":", 1000, "}"), false);
    assert_too_large(OP_BALANCE, nested("{\"a\":", 10000, "}"), true);
    assert_too_large(OP_PRICING, nested("{\"a\":", 10000, "}"), true);
    max_body = 1 << 30;
}

static void pages_without_end_are_refused(void **state)
{
    struct document document = new_document(OP_SERVICES);
    struct answer *answer = answer_new(&document, endpoints, 1000);
    struct answer_page end = {0};
    char body[1200];
    int r = 0;

    (void)state;
    memset(body, 'x', sizeof body);
    for (unsigned page = 0; r == 0; page++) {
        assert_true(page < 2000);
        int head = snprintf(body, sizeof body, "[{\"id\":%u,\"a\":\"", page);
        body[head] = 'x';
        (void)snprintf(body + 990, 10, "\"}]");
        /* One that came in part first, and is not counted twice. */
        for (unsigned i = 0; i < 3 && r == 0; i++) {
            assert_int_equal(answer_page(answer), 0);
            r = answer_feed(answer, body, strlen(body));
        }
        if (r == 0)
            assert_int_equal(answer_page_end(answer, &end), 0);
        assert_true(r == 0 || page > 900);
    }
    assert_int_equal(r, -EFBIG);
    answer_free(answer);
}

/* Feeds a page, whole. */
static void add_page(struct answer *answer, const char *body)
{
    struct answer_page end = {0};

    assert_int_equal(answer_page(answer), 0);
    assert_int_equal(answer_feed(answer, body, strlen(body)), 0);
    assert_int_equal(answer_page_end(answer, &end), 0);
    pages_free(&end.pages);
}

/* An item without an id is kept for the log, whatever the later pages have. */
static void the_first_odd_item_stays(void **state)
{
    struct document document = new_document(OP_SERVICES);
    struct answer *answer = answer_new(&document, endpoints, max_body);

    (void)state;
    add_page(answer, "[{\"id\":1},{\"a\":2}]");
    add_page(answer, "[{\"id\":3},{\"b\":4}]");
    struct json_slice odd = answer_odd(answer);
    assert_int_equal(odd.len, 7);
    assert_memory_equal(odd.at, "{\"a\":2}", 7);
    answer_free(answer);
}

/* PHP's keys 7 and 007 differ, and 007 is no JSON number. */
static void a_key_with_zeros_before_it_stays_a_string(void **state)
{
    struct document document = new_document(OP_SERVICES);
    static const char EXPECTED[] = "{\n  \"id\": \"007\",\n  \"a\": 2\n}\n";

    (void)state;
    assert_int_equal(build_whole(&document, "{\"data\":{\"7\":{\"a\":1},\"007\":{\"a\":2}}}"), 0);
    assert_int_equal(document.n_items, 2);
    assert_int_equal(document.n_ids, 1);
    assert_int_equal(document.unshown, 1);
    assert_int_equal(document.items[1].snapshot->len, strlen(EXPECTED));
    assert_memory_equal(document.items[1].snapshot->data, EXPECTED, strlen(EXPECTED));
    document_clear(&document);
}

/* One object is read in one step, which must be a short one. */
static void an_object_is_bounded(void **state)
{
    struct document document = new_document(OP_BALANCE);
    char *body = malloc((1 << 20) + 64);
    assert_non_null(body);
    int head = snprintf(body, 64, "{\"balance\":\"1.00\",\"note\":\"");

    (void)state;
    memset(body + head, 'x', 1 << 20);
    strcpy(body + (1 << 20) - 2, "\"}");
    assert_int_equal(build_whole(&document, body), 0);
    document_clear(&document);
    body[(1 << 20) - 2] = 'x';
    strcpy(body + (1 << 20) - 1, "\"}");
    assert_int_equal(build_whole(&document, body), -EIO);
    assert_false(document.loaded);
    free(body);
}

static int set_up(void **state)
{
    struct config config;

    (void)state;
    config_init(&config);
    endpoints = endpoints_new(&config);
    return endpoints ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    endpoints_free(endpoints);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_plain_digits_as_number_or_string),
        cmocka_unit_test(the_best_alias_and_the_last_duplicate_count),
        cmocka_unit_test(fields_are_texts_of_scalars),
        cmocka_unit_test(a_date_beyond_time_t_is_no_time),
        cmocka_unit_test(an_items_text_is_indented_and_whole),
        cmocka_unit_test(an_item_that_is_not_json_refuses_the_answer),
        cmocka_unit_test(the_same_answer_keeps_snapshots_and_generation),
        cmocka_unit_test(one_id_is_given_to_one_item),
        cmocka_unit_test(a_small_answer_that_becomes_a_large_one_is_refused),
        cmocka_unit_test(pages_without_end_are_refused),
        cmocka_unit_test(an_object_is_bounded),
        cmocka_unit_test(the_first_odd_item_stays),
        cmocka_unit_test(a_key_with_zeros_before_it_stays_a_string),
    };

    return cmocka_run_group_tests_name("build", tests, set_up, tear_down);
}
