/*
 * Random documents through the JSON stream and the printer, judged by a second opinion.
 *
 * The second opinion is a small tokenizer of its own. A document is generated, put into an envelope, cut into chunks
 * and streamed. Each item that comes out must be the one that went in, and its printed form must have the same tokens
 * in the same order, laid out as jq does. Then the document is damaged and streamed again: now the printer must accept
 * what the tokenizer accepts, and nothing else.
 *
 * Document n is made from the seed FUZZ_SEED + n alone, so that a failure can be repeated by itself. FUZZ_COUNT says
 * how many there are.
 */
#include "api/json.h"
#include "json_reference.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define ITEMS_MAX 6
#define BYTES_MAX 32768
#define SEED      20240229
#define COUNT     50000

static unsigned long long seed; /* of the document at hand */
static uint64_t random_state;
static struct printbuf *doc;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("not so: %s; repeat with FUZZ_SEED=%llu FUZZ_COUNT=1; the document: %s", #condition, seed,        \
                     doc->buf);                                                                                        \
    } while (0)

/* splitmix64, below `limit`. */
static unsigned below(unsigned limit)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (unsigned)((z ^ z >> 31) % limit);
}

static void put(struct printbuf *out, const char *text)
{
    printbuf_memappend(out, text, (int)strlen(text));
}

#define PUT_ONE_OF(out, choices) put(out, (choices)[below((unsigned)LENGTH(choices))])

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

/* Generating. A document that jq shall print the same way has nothing jq would normalise. */
static bool for_jq;

static void put_space(struct printbuf *out)
{
    static const char *const SPACES[] = {"", "", "", "", "", "", " ", "\n", "\t", "\r\n  ", " \t \n\n\r "};

    PUT_ONE_OF(out, SPACES);
}

static void put_number(struct printbuf *out)
{
    static const char *const NUMBERS[] = {"0",
                                          "-0",
                                          "0.10",
                                          "1e400",
                                          "-1e-400",
                                          "123456789012345678901234567890",
                                          "1.00",
                                          "10421",
                                          "-1.5E+07",
                                          "2e05",
                                          "0e0",
                                          "-0.0",
                                          "9223372036854775808",
                                          "18446744073709551616",
                                          "7",
                                          "99.999999999999999999"};

    if (below(3) > 0)
        PUT_ONE_OF(out, NUMBERS);
    else
        sprintbuf(out, "%s%u.%03ue%s%u", below(2) ? "-" : "", below(1000), below(1000), below(2) ? "-" : "", below(9));
}

static void put_string(struct printbuf *out)
{
    static const char *const PLAIN[] = {"a",        "Dedicated server",
                                        "\xc3\xa9", "\xf0\x9f\x98\x80",
                                        "\\/",      "\\u00e9",
                                        "/",        "\\ud83d\\ude00",
                                        "\\n",      "\\\"",
                                        "\\\\",     "\\u20AC",
                                        "{[",       "]}:,",
                                        "\\t",      "\xe6\xb1\x89",
                                        "\\u0041",  "//"};
    static const char *const ODD[] = {"\\u0000", "\\ud83d", "\\ude00",      "\\uD83D", "\\u0022",   "\\u005c",
                                      "\x7f",    "\\u007F", "\\u0085",      "\\u009f", "\\u00a0",   "\xc2\x85",
                                      "\xff",    "\xc3",    "\xed\xa0\x80", "\\u001f", "\\b\\f\\r", "\\u2028",
                                      "\\uffff", "u0041",   "\\u0020",      "\xe2\x82"};

    put(out, "\"");
    for (unsigned n = below(6); n > 0; n--) {
        if (for_jq || below(3) > 0)
            PUT_ONE_OF(out, PLAIN);
        else
            PUT_ONE_OF(out, ODD);
    }
    put(out, "\"");
}

static void put_key(struct printbuf *out)
{
    static const char *const KEYS[] = {"\"a\"",       "\"id\"",          "\"a\"",       "\"\"",
                                       "\"\\u0061\"", "\"k\\/\"",        "\"\\ud83d\"", "\"x\\u0000\"",
                                       "\"\\\"\"",    "\"caf\xc3\xa9\"", "\"\\u00e9\"", "\"status\""};
    static unsigned serial;

    if (for_jq)
        sprintbuf(out, "\"key %u\"", serial++);
    else
        PUT_ONE_OF(out, KEYS);
}

static void put_value(struct printbuf *out, unsigned depth);

static void put_container(struct printbuf *out, bool object, unsigned depth)
{
    put(out, object ? "{" : "[");
    put_space(out);
    for (unsigned n = below(depth > 2 ? 3 : 5); n > 0; n--) {
        if (object) {
            put_key(out);
            put_space(out);
            put(out, ":");
        }
        put_space(out);
        put_value(out, depth + 1);
        put_space(out);
        if (n > 1)
            put(out, ",");
        put_space(out);
    }
    put(out, object ? "}" : "]");
}

static void put_value(struct printbuf *out, unsigned depth)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    unsigned kind = below(depth < 6 ? 8 : 6);

    if (kind < 3)
        put_string(out);
    else if (kind < 5 && !for_jq)
        put_number(out);
    else if (kind < 6)
        PUT_ONE_OF(out, WORDS);
    else
        put_container(out, kind == 6, depth);
}

