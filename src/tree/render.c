/* SPDX-License-Identifier: MIT */
#include "tree/render.h"

#include "api/documents.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "json/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS     2                  /* how long one slice may hold up the loop */
#define ITEMS_A_LOOK 64                 /* items between two looks at the clock */
#define GROWTH       ((size_t)64 << 20) /* bytes by which a very long text grows; see grow() */

struct form;

/* A text that is being printed. */
struct job {
    struct renderer *renderer;
    struct document *document; /* referenced */
    const struct form *form;
    uint64_t generation; /* the document's generation that is being printed */
    struct printbuf *out, *scratch;
    struct json_object *columns; /* of a CSV table: name to number of the column */
    struct json_slice *cells;
    size_t n_columns, position;
    bool scanned, begun;
    struct task task;
    struct render_wait *waits;
    struct job *next, **link;
};

struct renderer {
    struct loop *loop;
    struct job *jobs;
    size_t max; /* longest text, in bytes */
};

/* Makes room for `need` bytes and GROWTH more. Beyond INT_MAX / 2 bytes, a printbuf grows only by what is appended plus
 * 8 bytes (printbuf_extend() in json-c), so each line would copy the whole text. */
static int grow(struct printbuf *out, size_t need)
{
    size_t size = need + GROWTH < RENDER_MAX ? need + GROWTH : RENDER_MAX;
    int before = out->bpos;
    int r = printbuf_memset(out, (int)size - 1, 0, 1);

    out->bpos = before;
    return r < 0 ? -ENOMEM : 0;
}

static int append(struct printbuf *out, const char *bytes, size_t len)
{
    size_t need = (size_t)out->bpos + len + 1;
    if (need > RENDER_MAX)
        return -EFBIG;
    if (need > (size_t)out->size && out->size > INT_MAX / 2 && grow(out, need) < 0)
        return -ENOMEM;
    return printbuf_memappend(out, bytes, (int)len) < 0 ? -ENOMEM : 0;
}

/* ---- the list as JSON: each item's text, indented by two more spaces ---- */

static int append_indented(struct printbuf *out, const struct snapshot *text)
{
    const char *at = text->data, *end = text->data + text->len - 1; /* without the last newline */
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        line = line ? line + 1 : end;
        int r = append(out, "  ", 2);
        if (r == 0)
            r = append(out, at, (size_t)(line - at));
        if (r < 0)
            return r;
        at = line;
    }
    return 0;
}

static int json_item(struct job *job, const struct item *item)
{
    int r = append(job->out, job->position == 0 ? "[\n" : ",\n", 2);
    return r < 0 ? r : append_indented(job->out, item->snapshot);
}

static int json_end(struct job *job)
{
    return job->document->n_items == 0 ? append(job->out, "[]\n", 3) : append(job->out, "\n]\n", 3);
}

/* ---- the list as a table ---- */

static bool is_number(const char *text, size_t len)
{
    const char *end = text + len;
    text += text < end && *text == '-';
    size_t whole = 0, fraction = 0;
    while (text < end && *text >= '0' && *text <= '9')
        text++, whole++;
    if (text < end && *text == '.')
        for (text++; text < end && *text >= '0' && *text <= '9'; text++)
            fraction++;
    return text == end && whole + fraction > 0;
}

int render_csv_value(const char *text, size_t len, struct printbuf *out)
{
    bool formula = len > 0 && memchr("=+-@\t\r", *text, 6) && !is_number(text, len);
    bool quote = formula;
    for (size_t i = 0; i < len && !quote; i++)
        quote = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (len > 0 && (text[0] == ' ' || text[len - 1] == ' '))
        quote = true;
    if (!quote)
        return append(out, text, len);

    int r = append(out, formula ? "\"'" : "\"", formula ? 2 : 1);
    while (r == 0 && len > 0) {
        const char *mark = memchr(text, '"', len);
        size_t run = mark ? (size_t)(mark - text) + 1 : len;
        r = append(out, text, run);
        if (r == 0 && mark)
            r = append(out, "\"", 1);
        text += run;
        len -= run;
    }
    return r < 0 ? r : append(out, "\"", 1);
}

