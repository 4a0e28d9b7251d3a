/* SPDX-License-Identifier: MIT */
/*
 * api/envelope, api/unwrap: what was asked for is found in an answer, whatever lies around it and however the answer is
 * cut.
 *
 * A row is an answer and what must come of it. Each row is fed in chunks of every size, each chunk in a heap block of
 * exactly its size.
 */
#include "api/envelope.h"
#include "api/prices.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* How an answer is expected to be read. What is NULL is not compared. */
struct row {
    const char *answer;
    const char *items; /* each as KEY=TEXT| or TEXT|; NULL: the answer does not contain what was asked for */
    enum form form;
    const char *path;
    const char *beside;
    const char *described;
};

/* What an envelope has found. */
struct found {
    struct printbuf *items;
    int r;
    enum form form;
    struct printbuf *path, *beside, *described;
};

static int on_item(void *data, const char *key, struct json_slice raw)
{
    struct found *found = data;

    if (key)
        sprintbuf(found->items, "%s=", key);
    printbuf_memappend(found->items, raw.at, (int)raw.len);
    printbuf_memappend(found->items, "|", 1);
    return 0;
}

static void on_drop(void *data)
{
    struct found *found = data;

    printbuf_reset(found->items);
}

/* What an operation's answers are expected to contain; of a service, the one with the id 700. */
static struct wanted wanted_of(enum operation operation, const char *list)
{
    const struct endpoint *endpoint = endpoint_of(operation);

    return (struct wanted){
        .shape = endpoint->shape,
        .names = endpoint->names,
        .ids = endpoint->ids,
        .signs = endpoint->fields[0].names,
        .is_map_key = prices_has_key,
        .list = list,
        .by_id = operation == OP_SERVICE,
        .id = 700,
    };
}

static int feed(struct envelope *envelope, const char *answer, size_t len, size_t chunk)
{
    int r = 0;

    for (size_t at = 0, n; at < len && r == 0; at += n) {
        n = len - at < chunk ? len - at : chunk;
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, answer + at, n);
        r = envelope_feed(envelope, copy, n);
        free(copy);
    }
    return r;
}

static struct found read_answer(const struct wanted *wanted, const char *answer, size_t len, size_t chunk)
{
    struct found found = {printbuf_new(), 0, FORM_NONE, printbuf_new(), printbuf_new(), printbuf_new()};
    struct envelope_sink sink = {on_item, on_drop, &found};
    struct envelope *envelope = envelope_new(wanted, &sink);

    assert_non_null(envelope);
    found.r = feed(envelope, answer, len, chunk);
    int end = envelope_end(envelope);
    assert_true(found.r == 0 || end == found.r);
    found.r = end;
    found.form = envelope_form(envelope);
    sprintbuf(found.path, "%s", envelope_path(envelope));
    struct json_slice beside = envelope_beside(envelope);
    printbuf_memappend(found.beside, beside.at, (int)beside.len);
    envelope_describe(envelope, found.described);
    envelope_free(envelope);
    return found;
}

static void found_free(struct found *found)
{
    printbuf_free(found->items);
    printbuf_free(found->path);
    printbuf_free(found->beside);
    printbuf_free(found->described);
}

static bool same(const char *expected, const struct printbuf *got)
{
    return !expected || strcmp(expected, got->buf) == 0;
}

static void check_row(const struct wanted *wanted, const struct row *row)
{
    size_t len = strlen(row->answer);

    for (size_t chunk = 1; chunk <= len + 1; chunk++) {
        struct found found = read_answer(wanted, row->answer, len, chunk);
        bool right = found.r == (row->items ? 0 : -ENOENT) && found.form == row->form &&
                     same(row->items ? row->items : "", found.items) && same(row->path, found.path) &&
                     same(row->beside, found.beside) && same(row->described, found.described);
        if (!right)
            fail_msg("%s, by %zu: %d, form %d, path \"%s\"\nitems  %s\nbeside %s\ndescribed %s", row->answer, chunk,
                     found.r, (int)found.form, found.path->buf, found.items->buf, found.beside->buf,
                     found.described->buf);
        found_free(&found);
    }
}

static void check_rows(enum operation operation, const char *list, const struct row *rows, size_t n)
{
    struct wanted wanted = wanted_of(operation, list);

    for (size_t i = 0; i < n; i++)
        check_row(&wanted, &rows[i]);
}

/* ---- lists ---- */

