/* SPDX-License-Identifier: MIT */
/*
 * The envelopes data, value and named are put around a bare answer in place, because a list may be too large to copy.
 * For every other shape, and for pages that say something about themselves, the bare answer is parsed and built anew:
 * wrap_list() or wrap_object() makes the envelope, add_paging() puts the members about pages into it.
 */
#include "dress.h"

#include "query.h"
#include "text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define ELSEWHERE       "https://elsewhere.example"

typedef struct json_object json;

static bool is_list(enum operation operation)
{
    return operation == OP_GROUPS || operation == OP_PRODUCTS || operation == OP_SERVICES || operation == OP_INVOICES;
}

/* ---- in place ---- */

static const char *summary_of(enum operation operation)
{
    static const char *const summaries[OP_COUNT] = {
        [OP_VERSION] = "The version of the API",
        [OP_GROUPS] = "A list of product groups",
        [OP_PRODUCTS] = "A list of products",
        [OP_SERVICES] = "A list of services",
        [OP_SERVICE] = "A service",
        [OP_PRICING] = "Prices of domains",
        [OP_INVOICES] = "A list of invoices",
        [OP_BALANCE] = "The credit balance",
    };
    return summaries[operation];
}

/* Whether the answer is made in place: its shape is simple, and its body says nothing of pages. */
static bool is_in_place(const struct options *options, enum operation operation)
{
    bool says_page =
        options->paging != PAGING_NONE && options->paging != PAGING_HEADER && options->paging != PAGING_IGNORED;
    bool is_simple = options->shape <= SHAPE_NAMED || options->shape == SHAPE_BOM;

    return is_simple && !(is_list(operation) && says_page);
}

void dress_open(const struct options *options, enum operation operation, struct text *out)
{
    if (!is_in_place(options, operation))
        return;
    switch (options->shape) {
    case SHAPE_DATA:
        text_puts(out, "{\"data\":");
        break;
    case SHAPE_VALUE:
        text_printf(out, "{\"summary\":\"%s\",\"value\":", summary_of(operation));
        break;
    case SHAPE_NAMED:
        if (is_list(operation))
            text_printf(out, "{\"%s\":", operation_name(operation));
        break;
    default:
        break;
    }
}

static void close_in_place(const struct dressing *d, struct text *out)
{
    enum shape shape = d->options->shape;
    bool is_named = shape == SHAPE_NAMED && is_list(d->operation);

    if (is_named)
        text_printf(out, ",\"totalresults\":%zu", d->total);
    if (shape == SHAPE_DATA || shape == SHAPE_VALUE || is_named)
        text_char(out, '}');
}

/* ---- built anew ---- */

static void add(json *object, const char *key, json *value)
{
    json_object_object_add(object, key, value);
}

static void add_string(json *object, const char *key, const char *value)
{
    add(object, key, json_object_new_string(value));
}

static void add_number(json *object, const char *key, size_t number)
{
    add(object, key, json_object_new_int64((int64_t)number));
}

/* {"key": value} */
static json *under(const char *key, json *value)
{
    json *object = json_object_new_object();
    add(object, key, value);
    return object;
}

/* {"key": "value"} */
static json *with_string(const char *key, const char *value)
{
    return under(key, json_object_new_string(value));
}

/* The member with an item's id, or NULL if items have none. */
static const char *id_member(enum operation operation)
{
    return operation == OP_GROUPS ? "productGroupId" : operation == OP_PRODUCTS ? NULL : "id";
}

/* An object keyed by the items' ids. Items that have none are numbered from 1. */
static json *keyed(enum operation operation, json *list, bool is_key_only)
{
    const char *member = id_member(operation);
    json *object = json_object_new_object();

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json *item = json_object_get(json_object_array_get_idx(list, i));
        const char *id = member ? json_object_get_string(json_object_object_get(item, member)) : NULL;
        char number[24];
        snprintf(number, sizeof(number), "%zu", i + 1);
        add(object, id ? id : number, item);
        if (is_key_only && id)
            json_object_object_del(item, member);
    }
    json_object_put(list);
    return object;
}

/* What PHP prints of an array from which elements were taken out: every other number is missing. */
static json *with_gaps(json *list)
{
    json *object = json_object_new_object();

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        char number[24];
        snprintf(number, sizeof(number), "%zu", 2 * i);
        add(object, number, json_object_get(json_object_array_get_idx(list, i)));
    }
    json_object_put(list);
    return object;
}

/* {"result":"success",...,"invoices":{"invoice":[...]}} */
static json *nested(const struct dressing *d, json *list)
{
    json *object = with_string("result", "success");
    const char *name = operation_name(d->operation);
    char singular[16];

    snprintf(singular, sizeof(singular), "%.*s", (int)strlen(name) - 1, name);
    add_number(object, "totalresults", d->total);
    add_number(object, "startnumber", d->window.offset);
    add_number(object, "numreturned", json_object_array_length(list));
    add(object, name, under(singular, list));
    return object;
}

