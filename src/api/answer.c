/* SPDX-License-Identifier: MIT */
#include "api/answer.h"

#include "api/document.h"
#include "api/endpoints.h"
#include "api/fields.h"
#include "api/prices.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a page that are kept, to find the API's message in them if the page is not the JSON that was asked for. */
#define HEAD_MAX 4096

/* Bytes that an answer's items may take beyond 4 * max_body; see answer_new(). */
#define MADE_SPARE (UINT64_C(1) << 20)

struct answer {
    const struct document *document;
    const struct endpoint *endpoint;
    struct json_stream *stream;
    struct item *items;
    size_t n, room;
    size_t page_start; /* index of the current page's first item */
    size_t last_page;  /* index of the previous page's first item */
    size_t unshown;
    size_t unshown_page_start;
    uint64_t made, made_page_start; /* bytes of memory that the items made so far take */
    uint64_t made_max;
    struct snapshot *whole;
    struct timespec now;
    struct fields *fields;
    struct printbuf *text;                  /* scratch: the item's text */
    struct printbuf *keys[SNAPSHOT_FIELDS]; /* scratch: the keys that lead to a price */
    char head[HEAD_MAX];
    size_t head_len;
};

/* ---- items ---- */

static int append_item(struct answer *answer, uint64_t id, struct snapshot *snapshot)
{
    if (answer->n == answer->room) {
        size_t room = answer->room ? answer->room * 2 : 64;
        struct item *items = reallocarray(answer->items, room, sizeof *items);
        if (!items)
            return -ENOMEM;
        answer->items = items;
        answer->room = room;
    }
    answer->items[answer->n++] = (struct item){id, snapshot};
    return 0;
}

/* Reads "2026-10-01…" as noon UTC of that day, which falls on the same date in nearly every time zone. */
static bool noon_of(const char *date, struct timespec *ret)
{
    struct tm tm = {.tm_hour = 12};
    if (!date || !strptime(date, "%Y-%m-%d", &tm) || tm.tm_year < 70)
        return false;
    time_t t = timegm(&tm);
    if (t == (time_t)-1)
        return false;
    *ret = (struct timespec){.tv_sec = t};
    return true;
}

/* The document's item that is the same as `made`, or NULL. Mostly it is at the same place; after items were added or
 * removed it is found by id. */
static const struct item *present_item(const struct answer *answer, uint64_t id, const struct snapshot *made)
{
    const struct document *document = answer->document;
    if (answer->n < document->n_items && snapshot_same(document->items[answer->n].snapshot, made))
        return &document->items[answer->n];
    const struct item *item = id != ITEM_NO_ID ? document_item(document, id) : NULL;
    return item && snapshot_same(item->snapshot, made) ? item : NULL;
}

/* Counts the memory of a snapshot, even if the document has the same one already: the same answer must always have the
 * same outcome. */
static int account(struct answer *answer, const struct snapshot *made, size_t beside)
{
    answer->made += snapshot_cost(made) + beside;
    return answer->made > answer->made_max ? -EFBIG : 0;
}

/* Appends an item with the snapshot `made`, or with the document's own snapshot if that is the same. */
static int keep_item(struct answer *answer, uint64_t id, struct snapshot *made)
{
    const struct item *present = answer->document->loaded ? present_item(answer, id, made) : NULL;
    if (present) {
        snapshot_unref(made);
        made = snapshot_ref(present->snapshot);
    } else {
        const char *date =
            answer->endpoint->date_field >= 0 ? snapshot_field(made, (unsigned)answer->endpoint->date_field) : NULL;
        if (!noon_of(date, &made->mtime))
            made->mtime = answer->now;
    }
    int r = account(answer, made, sizeof *answer->items);
    if (r == 0)
        r = append_item(answer, id, made);
    if (r < 0)
        snapshot_unref(made);
    return r;
}

