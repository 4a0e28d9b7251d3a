/* SPDX-License-Identifier: MIT */
/*
 * The texts that are made of whole documents: lists as JSON and as tables, and single lines.
 */
#include "stack.h"
#include "tree/csv.h"
#include "tree/render.h"

#include <sys/wait.h>

struct fixture {
    struct stack *s;
    struct renderer *renderer;
};

static struct fixture begin(void)
{
    struct fixture f = {.s = stack_new(NULL, 0, NULL)};

    f.renderer = renderer_new(f.s->loop, f.s->endpoints);
    assert_non_null(f.renderer);
    return f;
}

static void end(struct fixture *f)
{
    renderer_free(f->renderer);
    stack_free(f->s);
}

/* The document's text, however many slices it takes. Borrowed. */
static struct snapshot *text_of(struct fixture *f, struct document *document, enum route_render how)
{
    struct snapshot *text = NULL;
    int r;

    while ((r = renderer_get(f->renderer, document, how, &text)) == 0) {
        struct reader reader = {0};
        struct render_wait wait = {.fn = reader_called, .data = &reader};

        assert_int_equal(renderer_wait(f->renderer, document, how, &wait), 0);
        await(f->s, reader.calls);
        assert_int_equal(reader.error, 0);
    }
    assert_int_equal(r, 1);
    return text;
}

/* ---- JSON ---- */

/* What `jq .` prints of the text; the caller frees. NULL without jq. */
static char *jq(const char *text)
{
    const char *dir = getenv("TMPDIR");
    char path[256], command[300], *out = NULL;
    size_t len = 0, n;

    (void)snprintf(path, sizeof(path), "%s/melbicomfs-test-XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
    (void)snprintf(command, sizeof(command), "jq . '%s' 2>/dev/null", path);
    FILE *pipe = popen(command, "re");
    FILE *memory = open_memstream(&out, &len);
    char buf[4096];
    while ((n = fread(buf, 1, sizeof(buf), pipe)) > 0)
        assert_int_equal(fwrite(buf, 1, n, memory), n);
    (void)fclose(memory);
    int status = pclose(pipe);
    (void)unlink(path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return out;
    free(out);
    return NULL;
}

static void test_a_list_is_laid_out_as_jq_does(void **state)
{
    static const char *const bodies[] = {
        "[]",
        "[{}]",
        "[{\"id\":1}]",
        "[{\"id\":1,\"a\":[],\"b\":{},\"c\":[1,[2,{\"d\":[]}],\"x\"]},7,\"text\",null,[],[1]]",
        "[{\"e\":{\"f\":{\"g\":null}}}]",
        "[{\"id\":2,\"s\":\"a \\\" b \\\\ c \\n d / \xc3\xa9 \xf0\x9f\x98\x80\",\"t\":true,\"f\":false}]",
    };
    struct fixture f = begin();

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct document *document = stack_document(f.s, OP_SERVICES);
        char *expected = jq(bodies[i]);

        if (!expected && i == 0) {
            end(&f);
            skip(); /* no jq */
        }
        assert_non_null(expected);
        seed(document, bodies[i]);
        assert_text(text_of(&f, document, RENDER_JSON), expected);
        free(expected);
    }
    end(&f);
}

static void test_tokens_come_through(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_PRODUCTS);

    (void)state;
    seed(document, "{\"data\":[{\"a\":1e400,\"a\":-0,\"b\":0.10,\"c\":123456789012345678901234567890,"
                   "\"d\":\"AMS \\/ 2x caf\\u00e9 \\ud83d\\ude00 \\ud800 \\u0000\"}]}");
    assert_text(text_of(&f, document, RENDER_JSON),
                "[\n  {\n    \"a\": 1e400,\n    \"a\": -0,\n    \"b\": 0.10,\n    \"c\": "
                "123456789012345678901234567890,\n    \"d\": \"AMS / 2x caf\xc3\xa9 \xf0\x9f\x98\x80 \\ud800 "
                "\\u0000\"\n  }\n]\n");
    end(&f);
}

