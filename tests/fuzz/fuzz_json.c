/* SPDX-License-Identifier: MIT */
/*
 * Random documents through the envelope and the printer, judged by a second opinion.
 *
 * The second opinion is a small tokenizer of its own; json-c is a third. A document is generated, put into an envelope,
 * cut into chunks and streamed. Each item that comes out must be the one that went in, and its printed form must have
 * the same tokens in the same order, laid out as jq does. Cut short anywhere, the document must be refused. Then it is
 * damaged and streamed again, twice, in other chunks: what comes out must be the same, and of it the printer must
 * accept what the tokenizer accepts, and nothing else; json-c must accept that too.
 *
 * Document n is made from the seed FUZZ_SEED + n alone, so that a failure can be repeated by itself. FUZZ_COUNT says
 * how many there are.
 */
#include "api/envelope.h"
#include "base/log.h"
#include "json_documents.h"
#include "json_reference.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES_MAX 32768
#define SEED      20240229
#define COUNT     50000

static unsigned long long seed; /* of the document at hand */

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("not so: %s; repeat with FUZZ_SEED=%llu FUZZ_COUNT=1; the document: %s", #condition, seed,        \
                     doc->buf);                                                                                        \
    } while (0)

static char *exact(const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

static void check_string(struct json_slice in, struct json_slice out)
{
    static uint32_t before[BYTES_MAX], after[BYTES_MAX];
    bool needless;
    size_t n = string_units(in, before, &needless);

    CHECK(string_units(out, after, &needless) == n);
    CHECK(memcmp(before, after, n * sizeof(*before)) == 0);
    CHECK(!needless);
}

static void check_tokens(const struct tokens *in, const struct tokens *out)
{
    CHECK(in->count == out->count);
    for (size_t i = 0; i < in->count; i++) {
        struct json_slice a = in->list[i].raw, b = out->list[i].raw;

        CHECK(in->list[i].kind == out->list[i].kind);
        if (in->list[i].kind == 's')
            check_string(a, b);
        else
            CHECK(a.len == b.len && memcmp(a.at, b.at, a.len) == 0);
    }
}

/* A third opinion, more lenient than both: json-c lets NaN, -01, control characters in strings and more pass. Its strict
 * mode is not asked, because 0.18 refuses integers beyond 64 bits and bytes that are not ASCII there. */
static bool json_c_accepts(struct json_slice raw)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH + 2);
    char *copy = strndup(raw.at, raw.len);
    struct json_object *object;
    bool accepted;
    size_t end;

    assert_non_null(tokener);
    assert_non_null(copy);
    /* The terminator too: it ends a number. */
    object = json_tokener_parse_ex(tokener, copy, (int)strlen(copy) + 1);
    end = json_tokener_get_parse_end(tokener);
    accepted =
        json_tokener_get_error(tokener) == json_tokener_success && copy[end + strspn(copy + end, " \t\r\n")] == '\0';
    json_object_put(object);
    json_tokener_free(tokener);
    free(copy);
    return accepted;
}

/* Prints `raw`, which lies in a block of its own size, and judges the result. */
static bool check_printer(struct json_slice raw)
{
    static struct tokens in, out;
    struct printbuf *text = printbuf_new(), *other = printbuf_new();
    unsigned indent = below(4) == 0 ? below(80) : 0;
    bool valid = tokenize(&in, raw);
    struct json_slice printed;
    int r = json_indent(raw, indent, text);

    CHECK(r == (valid ? 0 : -EBADMSG));
    if (!valid)
        CHECK(printbuf_length(text) == 0);
    if (valid) {
        CHECK(json_c_accepts(raw));
        printed = (struct json_slice){text->buf, (size_t)printbuf_length(text)};
        CHECK(tokenize(&out, printed));
        check_tokens(&in, &out);
        lay_out(&out, indent, other);
        CHECK(strcmp(text->buf, other->buf) == 0);
        printbuf_reset(other);
        CHECK(json_indent(printed, indent, other) == 0);
        CHECK(strcmp(text->buf, other->buf) == 0);
    }
    printbuf_free(text);
    printbuf_free(other);
    return valid;
}