/* Prints an item or a whole answer to answer->text. */
static int print(struct answer *answer, struct json_slice raw)
{
    uint64_t room = answer->made < answer->made_max ? answer->made_max - answer->made : 0;
    printbuf_reset(answer->text);
    int r = json_indent_max(raw, 0, room < INT_MAX ? (size_t)room : INT_MAX, answer->text);
    if (r < 0)
        return r;
    return printbuf_memappend(answer->text, "\n", 1) < 0 ? -ENOMEM : 0;
}

static int take_item(struct answer *answer, struct json_slice raw)
{
    const char *fields[SNAPSHOT_FIELDS] = {NULL};
    uint64_t id = ITEM_NO_ID;

    int r = print(answer, raw);
    if (r == 0 && raw.at[0] == '{')
        r = fields_read(answer->fields, raw, &id, fields);
    if (r < 0)
        return r;
    if (answer->endpoint->by_id && id == ITEM_NO_ID)
        answer->unshown++;

    struct snapshot *made = snapshot_new(answer->text->buf, (size_t)answer->text->bpos, fields);
    return made ? keep_item(answer, id, made) : -ENOMEM;
}

/* ---- prices ---- */

/* The keys above a price, by PRICE_… index; NULL: not met yet. */
struct price_path {
    const char *keys[SNAPSHOT_FIELDS];
};

/* The level (PRICE_…) that a key belongs to, or -1. The look of the key decides, because the order of the levels is not
 * documented. */
static int level_of(const char *key, const struct price_path *path)
{
    size_t len = strlen(key);
    if (key[0] == '.' && len > 1)
        return PRICE_EXTENSION;
    if (strcmp(key, "domainregister") == 0 || strcmp(key, "domaintransfer") == 0 || strcmp(key, "domainrenew") == 0)
        return PRICE_OPERATION;
    if (len == 3 && strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3)
        return PRICE_CURRENCY;
    if (len > 0 && len <= 2 && strspn(key, "0123456789") == len)
        return PRICE_YEARS;
    return len > 0 && !path->keys[PRICE_EXTENSION] ? PRICE_EXTENSION : -1;
}

static int take_price(struct answer *answer, struct json_slice value, const struct price_path *path)
{
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (!path->keys[i]) {
            answer->unshown++;
            return 0;
        }
    printbuf_reset(answer->text);
    int r = json_scalar_text(value, answer->text);
    if (r == -EBADMSG) {
        answer->unshown++;
        return 0;
    }
    if (r < 0 || printbuf_memappend(answer->text, "\n", 1) < 0)
        return -ENOMEM;
    struct snapshot *made = snapshot_new(answer->text->buf, (size_t)answer->text->bpos, path->keys);
    if (!made)
        return -ENOMEM;
    /* Readers of prices rely on all four keys, but a key that is too long is absent from the snapshot. */
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (!snapshot_field(made, i)) {
            snapshot_unref(made);
            answer->unshown++;
            return 0;
        }
    return keep_item(answer, ITEM_NO_ID, made);
}

static int take_prices(struct answer *answer, struct json_slice value, const struct price_path *path, unsigned depth)
{
    if (value.len == 0 || value.at[0] == '[')
        return 0; /* PHP writes an empty map as [] */
    if (value.at[0] != '{')
        return take_price(answer, value, path);

    struct json_slice key, member;
    int r;
    while ((r = json_next_member(&value, &key, &member)) > 0) {
        struct price_path below = *path;
        struct printbuf *text = depth < SNAPSHOT_FIELDS ? answer->keys[depth] : NULL;
        if (text) {
            printbuf_reset(text);
            if (json_scalar_text(key, text) < 0)
                return -ENOMEM;
        }
        int level = text ? level_of(text->buf, path) : -1;
        if (level < 0 || below.keys[level]) {
            answer->unshown++;
            continue;
        }
        below.keys[level] = text->buf + (level == PRICE_EXTENSION && text->buf[0] == '.');
        r = take_prices(answer, member, &below, depth + 1);
        if (r < 0)
            return r;
    }
    return r;
}

