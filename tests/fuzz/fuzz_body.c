/* SPDX-License-Identifier: MIT */
/*
 * Answers of any bytes to any operation.
 *
 * However an answer is cut into chunks, the outcome is the same: the same items, or a problem with the same words. Each
 * item is a value of the answer, with the answer's own tokens; each id is in its item, and in order. The same answer
 * again changes nothing. An array of objects is a list of all of them.
 *
 * The input: a byte for the operation, a byte for the sizes of chunks, and the body. From operation 8 on, the
 * configuration says where lists are and what ids are called.
 */
#include "fuzz.h"

#include "api/answer.h"
#include "api/document.h"
#include "api/endpoints.h"
#include "api/problem.h"
#include "base/config.h"
#include "base/log.h"
#include "base/utf8.h"
#include "json_reference.h"

#include <errno.h>
#include <inttypes.h>

#define MAX_BODY 65536

static struct endpoints *endpoints[2];

/* What comes of an answer. */
struct outcome {
    struct document document;
    struct pages pages;
    int error;
    char *words; /* of the problem */
};

static void drop_line(void *data, const char *message)
{
    (void)data;
    (void)message;
}

static void prepare(void)
{
    static char services[] = "services", invoices[] = "invoices", version[] = "version", list[] = "list", id[] = "id",
                here[] = "here.it", key[] = "key", origin[] = "test";
    static struct config_override overrides[] = {{services, list, here, origin},
                                                 {services, id, key, origin},
                                                 {invoices, list, here, origin},
                                                 {version, list, here, origin}};
    static struct config config;

    log_divert(drop_line, NULL);
    config_init(&config);
    endpoints[0] = endpoints_new(&config);
    config.overrides = overrides;
    config.n_overrides = LENGTH(overrides);
    endpoints[1] = endpoints_new(&config);
    CHECK(endpoints[0] && endpoints[1], "endpoints_new()");
}

static void clear(struct outcome *outcome)
{
    document_clear(&outcome->document);
    pages_free(&outcome->pages);
    free(outcome->words);
}

/* Reads an answer in chunks of `most` bytes, each in a block of its own, into outcome->document. Returns whether its
 * content has changed. */
static bool read_answer(const struct endpoints *which, const uint8_t *data, size_t size, size_t most,
                        struct outcome *outcome)
{
    struct answer *answer = answer_new(&outcome->document, which, MAX_BODY);
    struct answer_page page = {0};
    bool changed = false;
    int r = answer_page(answer);