static json *deep(enum operation operation, json *inner)
{
    bool is_named = is_list(operation) || operation == OP_PRICING;
    return under("result", under("data", under(is_named ? operation_name(operation) : "value", inner)));
}

/* What was asked for, under a name that nobody expects, beside lists that are something else. */
static json *among_others(const char *name, json *inner)
{
    json *object = with_string("status", "ok"), *links = json_object_new_array(), *link = with_string("rel", "self");

    add(object, "warnings", json_object_new_array());
    add_string(link, "href", "x");
    json_object_array_add(links, link);
    add(object, "links", links);
    add(object, name, inner);
    return object;
}

static json *empty_list(enum shape shape, json *list)
{
    if (shape != SHAPE_EMPTY_NULL && shape != SHAPE_EMPTY_OBJECT)
        return list;
    json_object_put(list);
    return shape == SHAPE_EMPTY_OBJECT ? json_object_new_object() : NULL;
}

static json *only_element(json *list)
{
    json *element = json_object_get(json_object_array_get_idx(list, 0));
    json_object_put(list);
    return element;
}

static json *in_value(enum operation operation, json *inner)
{
    json *object = with_string("summary", summary_of(operation));
    add(object, "value", inner);
    return object;
}

/* Takes the list, returns what is sent. NULL is null. */
static json *wrap_list(const struct dressing *d, json *list)
{
    size_t n = json_object_array_length(list);
    json *object;

    switch (d->options->shape) {
    case SHAPE_DATA:
        return under("data", list);
    case SHAPE_VALUE:
        return in_value(d->operation, list);
    case SHAPE_NAMED:
        object = under(operation_name(d->operation), list);
        add_number(object, "totalresults", d->total);
        return object;
    case SHAPE_GAPS:
        return n ? with_gaps(list) : list;
    case SHAPE_KEYED:
        return n ? keyed(d->operation, list, false) : list;
    case SHAPE_KEYED_ONLY:
        return under("data", n ? keyed(d->operation, list, true) : list);
    case SHAPE_NESTED:
        return nested(d, list);
    case SHAPE_DEEP:
        return deep(d->operation, list);
    case SHAPE_OTHER:
        return among_others("records", list);
    case SHAPE_SINGLE:
        return n == 1 ? only_element(list) : list;
    default:
        return n ? list : empty_list(d->options->shape, list);
    }
}

/* {"result":"success"} with the members of the object beside it; prices keep a name of their own. */
static json *flat(enum operation operation, json *object)
{
    json *result = with_string("result", "success");

    if (operation == OP_PRICING) {
        add(result, "pricing", object);
        return result;
    }
    json_object_object_foreach(object, key, value)
    {
        add(result, key, json_object_get(value));
    }
    json_object_put(object);
    return result;
}

static json *list_of_one(json *object)
{
    json *list = json_object_new_array();
    json_object_array_add(list, object);
    return list;
}

static json *wrap_object(const struct dressing *d, json *object)
{
    switch (d->options->shape) {
    case SHAPE_GAPS:
    case SHAPE_KEYED:
        return d->operation == OP_SERVICE ? list_of_one(object) : object;
    case SHAPE_KEYED_ONLY:
        return under("data", object);
    case SHAPE_NESTED:
        return flat(d->operation, object);
    case SHAPE_DEEP:
        return deep(d->operation, object);
    case SHAPE_OTHER:
        return among_others("record", object);
    default:
        return object;
    }
}

/* ---- pages ---- */

struct window dress_window(const struct options *options, const struct query *query, long limit)
{
    bool pages = options->paging != PAGING_NONE;
    long size = query_number(query, "limitnum", query_number(query, "limit", pages ? options->page_size : limit));
    long start = query_number(query, "limitstart", query_number(query, "offset", 0));

    if (pages) {
        bool knows_page = options->paging != PAGING_TOTAL && options->paging != PAGING_IGNORED;
        long page = knows_page ? query_number(query, "page", 1) : 1;
        start = page > 1 && page - 1 < INT32_MAX && size > 0 && size < INT32_MAX ? (page - 1) * size : 0;
    }
    return (struct window){.limit = size > 0 ? (size_t)size : 0, .offset = start > 0 ? (size_t)start : 0};
}

static size_t page_of(const struct dressing *d)
{
    return d->window.limit ? d->window.offset / d->window.limit + 1 : 1;
}

static size_t last_page(const struct dressing *d)
{
    return d->window.limit && d->total ? (d->total + d->window.limit - 1) / d->window.limit : 1;
}

/* Appends the query of the request, with another page's number. */
static void add_page_query(const struct dressing *d, size_t page, struct text *out)
{
    const char *at = d->query ? d->query : "";

    text_char(out, '?');
    while (*at) {
        size_t len = strcspn(at, "&");
        if (len && strncmp(at, "page=", 5) != 0) {
            text_add(out, at, len);
            text_char(out, '&');
        }
        at += len + (at[len] == '&');
    }
    text_printf(out, "page=%zu", page);
}

