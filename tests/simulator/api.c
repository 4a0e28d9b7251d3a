/* SPDX-License-Identifier: MIT */
/*
 * A request is refused, answered verbatim as a test ordered, or answered from the account, in that order of precedence:
 * no such route, wrong method, no token, verbatim, account. Lists are rendered once for each combination of parameters
 * and then served from the cache; what changes the account clears the cache of the operation it concerns. Single things
 * are printed anew each time, which is quicker than keeping them.
 */
#include "api.h"

#include "query.h"
#include "text.h"

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

void api_free(struct api *api)
{
    services_free(&api->services);
    invoices_free(&api->invoices);
    cache_clear(&api->cache, OP_UNKNOWN);
    for (unsigned op = 0; op < OP_COUNT; op++)
        body_unref(api->verbatim[op].body);
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

/* The parameters that cut a list, and the account's own limit where there are none. */
static struct window window_of(const struct api *api, const struct query *query)
{
    long size = query_number(query, "limitnum", query_number(query, "limit", api->limit));
    long start = query_number(query, "limitstart", query_number(query, "offset", 0));
    return (struct window){.limit = size > 0 ? (size_t)size : 0, .offset = start > 0 ? (size_t)start : 0};
}

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

static bool is_list(enum operation operation)
{
    return operation == OP_GROUPS || operation == OP_PRODUCTS || operation == OP_SERVICES || operation == OP_INVOICES;
}

/* The envelope goes around what is rendered in place: a list may be too large to copy. */
static void open_envelope(const struct api *api, enum operation operation, struct text *out)
{
    switch (api->options->shape) {
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

static void close_envelope(const struct api *api, enum operation operation, size_t total, struct text *out)
{
    if (api->options->shape == SHAPE_NAMED && is_list(operation))
        text_printf(out, ",\"totalresults\":%zu", total);
    if (api->options->shape == SHAPE_DATA || api->options->shape == SHAPE_VALUE ||
        (api->options->shape == SHAPE_NAMED && is_list(operation)))
        text_char(out, '}');
}

/* Answers from the cache if it holds `key`; the key is freed then. */
static bool answer_cached(struct api *api, struct text *key, struct answer *ret)
{
    ret->body = cache_get(&api->cache, key->data);
    if (!ret->body)
        return false;
    ret->status = 200;
    snprintf(ret->content_type, sizeof(ret->content_type), "application/json");
    text_free(key);
    return true;
}

static void answer_and_keep(struct api *api, enum operation operation, struct text *key, struct text *text,
                            struct answer *ret)
{
    answer_json(ret, 200, text);
    cache_put(&api->cache, operation, key->data, ret->body);
    text_free(key);
}

static void answer_groups(struct api *api, const struct query *query, struct answer *ret)
{
    struct window window = window_of(api, query);
    struct text key = {0}, text = {0};

    text_printf(&key, "groups %zu %zu", window.offset, window.limit);
    if (answer_cached(api, &key, ret))
        return;
    open_envelope(api, OP_GROUPS, &text);
    size_t total = catalog_groups(&api->catalog, window, &text);
    close_envelope(api, OP_GROUPS, total, &text);
    answer_and_keep(api, OP_GROUPS, &key, &text, ret);
}

static void answer_products(struct api *api, const struct query *query, struct answer *ret)
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
    open_envelope(api, OP_PRODUCTS, &text);
    size_t total = catalog_products(&api->catalog, &filter, &text);
    close_envelope(api, OP_PRODUCTS, total, &text);
    answer_and_keep(api, OP_PRODUCTS, &key, &text, ret);
}

static void answer_services(struct api *api, const struct query *query, struct answer *ret)
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
    open_envelope(api, OP_SERVICES, &text);
    size_t total = services_list(&api->services, &filter, &text);
    close_envelope(api, OP_SERVICES, total, &text);
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
        return;
    }
    open_envelope(api, OP_SERVICE, &text);
    text_add(&text, own.data, own.len);
    close_envelope(api, OP_SERVICE, 1, &text);
    text_free(&own);
    answer_json(ret, 200, &text);
}

static void answer_pricing(struct api *api, const struct query *query, struct answer *ret)
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
    open_envelope(api, OP_PRICING, &text);
    catalog_prices(&filter, &text);
    close_envelope(api, OP_PRICING, 1, &text);
    answer_json(ret, 200, &text);
}

static void render_invoices(struct api *api, const struct invoice_filter *filter, struct text *text)
{
    open_envelope(api, OP_INVOICES, text);
    size_t total = invoices_list(&api->invoices, filter, text);
    close_envelope(api, OP_INVOICES, total, text);
}

static void answer_invoices(struct api *api, const struct query *query, struct answer *ret)
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
        render_invoices(api, &filter, &text);
        answer_json(ret, 200, &text);
        return;
    }
    text_printf(&key, "invoices %zu %zu %d %d %s", filter.window.offset, filter.window.limit, filter.items,
                filter.transactions, filter.status ? filter.status : "");
    if (answer_cached(api, &key, ret))
        return;
    render_invoices(api, &filter, &text);
    answer_and_keep(api, OP_INVOICES, &key, &text, ret);
}

static void answer_plain(struct api *api, enum operation operation, struct answer *ret)
{
    struct text text = {0};

    open_envelope(api, operation, &text);
    text_char(&text, '{');
    if (operation == OP_VERSION) {
        text_member(&text, "success", "1");
        text_member(&text, "version", PRINTED_VERSION);
    } else {
        text_member(&text, "balance", api->balance);
        text_member(&text, "currency", "EUR");
    }
    text_char(&text, '}');
    close_envelope(api, operation, 1, &text);
    answer_json(ret, 200, &text);
}

static void answer_get(struct api *api, const struct call *call, struct answer *ret)
{
    struct query query;

    query_parse(&query, call->query);
    switch (call->operation) {
    case OP_GROUPS:
        answer_groups(api, &query, ret);
        break;
    case OP_PRODUCTS:
        answer_products(api, &query, ret);
        break;
    case OP_SERVICES:
        answer_services(api, &query, ret);
        break;
    case OP_SERVICE:
        answer_service(api, call, ret);
        break;
    case OP_PRICING:
        answer_pricing(api, &query, ret);
        break;
    case OP_INVOICES:
        answer_invoices(api, &query, ret);
        break;
    default:
        answer_plain(api, call->operation, ret);
    }
    query_free(&query);
}

static bool method_fits(const struct call *call)
{
    const char *method = operation_method(call->operation);
    return !strcmp(call->method, method) || (!strcmp(method, "GET") && !strcmp(call->method, "HEAD"));
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
        const struct verbatim *verbatim = &api->verbatim[call->operation];
        ret->status = 200;
        ret->body = body_ref(verbatim->body);
        snprintf(ret->content_type, sizeof(ret->content_type), "%s", verbatim->content_type);
    } else if (call->operation == OP_PURGE) {
        api_purge(api, call, ret);
    } else {
        answer_get(api, call, ret);
    }
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
    }
}
