/* SPDX-License-Identifier: MIT */
/*
 * A request is refused, answered verbatim as a test ordered, or answered from the account, in that order of precedence:
 * no such route, wrong method, no token, verbatim, account. Lists are rendered once for each combination of parameters
 * and then served from the cache; what changes the account clears the cache of the operation it concerns. Single things
 * are printed anew each time, which is quicker than keeping them.
 */
#include "api.h"

#include "dress.h"
#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRINTED_VERSION "1.2.6"

static char *copy(const char *string)
{
    char *own = strdup(string);
    if (!own)
        abort();
    return own;
}

void api_init(struct api *api, const struct options *o)
{
    uint64_t seed = (uint64_t)o->seed;
    *api = (struct api){
        .options = o,
        .catalog = {.groups = o->groups, .products = o->products, .string_ids = o->string_ids},
        .services = {.seed = seed, .count = o->services, .string_ids = o->string_ids},
        .invoices = {.seed = seed, .spread = o->invoices, .count = o->invoices, .string_ids = o->string_ids},
        .balance = copy("100.00"),
        .token = copy(o->token),
        .limit = o->limit,
    };
}

void api_listens(struct api *api, const char *scheme, unsigned port)
{
    snprintf(api->origin, sizeof(api->origin), "%s://127.0.0.1:%u", scheme, port);
}

void api_expand(const struct api *api, const char *bytes, size_t len, struct text *out)
{
    static const char mark[] = "{URL}";
    const char *end = bytes + len;

    for (const char *at; (at = memmem(bytes, (size_t)(end - bytes), mark, strlen(mark))); bytes = at + strlen(mark)) {
        text_add(out, bytes, (size_t)(at - bytes));
        text_printf(out, "%s%.*s", api->origin, (int)api->options->prefix_len, api->options->prefix);
    }
    text_add(out, bytes, (size_t)(end - bytes));
}

void verbatim_clear(struct verbatim *verbatim)
{
    body_unref(verbatim->body);
    text_free(&verbatim->headers);
    *verbatim = (struct verbatim){0};
}

void api_free(struct api *api)
{
    services_free(&api->services);
    invoices_free(&api->invoices);
    cache_clear(&api->cache, OP_UNKNOWN);
    for (unsigned op = 0; op < OP_COUNT; op++)
        verbatim_clear(&api->verbatim[op]);
    free(api->balance);
    free(api->token);
}

void answer_json(struct answer *ret, unsigned status, struct text *text)
{
    ret->status = status;
    ret->body = body_new(text);
    snprintf(ret->content_type, sizeof(ret->content_type), "application/json");
}

void answer_message(struct answer *ret, unsigned status, const char *message)
{
    struct text text = {0};
    text_char(&text, '{');
    text_member(&text, "message", message);
    text_char(&text, '}');
    answer_json(ret, status, &text);
}

/* What Laravel says of a query it does not like. */
static void answer_invalid(struct answer *ret, const char *field)
{
    struct text text = {0};
    text_printf(&text,
                "{\"message\":\"The selected %s is invalid.\",\"errors\":{\"%s\":[\"The selected %s is invalid.\"]}}",
                field, field, field);
    answer_json(ret, 422, &text);
}

/* The part of the list that the request asks for. */
static struct window window_of(const struct api *api, const struct query *query)
{
    return dress_window(api->options, query, api->limit);
}

/* Completes the answer that dress_open() has begun. */
static void close_answer(const struct api *api, const struct call *call, struct window window, size_t total,
                         struct text *text, struct answer *ret)
{
    const struct dressing dressing = {.options = api->options,
                                      .origin = api->origin,
                                      .operation = call->operation,
                                      .path = call->path,
                                      .query = call->query,
                                      .window = window,
                                      .total = total};
    dress_close(&dressing, text);
    dress_headers(&dressing, &ret->headers);
}

/* An answer without a body is a 204. */
static unsigned status_of(size_t len)
{
    return len ? 200 : 204;
}

/* Answers from the cache if it holds `key`; the key is freed then. */
static bool answer_cached(struct api *api, struct text *key, struct answer *ret)
{
    ret->body = cache_get(&api->cache, key->data);
    if (!ret->body)
        return false;
    ret->status = status_of(ret->body->len);
    snprintf(ret->content_type, sizeof(ret->content_type), "application/json");
    text_free(key);
    return true;
}

static void answer_and_keep(struct api *api, enum operation operation, struct text *key, struct text *text,
                            struct answer *ret)
{
    answer_json(ret, status_of(text->len), text);
    /* A page names the next one as this request asked for it. */
    if (api->options->paging == PAGING_NONE)
        cache_put(&api->cache, operation, key->data, ret->body);
    text_free(key);
}