/* Collects the columns: the keys of the items' scalar members, numbered in order of first appearance. */
static int find_columns(struct job *job, const struct item *item)
{
    struct json_slice rest = {item->snapshot->data, item->snapshot->len - 1}, key, value;
    while (json_next_member(&rest, &key, &value) > 0) {
        if (value.at[0] == '{' || value.at[0] == '[')
            continue;
        printbuf_reset(job->scratch);
        if (json_scalar_text(key, job->scratch) < 0)
            return -ENOMEM;
        if (!json_object_object_get_ex(job->columns, job->scratch->buf, NULL))
            json_object_object_add(job->columns, job->scratch->buf,
                                   json_object_new_int(json_object_object_length(job->columns)));
    }
    return 0;
}

static int csv_header(struct job *job)
{
    size_t i = 0;
    job->n_columns = (size_t)json_object_object_length(job->columns);
    job->cells = calloc(job->n_columns + 1, sizeof *job->cells);
    if (!job->cells)
        return -ENOMEM;
    json_object_object_foreach(job->columns, name, number)
    {
        (void)number;
        int r = i++ > 0 ? append(job->out, ",", 1) : 0;
        if (r == 0)
            r = render_csv_value(name, strlen(name), job->out);
        if (r < 0)
            return r;
    }
    return i > 0 ? append(job->out, "\r\n", 2) : 0;
}

static int csv_item(struct job *job, const struct item *item)
{
    struct json_slice rest = {item->snapshot->data, item->snapshot->len - 1}, key, value;
    struct json_object *column;

    memset(job->cells, 0, job->n_columns * sizeof *job->cells);
    while (json_next_member(&rest, &key, &value) > 0) {
        printbuf_reset(job->scratch);
        if (json_scalar_text(key, job->scratch) < 0)
            return -ENOMEM;
        if (value.at[0] != '{' && value.at[0] != '[' &&
            json_object_object_get_ex(job->columns, job->scratch->buf, &column))
            job->cells[json_object_get_int(column)] = value;
    }
    for (size_t i = 0; i < job->n_columns; i++) {
        printbuf_reset(job->scratch);
        if (job->cells[i].at && json_scalar_text(job->cells[i], job->scratch) < 0)
            return -ENOMEM;
        int r = i > 0 ? append(job->out, ",", 1) : 0;
        if (r == 0)
            r = render_csv_value(job->scratch->buf, (size_t)job->scratch->bpos, job->out);
        if (r < 0)
            return r;
    }
    return job->n_columns > 0 ? append(job->out, "\r\n", 2) : 0;
}

static int price_header(struct job *job)
{
    static const char header[] = "extension,operation,currency,years,price\r\n";
    return append(job->out, header, sizeof header - 1);
}

static int price_item(struct job *job, const struct item *item)
{
    const struct snapshot *price = item->snapshot;
    for (unsigned k = 0; k < SNAPSHOT_FIELDS; k++) {
        const char *field = snapshot_field(price, k);
        int r = render_csv_value(field, strlen(field), job->out);
        if (r == 0)
            r = append(job->out, ",", 1);
        if (r < 0)
            return r;
    }
    int r = render_csv_value(price->data, price->len - 1, job->out);
    return r < 0 ? r : append(job->out, "\r\n", 2);
}

/* ---- one line ---- */

static int render_fields(const struct document *document, unsigned n, struct printbuf *out)
{
    if (document->n_items == 0)
        return -EIO;
    const struct snapshot *item = document->items[0].snapshot;
    for (unsigned i = 0; i < n; i++) {
        const char *field = snapshot_field(item, i);
        if (!field && i == 0)
            return -EIO;
        if (field && ((i > 0 && append(out, " ", 1) < 0) || append(out, field, strlen(field)) < 0))
            return -ENOMEM;
    }
    return append(out, "\n", 1);
}

static int balance_end(struct job *job)
{
    return render_fields(job->document, 2, job->out);
}

static int version_end(struct job *job)
{
    return render_fields(job->document, 1, job->out);
}

/* ---- jobs ---- */

/* How one form of text is printed, in up to two passes over the items. Each function may be NULL; it returns 0 or
 * -errno. */
