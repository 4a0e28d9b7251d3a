/* SPDX-License-Identifier: MIT */
#include "command/doctor_reading.h"

#include "api/answer.h"
#include "api/answer_log.h"
#include "api/document.h"
#include "api/envelope.h"
#include "api/pages.h"
#include "api/prices.h"
#include "api/problem.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "command/doctor_api.h"
#include "command/report.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* ---- where it was found ---- */

/* Makes an object of an item, and keeps it. */
static int take_item(void *data, const char *key, struct json_slice raw)
{
    struct doctor_reading *reading = data;
    struct json_tokener *tokener = report_owned(json_tokener_new_ex(JSON_DEPTH + 1));
    struct json_object *item = json_tokener_parse_ex(tokener, raw.at, (int)raw.len);
    json_tokener_free(tokener);
    if (!json_object_is_type(item, json_type_object)) {
        json_object_put(item);
        return 0;
    }
    /* The key may be the item's id. */
    struct json_object *pair = report_owned(json_object_new_array());
    json_object_array_add(pair, item);
    json_object_array_add(pair, key ? report_owned(json_object_new_string(key)) : NULL);
    json_object_array_add(reading->objects, pair);
    return 0;
}

static void drop_items(void *data)
{
    struct doctor_reading *reading = data;
    json_object_put(reading->objects);
    reading->objects = report_owned(json_object_new_array());
}

static void fill_found(struct doctor_reading *reading, const struct envelope *envelope)
{
    static const enum doctor_form forms[] = {[FORM_NONE] = FOUND_NOTHING,
                                             [FORM_LIST] = FOUND_LIST,
                                             [FORM_KEYED] = FOUND_KEYED,
                                             [FORM_ONE] = FOUND_ONE,
                                             [FORM_EMPTY] = FOUND_EMPTY};
    struct doctor_found *found = &reading->found;
    found->form = forms[envelope_form(envelope)];
    found->path = report_text("%s", envelope_path(envelope));
    found->n = json_object_array_length(reading->objects);
    found->items = report_owned(calloc(found->n + 1, sizeof(*found->items)));
    found->keys = report_owned(calloc(found->n + 1, sizeof(*found->keys)));
    for (size_t i = 0; i < found->n; i++) {
        struct json_object *pair = json_object_array_get_idx(reading->objects, i);
        found->items[i] = json_object_array_get_idx(pair, 0);
        found->keys[i] = json_object_get_string(json_object_array_get_idx(pair, 1));
    }
}

static void find_items(const struct doctor_api *api, const struct query *query, struct json_slice body,
                       struct doctor_reading *reading)
{
    const struct endpoint *endpoint = endpoint_of(query->operation);
    const struct endpoint_reading *names = endpoints_reading(api->endpoints, query->operation);
    struct wanted wanted = {
        .shape = endpoint->shape,
        .names = endpoint->names,
        .ids = names->ids,
        .signs = names->fields[0].names,
        .is_map_key = prices_has_key,
        .list = names->list,
        .by_id = query->operation == OP_SERVICE,
        .id = query->id,
    };
    struct envelope_sink sink = {.item = take_item, .drop = drop_items, .data = reading};
    struct envelope *envelope = report_owned(envelope_new(&wanted, &sink));
    drop_items(reading);
    if (envelope_feed(envelope, body.at, body.len) == 0 && envelope_end(envelope) == 0)
        fill_found(reading, envelope);
    envelope_free(envelope);
}

/* ---- pages ---- */

/* Keeps a line of the log without its beginning, which names the operation and the path. */
static void keep_remark(void *data, const char *message)
{
    char **remark = data;
    const char *end = strstr(message, ": GET ");
    end = end ? strstr(end + strlen(": GET "), ": ") : NULL;
    free(*remark);
    *remark = strdup(end ? end + 2 : message);
}

/* Sets *ret_next to whether a mount would ask for the page that follows. If a page follows that it would not ask for,
 * returns the reason; else NULL. As next_page() in api/fetch.c. */