static void test_a_rendition_is_kept(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_PRODUCTS);

    (void)state;
    seed(document, "[{\"a\":1}]");
    struct snapshot *first = snapshot_ref(text_of(&f, document, RENDER_JSON));
    assert_memory_equal(&first->mtime, &document->changed, sizeof(first->mtime));
    assert_ptr_equal(text_of(&f, document, RENDER_JSON), first);
    seed(document, "[{\"a\":1}]");
    assert_ptr_equal(text_of(&f, document, RENDER_JSON), first);
    assert_text(text_of(&f, document, RENDER_CSV), "a\r\n1\r\n");
    seed(document, "[{\"a\":[2]}]"); /* another content, the same table but for its row */
    assert_ptr_not_equal(text_of(&f, document, RENDER_JSON), first);
    assert_text(text_of(&f, document, RENDER_JSON), "[\n  {\n    \"a\": [\n      2\n    ]\n  }\n]\n");
    snapshot_unref(first);
    end(&f);
}

/* New content that makes the same table keeps the table, and with it its inode. */
static void test_equal_bytes_keep_a_rendition(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_PRODUCTS);

    (void)state;
    seed(document, "[{\"a\":1,\"b\":[1]}]");
    struct snapshot *table = text_of(&f, document, RENDER_CSV);
    uint64_t generation = document->generation;
    seed(document, "[{\"a\":1,\"b\":[2]}]");
    assert_int_not_equal(document->generation, generation);
    assert_ptr_equal(text_of(&f, document, RENDER_CSV), table);
    end(&f);
}

/* The whole list as JSON is as long as the list: of another content it must not be kept, and counted, beside it. */
static void test_a_list_of_another_content_is_dropped(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_PRODUCTS);
    char body[1200];
    size_t n;

    (void)state;
    (void)snprintf(body, sizeof(body), "[{\"a\":\"%0*d\"}]", 1000, 1);
    seed(document, body);
    uint64_t alone = documents_cost(f.s->documents, &n);
    struct snapshot *list = snapshot_ref(text_of(&f, document, RENDER_JSON));
    assert_true(documents_cost(f.s->documents, &n) > alone + 1000);
    body[20] = '2';
    seed(document, body);
    assert_int_equal(documents_cost(f.s->documents, &n), alone);
    assert_int_equal(atomic_load(&list->refs), 1); /* whoever shows it has it still */
    snapshot_unref(list);
    assert_non_null(text_of(&f, document, RENDER_JSON));
    end(&f);
}

/* ---- tables ---- */

static void test_csv_values(void **state)
{
    static const struct {
        const char *text, *csv;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"two words", "two words"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"\"", "\"\"\"\""},
        {"line\nbreak", "\"line\nbreak\""},
        {"return\rhere", "\"return\rhere\""},
        {" lead", "\" lead\""},
        {"trail ", "\"trail \""},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"a=b", "a=b"},
        {"a-b", "a-b"},
        {"-5", "-5"},
        {"-5.25", "-5.25"},
        {"-.5", "-.5"},
        {"=1+1", "\"'=1+1\""},
        {"+31 20", "\"'+31 20\""},
        {"+5", "\"'+5\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""},
        {"-x", "\"'-x\""},
        {"-", "\"'-\""},
        {"-1-1", "\"'-1-1\""},
        {"--5", "\"'--5\""},
        {"-1.2.3", "\"'-1.2.3\""},
        {"-.", "\"'-.\""},
        {"\t=1", "\"'\t=1\""},
        {"\r=1", "\"'\r=1\""},
        {"=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""},
        {"'=1", "'=1"},
    };
    struct printbuf *out = printbuf_new();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        printbuf_reset(out);
        assert_int_equal(csv_value(rows[i].text, strlen(rows[i].text), out), 0);
        assert_string_equal(out->buf, rows[i].csv);
    }
    printbuf_free(out);
}

static void test_tables(void **state)
{
    static const struct {
        const char *body, *csv;
    } rows[] = {
        {"[]", ""},
        {"[{}]", ""},
        {"[{\"id\":1,\"name\":\"a,b\",\"more\":[1]}]", "id,name\r\n1,\"a,b\"\r\n"},
        {"[{\"b\":1,\"a\":2},{\"a\":3,\"c\":null},{\"c\":true,\"b\":0.10}]", "b,a,c\r\n1,2,\r\n,3,\r\n0.10,,true\r\n"},
        {"[{\"a\":1,\"b\":2},{\"a\":{\"x\":1},\"b\":3}]", "a,b\r\n1,2\r\n,3\r\n"},
        {"[{\"a\":\"=1\",\"=k\":\"caf\\u00e9\\/\"}]", "a,\"'=k\"\r\n\"'=1\",caf\xc3\xa9/\r\n"},
        {"[{\"a\":1,\"a\":2,\"b\":\"\"}]", "a,b\r\n2,\r\n"},
        {"[{\"a\":1,\"b\":1e400},3,{\"a\":-0}]", "a,b\r\n1,1e400\r\n,\r\n-0,\r\n"},
    };
    struct fixture f = begin();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct document *document = stack_document(f.s, OP_SERVICES);

        seed(document, rows[i].body);
        assert_text(text_of(&f, document, RENDER_CSV), rows[i].csv);
    }
    end(&f);
}