struct form {
    int (*scan)(struct job *job, const struct item *item); /* first pass: for each item */
    int (*begin)(struct job *job);                         /* before the second pass */
    int (*item)(struct job *job, const struct item *item); /* second pass: for each item */
    int (*end)(struct job *job);                           /* after the second pass */
    unsigned slot; /* the index in document->renditions where the document keeps the text */
};

static const struct form json_form = {.item = json_item, .end = json_end, .slot = RENDITION_OF_ALL};
static const struct form csv_form = {.scan = find_columns, .begin = csv_header, .item = csv_item, .slot = 1};
static const struct form prices_form = {.begin = price_header, .item = price_item, .slot = 1};
static const struct form balance_form = {.end = balance_end, .slot = 2};
static const struct form version_form = {.end = version_end, .slot = 3};

static const struct form *form_of(const struct document *document, enum route_render how)
{
    switch (how) {
    case RENDER_JSON:
        return &json_form;
    case RENDER_CSV:
        return endpoint_of(document->query.operation)->shape == SHAPE_PRICES ? &prices_form : &csv_form;
    case RENDER_BALANCE:
        return &balance_form;
    case RENDER_VERSION:
        return &version_form;
    case RENDER_ITEM:
    case RENDER_WHOLE:
    case RENDER_MADE:
        break;
    }
    return NULL;
}

static void job_reset(struct job *job)
{
    printbuf_reset(job->out);
    json_object_put(job->columns);
    job->columns = json_object_new_object();
    free(steal(&job->cells));
    job->position = 0;
    job->scanned = job->form->scan == NULL;
    job->begun = false;
    job->generation = job->document->generation;
}

static void job_free(struct job *job)
{
    task_cancel(&job->task);
    if (job->link) {
        *job->link = job->next;
        if (job->next)
            job->next->link = job->link;
    }
    document_unref(job->document);
    if (job->out)
        printbuf_free(job->out);
    if (job->scratch)
        printbuf_free(job->scratch);
    json_object_put(job->columns);
    free(job->cells);
    free(job);
}

/* Prints for SLICE_MS at most. Returns 1 when the text is complete, 0 when there is more to print, or -errno. */
static int work(struct job *job)
{
    const struct document *document = job->document;
    int64_t end = clock_ms() + SLICE_MS;

    if (job->generation != document->generation)
        job_reset(job);
    while (!job->scanned || (job->form->item && job->position < document->n_items)) {
        if (job->position % ITEMS_A_LOOK == ITEMS_A_LOOK - 1 && clock_ms() >= end)
            return 0;
        int r = 0;
        if (!job->scanned && job->position == document->n_items) {
            job->scanned = true;
            job->position = 0;
            continue;
        }
        if (job->scanned && !job->begun && job->form->begin)
            r = job->form->begin(job);
        job->begun = job->scanned;
        if (r == 0)
            r = (job->scanned ? job->form->item : job->form->scan)(job, &document->items[job->position]);
        if (r == 0 && (size_t)job->out->bpos > job->renderer->max)
            r = -EFBIG;
        if (r < 0)
            return r;
        job->position++;
    }
    if (!job->begun && job->form->begin && job->form->begin(job) < 0)
        return -ENOMEM;
    int r = job->form->end ? job->form->end(job) : 0;
    return r < 0 ? r : 1;
}

/* Gives the finished text to the document and lends it in *ret. Returns 1 or -ENOMEM. */
static int publish(struct job *job, struct snapshot **ret)
{
    struct snapshot *text = snapshot_new(job->out->buf, (size_t)job->out->bpos, NULL);
    if (!text)
        return -ENOMEM;
    text->mtime = job->document->changed;
    *ret = document_rendered(job->document, job->form->slot, text);
    return 1;
}

/* Returns the directory in which the items of a document can be read one by one. */
static const char *single_files(enum operation operation)
{
    static const char *const places[OPERATIONS] = {
        [OP_GROUPS] = "products/groups/",  [OP_PRODUCTS] = "products/groups/",  [OP_SERVICES] = "services/",
        [OP_PRICING] = "domains/pricing/", [OP_INVOICES] = "billing/invoices/",
    };
    return places[operation] ? places[operation] : "the other directories";
}

/* Turns an error of work() into the caller's. A text that is too long is logged once, and the document remembers not to
 * try again. */