static void lists_are_found_in_every_form(void **state)
{
    static const struct row ROWS[] = {
        {"[{\"id\":5},{\"id\":6}]", "{\"id\":5}|{\"id\":6}|", FORM_LIST, "", "{}", NULL},
        {" [ { \"id\" : 5 } , null , \"x\" ] ", "{ \"id\" : 5 }|null|\"x\"|", FORM_LIST, "", "{}", NULL},
        {"[]", "", FORM_LIST, "", "{}", NULL},
        {"{\"data\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"value\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "value", "{}", NULL},
        {"{\"result\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "result", "{}", NULL},
        {"{\"items\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "items", "{}", NULL},
        {"{\"ITEMS\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "ITEMS", "{}", NULL},
        {"{\"data\":[1,{\"x\":2}]}", "1|{\"x\":2}|", FORM_LIST, "data", "{}", NULL},
        {"{\"invoices\":[{\"a\":5}]}", "{\"a\":5}|", FORM_LIST, "invoices", "{}", NULL},
        {"{\"status\":\"ok\",\"invoices\":{\"n\":1,\"invoice\":[{\"id\":5}],\"m\":2},\"k\":3}", "{\"id\":5}|",
         FORM_LIST, "invoices.invoice", "{\"status\":\"ok\",\"n\":1,\"m\":2,\"k\":3}", NULL},
        {"{\"result\":{\"data\":{\"invoices\":[{\"id\":5}]}}}", "{\"id\":5}|", FORM_LIST, "result.data.invoices", "{}",
         NULL},
        {"{\"data\":{\"data\":[{\"id\":5}],\"total\":1}}", "{\"id\":5}|", FORM_LIST, "data.data", "{\"total\":1}",
         NULL},
        {"{\"records\":[{\"id\":5}],\"names\":[\"x\"],\"none\":[]}", "{\"id\":5}|", FORM_LIST, "records", "{}", NULL},
        {"{\"names\":[\"x\"],\"records\":[{\"invoiceId\":\"5\"}]}", "{\"invoiceId\":\"5\"}|", FORM_LIST, "records",
         "{}", NULL},
        {"{\"response\":{\"invoices\":[{\"a\":5}],\"n\":1}}", "{\"a\":5}|", FORM_LIST, "response.invoices", "{\"n\":1}",
         NULL},
        {"{\"response\":{\"rows\":[{\"id\":5}]}}", "{\"id\":5}|", FORM_LIST, "response.rows", "{}", NULL},
        {"{\"0\":{\"a\":1},\"2\":{\"a\":2},\"n\":7}", "{\"a\":1}|{\"a\":2}|", FORM_KEYED, "", "{\"n\":7}", NULL},
        {"{\"5\":{\"a\":1},\"6\":{}}", "5={\"a\":1}|6={}|", FORM_KEYED, "", "{}", NULL},
        {"{\"data\":{\"5\":{\"id\":5},\"6\":{\"id\":6}},\"m\":1}", "5={\"id\":5}|6={\"id\":6}|", FORM_KEYED, "data",
         "{\"m\":1}", NULL},
        {"{\"inv-5\":{\"id\":5},\"inv-6\":{\"id\":6}}", "{\"id\":5}|{\"id\":6}|", FORM_KEYED, "", "{}", NULL},
        {"{\"id\":5,\"status\":\"Paid\"}", "{\"id\":5,\"status\":\"Paid\"}|", FORM_ONE, "", "{}", NULL},
        {"{\"n\":1,\"data\":{\"id\":5}}", "{\"id\":5}|", FORM_ONE, "data", "{\"n\":1}", NULL},
        {"{\"invoices\":{\"invoice\":{\"id\":5,\"n\":1}}}", "{\"id\":5,\"n\":1}|", FORM_ONE, "invoices.invoice", "{}",
         NULL},
        {"null", "", FORM_EMPTY, "", "{}", NULL},
        {"{}", "", FORM_EMPTY, "", "{}", NULL},
        {"{\"data\":null,\"n\":1}", "", FORM_EMPTY, "", NULL, NULL},
        {"{\"data\":{}}", "", FORM_EMPTY, "", "{}", NULL},
        {"{\"invoices\":{\"invoice\":[]}}", "", FORM_LIST, "invoices.invoice", "{}", NULL},
        {"{\"result\":\"success\",\"totalresults\":0}", "", FORM_EMPTY, "",
         "{\"result\":\"success\",\"totalresults\":0}", NULL},
        {"{\"totalresults\":0,\"currencies\":[{\"id\":1}],\"ok\":false}", "", FORM_EMPTY, "",
         "{\"totalresults\":0,\"ok\":false}", NULL},
        {"\xef\xbb\xbf[{\"id\":5}]", "{\"id\":5}|", FORM_LIST, "", "{}", NULL},
    };

    (void)state;
    check_rows(OP_INVOICES, NULL, ROWS, LENGTH(ROWS));
}

/* The surest of several lists is the one, wherever it stands among them. */
static void the_surest_list_wins(void **state)
{
    static const struct row ROWS[] = {
        {"{\"data\":[{\"id\":1}],\"invoices\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "invoices", "{}", NULL},
        {"{\"invoices\":[{\"id\":5}],\"data\":[{\"id\":1}]}", "{\"id\":5}|", FORM_LIST, "invoices", "{}", NULL},
        {"{\"rows\":[{\"id\":1}],\"data\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"data\":[{\"id\":5}],\"rows\":[{\"id\":1}]}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"data\":[{\"id\":5}],\"result\":[{\"id\":1}]}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"rows\":[{\"id\":1}],\"x\":{\"invoices\":[{\"id\":5}]}}", "{\"id\":5}|", FORM_LIST, "x.invoices", "{}",
         NULL},
        {"{\"x\":{\"invoices\":[{\"id\":1}]},\"data\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"1\":{\"id\":1},\"data\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"data\":[{\"id\":5}],\"1\":{\"id\":1}}", "{\"id\":5}|", FORM_LIST, "data", "{}", NULL},
        {"{\"invoices\":[],\"clients\":[{\"id\":1}]}", "", FORM_LIST, "invoices", "{}", NULL},
        {"{\"errors\":[{\"id\":1}],\"links\":[{\"id\":2}],\"rows\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "rows",
         "{\"errors\":[{\"id\":1}],\"links\":[{\"id\":2}]}", NULL},
    };

    (void)state;
    check_rows(OP_INVOICES, NULL, ROWS, LENGTH(ROWS));
}

/* An item may have members with lists, objects with numbers as keys and objects with ids. */
static void an_item_is_an_item_whatever_is_in_it(void **state)
{
    static const struct row ROWS[] = {
        {"[{\"id\":5,\"items\":[{\"id\":1}],\"invoices\":[{\"id\":2}]}]",
         "{\"id\":5,\"items\":[{\"id\":1}],\"invoices\":[{\"id\":2}]}|", FORM_LIST, "", "{}", NULL},
        {"{\"id\":5,\"items\":[{\"id\":1}]}", "{\"id\":5,\"items\":[{\"id\":1}]}|", FORM_ONE, "", "{}", NULL},
        {"{\"items\":[{\"id\":1}],\"id\":5}", "{\"items\":[{\"id\":1}],\"id\":5}|", FORM_ONE, "", "{}", NULL},
        {"{\"lines\":[{\"id\":1}],\"id\":5}", "{\"lines\":[{\"id\":1}],\"id\":5}|", FORM_ONE, "", "{}", NULL},
        {"{\"1\":{\"id\":1},\"id\":5}", "{\"1\":{\"id\":1},\"id\":5}|", FORM_ONE, "", "{}", NULL},
        {"{\"invoice\":{\"id\":5,\"items\":[{\"id\":1}]},\"n\":1}", "{\"id\":5,\"items\":[{\"id\":1}]}|", FORM_ONE,
         "invoice", "{\"n\":1}", NULL},
        {"{\"data\":{\"1\":{\"id\":1,\"items\":[{\"id\":9}]}}}", "1={\"id\":1,\"items\":[{\"id\":9}]}|", FORM_KEYED,
         "data", "{}", NULL},
        {"{\"id\":1,\"jsonrpc\":\"2.0\",\"result\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "result",
         "{\"id\":1,\"jsonrpc\":\"2.0\"}", NULL},
    };

    (void)state;
    check_rows(OP_INVOICES, NULL, ROWS, LENGTH(ROWS));
}

static void a_configured_list_is_looked_for_only_there(void **state)
{
    static const struct row ROWS[] = {
        {"{\"a\":{\"b\":[{\"x\":1}],\"invoices\":[{\"id\":5}],\"n\":1},\"m\":2}", "{\"x\":1}|", FORM_LIST, "a.b",
         "{\"invoices\":[{\"id\":5}],\"n\":1,\"m\":2}", NULL},
        {"{\"a\":{\"b\":{\"7\":{\"x\":1}}}}", "7={\"x\":1}|", FORM_KEYED, "a.b", "{}", NULL},
        {"{\"a\":{\"b\":{\"id\":5}}}", "{\"id\":5}|", FORM_ONE, "a.b", "{}", NULL},
        {"{\"a\":{\"b\":null}}", "", FORM_EMPTY, "", NULL, NULL},
        {"{\"a\":{\"id\":5,\"1\":{\"id\":6}},\"data\":[{\"id\":7}]}", NULL, FORM_NONE, "", NULL,
         "an object with the keys a, data"},
        {"{\"A\":{\"B\":[{\"id\":1}]},\"b\":[{\"id\":2}]}", NULL, FORM_NONE, "", NULL, "an object with the keys A, b"},
        {"[{\"id\":5}]", NULL, FORM_NONE, "", "{}", "a list"},
    };

    (void)state;
    check_rows(OP_INVOICES, "a.b", ROWS, LENGTH(ROWS));
}

static void what_is_no_list_is_described(void **state)
{
    static const struct row ROWS[] = {
        {"\"x\"", NULL, FORM_NONE, "", "{}", "a string"},
        {"7", NULL, FORM_NONE, "", "{}", "a number"},
        {"true", NULL, FORM_NONE, "", "{}", "true or false"},
        {"{\"a\":1,\"b\":{}}", NULL, FORM_NONE, "", "{\"a\":1}", "an object with the keys a, b"},
        {"{\"result\":\"error\",\"message\":\"no\"}", NULL, FORM_NONE, "", "{\"result\":\"error\",\"message\":\"no\"}",
         "an object with the keys result, message"},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":0}", NULL, FORM_NONE, "", NULL,
         "an object with the keys a, b, c, d, e, f, g, h, …"},
        {"{\"\xc3\xa9\\u0085\xff\":1}", NULL, FORM_NONE, "", NULL, "an object with the keys \xc3\xa9??"},
        {"{\"1234567890123456789012345678901234567\xe2\x82\xac\":1}", NULL, FORM_NONE, "", NULL,
         "an object with the keys 1234567890123456789012345678901234567\xe2\x82\xac"},
        {"{\"12345678901234567890123456789012345678\xe2\x82\xac\":1}", NULL, FORM_NONE, "", NULL,
         "an object with the keys 12345678901234567890123456789012345678"},
        {"{\"\\u0007\":1}", NULL, FORM_NONE, "", NULL, "an object with the keys ?"},
        {"{\"a\":[{\"id\":1}],\"b\":[{\"id\":2}]}", NULL, FORM_NONE, "", "{}",
         "an object with the keys a, b and more than one list"},
        {"{\"a\":[{\"x\":1}]}", NULL, FORM_NONE, "", "{}", "an object with the keys a"},
        {"{\"a\":[{\"id\":1},{\"x\":1}]}", NULL, FORM_NONE, "", "{}", "an object with the keys a"},
        {"{\"errors\":[{\"id\":1}]}", NULL, FORM_NONE, "", "{\"errors\":[{\"id\":1}]}",
         "an object with the keys errors"},
        {"{\"a\":{\"b\":{\"c\":{\"rows\":[{\"id\":5}]}}}}", "{\"id\":5}|", FORM_LIST, "a.b.c.rows", "{}", NULL},
        {"{\"a\":{\"b\":{\"c\":{\"d\":{\"rows\":[{\"id\":5}]}}}}}", NULL, FORM_NONE, "", "{}", NULL},
    };

    (void)state;
    check_rows(OP_INVOICES, NULL, ROWS, LENGTH(ROWS));
}

/* Each of these was misread once. */
static void what_stands_beside_a_list_does_not_spoil_it(void **state)
{
    static const struct row ROWS[] = {
        /* An object with an id after the list, beside the object that the list is in. */
        {"{\"data\":{\"invoices\":[{\"id\":5}]},\"result\":{\"id\":3}}", "{\"id\":5}|", FORM_LIST, "data.invoices",
         NULL, NULL},
        {"{\"data\":{\"invoices\":[{\"id\":5}]},\"user\":{\"total\":9},\"n\":1}", "{\"id\":5}|", FORM_LIST,
         "data.invoices", "{\"n\":1}", NULL},
        /* What stands beside a list that is not the one. */
        {"{\"user\":{\"total\":9,\"roles\":[{\"id\":1}],\"m\":2},\"invoices\":[{\"id\":5}],\"n\":1}", "{\"id\":5}|",
         FORM_LIST, "invoices", "{\"n\":1}", NULL},
        {"{\"n\":1,\"user\":{\"total\":9,\"roles\":[{\"id\":1}]},\"x\":{\"k\":3,\"invoices\":[{\"id\":5}]}}",
         "{\"id\":5}|", FORM_LIST, "x.invoices", "{\"n\":1,\"k\":3}", NULL},
        {"{\"user\":{\"total\":9,\"roles\":[{\"id\":1}]},\"x\":{\"k\":3,\"invoices\":[{\"id\":5}]}}", "{\"id\":5}|",
         FORM_LIST, "x.invoices", "{\"k\":3}", NULL},
        {"{\"user\":{\"a\":{\"total\":9,\"roles\":[{\"id\":1}]},\"m\":2},\"k\":3,\"invoices\":[]}", "", FORM_LIST,
         "invoices", "{\"k\":3}", NULL},
        /* A name that ends in a number. */
        {"{\"records\":[{\"id\":5}],\"ipv4\":{\"n\":1}}", "{\"id\":5}|", FORM_LIST, "records", "{}", NULL},
        {"{\"ipv4\":{\"n\":1},\"records\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "records", "{}", NULL},
        /* The list is there, and empty; the other one is another. */
        {"{\"invoices\":null,\"clients\":[{\"id\":1}]}", "", FORM_EMPTY, "", NULL, NULL},
        {"{\"clients\":[{\"id\":1}],\"invoices\":{}}", "", FORM_EMPTY, "", NULL, NULL},
        {"{\"data\":null,\"records\":[{\"id\":5}]}", "{\"id\":5}|", FORM_LIST, "records", NULL, NULL},
        /* An object with what is said about the pages, and one with the list. */
        {"{\"x\":{\"invoices\":[{\"id\":5}]},\"page\":{\"totalElements\":45,\"number\":0}}", "{\"id\":5}|", FORM_LIST,
         "x.invoices", "{\"page\":{\"totalElements\":45,\"number\":0}}", NULL},
        {"{\"page\":{\"totalElements\":45,\"content\":[{\"id\":5}]}}", "{\"id\":5}|", FORM_LIST, "page.content",
         "{\"totalElements\":45}", NULL},
        /* One item after the end of a list that is not the one. */
        {"{\"x\":{\"invoices\":[{\"id\":1}]},\"data\":{\"id\":5}}", "{\"id\":5}|", FORM_ONE, "data", "{}", NULL},
        /* The id of a call is no item's id. */
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601}}", NULL, FORM_NONE, "",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601}}", "an object with the keys jsonrpc, id, error"},
        {"{\"result\":null,\"error\":\"no\",\"id\":1}", "", FORM_EMPTY, "", "{\"error\":\"no\",\"id\":1}", NULL},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "", FORM_EMPTY, "", NULL, NULL},
        {"{\"id\":5,\"result\":null,\"error\":null}", "{\"id\":5,\"result\":null,\"error\":null}|", FORM_ONE, "", NULL,
         NULL},
        /* Null says nothing. */
        {"{\"message\":\"no\",\"data\":null}", "", FORM_EMPTY, "", "{\"message\":\"no\"}", NULL},
    };

    (void)state;
    check_rows(OP_INVOICES, NULL, ROWS, LENGTH(ROWS));
}