static void test_the_table_of_prices(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_PRICING);

    (void)state;
    seed(document, "{}");
    assert_text(text_of(&f, document, RENDER_PRICES), "extension,operation,currency,years,price\r\n");
    seed(document, "{\".net\":{\"domainrenew\":{\"EUR\":{\"10\":\"99.00\",\"2\":9,\"3\":\"-1.00\",\"4\":null}}},"
                   "\".com\":{\"domainregister\":{\"USD\":{\"1\":\"n/a, yet\"}}}}");
    assert_text(text_of(&f, document, RENDER_PRICES), "extension,operation,currency,years,price\r\n"
                                                      "com,domainregister,USD,1,\"n/a, yet\"\r\n"
                                                      "net,domainrenew,EUR,2,9\r\nnet,domainrenew,EUR,10,99.00\r\n");
    assert_text(text_of(&f, document, RENDER_WHOLE),
                "{\n  \".net\": {\n    \"domainrenew\": {\n      \"EUR\": {\n        \"10\": \"99.00\",\n        "
                "\"2\": 9,\n        \"3\": \"-1.00\",\n        \"4\": null\n      }\n    }\n  },\n  \".com\": {\n    "
                "\"domainregister\": {\n      \"USD\": {\n        "
                "\"1\": \"n/a, yet\"\n      }\n    }\n  }\n}\n");
    end(&f);
}

/* ---- one line ---- */

static void test_lines(void **state)
{
    static const struct {
        enum operation operation;
        enum route_render how;
        const char *body, *text; /* NULL: -EIO */
    } rows[] = {
        {OP_BALANCE, RENDER_BALANCE, "{\"balance\":\"100.00\",\"currency\":\"EUR\"}", "100.00 EUR\n"},
        {OP_BALANCE, RENDER_BALANCE, "{\"currencyCode\":\"USD\",\"credit\":-0.10}", "-0.10 USD\n"},
        {OP_BALANCE, RENDER_BALANCE, "{\"balance\":\"5\"}", "5\n"},
        {OP_BALANCE, RENDER_BALANCE, "{\"currency\":\"EUR\"}", NULL},
        {OP_BALANCE, RENDER_ITEM, "{\"currency\":\"EUR\"}", "{\n  \"currency\": \"EUR\"\n}\n"},
        {OP_VERSION, RENDER_VERSION, "{\"success\":\"1\",\"version\":\"1.2.6\"}", "1.2.6\n"},
        {OP_VERSION, RENDER_VERSION, "{\"success\":\"1\",\"version\":1.2}", "1.2\n"},
        {OP_VERSION, RENDER_VERSION, "{\"success\":\"1\"}", NULL},
    };
    struct fixture f = begin();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct document *document = stack_document(f.s, rows[i].operation);
        struct snapshot *text = NULL;

        seed(document, rows[i].body);
        if (rows[i].text)
            assert_text(text_of(&f, document, rows[i].how), rows[i].text);
        else
            assert_int_equal(renderer_get(f.renderer, document, rows[i].how, &text), -EIO);
    }
    end(&f);
}

/* ---- slices ---- */

#define MANY 40000

static char *many(unsigned first)
{
    char *body = malloc(MANY * 64);
    size_t len = 0;

    assert_non_null(body);
    for (unsigned i = 0; i < MANY; i++)
        len += (size_t)snprintf(body + len, 64, "%c{\"name\":\"item %u\",\"n\":%u}", i ? ',' : '[', first + i, i);
    (void)snprintf(body + len, 2, "]");
    return body;
}

