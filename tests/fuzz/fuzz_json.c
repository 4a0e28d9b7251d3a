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
 * The input is the choices by which the document is generated (choices.h).
 */
#include "fuzz.h"

#include "api/envelope.h"
#include "base/log.h"
#include "json_documents.h"
#include "json_judge.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/printbuf.h>

#define HOLDS(condition) CHECK(condition, "the document: %s", doc->buf)

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
        chunk = fuzz_copy(doc->buf + at, n);
        r = envelope_feed(envelope, chunk, n);
        free(chunk);
        if (r < 0)
            HOLDS(envelope_end(envelope) == r);
    }
    r = envelope_end(envelope);
    envelope_free(envelope);
    return r;
}

static bool check_copy(struct json_slice raw)
{
    char *copy = fuzz_copy(raw.at, raw.len);
    bool valid = judge_printer((struct json_slice){copy, raw.len}, below(4) == 0 ? below(80) : 0);

    free(copy);
    return valid;
}

static int planned_item(void *data, const char *key, struct json_slice raw)
{
    (void)key;
    struct plan *plan = data;
    size_t n = plan->delivered++;

    HOLDS(n < plan->count);
    HOLDS(raw.len == plan->len[n] && memcmp(raw.at, doc->buf + plan->at[n], raw.len) == 0);
    HOLDS(check_copy(raw));
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
        HOLDS(key.at > raw.at && value.at + value.len <= raw.at + raw.len);
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
    HOLDS(stream_document(plan->shape, ignored_item, drop_ignored, NULL) == -EBADMSG);
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
    HOLDS(stream_document(plan->shape, damaged_item, drop_damaged, again) == r);
    HOLDS(printbuf_length(once) == printbuf_length(again));
    HOLDS(memcmp(once->buf, again->buf, (size_t)printbuf_length(once)) == 0);
    printbuf_free(once);
    printbuf_free(again);
    copy = fuzz_copy(doc->buf, len);
    (void)judge_printer((struct json_slice){copy, len}, below(4) == 0 ? below(80) : 0);
    walk_members((struct json_slice){copy, len});
    free(json_api_message(copy, len, log_hidden));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan plan;

    if (!doc)
        doc = printbuf_new();
    choices_start(data, size);
    generate(&plan);
    HOLDS(printbuf_length(doc) < JUDGE_BYTES);
    HOLDS(stream_document(plan.shape, planned_item, drop_planned, &plan) == 0);
    HOLDS(plan.delivered == plan.count);
    check_cut(&plan);
    check_damaged(&plan);
    return 0;
}