/* A long name and many members cost no more than a short answer; a long list is still a list in the words for it. */
static void what_is_kept_is_bounded(void **state)
{
    static const enum operation ASKED[] = {OP_INVOICES, OP_SERVICE};
    struct printbuf *answer = printbuf_new();

    (void)state;
    for (size_t o = 0; o < LENGTH(ASKED); o++) {
        struct wanted wanted = wanted_of(ASKED[o], NULL);
        printbuf_reset(answer);
        sprintbuf(answer, "{\"");
        printbuf_memset(answer, -1, 'k', 1 << 20);
        sprintbuf(answer, "\":1");
        for (int i = 0; i < 50000; i++)
            sprintbuf(answer, ",\"k%d\":%d", i, i);
        sprintbuf(answer, ",\"a\":[]}");
        struct found found = read_answer(&wanted, answer->buf, (size_t)printbuf_length(answer), 65536);
        assert_in_range(printbuf_length(found.beside), 60000, 66000);
        found_free(&found);
    }
    printbuf_reset(answer);
    sprintbuf(answer, "{\"");
    printbuf_memset(answer, -1, 'k', 1 << 20);
    sprintbuf(answer, "\":[{\"id\":5}]}");
    struct wanted wanted = wanted_of(OP_INVOICES, NULL);
    struct found found = read_answer(&wanted, answer->buf, (size_t)printbuf_length(answer), 65536);
    assert_int_equal(found.r, 0);
    assert_int_equal(printbuf_length(found.path), 63);
    found_free(&found);

    printbuf_reset(answer);
    sprintbuf(answer, "[");
    for (int i = 0; i < 5000; i++)
        sprintbuf(answer, "%s{\"id\":%d}", i ? "," : "", i);
    sprintbuf(answer, "]");
    wanted = wanted_of(OP_INVOICES, "a.b");
    found = read_answer(&wanted, answer->buf, (size_t)printbuf_length(answer), 65536);
    assert_int_equal(found.r, -ENOENT);
    assert_string_equal(found.described->buf, "a list");
    found_free(&found);
    printbuf_free(answer);
}