static void assert_many(const struct snapshot *text, unsigned first)
{
    const char *at = text->data;
    char expected[96];

    assert_memory_equal(at, "[\n", 2);
    at += 2;
    for (unsigned i = 0; i < MANY; i++) {
        int n = snprintf(expected, sizeof(expected), "  {\n    \"name\": \"item %u\",\n    \"n\": %u\n  }%s\n",
                         first + i, i, i + 1 < MANY ? "," : "");
        assert_true((size_t)(at - text->data) + (size_t)n <= text->len);
        assert_memory_equal(at, expected, (size_t)n);
        at += n;
    }
    assert_int_equal(at + 2 - text->data, text->len);
    assert_memory_equal(at, "]\n", 2);
}

/* A long list holds the loop for a slice at a time; what changed meanwhile is printed anew, never mixed. */
static void test_a_long_list_is_printed_in_slices(void **state)
{
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_PRODUCTS);
    char *one = many(0), *two = many(500000);
    struct reader readers[3] = {{.calls = 0}};
    struct render_wait waits[3];
    struct snapshot *text = NULL;

    (void)state;
    seed(document, one);
    assert_int_equal(renderer_get(f.renderer, document, RENDER_JSON, &text), 0);
    for (unsigned i = 0; i < 3; i++) {
        waits[i] = (struct render_wait){.fn = reader_called, .data = &readers[i]};
        assert_int_equal(renderer_wait(f.renderer, document, RENDER_JSON, &waits[i]), 0);
    }
    assert_int_equal(loop_turn(f.s->loop, 0), 0);
    render_wait_cancel(&waits[1]);
    seed(document, two);
    await(f.s, readers[0].calls && readers[2].calls);
    assert_int_equal(readers[0].calls + readers[1].calls + readers[2].calls, 2);
    assert_int_equal(renderer_get(f.renderer, document, RENDER_JSON, &text), 1);
    assert_many(text, 500000);
    assert_int_equal(renderer_wait(f.renderer, document, RENDER_JSON, &waits[0]), 1); /* nothing is being made */

    /* The end while one is half printed. */
    assert_int_equal(renderer_get(f.renderer, document, RENDER_CSV, &text), 0);
    free(one);
    free(two);
    end(&f);
}

/* What does not fit into one file is said once, and not printed again until the document is another. */
static void test_a_text_too_long(void **state)
{
    static const enum route_render ways[] = {RENDER_JSON, RENDER_CSV};
    struct fixture f = begin();
    struct document *document = stack_document(f.s, OP_INVOICES);
    struct printbuf *body = printbuf_new();
    struct snapshot *text;

    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        sprintbuf(body, "%c{\"id\":%u,\"a\":\"text\"}", i ? ',' : '[', i);
    sprintbuf(body, "]");
    seed(document, body->buf);
    printbuf_free(body);
    renderer_set_max(f.renderer, 100000);
    for (unsigned i = 0; i < 2; i++) {
        int r;

        while ((r = renderer_get(f.renderer, document, ways[i], &text)) == 0) {
            struct reader reader = {0};
            struct render_wait wait = {.fn = reader_called, .data = &reader};

            assert_int_equal(renderer_wait(f.renderer, document, ways[i], &wait), 0);
            await(f.s, reader.calls);
        }
        assert_int_equal(r, -EIO);
        assert_int_equal(logged("read the single files in billing/invoices/ instead"), i + 1);
        for (unsigned again = 0; again < 3; again++)
            assert_int_equal(renderer_get(f.renderer, document, ways[i], &text), -EIO);
        assert_int_equal(logged("read the single files"), i + 1);
    }
    seed(document, "[{\"id\":1}]");
    assert_text(text_of(&f, document, RENDER_CSV), "id\r\n1\r\n");
    assert_text(text_of(&f, document, RENDER_JSON), "[\n  {\n    \"id\": 1\n  }\n]\n");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_is_laid_out_as_jq_does),
        cmocka_unit_test(test_tokens_come_through),
        cmocka_unit_test(test_a_rendition_is_kept),
        cmocka_unit_test(test_equal_bytes_keep_a_rendition),
        cmocka_unit_test(test_a_list_of_another_content_is_dropped),
        cmocka_unit_test(test_csv_values),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_the_table_of_prices),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_a_long_list_is_printed_in_slices),
        cmocka_unit_test(test_a_text_too_long),
    };

    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