/* Appends the address of the next page; false when this one is the last. */
static bool add_next(const struct dressing *d, struct text *out)
{
    enum paging paging = d->options->paging;
    size_t page = paging == PAGING_LOOP ? 2 : page_of(d) + 1;

    if (page > last_page(d))
        return false;
    if (paging != PAGING_RELATIVE)
        text_printf(out, "%s%s", paging == PAGING_ELSEWHERE ? ELSEWHERE : d->origin, d->path);
    add_page_query(d, page, out);
    return true;
}

static json *next_of(const struct dressing *d)
{
    struct text url = {0};
    json *next = add_next(d, &url) ? json_object_new_string(url.data) : NULL;
    text_free(&url);
    return next;
}

static json *meta_of(const struct dressing *d)
{
    json *meta = json_object_new_object();
    add_number(meta, "current_page", page_of(d));
    add_number(meta, "last_page", last_page(d));
    add_number(meta, "per_page", d->window.limit);
    add_number(meta, "total", d->total);
    return meta;
}

/* The object that takes the members about pages: the envelope, or a new one around a list that has none. */
static json *envelope_for_paging(const struct dressing *d, json *list)
{
    switch (d->options->shape) {
    case SHAPE_BARE:
    case SHAPE_GAPS:
    case SHAPE_KEYED:
    case SHAPE_BOM:
    case SHAPE_SINGLE:
    case SHAPE_EMPTY_NULL:
    case SHAPE_EMPTY_OBJECT:
    case SHAPE_EMPTY_204:
        return d->options->paging == PAGING_TOTAL && json_object_is_type(list, json_type_array) ? nested(d, list)
                                                                                                : under("data", list);
    default:
        return list;
    }
}

static json *add_paging(const struct dressing *d, json *list)
{
    enum paging paging = d->options->paging;

    if (paging == PAGING_NONE || paging == PAGING_HEADER || paging == PAGING_IGNORED)
        return list;
    json *envelope = envelope_for_paging(d, list);
    if (paging == PAGING_TOTAL) {
        add_number(envelope, "totalresults", d->total);
    } else if (paging == PAGING_TOP) {
        add(envelope, "next_page_url", next_of(d));
        add_number(envelope, "total", d->total);
    } else {
        if (paging != PAGING_PAGES)
            add(envelope, "links", under("next", next_of(d)));
        add(envelope, "meta", meta_of(d));
    }
    return envelope;
}

void dress_headers(const struct dressing *d, struct text *headers)
{
    struct text url = {0};

    if (d->options->paging != PAGING_HEADER || !is_list(d->operation))
        return;
    text_printf(headers, "X-Total-Count: %zu\n", d->total);
    if (add_next(d, &url))
        text_printf(headers, "Link: <%s>; rel=\"next\"\n", url.data);
    text_free(&url);
}

/* ---- both ---- */

void dress_close(const struct dressing *d, struct text *out)
{
    if (is_in_place(d->options, d->operation)) {
        close_in_place(d, out);
        return;
    }
    json *bare = json_tokener_parse(out->data);
    bool is_nothing = d->options->shape == SHAPE_EMPTY_204 && json_object_is_type(bare, json_type_array) &&
                      json_object_array_length(bare) == 0;
    json *dressed = is_list(d->operation) ? add_paging(d, wrap_list(d, bare)) : wrap_object(d, bare);

    text_free(out);
    if (is_nothing)
        text_puts(out, "");
    else
        text_json(out, dressed);
    json_object_put(dressed);
}

static const char *new_name(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->n_renames; i++) {
        const struct rename *rename = &options->renames[i];
        if (strlen(name) == rename->len && !memcmp(name, rename->from, rename->len))
            return rename->to;
    }
    return name;
}

/* A copy of a value with the members' new names, for the caller. */
static json *renamed(const struct options *options, json *value)
{
    json *copy;

    switch (json_object_get_type(value)) {
    case json_type_array:
        copy = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(value); i++)
            json_object_array_add(copy, renamed(options, json_object_array_get_idx(value, i)));
        return copy;
    case json_type_object:
        copy = json_object_new_object();
        json_object_object_foreach(value, key, member)
        {
            add(copy, new_name(options, key), renamed(options, member));
        }
        return copy;
    default:
        return json_object_get(value);
    }
}

bool dress_finishes(const struct options *options)
{
    return options->n_renames || options->shape == SHAPE_BOM;
}

void dress_finish(const struct options *options, struct text *answer)
{
    struct text text = {0};

    if (!answer->len)
        return;
    if (options->shape == SHAPE_BOM)
        text_puts(&text, BYTE_ORDER_MARK);
    if (options->n_renames) {
        json *value = json_tokener_parse(answer->data), *other = renamed(options, value);
        text_json(&text, other);
        json_object_put(other);
        json_object_put(value);
    } else {
        text_add(&text, answer->data, answer->len);
    }
    text_free(answer);
    *answer = text;
}