/* ---- objects and maps ---- */

static void a_service_is_found_in_every_form(void **state)
{
    static const struct row ROWS[] = {
        {"{\"id\":700,\"a\":1}", "{\"id\":700,\"a\":1}|", FORM_ONE, "", "{\"id\":700,\"a\":1}", NULL},
        {"{\"data\":{\"id\":700},\"n\":1}", "{\"id\":700}|", FORM_ONE, "data", "{\"n\":1}", NULL},
        {"{\"result\":{\"data\":{\"service\":{\"id\":\"700\"}}}}", "{\"id\":\"700\"}|", FORM_ONE, "result.data.service",
         "{}", NULL},
        {"[{\"id\":700}]", "{\"id\":700}|", FORM_LIST, "", "{}", NULL},
        {"[{\"id\":1},{\"id\":700}]", "{\"id\":700}|", FORM_LIST, "", "{}", NULL},
        {"{\"data\":{\"700\":{\"id\":700}}}", "{\"id\":700}|", FORM_KEYED, "data.700", "{}", NULL},
        {"{\"data\":{\"a\":1}}", "{\"a\":1}|", FORM_ONE, "data", "{}", NULL},
        {"{\"a\":1,\"b\":{\"id\":3}}", "{\"a\":1,\"b\":{\"id\":3}}|", FORM_ONE, "", NULL, NULL},
        {"{\"a\":1,\"b\":{\"id\":700}}", "{\"id\":700}|", FORM_ONE, "b", "{\"a\":1}", NULL},
        {"{\"message\":\"no\"}", "{\"message\":\"no\"}|", FORM_ONE, "", "{\"message\":\"no\"}", NULL},
        /* The id of the call, or of something else around the service. */
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"id\":700}}", "{\"id\":700}|", FORM_ONE, "result",
         "{\"jsonrpc\":\"2.0\",\"id\":1}", NULL},
        {"{\"id\":1,\"data\":{\"id\":700}}", "{\"id\":700}|", FORM_ONE, "data", "{\"id\":1}", NULL},
        {"{\"service\":{\"id\":999},\"n\":{}}", "{\"id\":999}|", FORM_ONE, "service", "{\"n\":{}}", NULL},
        {"[]", NULL, FORM_NONE, "", "{}", "a list"},
        {"[{\"id\":1},{\"id\":2}]", NULL, FORM_NONE, "", "{}", "a list"},
        {"null", NULL, FORM_NONE, "", "{}", "null"},
        {"\"x\"", NULL, FORM_NONE, "", "{}", "a string"},
        {"{\"data\":null,\"n\":1}", "{\"data\":null,\"n\":1}|", FORM_ONE, "", NULL, NULL},
        {"{\"status\":\"ok\",\"data\":null}", NULL, FORM_NONE, "", NULL, "an object with the keys status, data"},
    };

    (void)state;
    check_rows(OP_SERVICE, NULL, ROWS, LENGTH(ROWS));
}