static int take_whole(struct answer *answer, struct json_slice raw)
{
    int r = print(answer, raw);
    if (r < 0)
        return r;
    answer->whole = snapshot_new(answer->text->buf, (size_t)answer->text->bpos, NULL);
    if (!answer->whole)
        return -ENOMEM;
    answer->whole->mtime = answer->now;
    struct price_path path = {{NULL}};
    r = account(answer, answer->whole, 0);
    return r < 0 ? r : take_prices(answer, raw, &path, 0);
}

static int on_item(void *data, struct json_slice raw)
{
    struct answer *answer = data;
    return answer->endpoint->shape == SHAPE_PRICES ? take_whole(answer, raw) : take_item(answer, raw);
}

/* ---- pages ---- */

static void drop_from(struct answer *answer, size_t start)
{
    while (answer->n > start)
        snapshot_unref(answer->items[--answer->n].snapshot);
    snapshot_unref(answer->whole);
    answer->whole = NULL;
}

/* Drops the items of the current page. */
static void drop_page(struct answer *answer)
{
    drop_from(answer, answer->page_start);
    answer->unshown = answer->unshown_page_start;
    answer->made = answer->made_page_start;
}

struct answer *answer_new(const struct document *document, const struct endpoints *endpoints, uint64_t max_body)
{
    struct answer *answer = calloc(1, sizeof *answer);
    if (!answer)
        return NULL;
    answer->document = document;
    answer->endpoint = endpoint_of(document->query.operation);
    answer->made_max = 4 * max_body + MADE_SPARE;
    answer->now = clock_wall();
    answer->fields = fields_new(endpoints_reading(endpoints, document->query.operation));
    answer->text = printbuf_new();
    bool ok = answer->fields && answer->text;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        ok = (answer->keys[i] = printbuf_new()) && ok;
    if (!ok) {
        answer_free(answer);
        return NULL;
    }
    return answer;
}

void answer_free(struct answer *answer)
{
    if (!answer)
        return;
    drop_from(answer, 0);
    free(answer->items);
    json_stream_free(answer->stream);
    fields_free(answer->fields);
    if (answer->text)
        printbuf_free(answer->text);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (answer->keys[i])
            printbuf_free(answer->keys[i]);
    free(answer);
}

int answer_page(struct answer *answer)
{
    drop_page(answer);
    answer->head_len = 0;
    json_stream_free(answer->stream);
    static const enum json_shape shapes[] = {
        [SHAPE_LIST] = JSON_LIST, [SHAPE_OBJECT] = JSON_OBJECT, [SHAPE_PRICES] = JSON_MAP};
    answer->stream = json_stream_new(shapes[answer->endpoint->shape], answer->endpoint->names, on_item, answer);
    return answer->stream ? 0 : -ENOMEM;
}

/* Users of this file get -EIO for a malformed answer. */
static int as_io(int r)
{
    return r == -EBADMSG ? -EIO : r;
}

int answer_feed(struct answer *answer, const char *bytes, size_t len)
{
    size_t head = HEAD_MAX - answer->head_len < len ? HEAD_MAX - answer->head_len : len;
    memcpy(answer->head + answer->head_len, bytes, head);
    answer->head_len += head;
    return answer->stream ? as_io(json_stream_feed(answer->stream, bytes, len)) : -ENOMEM;
}

/* True if the current page begins with the same item as the page before: an API that ignores the offset sends the first
 * page for ever. */
static bool same_page_again(const struct answer *answer)
{
    return answer->page_start > 0 && answer->n > answer->page_start &&
           snapshot_equal(answer->items[answer->page_start].snapshot, answer->items[answer->last_page].snapshot);
}

int answer_page_end(struct answer *answer, size_t *ret_items)
{
    int r = answer->stream ? as_io(json_stream_end(answer->stream)) : -EIO;
    if (r < 0)
        return r;
    if (same_page_again(answer)) {
        log_warning("%s: the API sent the same page twice; set page_offset in [endpoints] of the configuration file to "
                    "the API's name for the offset",
                    answer->document->key);
        drop_page(answer);
    }
    *ret_items = answer->n - answer->page_start;
    answer->last_page = answer->page_start;
    answer->page_start = answer->n;
    answer->unshown_page_start = answer->unshown;
    answer->made_page_start = answer->made;
    return 0;
}

