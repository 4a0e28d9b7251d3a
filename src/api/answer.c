/* SPDX-License-Identifier: MIT */
#include "api/answer.h"

#include "api/document.h"
#include "api/endpoints.h"
#include "api/envelope.h"
#include "api/envelope_names.h"
#include "api/fields.h"
#include "api/outcome.h"
#include "api/prices.h"
#include "api/problem.h"
#include "api/renew.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/heap.h"
#include "base/log.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How many bytes at the beginning of a page are kept. If the page is not JSON, the log shows the beginning. */
#define HEAD_MAX 4096

/* The largest answer that is one object, in bytes. Such an answer is read in one step, which holds up everything else, and
 * none has a reason to be longer. */
#define OBJECT_MAX (1U << 20)

#define YEAR_LEN 4 /* of "2026" */

/* Bytes that an answer's items may take beyond 4 * max_body; see answer_new(). */
#define MADE_SPARE (UINT64_C(1) << 20)

struct answer {
    const struct document *document;
    const struct endpoint *endpoint;
    const struct endpoint_reading *reading;
    struct wanted wanted;
    struct envelope_sink sink;
    struct envelope *envelope;
    struct content content; /* the items made so far */
    size_t room;            /* in content.items */
    size_t page_start;      /* index of the current page's first item */
    size_t last_page;       /* index of the previous page's first item */
    size_t unshown_page_start;
    uint64_t made, made_page_start; /* bytes of memory that the items made so far take */
    uint64_t made_max;
    struct timespec now;
    struct fields *fields;
    struct printbuf *text;   /* scratch: the item's text */
    struct printbuf *joined; /* scratch: an item to which join_id() has added its id */
    struct printbuf *scratch;
    struct printbuf *odd;    /* the first item of the list without a usable id */
    struct problem *problem; /* what is wrong with the page, or NULL */
    size_t fed;              /* bytes of the page */
    char head[HEAD_MAX];
    size_t head_len;
};

/* ---- items ---- */

static int append_item(struct answer *answer, uint64_t id, struct snapshot *snapshot)
{
    if (answer->content.n == answer->room) {
        size_t room = answer->room ? answer->room * 2 : 64;
        struct item *items = reallocarray(answer->content.items, room, sizeof *items);
        if (!items)
            return -ENOMEM;
        answer->content.items = items;
        answer->room = room;
    }
    answer->content.items[answer->content.n++] = (struct item){id, snapshot};
    return 0;
}

/* Returns the mtime of an item: noon UTC of its date, which falls on the same date in nearly every time zone. An item
 * without a date gets the time of the answer, as does one whose date is before 1970 or too late for a time_t. */
static struct timespec mtime_of(const struct answer *answer, const struct snapshot *item)
{
    const int field = answer->endpoint->date_field;
    struct date date;
    if (field < 0 || !date_read(snapshot_field(item, (unsigned)field), &date) || date.year < 1970)
        return answer->now;
    int64_t noon = date_days(date) * 86400 + 12 * 3600;
    if ((time_t)noon != noon)
        return answer->now;
    return (struct timespec){.tv_sec = (time_t)noon};
}

/* The document's item that is the same as `made`, or NULL. Mostly it is at the same place; after items were added or
 * removed it is found by id. */
static const struct item *present_item(const struct answer *answer, uint64_t id, const struct snapshot *made)
{
    const struct document *document = answer->document;
    if (answer->content.n < document->n_items && snapshot_same(document->items[answer->content.n].snapshot, made))
        return &document->items[answer->content.n];
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
        made->mtime = mtime_of(answer, made);
    }
    int r = account(answer, made, sizeof *answer->content.items);
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

/* To be called for an object or map that lacks what would show that it is the one that was asked for. If it reports a
 * failure, or only carries a message, the answer is a failure. */
static int doubt(struct answer *answer, struct json_slice raw)
{
    int status, only_words = 0;
    enum outcome outcome = outcome_of(raw, &status);
    if (outcome != OUTCOME_FAILURE && (only_words = outcome_is_only_words(raw)) == 0)
        return outcome == OUTCOME_NO_MEMORY ? -ENOMEM : 0;
    if (only_words < 0)
        return only_words;
    answer->problem = problem_reported(raw, status);
    return answer->problem ? -EBADMSG : -ENOMEM;
}