/* What the stream has to deliver: items as offsets into the document, while that still grows. */
struct plan {
    enum json_shape shape;
    size_t at[ITEMS_MAX];
    size_t len[ITEMS_MAX];
    size_t count;
    size_t delivered;
};

static void begin_item(struct plan *plan)
{
    plan->at[plan->count] = (size_t)printbuf_length(doc);
}

static void end_item(struct plan *plan)
{
    plan->len[plan->count] = (size_t)printbuf_length(doc) - plan->at[plan->count];
    plan->count++;
}

static void put_items(struct plan *plan)
{
    put(doc, "[");
    put_space(doc);
    for (unsigned n = below(ITEMS_MAX); n > 0; n--) {
        begin_item(plan);
        put_value(doc, below(20) ? 0 : 6);
        end_item(plan);
        put_space(doc);
        if (n > 1)
            put(doc, ",");
        put_space(doc);
    }
    put(doc, "]");
}

/* A bare object must not look like an envelope: an id is no envelope's business. */
static void put_object(struct plan *plan, bool bare)
{
    begin_item(plan);
    put(doc, bare ? "{\"id\":1, \"more\" :" : "{\"\":");
    put_value(doc, 1);
    put(doc, "}");
    end_item(plan);
}

static void put_beside(bool first)
{
    static const char *const BESIDE[] = {"status", "Summary", "success", "message", "code", "total", "meta"};

    for (unsigned n = below(3); n > 0; n--) {
        put(doc, first ? "\"" : ",\"");
        PUT_ONE_OF(doc, BESIDE);
        put(doc, "\":");
        put_space(doc);
        put_value(doc, 3);
        put_space(doc);
        put(doc, first ? "," : "");
    }
}

static void put_enveloped(struct plan *plan, unsigned envelopes)
{
    static const char *const WRAPPERS[] = {"data", "value", "items", "d\\u0061ta"};

    put_space(doc);
    if (envelopes == 0) {
        if (plan->shape == JSON_LIST)
            put_items(plan);
        else
            put_object(plan, false);
    } else {
        put(doc, "{");
        put_beside(true);
        put(doc, "\"");
        PUT_ONE_OF(doc, WRAPPERS);
        put(doc, "\" :");
        put_enveloped(plan, envelopes - 1);
        put_beside(false);
        put(doc, "}");
    }
    put_space(doc);
}

static void generate(struct plan *plan)
{
    memset(plan, 0, sizeof(*plan));
    printbuf_reset(doc);
    plan->shape = below(3) ? JSON_LIST : JSON_OBJECT;
    if (plan->shape == JSON_LIST)
        put_enveloped(plan, below(3));
    else if (below(2))
        put_enveloped(plan, 1);
    else
        put_object(plan, true);
}

/* Streams the document in chunks of random size, each in a block of its own. */
static int stream_document(enum json_shape shape, json_item_fn item, void *data)
{
    static const char *const NAMES[] = {"items", NULL};
    static const unsigned CHUNKS[] = {1, 20, 60, 200, 200, 1000, 1000, 1000};
    struct json_stream *stream = json_stream_new(shape, NAMES, item, data);
    unsigned most = CHUNKS[below((unsigned)LENGTH(CHUNKS))];
    size_t len = (size_t)printbuf_length(doc), n;
    int r;

    for (size_t at = 0; at < len; at += n) {
        char *chunk;

        n = 1 + below(most);
        n = n < len - at ? n : len - at;
        chunk = exact(doc->buf + at, n);
        r = json_stream_feed(stream, chunk, n);
        free(chunk);
        if (r < 0)
            CHECK(json_stream_end(stream) == r);
    }
    r = json_stream_end(stream);
    json_stream_free(stream);
    return r;
}

static bool check_copy(struct json_slice raw)
{
    char *copy = exact(raw.at, raw.len);
    bool valid = check_printer((struct json_slice){copy, raw.len});

    free(copy);
    return valid;
}

static int planned_item(void *data, struct json_slice raw)
{
    struct plan *plan = data;
    size_t n = plan->delivered++;

    CHECK(n < plan->count);
    CHECK(raw.len == plan->len[n] && memcmp(raw.at, doc->buf + plan->at[n], raw.len) == 0);
    CHECK(check_copy(raw));
    return 0;
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

static int damaged_item(void *data, struct json_slice raw)
{
    (void)data;
    (void)check_copy(raw);
    return 0;
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
    size_t len;
    char *copy;

    damage();
    len = (size_t)printbuf_length(doc);
    (void)stream_document(plan->shape, damaged_item, NULL);
    copy = exact(doc->buf, len);
    (void)check_printer((struct json_slice){copy, len});
    walk_members((struct json_slice){copy, len});
    free(json_api_message(copy, len));
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
        CHECK(stream_document(plan.shape, planned_item, &plan) == 0);
        CHECK(plan.delivered == plan.count);
        check_damaged(&plan);
    }
}

/* Reads what jq makes of `input`; NULL when there is no jq. */
static char *ask_jq(const struct printbuf *input)
{
    char path[] = "/tmp/fuzz_json.XXXXXX", command[80], *answer = NULL;
    int fd = mkstemp(path);
    size_t len = 0;
    FILE *jq;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, input->buf, (size_t)printbuf_length(input)), printbuf_length(input));
    close(fd);
    snprintf(command, sizeof(command), "jq . %s 2>/dev/null", path);
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