static int refuse(struct job *job, int r)
{
    struct document *document = job->document;
    if (r != -EFBIG)
        return r;
    document->too_long[job->form->slot] = job->generation;
    log_error("%s: the text of %zu entries is longer than %zu bytes; read the single files in %s instead",
              document->key, document->n_items, job->renderer->max, single_files(document->query.operation));
    return -EIO;
}

static void on_task(void *data)
{
    struct job *job = data;
    struct snapshot *text;
    int r = work(job);
    if (r == 0) {
        task_defer(job->renderer->loop, &job->task);
        return;
    }
    r = r == 1 ? publish(job, &text) : refuse(job, r);
    struct render_wait *waits = steal(&job->waits);
    if (waits)
        waits->link = &waits;
    /* The document may have expired while it was being printed. Those who wait get this text all the same. */
    struct document *document = document_ref(job->document);
    job_free(job);
    document_answering(document, true);
    while (waits) {
        struct render_wait *wait = waits;
        render_wait_cancel(wait);
        wait->fn(wait->data, r < 0 ? r : 0);
    }
    document_answering(document, false);
    document_unref(document);
}

static struct job *job_new(struct renderer *renderer, struct document *document, const struct form *form)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->renderer = renderer;
    job->document = document_ref(document);
    job->form = form;
    job->task = (struct task){.fn = on_task, .data = job};
    job->out = printbuf_new();
    job->scratch = printbuf_new();
    if (!job->out || !job->scratch) {
        job_free(job);
        return NULL;
    }
    job_reset(job);
    return job;
}

static struct job *job_of(struct renderer *renderer, const struct document *document, const struct form *form)
{
    struct job *job = renderer->jobs;
    while (job && (job->document != document || job->form != form))
        job = job->next;
    return job;
}

struct renderer *renderer_new(struct loop *loop)
{
    struct renderer *renderer = calloc(1, sizeof *renderer);
    if (!renderer)
        return NULL;
    renderer->loop = loop;
    renderer->max = RENDER_MAX;
    return renderer;
}

void renderer_set_max(struct renderer *renderer, size_t max)
{
    renderer->max = max;
}

void renderer_free(struct renderer *renderer)
{
    while (renderer && renderer->jobs)
        job_free(renderer->jobs);
    free(renderer);
}

/* Begins to print. Returns 1 with the text in *ret if one slice was enough, 0 if a job goes on, or -errno. */
static int start(struct renderer *renderer, struct document *document, const struct form *form, struct snapshot **ret)
{
    struct job *job = job_new(renderer, document, form);
    if (!job)
        return -ENOMEM;
    int r = work(job);
    if (r != 0) {
        r = r == 1 ? publish(job, ret) : refuse(job, r);
        job_free(job);
        return r;
    }
    job->next = renderer->jobs;
    job->link = &renderer->jobs;
    if (job->next)
        job->next->link = &job->next;
    renderer->jobs = job;
    task_defer(renderer->loop, &job->task);
    return 0;
}

int renderer_get(struct renderer *renderer, struct document *document, enum route_render how, struct snapshot **ret)
{
    const struct form *form = form_of(document, how);
    if (!form) {
        struct snapshot *item = document->n_items > 0 ? document->items[0].snapshot : NULL;
        struct snapshot *text = how == RENDER_WHOLE ? document->whole : how == RENDER_ITEM ? item : NULL;
        if (!text)
            return -EIO;
        *ret = text;
        return 1;
    }
    if (document->renditions[form->slot] && document->rendition_of[form->slot] == document->generation) {
        *ret = document->renditions[form->slot];
        return 1;
    }
    if (document->too_long[form->slot] == document->generation)
        return -EIO;
    return job_of(renderer, document, form) ? 0 : start(renderer, document, form, ret);
}

int renderer_wait(struct renderer *renderer, struct document *document, enum route_render how, struct render_wait *wait)
{
    const struct form *form = form_of(document, how);
    struct job *job = form ? job_of(renderer, document, form) : NULL;
    if (!job)
        return 1;
    wait->next = job->waits;
    wait->link = &job->waits;
    if (wait->next)
        wait->next->link = &wait->next;
    job->waits = wait;
    return 0;
}

void render_wait_cancel(struct render_wait *wait)
{
    if (!wait->link)
        return;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    wait->link = NULL;
    wait->next = NULL;
}