/* One object: is it the one that was asked for? The id of a JSON-RPC call is not the object's. */
static int check_object(struct answer *answer, struct json_slice raw, uint64_t id, const char *const fields[])
{
    int r = json_make_room(raw, answer->scratch);
    if (r == 0 && object_is_call(raw, answer->scratch))
        r = doubt(answer, raw);
    if (r < 0)
        return r;
    if (answer->wanted.by_id && id != ITEM_NO_ID && id != answer->wanted.id) {
        answer->problem = problem_other_id(answer->document, id);
        return answer->problem ? -EBADMSG : -ENOMEM;
    }
    if (id != ITEM_NO_ID)
        return 0;
    /* Errors may have fields of the same name: {"name":"Not Found","status":404}. */
    int status = 0;
    enum outcome outcome = answer->wanted.by_id ? outcome_of(raw, &status) : OUTCOME_UNSAID;
    if (outcome == OUTCOME_NO_MEMORY)
        return -ENOMEM;
    bool named = outcome == OUTCOME_FAILURE && status;
    return !fields[0] || named ? doubt(answer, raw) : 0;
}

/* The item {"status":"Active"} under the key 700 of an object becomes {"id":700,"status":"Active"}, so that a script finds
 * the id where it finds it in any other list. With zeros before it, a number is no JSON, and stays a string. */
static int join_id(struct answer *answer, const char *key, struct json_slice *raw)
{
    struct json_slice rest = *raw, name, value;
    bool empty = json_next_member(&rest, &name, &value) == 0;

    const char *quote = key[0] == '0' && key[1] ? "\"" : "";

    printbuf_reset(answer->joined);
    if (sprintbuf(answer->joined, "{\"%s\":%s%s%s%s", answer->reading->ids[0], quote, key, quote, empty ? "" : ",") <
            0 ||
        printbuf_memappend(answer->joined, raw->at + 1, (int)(raw->len - 1)) < 0)
        return -ENOMEM;
    *raw = (struct json_slice){answer->joined->buf, (size_t)answer->joined->bpos};
    return 0;
}

/* Prints an item and reads its id and fields. The year of its date is written into `year`. */
static int read_item(struct answer *answer, struct json_slice raw, uint64_t *ret_id,
                     const char *fields[SNAPSHOT_FIELDS], char year[YEAR_LEN + 1])
{
    const struct endpoint *endpoint = answer->endpoint;
    struct date date;
    int r = print(answer, raw);
    struct json_slice printed = {answer->text->buf, (size_t)answer->text->bpos};
    if (r == 0 && raw.at[0] == '{')
        r = fields_read(answer->fields, printed, ret_id, fields);
    if (r == 0 && endpoint->date_field >= 0 && date_read(fields[endpoint->date_field], &date)) {
        memcpy(year, fields[endpoint->date_field], YEAR_LEN);
        year[YEAR_LEN] = '\0';
        fields[endpoint->year_field] = year;
    }
    return r;
}

static int take_item(struct answer *answer, const char *key, struct json_slice raw)
{
    const char *fields[SNAPSHOT_FIELDS] = {NULL};
    char year[YEAR_LEN + 1];
    uint64_t id = ITEM_NO_ID;

    int r = read_item(answer, raw, &id, fields, year);
    if (r == 0 && id == ITEM_NO_ID && key && answer->endpoint->by_id && (r = join_id(answer, key, &raw)) == 0)
        r = read_item(answer, raw, &id, fields, year);
    if (r == 0 && answer->endpoint->shape == SHAPE_OBJECT)
        r = check_object(answer, raw, id, fields);
    if (r < 0)
        return r;
    if (answer->endpoint->by_id && id == ITEM_NO_ID) {
        if (answer->content.unshown++ == 0)
            (void)printbuf_memappend(answer->odd, raw.at, (int)(raw.len < HEAD_MAX ? raw.len : HEAD_MAX));
    }
    struct snapshot *made = snapshot_new(answer->text->buf, (size_t)answer->text->bpos, fields);
    return made ? keep_item(answer, id, made) : -ENOMEM;
}

