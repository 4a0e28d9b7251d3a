/* SPDX-License-Identifier: MIT */
/*
 * Members by their several names, in any JSON and in texts that json_indent() has printed.
 */
#include "api/members.h"

#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const first[ENDPOINT_ALIASES] = {"due", "dueDate", "due_date"};
static const char *const second[ENDPOINT_ALIASES] = {"items", "a\"b"};

static struct members *searching(void)
{
    struct members *members = members_new();

    assert_non_null(members);
    members_want(members, 0, first);
    members_want(members, 3, second);
    return members;
}

static void assert_found(struct json_slice found, const char *expected)
{
    if (!expected)
        assert_null(found.at);
    else if (!found.at || found.len != strlen(expected) || memcmp(found.at, expected, found.len) != 0)
        fail_msg("'%.*s' is not '%s'", (int)found.len, found.at ? found.at : "", expected);
}

static const struct {
    const char *object, *first, *second;
} rows[] = {
    {"{}", NULL, NULL},
    {"{\"due\":1}", "1", NULL},
    {"{\"due_date\":1,\"x\":2,\"dueDate\":\"a,b\"}", "\"a,b\"", NULL},
    {"{\"dueDate\":1,\"due_date\":2}", "1", NULL},
    {"{\"due\":1,\"due\":2,\"dueDate\":3}", "2", NULL},
    {"{\"due\":null,\"dueDate\":3}", "null", NULL},
    {"{\"items\":[],\"due\":{}}", "{}", "[]"},
    {"{\"x\":{\"due\":1,\"items\":[{\"due\":2}]},\"items\":true}", NULL, "true"},
    {"{\"x\":[\"due\",[\"due\"]],\"due\":-1.50,\"y\":[{\"items\":1}]}", "-1.50", NULL},
    {"{\"du\":1,\"dues\":2,\"Due\":3}", NULL, NULL},
    {"{\"d\\u0075e\":5,\"a\\\"b\":6}", "5", "6"},
    {"{\"x\\\"due\":5,\"items\":\"\\\"due\\\": 7\"}", NULL, "\"\\\"due\\\": 7\""},
    {"[1]", NULL, NULL},
    {"\"due\"", NULL, NULL},
    {"7", NULL, NULL},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void members_are_found(void **state)
{
    struct members *members = searching();
    struct json_slice found[MEMBERS_TARGETS];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct json_slice object = {rows[i].object, strlen(rows[i].object)};

        assert_int_equal(members_find(members, object, found), 0);
        assert_found(found[0], rows[i].first);
        assert_found(found[3], rows[i].second);
        assert_found(found[1], NULL);
    }
    assert_int_equal(members_find(members, (struct json_slice){"", 0}, found), 0);
    assert_true(members_find(members, (struct json_slice){"{\"due\":1", 8}, found) < 0);
    members_free(members);
}

static char *indented(const char *json, size_t *len)
{
    struct printbuf *out = printbuf_new();

    assert_int_equal(json_indent((struct json_slice){json, strlen(json)}, 0, out), 0);
    *len = (size_t)printbuf_length(out);
    char *text = malloc(*len + 1); /* its end is the end of the memory, so that reading beyond it is seen */
    assert_non_null(text);
    memcpy(text, out->buf, *len);
    printbuf_free(out);
    return text;
}

static void members_are_found_in_texts(void **state)
{
    struct members *members = searching();
    struct json_slice found[MEMBERS_TARGETS];
    size_t len;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        char *text = indented(rows[i].object, &len);

        assert_int_equal(members_find_in_text(members, (struct json_slice){text, len}, found), 0);
        assert_found(found[0], rows[i].first);
        assert_found(found[3], rows[i].second);
        free(text);
    }
    char *text = indented("{\"items\":[{\"a\":[1,{}],\"due\":2},[]],\"due\":{\"x\":{\"due\":[3]}},\"z\":0}", &len);
    assert_int_equal(members_find_in_text(members, (struct json_slice){text, len}, found), 0);
    assert_found(found[0], "{\n    \"x\": {\n      \"due\": [\n        3\n      ]\n    }\n  }");
    assert_found(found[3],
                 "[\n    {\n      \"a\": [\n        1,\n        {}\n      ],\n      \"due\": 2\n    },\n    []\n  ]");
    free(text);
    assert_int_equal(members_find_in_text(members, (struct json_slice){"", 0}, found), 0);
    members_free(members);
}

/* Random objects, found alike in either way. */
static void print_random(struct printbuf *out, unsigned depth)
{
    static const char *const keys[] = {"due",   "dueDate",   "due_date", "items", "a\\\"b", "x",
                                       "items", "du\\u0065", "",         "due ",  "\\\\",   "duedate"};
    static const char *const scalars[] = {"1",        "\"\"", "null",    "\"due\"", "\"a\\nb\"",
                                          "\"\\\\\"", "-0.5", "\"},{\"", "[]",      "{}"};
    int kind = rand() % (depth < 4 ? 6 : 3);

    if (kind < 3) {
        sprintbuf(out, "%s", scalars[(size_t)rand() % (sizeof(scalars) / sizeof(scalars[0]))]);
        return;
    }
    sprintbuf(out, "%c", kind < 5 ? '{' : '[');
    for (int i = 0, n = rand() % 6; i < n; i++) {
        sprintbuf(out, "%s", i ? "," : "");
        if (kind < 5)
            sprintbuf(out, "\"%s\":", keys[(size_t)rand() % (sizeof(keys) / sizeof(keys[0]))]);
        print_random(out, depth + 1);
    }
    sprintbuf(out, "%c", kind < 5 ? '}' : ']');
}

static void both_ways_find_the_same(void **state)
{
    struct members *members = searching();
    struct printbuf *json = printbuf_new();
    unsigned seen = 0;

    (void)state;
    srand(7);
    for (unsigned i = 0; i < 20000; i++) {
        struct json_slice found[MEMBERS_TARGETS], in_text[MEMBERS_TARGETS];
        size_t len;

        printbuf_reset(json);
        print_random(json, 0);
        char *text = indented(json->buf, &len);
        assert_int_equal(members_find(members, (struct json_slice){text, len}, found), 0);
        assert_int_equal(members_find_in_text(members, (struct json_slice){text, len}, in_text), 0);
        for (unsigned k = 0; k < MEMBERS_TARGETS; k++) {
            if (found[k].at != in_text[k].at || found[k].len != in_text[k].len)
                fail_msg("%u differs in %.*s", k, (int)len, text);
            seen += found[k].at != NULL;
        }
        free(text);
    }
    assert_true(seen > 5000);
    printbuf_free(json);
    members_free(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(members_are_found_in_texts),
        cmocka_unit_test(both_ways_find_the_same),
    };

    return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