typedef int item_fn(void *data, const char *key, struct json_slice raw);
typedef void drop_fn(void *data);

/* Streams the document in chunks of random size, each in a block of its own. */
static int stream_document(enum shape shape, item_fn *item, drop_fn *drop, void *data)
{
    static const char *const NAMES[] = {"items", NULL}, *const IDS[] = {"own id", NULL};
    static const unsigned CHUNKS[] = {1, 20, 60, 200, 200, 1000, 1000, 1000};
    struct wanted wanted = {.shape = shape, .names = NAMES, .ids = IDS, .signs = IDS};
    struct envelope_sink sink = {.item = item, .drop = drop, .data = data};
    struct envelope *envelope = envelope_new(&wanted, &sink);
    unsigned most = CHUNKS[below((unsigned)LENGTH(CHUNKS))];
    size_t len = (size_t)printbuf_length(doc), n;
    int r;

    for (size_t at = 0; at < len; at += n) {
        char *chunk;

        n = 1 + below(most);
        n = n < len - at ? n : len - at;
        chunk = exact(doc->buf + at, n);
        r = envelope_feed(envelope, chunk, n);
        free(chunk);
        if (r < 0)
            CHECK(envelope_end(envelope) == r);
    }
    r = envelope_end(envelope);
    envelope_free(envelope);
    return r;
}

static bool check_copy(struct json_slice raw)
{
    char *copy = exact(raw.at, raw.len);
    bool valid = check_printer((struct json_slice){copy, raw.len});

    free(copy);
    return valid;
}

static int planned_item(void *data, const char *key, struct json_slice raw)
{
    (void)key;
    struct plan *plan = data;
    size_t n = plan->delivered++;

    CHECK(n < plan->count);
    CHECK(raw.len == plan->len[n] && memcmp(raw.at, doc->buf + plan->at[n], raw.len) == 0);
    CHECK(check_copy(raw));
    return 0;
}

static void drop_planned(void *data)
{
    ((struct plan *)data)->delivered = 0;
}

static void walk_members(struct json_slice raw)
{
    struct printbuf *text = printbuf_new();
    struct json_slice rest = raw, key, value;

    while (json_next_member(&rest, &key, &value) > 0) {
        CHECK(key.at > raw.at && value.at + value.len <= raw.at + raw.len);
        (void)json_scalar_text(key, text);
        (void)json_scalar_text(value, text);
    }
    printbuf_free(text);
}

static int damaged_item(void *data, const char *key, struct json_slice raw)
{
    (void)key;
    (void)check_copy(raw);
    printbuf_memappend(data, raw.at, (int)raw.len);
    put(data, "|");
    return 0;
}

static int ignored_item(void *data, const char *key, struct json_slice raw)
{
    (void)data;
    (void)key;
    (void)raw;
    return 0;
}

static void drop_damaged(void *data)
{
    printbuf_reset(data);
}

static void drop_ignored(void *data)
{
    (void)data;
}

/* All of the document but its last byte, at least, is an answer that has been cut. */
static void check_cut(const struct plan *plan)
{
    int whole = printbuf_length(doc), end = whole;

    while (strchr(" \t\r\n", doc->buf[end - 1]))
        end--;
    doc->bpos = (int)below((unsigned)end);
    CHECK(stream_document(plan->shape, ignored_item, drop_ignored, NULL) == -EBADMSG);
    doc->bpos = whole;
}

