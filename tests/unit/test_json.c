/* SPDX-License-Identifier: MIT */
/*
 * json/: the stream at every cut; messages in error bodies.
 *
 * Whatever is handed to the code lies in a heap block of exactly its size, so that the sanitizer sees one byte too far.
 */
#include "base/log.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A copy of `len` bytes without a terminator. */
static char *exact(const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

/* What a walk collects: each value that was asked for and each container that was kept, with a '|' after it. */
struct walk {
    int (*item)(void *data, struct json_slice raw);
    void *data;
};

/* Enters {"data":[…]} and […] and asks for the elements; enters "kept", and keeps it. */
static int begin(void *data, const struct json_place *place, char first)
{
    (void)data;
    if (place->depth == 0)
        return first == '{' || first == '[' ? JSON_ENTER : JSON_WHOLE;
    if (!place->key)
        return JSON_WHOLE;
    if (strcmp(place->key, "kept") == 0)
        return JSON_ENTER_KEEP;
    if (strcmp(place->key, "brief") == 0)
        return JSON_BRIEF;
    return strcmp(place->key, "data") == 0 && first == '[' ? JSON_ENTER : JSON_SKIP;
}

static int collect(void *data, struct json_slice raw)
{
    struct printbuf *items = data;

    printbuf_memappend(items, raw.at ? raw.at : "(long)", raw.at ? (int)raw.len : 6);
    printbuf_memappend(items, "|", 1);
    return 0;
}

static int value(void *data, const struct json_place *place, struct json_slice raw)
{
    struct walk *walk = data;

    (void)place;
    return walk->item(walk->data, raw);
}

static int leave(void *data, const struct json_place *place, struct json_slice raw)
{
    struct walk *walk = data;

    return raw.at && place->key ? walk->item(walk->data, raw) : 0;
}

static const struct json_visitor VISITOR = {begin, value, leave};

static int feed_exact(struct json_stream *stream, const char *bytes, size_t len)
{
    char *copy = exact(bytes, len);
    int r = json_stream_feed(stream, copy, len);

    free(copy);
    return r;
}

/* Streams `doc` in chunks of `chunk` bytes; returns json_stream_end()'s result. */
static int stream_in_chunks(const char *doc, size_t chunk, struct printbuf *items)
{
    struct walk walk = {.item = collect, .data = items};
    struct json_stream *stream = json_stream_new(&VISITOR, &walk);
    size_t len = strlen(doc);
    int fed = 0, r;

    assert_non_null(stream);
    for (size_t i = 0; i < len; i += chunk) {
        r = feed_exact(stream, doc + i, len - i < chunk ? len - i : chunk);
        if (fed < 0)
            assert_int_equal(r, fed);
        fed = r;
    }
    r = json_stream_end(stream);
    if (fed < 0)
        assert_int_equal(r, fed);
    assert_int_equal(json_stream_end(stream), r);
    json_stream_free(stream);
    return r;
}

/* `expected` NULL: refused, whatever came before the flaw. */
struct stream_case {
    const char *doc;
    const char *expected;
};

static void check_stream(const struct stream_case *c)
{
    for (size_t chunk = 1; chunk <= strlen(c->doc) + 1; chunk++) {
        struct printbuf *items = printbuf_new();
        int r = stream_in_chunks(c->doc, chunk, items);

        if (r != (c->expected ? 0 : -EBADMSG) || (c->expected && strcmp(items->buf, c->expected) != 0))
            fail_msg("%s, by %zu: %d, got %s, expected %s", c->doc, chunk, r, items->buf,
                     c->expected ? c->expected : "refusal");
        printbuf_free(items);
    }
}

static void what_was_asked_for_comes_out(void **state)
{
    static const struct stream_case CASES[] = {
        {"[]", ""},
        {" [ ] \n", ""},
        {"[1,22 , 333\t]", "1|22|333|"},
        {"[-0,1e400,0.10,123456789012345678901234567890]", "-0|1e400|0.10|123456789012345678901234567890|"},
        {"[null,true,false,\"a\\\"]\",{},[]]", "null|true|false|\"a\\\"]\"|{}|[]|"},
        {"[ {\"id\" : 1 } ,\r\n{\"id\":2}\n]", "{\"id\" : 1 }|{\"id\":2}|"},
        {"{\"data\":[1]}", "1|"},
        {"{\"d\\u0061ta\":[1]}", "1|"},
        {"{\"other\":[9],\"o\":{\"data\":[3]},\"data\":[1,2],\"n\":null}", "1|2|"},
        {"{\"brief\":\"short\",\"data\":7}", "\"short\"|"},
        {"{\"kept\":{\"data\":[1],\"a\": {\"b\":[]} } ,\"data\":[2]}", "1|{\"data\":[1],\"a\": {\"b\":[]} }|2|"},
        {"{\"kept\":{\"kept\":[1, 2],\"x\":3}}", "1|2|[1, 2]|{\"kept\":[1, 2],\"x\":3}|"},
        {"{\"kept\":5,\"data\":[6]}", "6|"},
        {"{}", ""},
        {"17", "17|"},
        {" null ", "null|"},
        {"\"a\"", "\"a\"|"},
        {"\xef\xbb\xbf[1]", "1|"},
        {"\xef\xbb\xbf {\"data\":[1]}", "1|"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++)
        check_stream(&CASES[i]);
}

/* A brief value and a kept container that are too long are told to be so, and the walk goes on. */
static void what_is_too_long_is_left_out(void **state)
{
    struct printbuf *doc = printbuf_new(), *items = printbuf_new();

    (void)state;
    sprintbuf(doc, "{\"brief\":\"");
    printbuf_memset(doc, -1, 'x', JSON_BRIEF_MAX - 2);
    sprintbuf(doc, "\",\"data\":[1]}");
    assert_int_equal(stream_in_chunks(doc->buf, 1000, items), 0);
    assert_int_equal(printbuf_length(items), JSON_BRIEF_MAX + 1 + 2);

    printbuf_reset(doc);
    printbuf_reset(items);
    sprintbuf(doc, "{\"brief\":\"");
    printbuf_memset(doc, -1, 'x', JSON_BRIEF_MAX - 1);
    sprintbuf(doc, "\",\"data\":[1]}");
    assert_int_equal(stream_in_chunks(doc->buf, 1000, items), 0);
    assert_string_equal(items->buf, "(long)|1|");
    printbuf_reset(items);
    assert_int_equal(stream_in_chunks(doc->buf, 1 << 20, items), 0);
    assert_string_equal(items->buf, "(long)|1|");

    printbuf_reset(doc);
    printbuf_reset(items);
    sprintbuf(doc, "{\"kept\":{\"other\":\"");
    printbuf_memset(doc, -1, 'x', JSON_KEEP_MAX);
    sprintbuf(doc, "\",\"data\":[1]},\"data\":[2]}");
    assert_int_equal(stream_in_chunks(doc->buf, 1 << 16, items), 0);
    assert_string_equal(items->buf, "1|2|");

    /* A short one in a long one is kept, however the bytes are cut. */
    printbuf_reset(doc);
    sprintbuf(doc, "{\"kept\":{\"other\":\"");
    printbuf_memset(doc, -1, 'x', JSON_KEEP_MAX - 20);
    sprintbuf(doc, "\",\"kept\":{\"a\":{},\"kept\":[3]}},\"data\":[2]}");
    for (size_t chunk = 1 << 10; chunk <= 1 << 24; chunk *= 4) {
        printbuf_reset(items);
        assert_int_equal(stream_in_chunks(doc->buf, chunk, items), 0);
        assert_string_equal(items->buf, "3|[3]|{\"a\":{},\"kept\":[3]}|2|");
    }
    printbuf_free(doc);
    printbuf_free(items);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const DOCS[] = {"",
                                       " \n",
                                       "[",
                                       "[1",
                                       "[1,",
                                       "[1,]",
                                       "[,1]",
                                       "[1 2]",
                                       "[1]]",
                                       "[1] x",
                                       "[1][2]",
                                       "[1}",
                                       "[nul]",
                                       "[nulll]",
                                       "[0x10]",
                                       "[01]",
                                       "['a']",
                                       "[\"a]",
                                       "[/**/1]",
                                       "[{]",
                                       "{\"data\"",
                                       "{\"data\":",
                                       "{\"data\":[",
                                       "{\"data\":[1]",
                                       "{\"data\":[1],",
                                       "{\"data\":[1],}",
                                       "{,}",
                                       "{data:[1]}",
                                       "{'data':[1]}",
                                       "{\"data\" [1]}",
                                       "{\"data\":[1]]",
                                       "{\"data\":[1]}}",
                                       "{\"data\"\"value\":[1]}",
                                       "{\"a\\q\":1,\"data\":[1]}",
                                       "[1],",
                                       "\xef\xbb[1]",
                                       "\xef\xbb\xbf",
                                       "[\xef\xbb\xbf]",
                                       "[TRUE]"};

    (void)state;
    for (size_t i = 0; i < LENGTH(DOCS); i++)
        check_stream(&(struct stream_case){DOCS[i], NULL});
}

/* What is beside a list is skipped, but not blindly. */
static void what_is_skipped_is_in_balance(void **state)
{
    static const struct stream_case CASES[] = {
        {"{\"a\":{\"b\":[\"}\",\"\\\\\",\"\\\"]\"]},\"data\":[1]}", "1|"},
        {"{\"a\":\"]}\\\\\\\"\",\"data\":[1],\"b\":[{}]}", "1|"},
        {"{\"a\":[1}],\"data\":[1]}", NULL},
        {"{\"a\":[{]},\"data\":[1]}", NULL},
        {"{\"a\":{\"b\":[1}],\"data\":[1]}", NULL},
        {"{\"a\":],\"data\":[1]}", NULL},
        {"{\"a\":\"b\"c\",\"data\":[1]}", NULL},
        {"{\"a\":\"b\\\",\"data\":[1]}", NULL},
        {"{\"a\":nul,\"data\":[1]}", NULL},
        {"{\"a\":01,\"data\":[1]}", NULL},
        {"{\"a\":,\"data\":[1]}", NULL},
        {"{\"data\":[1],\"a\":[}", NULL},
        {"{\"data\":[1],\"a\":[[]}", NULL},
        {"{\"data\":[1],\"a\":\"}", NULL},
        {"{\"data\":[1],\"a\":1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++)
        check_stream(&CASES[i]);
}

struct span {
    const char *at;
    size_t len;
    unsigned inside;
    unsigned outside;
};

static int note_place(void *data, struct json_slice raw)
{
    struct span *chunk = data;

    if ((uintptr_t)raw.at >= (uintptr_t)chunk->at && (uintptr_t)raw.at < (uintptr_t)chunk->at + chunk->len)
        chunk->inside++;
    else
        chunk->outside++;
    return 0;
}

static void whole_items_are_not_copied(void **state)
{
    static const char FIRST[] = "[{\"a\":1},{\"b\":2},{\"c\"", SECOND[] = ":3},{\"d\":4},5";
    struct span chunk = {FIRST, strlen(FIRST), 0, 0};
    struct walk walk = {.item = note_place, .data = &chunk};
    struct json_stream *stream = json_stream_new(&VISITOR, &walk);

    (void)state;
    assert_int_equal(json_stream_feed(stream, chunk.at, chunk.len), 0);
    assert_int_equal(chunk.inside, 2);
    assert_int_equal(chunk.outside, 0);

    chunk = (struct span){SECOND, strlen(SECOND), 0, 0};
    assert_int_equal(json_stream_feed(stream, chunk.at, chunk.len), 0);
    assert_int_equal(chunk.inside, 1);
    assert_int_equal(chunk.outside, 1);
    json_stream_free(stream);
}

static void items_come_with_their_last_byte(void **state)
{
    static const char DOC[] = "{\"data\":[{\"a\":1},[2],\"x\" ,3,null]}";
    static const char *const AFTER[] = {"{\"a\":1}", "[2]", "\"x\"", "3,", "null]"};
    struct printbuf *items = printbuf_new();
    struct walk walk = {.item = collect, .data = items};
    struct json_stream *stream = json_stream_new(&VISITOR, &walk);
    const char *fed = DOC;

    (void)state;
    for (size_t i = 0; i < LENGTH(AFTER); i++) {
        const char *last = strstr(DOC, AFTER[i]) + strlen(AFTER[i]) - 1;
        int before = printbuf_length(items);

        assert_int_equal(feed_exact(stream, fed, (size_t)(last - fed)), 0);
        assert_int_equal(printbuf_length(items), before);
        assert_int_equal(feed_exact(stream, last, 1), 0);
        assert_true(printbuf_length(items) > before);
        fed = last + 1;
    }
    json_stream_free(stream);
    printbuf_free(items);
}

static int stop_at_second(void *data, struct json_slice raw)
{
    (void)raw;
    return ++*(int *)data == 2 ? -ECANCELED : 0;
}

static void a_callbacks_error_ends_the_stream(void **state)
{
    int calls = 0;
    struct walk walk = {.item = stop_at_second, .data = &calls};
    struct json_stream *stream = json_stream_new(&VISITOR, &walk);

    (void)state;
    assert_int_equal(feed_exact(stream, "[1,2,3,", 7), -ECANCELED);
    assert_int_equal(feed_exact(stream, "4]", 2), -ECANCELED);
    assert_int_equal(json_stream_end(stream), -ECANCELED);
    assert_int_equal(calls, 2);
    json_stream_free(stream);
    json_stream_free(NULL);
}

static void a_nul_byte_is_refused(void **state)
{
    static const char DOCS[][9] = {"[1\0,2]", "[\"a\0b\"]", "[nul\0l]", "[\0]", "{\"a\0\":1}", "[1]\0"};

    (void)state;
    for (size_t i = 0; i < LENGTH(DOCS); i++) {
        struct printbuf *items = printbuf_new();
        struct walk walk = {.item = collect, .data = items};
        struct json_stream *stream = json_stream_new(&VISITOR, &walk);

        assert_int_equal(feed_exact(stream, DOCS[i], sizeof(DOCS[i])), -EBADMSG);
        json_stream_free(stream);
        printbuf_free(items);
    }
}

/* `depth` brackets around nothing. */
static char *nested(unsigned depth)
{
    char *doc = calloc(1, 2 * (size_t)depth + 1);

    assert_non_null(doc);
    memset(doc, '[', depth);
    memset(doc + depth, ']', depth);
    return doc;
}

static void nesting_is_bounded(void **state)
{
    struct printbuf *out = printbuf_new();
    char *doc = nested(JSON_DEPTH);

    (void)state;
    assert_int_equal(json_indent((struct json_slice){doc, strlen(doc)}, 0, out), 0);
    assert_int_equal(stream_in_chunks(doc, 7, out), 0);
    free(doc);

    doc = nested(JSON_DEPTH + 1);
    assert_int_equal(json_indent((struct json_slice){doc, strlen(doc)}, 0, out), -EBADMSG);
    assert_int_equal(stream_in_chunks(doc, 7, out), 0);
    free(doc);

    doc = nested(JSON_DEPTH + 2);
    assert_int_equal(stream_in_chunks(doc, 7, out), -EBADMSG);
    free(doc);

    doc = nested(100000);
    assert_int_equal(json_indent((struct json_slice){doc, strlen(doc)}, 0, out), -EBADMSG);
    assert_int_equal(stream_in_chunks(doc, 4096, out), -EBADMSG);
    assert_null(json_api_message(doc, strlen(doc), log_hidden));
    free(doc);
    printbuf_free(out);
}

#define INVOICES 10000

static void append_invoice(struct printbuf *doc, int n)
{
    int before = printbuf_length(doc);

    sprintbuf(doc, "{\"id\":%d,\"invoicenum\":\"INV-%06d\",\"date\":\"2024-03-%02d\",\"total\":\"%d.00\",\"items\":[",
              n, n, n % 28 + 1, n);
    for (int i = 0; i < 4; i++)
        sprintbuf(doc, "%s{\"id\":%d,\"description\":\"Server AMS \\/ 2x, caf\\u00e9 %d\",\"amount\":\"%d.50\"}",
                  i ? "," : "", 4 * n + i, i, i);
    sprintbuf(doc, "],\"notes\":\"");
    printbuf_memset(doc, -1, 'n', before + 998 - printbuf_length(doc));
    sprintbuf(doc, "\"}");
}

static int count_and_check(void *data, struct json_slice raw)
{
    int *count = data;

    assert_int_equal(raw.len, 1000);
    assert_int_equal(atoi(raw.at + strlen("{\"id\":")), (*count)++);
    return 0;
}

static void ten_thousand_invoices(void **state)
{
    struct printbuf *doc = printbuf_new();
    int count = 0;
    struct walk walk = {.item = count_and_check, .data = &count};
    struct json_stream *stream = json_stream_new(&VISITOR, &walk);

    (void)state;
    for (int n = 0; n < INVOICES; n++) {
        printbuf_memappend(doc, n ? "," : "[", 1);
        append_invoice(doc, n);
    }
    printbuf_memappend(doc, "]", 1);
    for (int i = 0, len; i < printbuf_length(doc); i += len) {
        len = printbuf_length(doc) - i < 16384 ? printbuf_length(doc) - i : 16384;
        assert_int_equal(json_stream_feed(stream, doc->buf + i, (size_t)len), 0);
    }
    assert_int_equal(json_stream_end(stream), 0);
    assert_int_equal(count, INVOICES);
    json_stream_free(stream);
    printbuf_free(doc);
}

struct text_case {
    const char *in;
    const char *out;
};

static void check_message(const char *body, const char *expected)
{
    char *copy = exact(body, strlen(body)), *message = json_api_message(copy, strlen(body), log_hidden);

    if (!message != !expected || (message && strcmp(message, expected) != 0))
        fail_msg("%s: got %s, expected %s", body, message ? message : "none", expected ? expected : "none");
    free(message);
    free(copy);
}

static void error_bodies_have_a_message(void **state)
{
    static const struct text_case CASES[] = {
        {"{\"message\":\"No such service\"}", "No such service"},
        {"{\"reason\":\"r\",\"detail\":\"d\",\"message\":\"m\",\"error\":\"e\"}", "m"},
        {"{\"reason\":\"r\",\"error\":\"e\"}", "e"},
        {"{\"error\":{\"code\":\"E1\",\"message\":\"inner\"}}", "inner"},
        {"{\"error\":{\"code\":\"E1\"},\"title\":\"t\"}", "t"},
        {"{\"errors\":\"text\"}", "text"},
        {"{\"errors\":[\"first\",\"second\"]}", "first"},
        {"{\"errors\":[{\"code\":\"E1\",\"message\":\"m\"}]}", "m"},
        {"{\"errors\":{\"resource_name\":[\"is required\"],\"b\":\"c\"}}", "is required"},
        {"{\"errors\":{\"resource_name\":\"is bad\"}}", "is bad"},
        {"{\"errors\":[],\"msg\":\"x\"}", "x"},
        {"{\"errors\":{},\"description\":\"x\"}", "x"},
        {"{\"errors\":null,\"message\":\" \",\"reason\":\"x\"}", "x"},
        {"{\"message\":\" a\\r\\n\\tb\\u0000\\u0085c\\u2028d \"}\n", "a b c d"},
        {"{\"message\":\"caf\\u00e9 \xff\"}", "caf\xc3\xa9 ?"},
        {"{\"message\":\"Dienst nicht verf\xc3\xbcgbar\"}", "Dienst nicht verf\xc3\xbcgbar"},
        {"\r\n {\"message\":\"m\",\"n\":[18446744073709551616,-123456789012345678901234567890,1e400]}\t", "m"},
        {"\xef\xbb\xbf \r\n{\"message\":\"after a byte order mark\"}", "after a byte order mark"},
        {"\xef\xbb{\"message\":\"m\"}", NULL},
        {"{\"m\\u0065ssage\":\"\\ud83d\\ude00 \\ud83d!\"}", "\xf0\x9f\x98\x80 \xef\xbf\xbd!"},
        {"{\"message\":\"a\",\"message\":\"b\"}", "b"},
        {"{\"errors\":[ {\"a\":1,\"b\":[]} , \"x\" ],\"msg\":\"m\"}", "m"},
        {"{\"errors\":[[[\"deep\"]]]}", "deep"},
        {"{\"errors\":[[[[\"too deep\"]]]]}", NULL},
        {"{\"message\":12}", NULL},
        {"{\"message\":\"a\tb\"}", NULL},
        {"{\"message\":\"m\",\"n\":NaN}", NULL},
        {"{\"message\":\"m\",\"n\":-01}", NULL},
        {",\"message\":\"m\"", NULL},
        {"{}", NULL},
        {"[\"x\"]", NULL},
        {"\"x\"", NULL},
        {"", NULL},
        {"<html>", NULL},
        {"{\"message\":\"m\"} x", NULL},
        {"{\"message\":\"m\"", "m"},
        {"{\"message\":\"m\",\"trace\":[{\"file\":\"a", "m"},
        {"{\"code\":12,\"error\":{\"message\":\"m\"},\"trace\":\"", "m"},
        {"{\"message\":\"m\",\"tra", "m"},
        {"{\"errors\":[\"caf\xc3\xa9\"],\"n\":123456789012345678901234567890,\"trace\":[{\"", "caf\xc3\xa9"},
        {"{\"message\":\"m", NULL},
        {"{\"error\":{\"message\":\"m\"", NULL},
        {"{\"a\":1,", NULL},
        {"[{\"message\":\"m\"},", NULL},
        {"{", NULL},
        {"{\"message\":\"m\",]", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++)
        check_message(CASES[i].in, CASES[i].out);
}

static void messages_are_cut_between_characters(void **state)
{
    struct printbuf *body = printbuf_new();
    char *message;

    (void)state;
    sprintbuf(body, "{\"message\":\"x");
    for (int i = 0; i < 400; i++)
        sprintbuf(body, "\xc3\xa9");
    sprintbuf(body, "\"}");
    message = json_api_message(body->buf, (size_t)printbuf_length(body), log_hidden);
    assert_int_equal(strlen(message), 299);
    assert_string_equal(message + 297, "\xc3\xa9");
    free(message);
    printbuf_free(body);
}

/* The token is hidden before the cut, which would leave a part of it that nobody knows for one. */
static void messages_do_not_repeat_the_token(void **state)
{
    struct printbuf *body = printbuf_new();
    char *message;

    (void)state;
    log_hide("s3cr3t-t0ken");
    check_message("{\"message\":\"Token s3cr3t-t0ken is invalid\"}", "Token [hidden] is invalid");
    check_message("{\"errors\":[\"s3cr3t\\u002dt0ken\"]}", "[hidden]");
    sprintbuf(body, "{\"message\":\"%0295d s3cr3t-t0ken\"}", 0);
    message = json_api_message(body->buf, (size_t)printbuf_length(body), log_hidden);
    assert_non_null(message);
    assert_null(strstr(message, "s3"));
    free(message);
    printbuf_free(body);
    log_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_for_comes_out),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(what_is_too_long_is_left_out),
        cmocka_unit_test(what_is_skipped_is_in_balance),
        cmocka_unit_test(whole_items_are_not_copied),
        cmocka_unit_test(items_come_with_their_last_byte),
        cmocka_unit_test(a_callbacks_error_ends_the_stream),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(ten_thousand_invoices),
        cmocka_unit_test(error_bodies_have_a_message),
        cmocka_unit_test(messages_are_cut_between_characters),
        cmocka_unit_test(messages_do_not_repeat_the_token),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
