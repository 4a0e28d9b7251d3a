#include "api/build.h"

#include "api/documents.h"
#include "api/endpoints.h"
#include "api/fields.h"
#include "api/groups.h"
#include "json/json.h"
#include "api/prices.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Enough of a page to find the API's own words in, when it is not what was asked for. */
#define HEAD_MAX 4096

/* What may be made of an answer beyond four times max_body. */
#define MADE_SPARE (UINT64_C(1) << 20)

struct build {
    const struct document *document;
    const struct endpoint *endpoint;
    struct json_stream *stream;
    struct item *items;
    size_t n, room;
    size_t page_start; /* items of earlier pages */
    size_t last_page;  /* where the one before this begins */
    size_t unshown;
    size_t unshown_page_start;
    uint64_t made, made_page_start; /* bytes of what has been made */
    uint64_t made_max;
    struct snapshot *whole;
    struct timespec now;
    struct fields *fields;
    struct printbuf *text;                  /* scratch: the item's text */
    struct printbuf *keys[SNAPSHOT_FIELDS]; /* scratch: what leads to a price */
    char head[HEAD_MAX];
    size_t head_len;
};

/* ---- items ---- */

static int append_item(struct build *build, uint64_t id, struct snapshot *snapshot)
{
    if (build->n == build->room) {
        size_t room = build->room ? build->room * 2 : 64;
        struct item *items = reallocarray(build->items, room, sizeof *items);
        if (!items)
            return -ENOMEM;
        build->items = items;
        build->room = room;
    }
    build->items[build->n++] = (struct item){id, snapshot};
    return 0;
}

/* "2026-10-01…" as noon UTC of that day: the same date in every time zone that people live in. */
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

/* The present item that is the same: mostly the one at the same place; where items came or went, the one with the id. */
static const struct item *present_item(const struct build *build, uint64_t id, const struct snapshot *made)
{
    const struct document *document = build->document;
    if (build->n < document->n_items && snapshot_same(document->items[build->n].snapshot, made))
        return &document->items[build->n];
    const struct item *item = id != ITEM_NO_ID ? document_item(document, id) : NULL;
    return item && snapshot_same(item->snapshot, made) ? item : NULL;
}

/* Counts what a snapshot takes, whether it replaces another or not, so that the same answer always passes or never. */
static int account(struct build *build, const struct snapshot *made, size_t beside)
{
    build->made += snapshot_cost(made) + beside;
    return build->made > build->made_max ? -EFBIG : 0;
}

/* Takes `made`, or in its place the present item's snapshot if it is the same. */
static int keep_item(struct build *build, uint64_t id, struct snapshot *made)
{
    const struct item *present = build->document->loaded ? present_item(build, id, made) : NULL;
    if (present) {
        snapshot_unref(made);
        made = snapshot_ref(present->snapshot);
    } else {
        const char *date =
            build->endpoint->date_field >= 0 ? snapshot_field(made, (unsigned)build->endpoint->date_field) : NULL;
        if (!noon_of(date, &made->mtime))
            made->mtime = build->now;
    }
    int r = account(build, made, sizeof *build->items);
    if (r == 0)
        r = append_item(build, id, made);
    if (r < 0)
        snapshot_unref(made);
    return r;
}

/* Makes the text of an item, or of a whole answer, in build->text. */
static int print(struct build *build, struct json_slice raw)
{
    uint64_t room = build->made < build->made_max ? build->made_max - build->made : 0;
    printbuf_reset(build->text);
    int r = json_indent_max(raw, 0, room < INT_MAX ? (size_t)room : INT_MAX, build->text);
    if (r < 0)
        return r;
    return printbuf_memappend(build->text, "\n", 1) < 0 ? -ENOMEM : 0;
}

static int take_item(struct build *build, struct json_slice raw)
{
    const char *fields[SNAPSHOT_FIELDS] = {NULL};
    uint64_t id = ITEM_NO_ID;

    int r = print(build, raw);
    if (r == 0 && raw.at[0] == '{')
        r = fields_read(build->fields, raw, &id, fields);
    if (r < 0)
        return r;
    if (build->endpoint->by_id && id == ITEM_NO_ID)
        build->unshown++;

    struct snapshot *made = snapshot_new(build->text->buf, (size_t)build->text->bpos, fields);
    return made ? keep_item(build, id, made) : -ENOMEM;
}

/* ---- prices ---- */

/* What is known of a price on the way down to it; by PRICE_… index. */
struct price_path {
    const char *keys[SNAPSHOT_FIELDS];
};

/* Which level of the nesting a key belongs to, told by its looks, because the order of the levels is not documented. */
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