size_t answer_items(const struct answer *answer)
{
    return answer->page_start;
}

char *answer_message(const struct answer *answer)
{
    return json_api_message(answer->head, answer->head_len, log_hidden);
}

/* ---- publication ---- */

static const struct item *sorting; /* qsort() passes no data to compare_ids(); only the loop thread sorts */

static int compare_ids(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (sorting[i].id != sorting[j].id)
        return sorting[i].id < sorting[j].id ? -1 : 1;
    return i < j ? -1 : i > j;
}

static bool in_order_of_id(const struct item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].id == ITEM_NO_ID || (i > 0 && items[i].id <= items[i - 1].id))
            return false;
    return true;
}

/* Makes the order of ids. If several items have the same id, only the first keeps it. */
static int order_ids(struct answer *answer, uint32_t **ret, size_t *ret_n)
{
    if (in_order_of_id(answer->items, answer->n)) {
        *ret = NULL;
        *ret_n = answer->n;
        return 0;
    }
    _cleanup_(freep) uint32_t *order = calloc(answer->n, sizeof *order);
    if (!order)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->items[i].id != ITEM_NO_ID)
            order[n++] = (uint32_t)i;
    sorting = answer->items;
    qsort(order, n, sizeof *order, compare_ids);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && answer->items[order[kept - 1]].id == answer->items[order[i]].id) {
            answer->items[order[i]].id = ITEM_NO_ID;
            answer->unshown += answer->endpoint->by_id;
        } else {
            order[kept++] = order[i];
        }
    }
    *ret = steal(&order);
    *ret_n = kept;
    return 0;
}

static int compare_prices(const void *a, const void *b)
{
    return prices_compare(((const struct item *)a)->snapshot, ((const struct item *)b)->snapshot);
}

/* Replaces each price's snapshot by the document's own if that is the same. Both arrays are in the order of prices. */
static void keep_prices(struct answer *answer, const struct document *document)
{
    size_t k = 0;
    for (size_t i = 0; i < answer->n; i++) {
        while (k < document->n_items && compare_prices(&document->items[k], &answer->items[i]) < 0)
            k++;
        if (k == document->n_items || !snapshot_same(answer->items[i].snapshot, document->items[k].snapshot))
            continue;
        snapshot_unref(answer->items[i].snapshot);
        answer->items[i].snapshot = snapshot_ref(document->items[k].snapshot);
    }
}

static bool same_content(const struct answer *answer, const struct document *document)
{
    if (!document->loaded || answer->n != document->n_items)
        return false;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->items[i].snapshot != document->items[i].snapshot || answer->items[i].id != document->items[i].id)
            return false;
    return !answer->whole || snapshot_same(answer->whole, document->whole);
}

int answer_publish(struct answer *answer, struct document *document, struct timespec now, bool *ret_changed)
{
    uint32_t *by_id = NULL;
    size_t n_ids = 0;

    if (answer->n > UINT32_MAX)
        return -EIO;
    if (answer->endpoint->shape == SHAPE_PRICES) {
        if (answer->n > 1)
            qsort(answer->items, answer->n, sizeof *answer->items, compare_prices);
        keep_prices(answer, document);
    } else {
        int r = order_ids(answer, &by_id, &n_ids);
        if (r < 0)
            return r;
    }

    *ret_changed = !same_content(answer, document);
    document->unshown = answer->unshown;
    if (!*ret_changed) {
        free(by_id);
        return 0;
    }
    uint64_t generation = document->generation;
    document_clear(document);
    document->items = steal(&answer->items);
    document->n_items = answer->n;
    answer->n = answer->room = answer->page_start = 0;
    document->by_id = by_id;
    document->n_ids = n_ids;
    document->whole = steal(&answer->whole);
    document->unshown = answer->unshown;
    document->loaded = true;
    document->generation = generation + 1;
    document->changed = now;
    return 0;
}