static void answer_groups(struct api *api, const struct call *call, const struct query *query, struct answer *ret)
{
    struct window window = window_of(api, query);
    struct text key = {0}, text = {0};

    text_printf(&key, "groups %zu %zu", window.offset, window.limit);
    if (answer_cached(api, &key, ret))
        return;
    dress_open(api->options, OP_GROUPS, &text);
    size_t total = catalog_groups(&api->catalog, window, &text);
    close_answer(api, call, window, total, &text, ret);
    answer_and_keep(api, OP_GROUPS, &key, &text, ret);
}

static void answer_products(struct api *api, const struct call *call, const struct query *query, struct answer *ret)
{
    long groups[QUERY_MAX];
    struct product_filter filter = {.config_options = query_flag(query, "showConfigOptions"),
                                    .window = window_of(api, query)};
    struct text key = {0}, text = {0};

    text_printf(&key, "products %zu %zu %d", filter.window.offset, filter.window.limit, filter.config_options);
    for (size_t i = 0; i < query->n; i++) {
        /* productGroupId[], productGroupId[0] and a plain productGroupId are one to PHP's clients. */
        if (strncmp(query->pairs[i].key, "productGroupId", 14) != 0)
            continue;
        filter.groups = groups;
        groups[filter.n_groups++] = atol(query->pairs[i].value);
        text_printf(&key, " %ld", groups[filter.n_groups - 1]);
    }
    if (answer_cached(api, &key, ret))
        return;
    dress_open(api->options, OP_PRODUCTS, &text);
    size_t total = catalog_products(&api->catalog, &filter, &text);
    close_answer(api, call, filter.window, total, &text, ret);
    answer_and_keep(api, OP_PRODUCTS, &key, &text, ret);
}

static void answer_services(struct api *api, const struct call *call, const struct query *query, struct answer *ret)
{
    struct service_filter filter = {.product = query_get(query, "productName"),
                                    .status = query_get(query, "serviceStatus"),
                                    .window = window_of(api, query)};
    struct text key = {0}, text = {0};

    if (filter.status && !services_know_status(filter.status)) {
        answer_invalid(ret, "serviceStatus");
        return;
    }
    text_printf(&key, "services %zu %zu %s %s", filter.window.offset, filter.window.limit,
                filter.status ? filter.status : "-", filter.product ? filter.product : "");
    if (answer_cached(api, &key, ret))
        return;
    dress_open(api->options, OP_SERVICES, &text);
    size_t total = services_list(&api->services, &filter, &text);
    close_answer(api, call, filter.window, total, &text, ret);
    answer_and_keep(api, OP_SERVICES, &key, &text, ret);
}

static void answer_service(struct api *api, const struct call *call, struct answer *ret)
{
    struct text text = {0}, own = {0};
    bool raw;

    if (!services_single(&api->services, call->id, &own, &raw)) {
        answer_message(ret, 404, "Service not found");
        return;
    }
    if (raw) {
        answer_json(ret, 200, &own);
        ret->is_verbatim = true;
        return;
    }
    dress_open(api->options, OP_SERVICE, &text);
    text_add(&text, own.data, own.len);
    close_answer(api, call, (struct window){0}, 1, &text, ret);
    text_free(&own);
    answer_json(ret, 200, &text);
}

static void answer_pricing(struct api *api, const struct call *call, const struct query *query, struct answer *ret)
{
    struct price_filter filter = {.extensions = query_get(query, "extension"),
                                  .operation = query_get(query, "operationType"),
                                  .currency = query_get(query, "currency")};
    struct text text = {0};

    if (filter.operation && strcmp(filter.operation, "domainregister") != 0 &&
        strcmp(filter.operation, "domaintransfer") != 0 && strcmp(filter.operation, "domainrenew") != 0) {
        answer_invalid(ret, "operationType");
        return;
    }
    if (filter.currency && strcmp(filter.currency, "EUR") != 0 && strcmp(filter.currency, "USD") != 0) {
        answer_invalid(ret, "currency");
        return;
    }
    dress_open(api->options, OP_PRICING, &text);
    catalog_prices(&filter, &text);
    close_answer(api, call, (struct window){0}, 1, &text, ret);
    answer_json(ret, 200, &text);
}

static void render_invoices(struct api *api, const struct call *call, const struct invoice_filter *filter,
                            struct text *text, struct answer *ret)
{
    dress_open(api->options, OP_INVOICES, text);
    size_t total = invoices_list(&api->invoices, filter, text);
    close_answer(api, call, filter->window, total, text, ret);
}