static void an_object_without_id_is_known_by_its_field(void **state)
{
    static const struct row ROWS[] = {
        {"{\"balance\":\"7.00\"}", "{\"balance\":\"7.00\"}|", FORM_ONE, "", "{\"balance\":\"7.00\"}", NULL},
        {"{\"balance\":{\"amount\":7},\"n\":1}", "{\"amount\":7}|", FORM_ONE, "balance", "{\"n\":1}", NULL},
        {"{\"user\":{\"x\":{\"credit\":7}}}", "{\"credit\":7}|", FORM_ONE, "user.x", "{}", NULL},
        {"{\"data\":[{\"balance\":7}]}", "{\"balance\":7}|", FORM_LIST, "data", "{}", NULL},
        {"{\"meta\":{\"amount\":7}}", "{\"meta\":{\"amount\":7}}|", FORM_ONE, "", NULL, NULL},
    };
    static const struct row GUIDED[] = {
        {"{\"x\":{\"y\":{\"credit\":7}},\"balance\":1}", "{\"credit\":7}|", FORM_ONE, "x.y", "{\"balance\":1}", NULL},
        {"{\"x\":{\"z\":{\"credit\":7}},\"balance\":1}", NULL, FORM_NONE, "", NULL,
         "an object with the keys x, balance"},
    };

    (void)state;
    check_rows(OP_BALANCE, NULL, ROWS, LENGTH(ROWS));
    check_rows(OP_BALANCE, "x.y", GUIDED, LENGTH(GUIDED));
}

