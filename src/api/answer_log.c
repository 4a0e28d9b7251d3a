/* SPDX-License-Identifier: MIT */
#include "api/answer_log.h"

#include "api/document.h"
#include "api/endpoints.h"
#include "api/envelope_names.h"
#include "api/pages.h"
#include "base/cleanup.h"

#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>

void answer_log(enum log_level level, const struct document *document, const char *text, const char *advice)
{
    log_line(level, "%s: GET %s: %s; %s", document->key, document->url ? document->url : "(an answer that was kept)",
             text, advice);
}

/* The buffers for a line. */
struct line {
    struct printbuf *text, *advice, *scratch;
};

static bool line_begin(struct line *line)
{
    *line = (struct line){printbuf_new(), printbuf_new(), printbuf_new()};
    return line->text && line->advice && line->scratch;
}

static void line_end(struct line *line)
{
    struct printbuf *all[] = {line->text, line->advice, line->scratch};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            printbuf_free(all[i]);
}

static void unshown_items(const struct endpoints *endpoints, const struct document *document, struct json_slice odd,
                          struct line *line)
{
    enum operation operation = document->query.operation;
    const struct endpoint_reading *reading = endpoints_reading(endpoints, operation);

    sprintbuf(line->text, "expected an id (%s) of its own in each of the %zu entries; got %zu ", reading->ids[0],
              document->n_items, document->unshown);
    if (odd.len == 0) {
        sprintbuf(line->text, "whose id another entry has");
        sprintbuf(line->advice, "of entries with the same id, only the first is shown outside all/");
        return;
    }
    sprintbuf(line->text, "without one, the first ");
    append_kind(line->text, odd, line->scratch);
    sprintbuf(line->advice, "they are shown in all/ only; set %s.id in [endpoints] to the API's name for the id",
              endpoint_of(operation)->name);
}

void answer_log_unshown(const struct endpoints *endpoints, const struct document *document, struct json_slice odd)
{
    struct line line;

    if (line_begin(&line)) {
        if (endpoint_of(document->query.operation)->shape == SHAPE_LIST) {
            unshown_items(endpoints, document, odd, &line);
        } else {
            sprintbuf(line.text, "expected prices by extension, operation, currency and years; got %zu with other keys",
                      document->unshown);
            sprintbuf(line.advice, "they are shown in all/pricing.json only");
        }
        answer_log(LOG_LEVEL_WARNING, document, line.text->buf, line.advice->buf);
    }
    line_end(&line);
}

void answer_log_missing_field(const struct endpoints *endpoints, const struct document *document)
{
    const struct endpoint *endpoint = endpoint_of(document->query.operation);
    const struct endpoint_field *field = &endpoints_reading(endpoints, document->query.operation)->fields[0];
    const struct snapshot *snapshot = document->n_items ? document->items[0].snapshot : NULL;
    struct line line;

    if (endpoint->shape != SHAPE_OBJECT || endpoint->ids[0] || !field->key || !snapshot || snapshot_field(snapshot, 0))
        return;
    if (line_begin(&line)) {
        sprintbuf(line.text, "expected %s", field->names[0]);
        for (unsigned i = 1; i < ENDPOINT_ALIASES && field->names[i]; i++)
            sprintbuf(line.text, " or %s", field->names[i]);
        sprintbuf(line.text, "; got ");
        append_kind(line.text, (struct json_slice){snapshot->data, snapshot->len}, line.scratch);
        sprintbuf(line.advice, "set %s.field.%s in [endpoints] to the API's name for it", endpoint->name, field->key);
        answer_log(LOG_LEVEL_ERROR, document, line.text->buf, line.advice->buf);
    }
    line_end(&line);
}

/* ---- cut lists ---- */

static bool typical_page_size(size_t n)
{
    static const size_t pages[] = {10, 15, 20, 25, 30, 50, 100, 150, 200, 250, 500, 1000, 5000, 10000};

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (n == pages[i])
            return true;
    return false;
}

/* True if the length of a list is the only sign that it may be cut: it is a typical limit of APIs. If pages of `asked`
 * items are configured, that is so if the first page is shorter than was asked for. */
static bool looks_cut(const struct list_end *end, unsigned asked, size_t n)
{
    const struct pages *said = end->pages;
    return !said->next_named && !said->last && end->fetched <= 1 && typical_page_size(n) && (asked == 0 || n < asked);
}

/* Whether a list is not whole. *ret_why says why, in words, for free(); NULL when out of memory. */
static bool is_cut(const struct list_end *end, unsigned asked, size_t n, char **ret_why)
{
    const struct pages *said = end->pages;
    char *why = NULL;
    int r = 0;

    if (said->has_total && (uint64_t)said->total <= n)
        return false;
    if (end->stopped && said->has_total)
        r = asprintf(&why, "expected %" PRId64 " entries, as the API says; got %zu, because %s", said->total, n,
                     end->stopped);
    else if (end->stopped)
        r = asprintf(&why, "expected all entries; got %zu, and perhaps not all, because %s", n, end->stopped);
    else if (said->has_total)
        r = asprintf(&why, "expected %" PRId64 " entries, as the API says; got %zu, and no next page is named",
                     said->total, n);
    else if (said->last > end->fetched && !said->next_named)
        r = asprintf(&why, "expected %" PRId64 " pages, as the API says; got %u, and no next page is named", said->last,
                     end->fetched);
    else if (looks_cut(end, asked, n))
        r = asprintf(&why, "expected all entries; got %zu, which is a typical page size", n);
    *ret_why = r < 0 ? NULL : why;
    return r != 0;
}

void answer_look_for_cut(const struct endpoints *endpoints, struct document *document, const struct list_end *end,
                         bool said)
{
    const char *name = endpoint_of(document->query.operation)->name;
    unsigned asked = endpoints_page(endpoints, document->query.operation)->size;
    _cleanup_(freep) char *why = NULL;
    char advice[160];

    document->total = end->pages->has_total ? end->pages->total : -1;
    document->maybe_cut = is_cut(end, asked, document->n_items, &why);
    if (!document->maybe_cut || said)
        return;
    if (asked && !end->stopped)
        snprintf(advice, sizeof advice, "if entries are missing, set %s.page_size = %zu in [endpoints]", name,
                 document->n_items);
    else
        snprintf(advice, sizeof advice,
                 "if entries are missing, set %s.page_size and the names of its parameters in [endpoints]", name);
    answer_log(LOG_LEVEL_WARNING, document, why ? why : "expected all entries; got only some of them", advice);
}