/* ---- prices ---- */

static int take_price(void *data, const char *const keys[SNAPSHOT_FIELDS], const char *text)
{
    struct answer *answer = data;
    printbuf_reset(answer->text);
    if (sprintbuf(answer->text, "%s\n", text) < 0)
        return -ENOMEM;
    struct snapshot *made = snapshot_new(answer->text->buf, (size_t)answer->text->bpos, keys);
    if (!made)
        return -ENOMEM;
    /* Readers of prices rely on all four keys, but a key that is too long is absent from the snapshot. */
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (!snapshot_field(made, i)) {
            snapshot_unref(made);
            answer->content.unshown++;
            return 0;
        }
    return keep_item(answer, ITEM_NO_ID, made);
}

static int take_whole(struct answer *answer, struct json_slice raw)
{
    int r = print(answer, raw);
    if (r < 0)
        return r;
    answer->content.whole = snapshot_new(answer->text->buf, (size_t)answer->text->bpos, NULL);
    if (!answer->content.whole)
        return -ENOMEM;
    answer->content.whole->mtime = answer->now;
    r = account(answer, answer->content.whole, 0);
    if (r == 0)
        r = prices_each(raw, take_price, answer, &answer->content.unshown);
    if (r == 0 && answer->content.n == answer->page_start)
        r = doubt(answer, raw);
    if (r == 0 && answer->content.n == answer->page_start && answer->content.unshown > 0) {
        answer->problem = problem_no_prices(answer->document, raw);
        r = answer->problem ? -EBADMSG : -ENOMEM;
    }
    return r;
}

static int on_item(void *data, const char *key, struct json_slice raw)
{
    struct answer *answer = data;
    return answer->endpoint->shape == SHAPE_PRICES ? take_whole(answer, raw) : take_item(answer, key, raw);
}

/* ---- pages ---- */

static void drop_from(struct answer *answer, size_t start)
{
    while (answer->content.n > start)
        snapshot_unref(answer->content.items[--answer->content.n].snapshot);
    snapshot_unref(answer->content.whole);
    answer->content.whole = NULL;
}

/* Drops the items of the current page. */
static void drop_page(void *data)
{
    struct answer *answer = data;
    drop_from(answer, answer->page_start);
    answer->content.unshown = answer->unshown_page_start;
    answer->made = answer->made_page_start;
    if (answer->content.unshown == 0)
        printbuf_reset(answer->odd);
}

static struct wanted wanted_of(const struct answer *answer)
{
    const struct query *query = &answer->document->query;
    return (struct wanted){
        .shape = answer->endpoint->shape,
        .names = answer->endpoint->names,
        .ids = answer->reading->ids,
        .signs = answer->reading->fields[0].names,
        .is_map_key = prices_has_key,
        .list = answer->reading->list,
        .by_id = query->operation == OP_SERVICE,
        .id = query->id,
    };
}