#define COM "{\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"10.00\"}}}}"
#define NET "{\"net\":{\"domainregister\":{\"EUR\":{\"1\":\"10.00\"}}}}"

static void a_map_is_found_in_every_form(void **state)
{
    static const struct row ROWS[] = {
        {COM, COM "|", FORM_ONE, "", NULL, NULL},
        {NET, NET "|", FORM_ONE, "", NULL, NULL},
        {"{\"data\":" COM ",\"n\":1}", COM "|", FORM_ONE, "data", "{\"n\":1}", NULL},
        {"{\"result\":\"success\",\"pricing\":" NET "}", NET "|", FORM_ONE, "pricing", "{\"result\":\"success\"}",
         NULL},
        {"{\"x\":{\"pricing\":" COM "}}", COM "|", FORM_ONE, "x.pricing", "{}", NULL},
        {"[]", "{}|", FORM_ONE, "", "{}", NULL},
        {"{\"pricing\":[]}", "{}|", FORM_ONE, "pricing", NULL, NULL},
        {"{\"data\":null}", "{}|", FORM_ONE, "data", NULL, NULL},
        {"null", "{}|", FORM_ONE, "", "{}", NULL},
        {"[1,2]", NULL, FORM_NONE, "", "{}", "a list"},
    };

    (void)state;
    check_rows(OP_PRICING, NULL, ROWS, LENGTH(ROWS));
}