static void damage(void)
{
    static const char BYTES[] = "\"\\{}[],:0-.eu'n\n\x1f ";

    for (unsigned n = 1 + below(2); n > 0 && printbuf_length(doc) > 0; n--) {
        int at = (int)below((unsigned)printbuf_length(doc));

        switch (below(4)) {
        case 0:
            doc->buf[at] = (char)(doc->buf[at] ^ (1 << below(8)));
            break;
        case 1:
            doc->buf[at] = BYTES[below(sizeof(BYTES))];
            break;
        case 2:
            memmove(doc->buf + at, doc->buf + at + 1, (size_t)(printbuf_length(doc) - at));
            doc->bpos--;
            break;
        default:
            if (below(4) == 0)
                doc->bpos = at;
            break;
        }
    }
    doc->buf[doc->bpos] = '\0';
}

static void check_damaged(const struct plan *plan)
{
    struct printbuf *once = printbuf_new(), *again = printbuf_new();
    size_t len;
    char *copy;
    int r;

    damage();
    len = (size_t)printbuf_length(doc);
    r = stream_document(plan->shape, damaged_item, drop_damaged, once);
    CHECK(stream_document(plan->shape, damaged_item, drop_damaged, again) == r);
    CHECK(printbuf_length(once) == printbuf_length(again));
    CHECK(memcmp(once->buf, again->buf, (size_t)printbuf_length(once)) == 0);
    printbuf_free(once);
    printbuf_free(again);
    copy = exact(doc->buf, len);
    (void)check_printer((struct json_slice){copy, len});
    walk_members((struct json_slice){copy, len});
    free(json_api_message(copy, len, log_hidden));
    free(copy);
}

static unsigned long long from_environment(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void random_documents(void **state)
{
    unsigned long long first = from_environment("FUZZ_SEED", SEED), count = from_environment("FUZZ_COUNT", COUNT);
    struct plan plan;

    (void)state;
    for (seed = first; seed - first < count; seed++) {
        random_state = seed;
        generate(&plan);
        CHECK(printbuf_length(doc) < BYTES_MAX);
        CHECK(stream_document(plan.shape, planned_item, drop_planned, &plan) == 0);
        CHECK(plan.delivered == plan.count);
        check_cut(&plan);
        check_damaged(&plan);
    }
}

/* Reads what jq makes of `input`; NULL when there is no jq. */
static char *ask_jq(const struct printbuf *input)
{
    const char *directory = getenv("TMPDIR");
    char path[500], command[540], *answer = NULL;
    size_t len = 0;
    FILE *jq;
    int fd;

    snprintf(path, sizeof(path), "%s/fuzz_json.XXXXXX", directory ? directory : "/tmp");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, input->buf, (size_t)printbuf_length(input)), printbuf_length(input));
    close(fd);
    snprintf(command, sizeof(command), "jq . '%s' 2>/dev/null", path);
    jq = popen(command, "r");
    assert_non_null(jq);
    if (getdelim(&answer, &len, '\0', jq) < 0 || pclose(jq) != 0) {
        free(answer);
        answer = NULL;
    }
    unlink(path);
    return answer;
}

static void layout_is_jqs(void **state)
{
    struct printbuf *printed = printbuf_new();
    char *answer;

    (void)state;
    if (system("command -v jq >/dev/null 2>&1") != 0) {
        printbuf_free(printed);
        skip();
    }
    for_jq = true;
    random_state = seed = SEED;
    printbuf_reset(doc);
    for (unsigned i = 0; i < 200; i++) {
        int at = printbuf_length(doc);

        put_container(doc, true, 0);
        CHECK(json_indent((struct json_slice){doc->buf + at, (size_t)(printbuf_length(doc) - at)}, 0, printed) == 0);
        put(printed, "\n");
        put(doc, " ");
    }
    for_jq = false;
    answer = ask_jq(doc);
    assert_non_null(answer);
    assert_string_equal(printed->buf, answer);
    free(answer);
    printbuf_free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_documents),
        cmocka_unit_test(layout_is_jqs),
    };
    int failed;

    doc = printbuf_new();
    failed = cmocka_run_group_tests_name("fuzz_json", tests, NULL, NULL);
    printbuf_free(doc);
    return failed;
}
