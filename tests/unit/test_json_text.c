/* SPDX-License-Identifier: MIT */
/*
 * api/json_text: the printer's tokens and layout, what it refuses, members, scalars.
 *
 * Whatever is handed to the code lies in a heap block of exactly its size, so that the sanitizer sees one byte too far.
 */
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

struct text_case {
    const char *in;
    const char *out;
};

/* json_indent() after a few bytes that must survive; NULL when it refuses. */
static char *indented(const char *bytes, size_t len, unsigned indent)
{
    struct printbuf *out = printbuf_new(), *scratch = printbuf_new();
    char *copy = exact(bytes, len), *text = NULL;
    int r;

    printbuf_memappend(out, "kept", 4);
    r = json_indent((struct json_slice){copy, len}, indent, out);
    assert_int_equal(json_check((struct json_slice){copy, len}, scratch), r);
    printbuf_free(scratch);
    free(copy);
    assert_memory_equal(out->buf, "kept", 4);
    assert_int_equal(strlen(out->buf), printbuf_length(out));
    if (r == 0) {
        text = strdup(out->buf + 4);
    } else {
        assert_int_equal(r, -EBADMSG);
        assert_int_equal(printbuf_length(out), 4);
    }
    printbuf_free(out);
    return text;
}

static void check_indented(const struct text_case *c)
{
    char *text = indented(c->in, strlen(c->in), 0);

    if (!text || strcmp(text, c->out) != 0)
        fail_msg("%s: got %s, expected %s", c->in, text ? text : "refusal", c->out);
    free(text);
}

static void layout_is_jqs(void **state)
{
    static const struct text_case CASES[] = {
        {"{}", "{}"},
        {" [ \n] ", "[]"},
        {"1", "1"},
        {"[1]", "[\n  1\n]"},
        {"[[],{},[ ]]", "[\n  [],\n  {},\n  []\n]"},
        {"{\"a\":1,\"b\" : [ 2 ,{\"c\":null}]}",
         "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    {\n      \"c\": null\n    }\n  ]\n}"},
    };
    char *text;

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++)
        check_indented(&CASES[i]);

    text = indented("{\"a\":[1,{}]}", 12, 3);
    assert_string_equal(text, "{\n     \"a\": [\n       1,\n       {}\n     ]\n   }");
    free(text);
}

static void wide_indents_are_exact(void **state)
{
    (void)state;
    for (unsigned indent = 0; indent < 300; indent++) {
        char *text = indented("[1]", 3, indent);

        assert_int_equal(strlen(text), 6 + 2 + 2 * (size_t)indent - 1);
        assert_int_equal(strspn(text + 2, " "), indent + 2);
        assert_int_equal(strspn(text + 4 + indent + 2, " "), indent);
        free(text);
    }
}