/* ---- what is not JSON, deep or long ---- */

static void what_is_no_json_is_refused(void **state)
{
    static const char *const ANSWERS[] = {
        "",      "[{\"id\":5}", "{\"data\":[{\"id\":5}]", "{\"data\":[{\"id\":5}],}", "[1}", "{\"a\":01}", "nul",
        "[1] 2", "{\"a\"1}"};
    static const enum operation OPERATIONS_ASKED[] = {OP_INVOICES, OP_SERVICE, OP_PRICING};

    (void)state;
    for (size_t o = 0; o < LENGTH(OPERATIONS_ASKED); o++)
        for (size_t i = 0; i < LENGTH(ANSWERS); i++) {
            struct wanted wanted = wanted_of(OPERATIONS_ASKED[o], NULL);
            struct found found = read_answer(&wanted, ANSWERS[i], strlen(ANSWERS[i]), 1);
            if (found.r != -EBADMSG)
                fail_msg("%s: %d", ANSWERS[i], found.r);
            found_free(&found);
        }
}

/* Puts `depth` objects around a text. */
static struct printbuf *nested(const char *open, const char *close, const char *inside, unsigned depth)
{
    struct printbuf *out = printbuf_new();

    for (unsigned i = 0; i < depth; i++)
        sprintbuf(out, "%s", open);
    sprintbuf(out, "%s", inside);
    for (unsigned i = 0; i < depth; i++)
        sprintbuf(out, "%s", close);
    return out;
}

static void deep_nesting_ends_in_an_error(void **state)
{
    static const enum operation OPERATIONS_ASKED[] = {OP_INVOICES, OP_SERVICE, OP_BALANCE, OP_PRICING};
    static const struct {
        const char *open, *close;
        unsigned depth;
        int r; /* 0: whatever it is, but for -EBADMSG */
    } CASES[] = {
        {"{\"data\":", "}", 150, 0},           {"[", "]", 150, 0},           {"{\"x\":", "}", 150, 0},
        {"{\"data\":", "}", 100000, -EBADMSG}, {"[", "]", 100000, -EBADMSG}, {"{\"x\":[", "]}", 100000, -EBADMSG},
    };

    (void)state;
    for (size_t o = 0; o < LENGTH(OPERATIONS_ASKED); o++)
        for (size_t i = 0; i < LENGTH(CASES); i++) {
            struct wanted wanted = wanted_of(OPERATIONS_ASKED[o], NULL);
            struct printbuf *answer = nested(CASES[i].open, CASES[i].close, "1", CASES[i].depth);
            struct found found = read_answer(&wanted, answer->buf, (size_t)printbuf_length(answer), 4096);
            if ((found.r == -EBADMSG) != (CASES[i].r == -EBADMSG))
                fail_msg("%s, %u deep: %d", CASES[i].open, CASES[i].depth, found.r);
            found_free(&found);
            printbuf_free(answer);
        }
}