static int take_price(struct build *build, struct json_slice value, const struct price_path *path)
{
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (!path->keys[i]) {
            build->unshown++;
            return 0;
        }
    printbuf_reset(build->text);
    int r = json_scalar_text(value, build->text);
    if (r == -EBADMSG) {
        build->unshown++;
        return 0;
    }
    if (r < 0 || printbuf_memappend(build->text, "\n", 1) < 0)
        return -ENOMEM;
    struct snapshot *made = snapshot_new(build->text->buf, (size_t)build->text->bpos, path->keys);
    if (!made)
        return -ENOMEM;
    /* A key too long for a snapshot's fields is absent there, and whoever reads prices relies on all four. */
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (!snapshot_field(made, i)) {
            snapshot_unref(made);
            build->unshown++;
            return 0;
        }
    return keep_item(build, ITEM_NO_ID, made);
}

static int take_prices(struct build *build, struct json_slice value, const struct price_path *path, unsigned depth)
{
    if (value.len == 0 || value.at[0] == '[')
        return 0; /* PHP writes an empty map as [] */
    if (value.at[0] != '{')
        return take_price(build, value, path);

    struct json_slice key, member;
    int r;
    while ((r = json_next_member(&value, &key, &member)) > 0) {
        struct price_path below = *path;
        struct printbuf *text = depth < SNAPSHOT_FIELDS ? build->keys[depth] : NULL;
        if (text) {
            printbuf_reset(text);
            if (json_scalar_text(key, text) < 0)
                return -ENOMEM;
        }
        int level = text ? level_of(text->buf, path) : -1;
        if (level < 0 || below.keys[level]) {
            build->unshown++;
            continue;
        }
        below.keys[level] = text->buf + (level == PRICE_EXTENSION && text->buf[0] == '.');
        r = take_prices(build, member, &below, depth + 1);
        if (r < 0)
            return r;
    }
    return r;
}

static int take_whole(struct build *build, struct json_slice raw)
{
    int r = print(build, raw);
    if (r < 0)
        return r;
    build->whole = snapshot_new(build->text->buf, (size_t)build->text->bpos, NULL);
    if (!build->whole)
        return -ENOMEM;
    build->whole->mtime = build->now;
    struct price_path path = {{NULL}};
    r = account(build, build->whole, 0);
    return r < 0 ? r : take_prices(build, raw, &path, 0);
}

static int on_item(void *data, struct json_slice raw)
{
    struct build *build = data;
    return build->endpoint->shape == SHAPE_PRICES ? take_whole(build, raw) : take_item(build, raw);
}

/* ---- pages ---- */

static void drop_from(struct build *build, size_t start)
{
    while (build->n > start)
        snapshot_unref(build->items[--build->n].snapshot);
    snapshot_unref(build->whole);
    build->whole = NULL;
}

/* Forgets what has come of the present page. */
static void drop_page(struct build *build)
{
    drop_from(build, build->page_start);
    build->unshown = build->unshown_page_start;
    build->made = build->made_page_start;
}

struct build *build_new(const struct document *document, uint64_t max_body)
{
    struct build *build = calloc(1, sizeof *build);
    if (!build)
        return NULL;
    build->document = document;
    build->endpoint = endpoint_of(document->query.operation);
    build->made_max = 4 * max_body + MADE_SPARE;
    build->now = clock_wall();
    build->fields = fields_new(build->endpoint);
    build->text = printbuf_new();
    bool ok = build->fields && build->text;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        ok = (build->keys[i] = printbuf_new()) && ok;
    if (!ok) {
        build_free(build);
        return NULL;
    }
    return build;
}

void build_free(struct build *build)
{
    if (!build)
        return;
    drop_from(build, 0);
    free(build->items);
    json_stream_free(build->stream);
    fields_free(build->fields);
    if (build->text)
        printbuf_free(build->text);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (build->keys[i])
            printbuf_free(build->keys[i]);
    free(build);
}

int build_page(struct build *build)
{
    drop_page(build);
    build->head_len = 0;
    json_stream_free(build->stream);
    static const enum json_shape shapes[] = {
        [SHAPE_LIST] = JSON_LIST, [SHAPE_OBJECT] = JSON_OBJECT, [SHAPE_PRICES] = JSON_MAP};
    build->stream = json_stream_new(shapes[build->endpoint->shape], build->endpoint->names, on_item, build);
    return build->stream ? 0 : -ENOMEM;
}

/* Above the JSON layer a malformed answer is an answer that cannot be read: -EIO. */
static int as_io(int r)
{
    return r == -EBADMSG ? -EIO : r;
}

int build_feed(struct build *build, const char *bytes, size_t len)
{
    size_t head = HEAD_MAX - build->head_len < len ? HEAD_MAX - build->head_len : len;
    memcpy(build->head + build->head_len, bytes, head);
    build->head_len += head;
    return build->stream ? as_io(json_stream_feed(build->stream, bytes, len)) : -ENOMEM;
}

/* An API that knows no such offset sends the first page for ever. */
static bool same_page_again(const struct build *build)
{
    return build->page_start > 0 && build->n > build->page_start &&
           snapshot_equal(build->items[build->page_start].snapshot, build->items[build->last_page].snapshot);
}