static void tokens_survive(void **state)
{
    static const struct text_case CASES[] = {
        {"-0", "-0"},
        {"0.10", "0.10"},
        {"1e400", "1e400"},
        {"1E+05", "1E+05"},
        {"-0.0e-0", "-0.0e-0"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"true", "true"},
        {"false", "false"},
        {"null", "null"},
        {"{\"a\":1,\"a\":2}", "{\n  \"a\": 1,\n  \"a\": 2\n}"},
        {"{\"k\\/\\u00e9\":\"v\"}", "{\n  \"k\\/\\u00e9\": \"v\"\n}"},
        {"\"AMS \\/ 2x\"", "\"AMS / 2x\""},
        {"\"caf\\u00e9\"", "\"caf\xc3\xa9\""},
        {"\"caf\xc3\xa9\"", "\"caf\xc3\xa9\""},
        {"\"\\u002F\\u0041\\u20AC\\uffff\"", "\"/A\xe2\x82\xac\xef\xbf\xbf\""},
        {"\"\\ud83d\\ude00\\uDBFF\\uDFFF\"", "\"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\""},
        {"\"\\ud83d\"", "\"\\ud83d\""},
        {"\"\\ude00\\ud83d\"", "\"\\ude00\\ud83d\""},
        {"\"\\ud83d\\ud83d\\ude00\"", "\"\\ud83d\xf0\x9f\x98\x80\""},
        {"\"\\ud83d\\u0041\\ud83d\\n\\ud83dx\"", "\"\\ud83dA\\ud83d\\n\\ud83dx\""},
        {"\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
        {"\"\\u0022\\u005C\\u005c\"", "\"\\u0022\\u005C\\u005c\""},
        {"\"\\u0000\\u001F\\u007f\\u0080\\u009F\\u00a0\\u0020\"", "\"\\u0000\\u001F\\u007f\\u0080\\u009F\xc2\xa0 \""},
        {"\"\x7f\xc2\x80\"", "\"\x7f\xc2\x80\""},
        {"\"\xff\xc3\x80\xed\xa0\x80\"", "\"\xff\xc3\x80\xed\xa0\x80\""},
        {"\"\\\\u00e9\"", "\"\\\\u00e9\""},
        {"\"\"", "\"\""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        check_indented(&CASES[i]);
        check_indented(&(struct text_case){CASES[i].out, CASES[i].out});
    }
}

static void what_is_not_json_is_not_printed(void **state)
{
    static const char *const DOCS[] = {"",
                                       " ",
                                       "NaN",
                                       "nan",
                                       "Infinity",
                                       "-Infinity",
                                       "[NaN]",
                                       "01",
                                       "-01",
                                       "00",
                                       "1.",
                                       "-1.",
                                       ".5",
                                       "1.e5",
                                       "1e",
                                       "1e+",
                                       "+1",
                                       "-",
                                       "--1",
                                       "0x10",
                                       "1.2.3",
                                       "TRUE",
                                       "True",
                                       "nUll",
                                       "nul",
                                       "nulll",
                                       "truefalse",
                                       "1 2",
                                       "[",
                                       "]",
                                       "[1",
                                       "[1,",
                                       "[1,]",
                                       "[,1]",
                                       "[1 2]",
                                       "[1}",
                                       "{\"a\":1]",
                                       "{",
                                       "}",
                                       "{\"a\"",
                                       "{\"a\":",
                                       "{\"a\":1",
                                       "{\"a\":1,",
                                       "{\"a\":1,}",
                                       "{,}",
                                       "{\"a\" 1}",
                                       "{a:1}",
                                       "{'a':1}",
                                       "{1:2}",
                                       "{\"a\":1}}",
                                       "[]]",
                                       "'a'",
                                       "\"",
                                       "\"a",
                                       "\"\\\"",
                                       "\"\\",
                                       "\"\\x\"",
                                       "\"\\",
                                       "\"\\u\"",
                                       "\"\\u12",
                                       "\"\\u12\"",
                                       "\"\\u123g\"",
                                       "\"\\U0041\"",
                                       "\"a\nb\"",
                                       "\"a\tb\"",
                                       "\"\x01\"",
                                       "\"\x1f\"",
                                       "{\"\n\":1}",
                                       "{\"\\q\":1}",
                                       "{\"\\u12\":1}",
                                       "\v1",
                                       "1\f",
                                       "/**/1",
                                       "[1/**/]",
                                       "\"\\ud83d",
                                       "\"\\ud83d\\",
                                       "\"\\ud83d\\u",
                                       "\"\\ud83d\\ude0\"",
                                       "\"\\ud83d\\x\"",
                                       "\xef\xbb\xbf{}",
                                       "\xc2\xa0{}"};

    (void)state;
    for (size_t i = 0; i < LENGTH(DOCS); i++) {
        char *text = indented(DOCS[i], strlen(DOCS[i]), 0);

        if (text)
            fail_msg("%s was printed as %s", DOCS[i], text);
    }
    assert_null(indented("\"a\0b\"", 5, 0));
    assert_null(indented("1\0", 2, 0));
}

/* "key=value;" for each member, then "." at the end or "!" at an error. */
static char *members(const char *doc)
{
    char *copy = exact(doc, strlen(doc));
    struct json_slice rest = {copy, strlen(doc)}, key, value;
    struct printbuf *out = printbuf_new();
    char *text;
    int r;

    while ((r = json_next_member(&rest, &key, &value)) > 0)
        sprintbuf(out, "%.*s=%.*s;", (int)key.len, key.at, (int)value.len, value.at);
    assert_true(r == 0 || r == -EBADMSG);
    assert_int_equal(json_next_member(&rest, &key, &value), r);
    sprintbuf(out, r == 0 ? "." : "!");
    text = strdup(out->buf);
    printbuf_free(out);
    free(copy);
    return text;
}

static void members_are_walked(void **state)
{
    static const struct text_case CASES[] = {
        {"{}", "."},
        {" { } ", "."},
        {"{\"a\":1}", "\"a\"=1;."},
        {"{ \"a\" : -0.10 , \"a\":null,\"b\\\"\":true }", "\"a\"=-0.10;\"a\"=null;\"b\\\"\"=true;."},
        {"{\"a\":{\"b\":[\"}\\\"]\",{}]},\"c\":[[],\"{\"],\"d\":\"\\\\\"}",
         "\"a\"={\"b\":[\"}\\\"]\",{}]};\"c\"=[[],\"{\"];\"d\"=\"\\\\\";."},
        {"", "!"},
        {"[]", "!"},
        {"1", "!"},
        {"{", "!"},
        {"{\"a\"", "!"},
        {"{\"a", "!"},
        {"{\"a\\", "!"},
        {"{\"a\":", "!"},
        {"{\"a\":\"", "!"},
        {"{\"a\":[", "!"},
        {"{\"a\":[\"", "!"},
        {"{\"a\":nope}", "!"},
        {"{\"a\":1", "\"a\"=1;!"},
        {"{\"a\":1,}", "\"a\"=1;!"},
        {"{\"a\":1 \"b\":2}", "\"a\"=1;!"},
        {"{'a':1}", "!"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        char *text = members(CASES[i].in);

        assert_string_equal(text, CASES[i].out);
        free(text);
    }
}

static void scalars_have_a_text(void **state)
{
    static const struct text_case CASES[] = {
        {"null", ""},
        {"true", "true"},
        {"false", "false"},
        {"-0", "-0"},
        {"1e400", "1e400"},
        {"\"\"", ""},
        {"\"a\\n\\t\\\"\\\\\\/\\b\\u0001\\u007f\"", "a\n\t\"\\/\b\x01\x7f"},
        {"\"caf\\u00e9 \\ud83d\\ude00\"", "caf\xc3\xa9 \xf0\x9f\x98\x80"},
        {"\"a\\u0000b\\uD800c\\udc00\"", "a\\u0000b\\uD800c\\udc00"},
        {"{}", NULL},
        {"[1]", NULL},
        {"", NULL},
        {"\"a", NULL},
        {"NaN", NULL},
        {"1 ", NULL},
        {"\"a\"b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct printbuf *out = printbuf_new();
        char *copy = exact(CASES[i].in, strlen(CASES[i].in));
        int r;

        printbuf_memappend(out, "kept", 4);
        r = json_scalar_text((struct json_slice){copy, strlen(CASES[i].in)}, out);
        assert_int_equal(r, CASES[i].out ? 0 : -EBADMSG);
        assert_string_equal(out->buf + 4, CASES[i].out ? CASES[i].out : "");
        printbuf_free(out);
        free(copy);
    }
}

static void strings_have_bytes(void **state)
{
    static const char DOC[] = "\"a\\u0000b\\uD800c\\udc00 caf\\u00e9 \xff\\n\"";
    static const char BYTES[] = "a\0b\xef\xbf\xbd"
                                "c\xef\xbf\xbd caf\xc3\xa9 \xff\n";
    static const char *const NONE[] = {"", "1", "null", "{}", "[\"a\"]", "\"a", "\"a\"b", "\"\\x\"", "\"\t\""};
    struct printbuf *out = printbuf_new();

    (void)state;
    assert_int_equal(json_string_bytes((struct json_slice){DOC, sizeof(DOC) - 1}, out), 0);
    assert_int_equal(printbuf_length(out), sizeof(BYTES) - 1);
    assert_memory_equal(out->buf, BYTES, sizeof(BYTES));
    for (size_t i = 0; i < LENGTH(NONE); i++) {
        char *copy = exact(NONE[i], strlen(NONE[i]));

        assert_int_equal(json_string_bytes((struct json_slice){copy, strlen(NONE[i])}, out), -EBADMSG);
        assert_int_equal(printbuf_length(out), sizeof(BYTES) - 1);
        free(copy);
    }
    printbuf_free(out);
}

static void members_are_found(void **state)
{
    static const struct {
        const char *object, *name, *value;
    } CASES[] = {
        {"{\"a\":1,\"b\":[2]}", "b", "[2]"},
        {"{\"a\":1,\"a\":2}", "a", "2"},
        {" {\"\\u0061\":1}", "a", "1"},
        {"{\"a\":{\"b\":1}}", "b", NULL},
        {"{\"a\":1,\"b\":[2", "a", "1"},
        {"{\"a\":1,\"b\":[2", "b", NULL},
        {"{}", "a", NULL},
        {"[\"a\"]", "a", NULL},
        {"", "a", NULL},
    };
    struct printbuf *scratch = printbuf_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct json_slice object = {CASES[i].object, strlen(CASES[i].object)};
        struct json_slice value = json_find_member(object, CASES[i].name, scratch);

        assert_int_equal(value.at != NULL, CASES[i].value != NULL);
        if (value.at) {
            assert_int_equal(value.len, strlen(CASES[i].value));
            assert_memory_equal(value.at, CASES[i].value, value.len);
        }
    }
    printbuf_free(scratch);
}

/* Prints an item, or refuses to. */
static int print_item(void *data, const struct json_place *place, struct json_slice raw)
{
    (void)place;
    char *text = indented(raw.at, raw.len, 0);

    (void)data;
    free(text);
    return text ? 0 : -EBADMSG;
}

static int enter_the_list(void *data, const struct json_place *place, char first)
{
    (void)data;
    (void)first;
    return place->depth == 0 ? JSON_ENTER : JSON_WHOLE;
}

static int leave_the_list(void *data, const struct json_place *place, struct json_slice raw)
{
    (void)data;
    (void)place;
    (void)raw;
    return 0;
}

static int stream_items(const char *doc)
{
    static const struct json_visitor visitor = {enter_the_list, print_item, leave_the_list};
    struct json_stream *stream = json_stream_new(&visitor, NULL);
    char *copy = exact(doc, strlen(doc));
    int r;

    (void)json_stream_feed(stream, copy, strlen(doc));
    r = json_stream_end(stream);
    json_stream_free(stream);
    free(copy);
    return r;
}

/* The stream looks at brackets and quotes only, so the printer is what stands between a flaw and a file. */
static void a_flaw_inside_an_item_fails_the_answer(void **state)
{
    static const char *const FLAWS[] = {
        "{\"a\":}",
        "{\"a\"}",
        "{\"a\":1,}",
        "{\"a\":1 2}",
        "{\"a\" 1}",
        "{1:2}",
        "{a:1}",
        "{'a':1}",
        "{,}",
        "[1,]",
        "[,]",
        "[1 2]",
        "[-01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "[NaN]",
        "[-Infinity]",
        "[nul]",
        "[TRUE]",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"a\tb\"]",
        "[\"a\nb\"]",
        "[/**/1]",
        "[\x01]",
        "{\"\x01\":1}",
        "[\"a\"\"b\"]",
        "[1-2]",
        "{\"a\":1;\"b\":2}",
        "[{\"a\":[1,]}]",
        "{\"a\"::1}",
        "{\"a\":\"b\":\"c\"}",
        "[\xef\xbb\xbf]",
    };
    char doc[80];

    (void)state;
    for (size_t i = 0; i < LENGTH(FLAWS); i++) {
        snprintf(doc, sizeof(doc), "[{},%s,[]]", FLAWS[i]);
        if (stream_items(doc) != -EBADMSG)
            fail_msg("%s was printed", doc);
    }
    assert_int_equal(stream_items("[{},{\"a\":1},[]]"), 0);
}

static void a_text_longer_than_asked_for_is_refused(void **state)
{
    static const char RAW[] = "{\"a\":[1,2],\"b\":\"\\u00e9\"}";
    struct json_slice raw = {RAW, sizeof RAW - 1};
    struct printbuf *out = printbuf_new();

    (void)state;
    printbuf_memappend(out, "kept", 4);
    assert_int_equal(json_indent(raw, 0, out), 0);
    size_t len = (size_t)printbuf_length(out) - 4;
    for (size_t max = 0; max < len; max++) {
        printbuf_reset(out);
        printbuf_memappend(out, "kept", 4);
        assert_int_equal(json_indent_max(raw, 0, max, out), -EFBIG);
        assert_string_equal(out->buf, "kept");
    }
    assert_int_equal(json_indent_max(raw, 0, len, out), 0);
    assert_int_equal(printbuf_length(out), len + 4);
    printbuf_free(out);
}

/* Two hundred levels around many small values: neither the check nor a bounded text takes memory for all their lines. */
static void deep_nesting_takes_no_memory_that_was_not_asked_for(void **state)
{
    enum { DEPTH = JSON_DEPTH - 1, VALUES = 20000, LEN = 2 * DEPTH + 2 * VALUES + 1 };
    char *bytes = malloc(LEN);
    struct printbuf *out = printbuf_new();

    (void)state;
    assert_non_null(bytes);
    memset(bytes, '[', DEPTH);
    for (size_t i = 0; i < VALUES; i++)
        memcpy(bytes + DEPTH + 2 * i, "1,", 2);
    bytes[DEPTH + 2 * VALUES] = '1';
    memset(bytes + DEPTH + 2 * VALUES + 1, ']', DEPTH);
    assert_int_equal(json_check((struct json_slice){bytes, LEN}, out), 0);
    assert_in_range(out->size, 0, 400000);
    assert_int_equal(json_indent_max((struct json_slice){bytes, LEN}, 0, 100000, out), -EFBIG);
    assert_in_range(out->size, 0, 400000);
    assert_int_equal(json_indent((struct json_slice){bytes, LEN}, 0, out), 0);
    assert_true(printbuf_length(out) > 8000000);
    printbuf_free(out);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_jqs),
        cmocka_unit_test(wide_indents_are_exact),
        cmocka_unit_test(tokens_survive),
        cmocka_unit_test(what_is_not_json_is_not_printed),
        cmocka_unit_test(members_are_walked),
        cmocka_unit_test(scalars_have_a_text),
        cmocka_unit_test(strings_have_bytes),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(a_flaw_inside_an_item_fails_the_answer),
        cmocka_unit_test(a_text_longer_than_asked_for_is_refused),
        cmocka_unit_test(deep_nesting_takes_no_memory_that_was_not_asked_for),
    };

    return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