/* An answer with a string of `len` bytes in it. */
static struct printbuf *with_long(const char *before, size_t len, const char *after)
{
    struct printbuf *out = printbuf_new();

    sprintbuf(out, "%s", before);
    printbuf_memset(out, -1, 'x', (int)len);
    sprintbuf(out, "%s", after);
    return out;
}

/* A container that is too long to be kept may be an envelope, but no item; a short one in it may be an item. */
static void long_containers_are_not_items(void **state)
{
    static const struct {
        const char *before;
        size_t len;
        const char *after, *items;
    } CASES[] = {
        {"{\"id\":5,\"note\":\"", JSON_KEEP_MAX - 100, "\",\"data\":{\"id\":6}}", "{\"id\":6}|"},
        {"{\"id\":5,\"note\":\"", JSON_KEEP_MAX, "\"}", NULL},
        {"{\"id\":5,\"note\":\"", JSON_KEEP_MAX, "\",\"data\":{\"id\":6}}", "{\"id\":6}|"},
        {"{\"id\":5,\"note\":\"", JSON_KEEP_MAX - 40, "\",\"data\":{\"id\":6}}", "{\"id\":6}|"},
        {"{\"note\":\"", JSON_KEEP_MAX, "\",\"invoices\":[{\"id\":6}]}", "{\"id\":6}|"},
        {"{\"data\":{\"id\":5,\"note\":\"", JSON_KEEP_MAX - 40, "\",\"invoice\":{\"id\":6}}}", "{\"id\":6}|"},
    };
    static const size_t CHUNKS[] = {4096, 65536, JSON_KEEP_MAX, 4 * (size_t)JSON_KEEP_MAX};
    struct wanted wanted = wanted_of(OP_INVOICES, NULL);

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++)
        for (size_t c = 0; c < LENGTH(CHUNKS); c++) {
            struct printbuf *answer = with_long(CASES[i].before, CASES[i].len, CASES[i].after);
            struct found found = read_answer(&wanted, answer->buf, (size_t)printbuf_length(answer), CHUNKS[c]);
            if (found.r != (CASES[i].items ? 0 : -ENOENT) || !same(CASES[i].items, found.items))
                fail_msg("%s%zu bytes%s, by %zu: %d, %d bytes, %.100s", CASES[i].before, CASES[i].len, CASES[i].after,
                         CHUNKS[c], found.r, printbuf_length(found.items), found.items->buf);
            found_free(&found);
            printbuf_free(answer);
        }
}

static int stop(void *data, const char *key, struct json_slice raw)
{
    (void)data;
    (void)key;
    (void)raw;
    return -ECANCELED;
}

static void an_error_of_the_sink_ends_the_reading(void **state)
{
    static const struct {
        enum operation operation;
        const char *answer;
    } CASES[] = {{OP_INVOICES, "[{\"id\":5},{\"id\":6}]"},
                 {OP_INVOICES, "{\"id\":5}"},
                 {OP_INVOICES, "{\"5\":{}}"},
                 {OP_SERVICE, "{\"id\":700}"}};

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct wanted wanted = wanted_of(CASES[i].operation, NULL);
        struct envelope_sink sink = {stop, on_drop, NULL};
        struct envelope *envelope = envelope_new(&wanted, &sink);
        assert_int_equal(feed(envelope, CASES[i].answer, strlen(CASES[i].answer), 1), -ECANCELED);
        assert_int_equal(envelope_feed(envelope, "]", 1), -ECANCELED);
        assert_int_equal(envelope_end(envelope), -ECANCELED);
        envelope_free(envelope);
    }
    envelope_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_found_in_every_form),
        cmocka_unit_test(the_surest_list_wins),
        cmocka_unit_test(an_item_is_an_item_whatever_is_in_it),
        cmocka_unit_test(a_configured_list_is_looked_for_only_there),
        cmocka_unit_test(what_is_no_list_is_described),
        cmocka_unit_test(what_stands_beside_a_list_does_not_spoil_it),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(a_service_is_found_in_every_form),
        cmocka_unit_test(an_object_without_id_is_known_by_its_field),
        cmocka_unit_test(a_map_is_found_in_every_form),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(deep_nesting_ends_in_an_error),
        cmocka_unit_test(long_containers_are_not_items),
        cmocka_unit_test(an_error_of_the_sink_ends_the_reading),
    };

    return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