static void answer_invoices(struct api *api, const struct call *call, const struct query *query, struct answer *ret)
{
    struct invoice_filter filter = {.id = query_number(query, "id", query_get(query, "id") ? 0 : -1),
                                    .number = query_get(query, "invoicenum"),
                                    .status = query_get(query, "status"),
                                    .items = query_flag(query, "showInvoiceItems"),
                                    .transactions = query_flag(query, "showTransactions"),
                                    .window = window_of(api, query)};
    struct text key = {0}, text = {0};

    if (filter.status && !invoices_know_status(filter.status)) {
        answer_invalid(ret, "status");
        return;
    }
    if (filter.id >= 0 || filter.number) {
        /* One invoice is quicker printed than found again. */
        render_invoices(api, call, &filter, &text, ret);
        answer_json(ret, status_of(text.len), &text);
        return;
    }
    text_printf(&key, "invoices %zu %zu %d %d %s", filter.window.offset, filter.window.limit, filter.items,
                filter.transactions, filter.status ? filter.status : "");
    if (answer_cached(api, &key, ret))
        return;
    render_invoices(api, call, &filter, &text, ret);
    answer_and_keep(api, OP_INVOICES, &key, &text, ret);
}

static void answer_plain(struct api *api, const struct call *call, struct answer *ret)
{
    struct text text = {0};

    dress_open(api->options, call->operation, &text);
    text_char(&text, '{');
    if (call->operation == OP_VERSION) {
        text_member(&text, "success", "1");
        text_member(&text, "version", PRINTED_VERSION);
    } else {
        text_member(&text, "balance", api->balance);
        text_member(&text, "currency", "EUR");
    }
    text_char(&text, '}');
    close_answer(api, call, (struct window){0}, 1, &text, ret);
    answer_json(ret, 200, &text);
}

static void answer_get(struct api *api, const struct call *call, struct answer *ret)
{
    struct query query;

    query_parse(&query, call->query);
    switch (call->operation) {
    case OP_GROUPS:
        answer_groups(api, call, &query, ret);
        break;
    case OP_PRODUCTS:
        answer_products(api, call, &query, ret);
        break;
    case OP_SERVICES:
        answer_services(api, call, &query, ret);
        break;
    case OP_SERVICE:
        answer_service(api, call, ret);
        break;
    case OP_PRICING:
        answer_pricing(api, call, &query, ret);
        break;
    case OP_INVOICES:
        answer_invoices(api, call, &query, ret);
        break;
    default:
        answer_plain(api, call, ret);
    }
    query_free(&query);
}

static bool method_fits(const struct call *call)
{
    const char *method = operation_method(call->operation);
    return !strcmp(call->method, method) || (!strcmp(method, "GET") && !strcmp(call->method, "HEAD"));
}

static void answer_verbatim(const struct verbatim *verbatim, struct answer *ret)
{
    ret->status = verbatim->status;
    ret->body = body_ref(verbatim->body);
    snprintf(ret->content_type, sizeof(ret->content_type), "%s", verbatim->content_type);
    text_add(&ret->headers, verbatim->headers.data, verbatim->headers.len);
    ret->is_verbatim = true;
}

/* Does what --rename and the byte order mark ask for, to any answer of the account. */
static void finish(const struct options *options, struct answer *ret)
{
    struct text text = {0};

    if (ret->is_verbatim || !dress_finishes(options))
        return;
    text_add(&text, ret->body->data, ret->body->len);
    dress_finish(options, &text);
    body_unref(ret->body);
    ret->body = body_new(&text);
}

void api_answer(struct api *api, const struct call *call, struct answer *ret)
{
    struct text message = {0};

    *ret = (struct answer){0};
    if (call->operation == OP_UNKNOWN || !call->exists) {
        text_printf(&message, "The route %s could not be found.", call->path + (call->path[0] == '/'));
        answer_message(ret, 404, message.data);
    } else if (!method_fits(call)) {
        text_printf(&message, "The %s method is not supported for route %s. Supported methods: %s.", call->method,
                    call->path + (call->path[0] == '/'), operation_method(call->operation));
        answer_message(ret, 405, message.data);
    } else if (!call->authorized) {
        answer_message(ret, 401, "Unauthenticated.");
    } else if (api->verbatim[call->operation].body) {
        answer_verbatim(&api->verbatim[call->operation], ret);
    } else if (call->operation == OP_PURGE) {
        api_purge(api, call, ret);
    } else {
        answer_get(api, call, ret);
    }
    finish(api->options, ret);
    text_free(&message);
}

void api_warm(struct api *api)
{
    static const struct {
        enum operation operation;
        const char *query;
    } first[] = {{OP_SERVICES, ""},
                 {OP_PRODUCTS, ""},
                 {OP_PRODUCTS, "showConfigOptions=true"},
                 {OP_INVOICES, "showInvoiceItems=true&showTransactions=true"}};
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        struct call call = {.operation = first[i].operation,
                            .exists = true,
                            .query = first[i].query,
                            .path = "",
                            .method = "GET",
                            .authorized = true};
        struct answer answer;
        api_answer(api, &call, &answer);
        if (api->options->gzip)
            body_compress(answer.body);
        body_unref(answer.body);
        text_free(&answer.headers);
    }
}