    for (size_t at = 0, n; at < size && r == 0; at += n) {
        n = most < size - at ? most : size - at;
        char *chunk = fuzz_copy(data + at, n);
        r = answer_feed(answer, chunk, n);
        free(chunk);
    }
    if (r == 0)
        r = answer_page_end(answer, &page);
    const struct problem *problem = answer_problem(answer);
    CHECK(r <= 0 && (r < 0 || !problem), "%d with %s", r, problem ? problem->text : "no problem");
    CHECK(r == 0 || problem || r == -EFBIG, "%d without a problem", r);
    if (r < 0 && problem)
        outcome->words = fuzz_string(problem->text, strlen(problem->text));
    if (r == 0)
        CHECK(answer_publish(answer, &outcome->document, (struct timespec){.tv_sec = 1}, &changed) == 0,
              "answer_publish()");
    outcome->error = r;
    outcome->pages = page.pages;
    answer_free(answer);
    return changed;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Of an answer that is not JSON, the words have the beginning as far as it has come. */
static bool same_words(const char *a, const char *b)
{
    size_t shown = a ? strcspn(a, ";") : 0;

    if (!a || !b || !strstr(a + shown, "; got "))
        return same_text(a, b);
    return strncmp(a, b, shown) == 0 && (strchr(a, '"') || strcmp(a, b) == 0);
}

static bool same_snapshot(const struct snapshot *a, const struct snapshot *b)
{
    return a && b ? snapshot_same(a, b) : a == b;
}

static void compare(const struct outcome *a, const struct outcome *b)
{
    const struct document *x = &a->document, *y = &b->document;

    CHECK(a->error == b->error, "%d or %d", a->error, b->error);
    CHECK(same_words(a->words, b->words), "'%s' or '%s'", a->words, b->words);
    CHECK(x->n_items == y->n_items && x->n_ids == y->n_ids && x->unshown == y->unshown, "%zu or %zu items", x->n_items,
          y->n_items);
    CHECK(same_snapshot(x->whole, y->whole), "another whole text");
    for (size_t i = 0; i < x->n_items; i++)
        CHECK(x->items[i].id == y->items[i].id && same_snapshot(x->items[i].snapshot, y->items[i].snapshot),
              "item %zu is %s or %s", i, x->items[i].snapshot->data, y->items[i].snapshot->data);
    CHECK(a->pages.has_total == b->pages.has_total && a->pages.total == b->pages.total &&
              a->pages.current == b->pages.current && a->pages.last == b->pages.last &&
              a->pages.next_number == b->pages.next_number && a->pages.more == b->pages.more &&
              same_text(a->pages.next, b->pages.next),
          "other pages");
}

/* ---- items ---- */

/* Whether tokens first, first + 1, … of the answer are the n tokens. */
static bool are_at(const struct tokens *answer, size_t first, const struct token *tokens, size_t n)
{
    static char x[TEXT_MAX_BYTES], y[TEXT_MAX_BYTES];

    for (size_t i = 0; i < n; i++) {
        struct json_slice a = answer->list[first + i].raw, b = tokens[i].raw;
        if (answer->list[first + i].kind != tokens[i].kind)
            return false;
        if (tokens[i].kind == 's') {
            size_t len = reference_text(a, x);
            if (reference_text(b, y) != len || memcmp(x, y, len) != 0)
                return false;
        } else if (a.len != b.len || memcmp(a.at, b.at, a.len) != 0) {
            return false;
        }
    }
    return true;
}

static bool are_in(const struct tokens *answer, const struct token *tokens, size_t n)
{
    for (size_t i = 0; i + n <= answer->count; i++)
        if (are_at(answer, i, tokens, n))
            return true;
    return n == 0;
}

/* An item's text has the tokens of a value of the answer. Where the id is the key, a member has been added in front. */
static void check_item(const struct tokens *answer, const struct item *item)
{
    static struct tokens text;
    const struct snapshot *snapshot = item->snapshot;

    CHECK(snapshot->len > 1 && snapshot->data[snapshot->len - 1] == '\n', "%s", snapshot->data);
    CHECK(tokenize(&text, (struct json_slice){snapshot->data, snapshot->len}), "the item is not JSON: %s",
          snapshot->data);
    if (item->id != ITEM_NO_ID) {
        char id[32];
        int n = snprintf(id, sizeof id, "%" PRIu64, item->id);
        CHECK(memmem(snapshot->data, snapshot->len, id, (size_t)n), "the id %s is not in %s", id, snapshot->data);
    }
    bool joined = text.count > 4 && text.list[1].kind == 'k' && are_in(answer, text.list + 3, text.count - 3);
    bool empty = text.count == 4 && text.list[1].kind == 'k';
    CHECK(are_in(answer, text.list, text.count) || joined || empty, "the answer does not have %s", snapshot->data);
}

static void check_order(const struct document *document)
{
    CHECK(document->n_ids <= document->n_items, "%zu ids", document->n_ids);
    for (size_t i = 0; i < document->n_ids; i++) {
        const struct item *item = document_nth(document, i);
        CHECK(item->id <= ITEM_ID_MAX, "%ju", (uintmax_t)item->id);
        CHECK(i == 0 || document_nth(document, i - 1)->id < item->id, "%ju", (uintmax_t)item->id);
        CHECK(document_item(document, item->id) == item && document_rank(document, item->id) == i, "%ju",
              (uintmax_t)item->id);
    }
}

/* The number of elements if the answer is an array of objects only; otherwise -1. */
static ptrdiff_t count_objects(const struct tokens *answer)
{
    ptrdiff_t n = 0;
    unsigned depth = 0;

    if (answer->list[0].kind != '[')
        return -1;
    for (size_t i = 0; i < answer->count; i++) {
        char kind = answer->list[i].kind;
        bool closes = kind == '}' || kind == ']';
        depth -= closes;
        if (depth == 1 && !closes && kind != '{')
            return -1;
        n += depth == 1 && kind == '{';
        depth += kind == '{' || kind == '[';
    }
    return n;
}

static void check_content(const struct outcome *outcome, enum shape shape, bool configured, const uint8_t *data,
                          size_t size)
{
    static struct tokens answer;
    const struct document *document = &outcome->document;
    size_t mark = utf8_mark((const char *)data, size);

    check_order(document);
    if (!tokenize(&answer, (struct json_slice){(const char *)data + mark, size - mark}))
        return;
    for (size_t i = 0; i < document->n_items && shape != SHAPE_PRICES && i < 50; i++)
        check_item(&answer, &document->items[i]);
    ptrdiff_t objects = count_objects(&answer);
    if (shape == SHAPE_LIST && !configured && objects >= 0)
        CHECK(document->n_items == (size_t)objects, "%zu items of %td", document->n_items, objects);
}

static void check_words(const char *words)
{
    for (size_t i = 0, n; words[i]; i += n) {
        n = utf8_length(words + i, strlen(words + i));
        CHECK(n > 0 && !utf8_is_control(words + i, n), "byte %zu of '%s'", i, words);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum operation operations[] = {OP_INVOICES, OP_SERVICES, OP_SERVICE, OP_PRICING,
                                                OP_BALANCE,  OP_VERSION,  OP_GROUPS,  OP_PRODUCTS};
    static char key[] = "key";
    unsigned choice = fuzz_number(&data, &size, 16), most = 1 + fuzz_number(&data, &size, 40);
    struct query query = {.operation = operations[choice % 8], .id = 7};
    struct outcome whole = {.document = {.key = key, .query = query}}, cut = whole, bytes = whole;

    if (!endpoints[0])
        prepare();
    if (size >= TOKENS_MAX)
        return 0;
    const struct endpoints *which = endpoints[choice / 8];
    read_answer(which, data, size, size + 1, &whole);
    read_answer(which, data, size, most, &cut);
    read_answer(which, data, size, 1, &bytes);
    compare(&whole, &cut);
    compare(&whole, &bytes);
    if (whole.error == 0) {
        bool configured = endpoints_reading(which, query.operation)->list;
        check_content(&whole, endpoint_of(query.operation)->shape, configured, data, size);
        pages_free(&cut.pages);
        CHECK(!read_answer(which, data, size, most, &cut), "the same answer changes the document");
        compare(&whole, &cut);
    }
    if (whole.words)
        check_words(whole.words);
    clear(&whole);
    clear(&cut);
    clear(&bytes);
    return 0;
}