static const char *why_stopped(const struct doctor_api *api, const struct doctor_answer *answer,
                               const struct pages *pages, bool *ret_next)
{
    const char *next = pages->next ? pages->next : answer->result.link_next;
    bool number = pages->next_number > 0 || (pages->current > 0 && pages->last > pages->current);
    _cleanup_(freep) char *url = report_text("%s%s", api->config->base_url, answer->path);
    _cleanup_(freep) char *path = NULL;
    int r = next ? pages_resolve(api->config->base_url, url, next, &path) : -ENOENT;
    *ret_next = r == 0 || number;
    if (*ret_next || (!next && !pages->more))
        return NULL;
    return !next         ? "the API says that more follows, but not where"
           : r == -EXDEV ? "the next page is on another host, port or scheme, which is not asked"
                         : "what the API names as the next page is not a URL";
}

static void read_pages(const struct doctor_api *api, const struct doctor_answer *answer, struct document *document,
                       struct pages *pages, struct doctor_reading *reading)
{
    char *remark = NULL;
    if (!pages->has_total && answer->result.total >= 0) {
        pages->has_total = true;
        pages->total = answer->result.total;
    }
    reading->total = pages->has_total ? pages->total : -1;
    if (endpoint_of(document->query.operation)->shape != SHAPE_LIST)
        return;
    struct list_end end = {.pages = pages, .fetched = 1};
    end.stopped = why_stopped(api, answer, pages, &reading->next_page);
    if (reading->next_page)
        return;
    log_divert(keep_remark, &remark);
    answer_look_for_cut(api->endpoints, document, &end, false);
    log_divert(NULL, NULL);
    if (document->maybe_cut)
        reading->cut = remark;
    else
        free(remark);
}

/* ---- the whole ---- */

/* Returns the advice without its end, which recommends --doctor. */
static char *own_advice(const char *advice)
{
    const char *end = strstr(advice, "; `melbicomfs --doctor`");
    return report_text("%.*s", end ? (int)(end - advice) : (int)strlen(advice), advice);
}

static void keep_problem(const struct answer *answer, int error, struct doctor_reading *reading)
{
    const struct problem *problem = answer_problem(answer);
    reading->problem = report_text("%s", problem ? problem->text : strerror(-error));
    reading->advice = problem ? own_advice(problem->advice) : NULL;
    reading->status = problem ? problem->status : 0;
}

void doctor_read(const struct doctor_api *api, enum operation operation, uint64_t id,
                 const struct doctor_answer *answer, struct doctor_reading *reading)
{
    char *key = report_text("%s", endpoint_of(operation)->name), *url = report_text("%s", answer->path);
    struct document document = {.key = key, .url = url, .query = {.operation = operation, .id = id}};
    struct json_slice body = {answer->body, answer->len};
    struct answer_page page = {0};
    bool changed;
    /* As in a mount: a 204 says that there is nothing. */
    if (answer->result.status == 204)
        body = (struct json_slice){"null", 4};
    doctor_reading_clear(reading);
    struct answer *reader = report_owned(answer_new(&document, api->endpoints, api->config->max_body));
    int r = answer_page(reader);
    if (r == 0)
        r = answer_feed(reader, body.at, body.len);
    if (r == 0)
        r = answer_page_end(reader, &page);
    if (r < 0)
        keep_problem(reader, r, reading);
    else
        r = answer_publish(reader, &document, clock_wall(), &changed);
    if (r == 0) {
        reading->understood = true;
        reading->items = document.n_items;
        reading->unshown = document.unshown;
        read_pages(api, answer, &document, &page.pages, reading);
        find_items(api, &document.query, body, reading);
    }
    pages_free(&page.pages);
    answer_free(reader);
    document_clear(&document);
    free(key);
    free(url);
}

void doctor_reading_clear(struct doctor_reading *reading)
{
    doctor_found_clear(&reading->found);
    json_object_put(reading->objects);
    free(reading->problem);
    free(reading->advice);
    free(reading->cut);
    *reading = (struct doctor_reading){.total = -1};
}