int build_page_end(struct build *build, size_t *ret_items)
{
    int r = build->stream ? as_io(json_stream_end(build->stream)) : -EIO;
    if (r < 0)
        return r;
    if (same_page_again(build)) {
        log_warning("%s: the API sends the same page again: does it call the offset otherwise? See page_offset in "
                    "[endpoints] of the configuration file",
                    build->document->key);
        drop_page(build);
    }
    *ret_items = build->n - build->page_start;
    build->last_page = build->page_start;
    build->page_start = build->n;
    build->unshown_page_start = build->unshown;
    build->made_page_start = build->made;
    return 0;
}

size_t build_items(const struct build *build)
{
    return build->page_start;
}

char *build_message(const struct build *build)
{
    return json_api_message(build->head, build->head_len);
}

/* ---- publication ---- */

static const struct item *sorting; /* qsort has no argument for it, and the loop thread is the only one here */

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

/* Makes the order of ids; of several items with one id the first keeps it. */
static int order_ids(struct build *build, uint32_t **ret, size_t *ret_n)
{
    if (in_order_of_id(build->items, build->n)) {
        *ret = NULL;
        *ret_n = build->n;
        return 0;
    }
    _cleanup_(freep) uint32_t *order = calloc(build->n, sizeof *order);
    if (!order)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < build->n; i++)
        if (build->items[i].id != ITEM_NO_ID)
            order[n++] = (uint32_t)i;
    sorting = build->items;
    qsort(order, n, sizeof *order, compare_ids);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && build->items[order[kept - 1]].id == build->items[order[i]].id) {
            build->items[order[i]].id = ITEM_NO_ID;
            build->unshown++;
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

/* Takes the present prices' snapshots where they are the same: both rows are in one order. */
static void keep_prices(struct build *build, const struct document *document)
{
    size_t k = 0;
    for (size_t i = 0; i < build->n; i++) {
        while (k < document->n_items && compare_prices(&document->items[k], &build->items[i]) < 0)
            k++;
        if (k == document->n_items || !snapshot_same(build->items[i].snapshot, document->items[k].snapshot))
            continue;
        snapshot_unref(build->items[i].snapshot);
        build->items[i].snapshot = snapshot_ref(document->items[k].snapshot);
    }
}

static bool same_content(const struct build *build, const struct document *document)
{
    if (!document->loaded || build->n != document->n_items)
        return false;
    for (size_t i = 0; i < build->n; i++)
        if (build->items[i].snapshot != document->items[i].snapshot || build->items[i].id != document->items[i].id)
            return false;
    return !build->whole || snapshot_same(build->whole, document->whole);
}

int build_publish(struct build *build, struct document *document, struct timespec now, bool *ret_changed)
{
    uint32_t *by_id = NULL;
    size_t n_ids = 0;

    if (build->n > UINT32_MAX)
        return -EIO;
    if (build->endpoint->shape == SHAPE_PRICES) {
        if (build->n > 1)
            qsort(build->items, build->n, sizeof *build->items, compare_prices);
        keep_prices(build, document);
    } else {
        int r = order_ids(build, &by_id, &n_ids);
        if (r < 0)
            return r;
    }

    *ret_changed = !same_content(build, document);
    document->unshown = build->unshown;
    if (!*ret_changed) {
        free(by_id);
        return 0;
    }
    uint64_t generation = document->generation;
    document_clear(document);
    document->items = steal(&build->items);
    document->n_items = build->n;
    build->n = build->room = build->page_start = 0;
    document->by_id = by_id;
    document->n_ids = n_ids;
    document->whole = steal(&build->whole);
    document->unshown = build->unshown;
    document->loaded = true;
    document->generation = generation + 1;
    document->changed = now;
    return 0;
}

void document_clear(struct document *document)
{
    for (size_t i = 0; i < document->n_items; i++)
        snapshot_unref(document->items[i].snapshot);
    free(steal(&document->items));
    free(steal(&document->by_id));
    snapshot_unref(steal(&document->whole));
    snapshot_unref(steal(&document->renditions[RENDITION_OF_ALL]));
    groups_clear(document);
    document->n_items = document->n_ids = document->unshown = 0;
    document->loaded = document->maybe_cut = false;
    document->generation++;
}

size_t document_cost(const struct document *document)
{
    size_t cost = sizeof *document + document->n_items * sizeof *document->items + groups_cost(document);
    for (size_t i = 0; i < document->n_items; i++)
        cost += snapshot_cost(document->items[i].snapshot);
    if (document->by_id)
        cost += document->n_ids * sizeof *document->by_id;
    for (unsigned i = 0; i < DOCUMENT_RENDITIONS; i++)
        if (document->renditions[i])
            cost += snapshot_cost(document->renditions[i]);
    return document->whole ? cost + snapshot_cost(document->whole) : cost;
}