struct answer *answer_new(const struct document *document, const struct endpoints *endpoints, uint64_t max_body)
{
    struct answer *answer = calloc(1, sizeof *answer);
    if (!answer)
        return NULL;
    answer->document = document;
    answer->endpoint = endpoint_of(document->query.operation);
    answer->reading = endpoints_reading(endpoints, document->query.operation);
    answer->wanted = wanted_of(answer);
    answer->sink = (struct envelope_sink){.item = on_item, .drop = drop_page, .data = answer};
    answer->made_max = 4 * max_body + MADE_SPARE;
    answer->now = clock_wall();
    answer->fields = fields_new(answer->reading);
    answer->text = printbuf_new();
    answer->joined = printbuf_new();
    answer->odd = printbuf_new();
    answer->scratch = printbuf_new();
    if (!answer->scratch || !answer->fields || !answer->text || !answer->joined || !answer->odd) {
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
    free(answer->content.items);
    envelope_free(answer->envelope);
    fields_free(answer->fields);
    problem_free(answer->problem);
    struct printbuf *all[] = {answer->text, answer->joined, answer->odd, answer->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            printbuf_free(all[i]);
    free(answer);
}

int answer_page(struct answer *answer)
{
    drop_page(answer);
    answer->head_len = 0;
    answer->fed = 0;
    problem_free(steal(&answer->problem));
    envelope_free(answer->envelope);
    answer->envelope = envelope_new(&answer->wanted, &answer->sink);
    return answer->envelope ? 0 : -ENOMEM;
}

/* Turns -EBADMSG into the error of the problem, and makes the problem if there is none yet. */
static int failed(struct answer *answer, int r)
{
    if (r != -EBADMSG)
        return r;
    if (!answer->problem)
        answer->problem = problem_no_json(answer->document, answer->head, answer->head_len);
    return answer->problem ? answer->problem->error : -ENOMEM;
}

int answer_feed(struct answer *answer, const char *bytes, size_t len)
{
    size_t head = HEAD_MAX - answer->head_len < len ? HEAD_MAX - answer->head_len : len;
    memcpy(answer->head + answer->head_len, bytes, head);
    answer->head_len += head;
    answer->fed += len;
    heap_grown(answer->fed);
    if (answer->endpoint->shape == SHAPE_OBJECT && answer->fed > OBJECT_MAX && !answer->problem)
        answer->problem = problem_too_large(answer->document, OBJECT_MAX);
    if (answer->problem)
        return failed(answer, -EBADMSG);
    return answer->envelope ? failed(answer, envelope_feed(answer->envelope, bytes, len)) : -ENOMEM;
}

/* True if the current page begins with the same item as the page before: an API that ignores the offset sends the first
 * page for ever. */
static bool same_page_again(const struct answer *answer)
{
    const struct item *items = answer->content.items;
    return answer->page_start > 0 && answer->content.n > answer->page_start &&
           snapshot_equal(items[answer->page_start].snapshot, items[answer->last_page].snapshot);
}

/* Decides what a page without items means. If it reports a failure, it is a failure. null and {} may stand for an empty
 * list; but if the answer has nothing else than a message, it must also report success. */
static int check_empty(struct answer *answer, int r)
{
    struct json_slice beside = envelope_beside(answer->envelope);
    int status, only_words = 0;
    enum outcome outcome = outcome_of(beside, &status);

    if (r == 0 && outcome == OUTCOME_UNSAID && envelope_form(answer->envelope) == FORM_EMPTY)
        only_words = outcome_is_only_words(beside);
    if (outcome == OUTCOME_NO_MEMORY || only_words < 0)
        return -ENOMEM;
    if (outcome == OUTCOME_FAILURE || only_words)
        answer->problem = problem_reported(beside, status);
    else if (r == -ENOENT)
        answer->problem = problem_not_found(answer->document, answer->reading, answer->envelope);
    else
        return 0;
    return answer->problem ? -EBADMSG : -ENOMEM;
}

int answer_page_end(struct answer *answer, struct answer_page *ret)
{
    int r = answer->envelope ? envelope_end(answer->envelope) : -ENOMEM;
    bool none = answer->content.n == answer->page_start && !answer->content.whole;
    if (r == -ENOENT || (r == 0 && none))
        r = check_empty(answer, r);
    r = failed(answer, r);
    if (r < 0)
        return r;
    *ret = (struct answer_page){0};
    r = pages_read(envelope_beside(answer->envelope), &ret->pages);
    if (r < 0) {
        pages_free(&ret->pages);
        return r;
    }
    ret->again = same_page_again(answer);
    if (ret->again)
        drop_page(answer);
    ret->items = answer->content.n - answer->page_start;
    answer->last_page = answer->page_start;
    answer->page_start = answer->content.n;
    answer->unshown_page_start = answer->content.unshown;
    answer->made_page_start = answer->made;
    return 0;
}

size_t answer_items(const struct answer *answer)
{
    return answer->page_start;
}

const struct problem *answer_problem(const struct answer *answer)
{
    return answer->problem;
}

struct json_slice answer_odd(const struct answer *answer)
{
    return (struct json_slice){answer->odd->buf, (size_t)answer->odd->bpos};
}

int answer_publish(struct answer *answer, struct document *document, struct timespec now, bool *ret_changed)
{
    return renew_document(document, &answer->content, now, ret_changed);
}
