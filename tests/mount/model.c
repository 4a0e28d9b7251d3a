/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    char *made = text ? strdup(text) : NULL;

    assert_true(made || !text);
    return made;
}

/* json-c is lenient here. In strict mode 0.18 takes bytes that are not ASCII for control characters; whether what a file
 * shows is JSON to the letter is for tests/fuzz to say. What counts here is that it is one whole document. */
char *model_tokens(const char *text, size_t len)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *json;
    char *tokens = NULL;

    size_t end;

    assert_non_null(tokener);
    json = json_tokener_parse_ex(tokener, text, (int)len);
    end = json_tokener_get_parse_end(tokener);
    while (end < len && strchr(" \t\r\n", text[end]))
        end++;
    if (json_tokener_get_error(tokener) == json_tokener_success && json && end == len)
        tokens = copy(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
    json_tokener_free(tokener);
    return tokens;
}

/* ---- histories ---- */

struct history *model_of(struct model *model, enum thing thing, long id)
{
    for (unsigned i = 0; i < model->n; i++)
        if (model->histories[i].thing == thing && model->histories[i].id == id)
            return &model->histories[i];
    model->histories = reallocarray(model->histories, model->n + 1, sizeof(*model->histories));
    assert_non_null(model->histories);
    model->histories[model->n] = (struct history){.thing = thing, .id = id};
    return &model->histories[model->n++];
}

/* What a thing is since a change that took place between the two times. */
static void is_now(struct model *model, enum thing thing, long id, const char *text, int64_t before, int64_t after)
{
    struct history *history = model_of(model, thing, id);
    struct version *last = history->n ? &history->versions[history->n - 1] : NULL;

    if (last && (last->text && text ? strcmp(last->text, text) == 0 : last->text == text))
        return;
    history->versions = reallocarray(history->versions, history->n + 2, sizeof(*history->versions));
    assert_non_null(history->versions);
    if (history->n == 0) /* it was not there before it was seen first */
        history->versions[history->n++] = (struct version){.from = 0, .until = after};
    history->versions[history->n - 1].until = after;
    history->versions[history->n++] = (struct version){.from = before, .until = INT64_MAX, .text = copy(text)};
}

const char *model_now(struct model *model, enum thing thing, long id)
{
    const struct history *history = model_of(model, thing, id);

    return history->n ? history->versions[history->n - 1].text : NULL;
}

int model_find(const struct history *history, const char *text, unsigned least, int64_t from, int64_t until)
{
    for (unsigned i = least; i < history->n; i++) {
        const struct version *version = &history->versions[i];

        if (version->from <= until && version->until >= from &&
            (version->text && text ? strcmp(version->text, text) == 0 : version->text == text))
            return (int)i;
    }
    return -1;
}

bool model_was(const struct history *history, bool there, int64_t from, int64_t until)
{
    bool was = history->n == 0 && !there;

    for (unsigned i = 0; i < history->n; i++)
        was = was || (history->versions[i].from <= until && history->versions[i].until >= from &&
                      (history->versions[i].text != NULL) == there);
    return was;
}

/* ---- looking at the account ---- */

static void know(long *ids, unsigned *n, long id)
{
    for (unsigned i = 0; i < *n; i++)
        if (ids[i] == id)
            return;
    assert_true(*n < MODEL_IDS);
    ids[(*n)++] = id;
}

static const char *plain(struct json_object *json)
{
    return json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static const char *member(struct json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

/* The item of a list with that id, or NULL. */
static struct json_object *item_of(struct json_object *list, long id)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (json_object_get_int64(json_object_object_get(json_object_array_get_idx(list, i), "id")) == id)
            return json_object_array_get_idx(list, i);
    return NULL;
}

static struct json_object *list_of(struct model *model, const char *path, long *ids, unsigned *n)
{
    struct json_object *list = json_tokener_parse(api_get(model->sim, path));

    assert_true(json_object_is_type(list, json_type_array));
    for (size_t i = 0; i < json_object_array_length(list); i++)
        know(ids, n, (long)json_object_get_int64(json_object_object_get(json_object_array_get_idx(list, i), "id")));
    return list;
}

static void look_at_invoices(struct model *model, int64_t before, int64_t after)
{
    struct json_object *list = list_of(model, "/billing/invoices?showInvoiceItems=true&showTransactions=true",
                                       model->invoices, &model->n_invoices);

    is_now(model, ALL_INVOICES, 0, plain(list), before, after);
    for (unsigned i = 0; i < model->n_invoices; i++) {
        long id = model->invoices[i];
        struct json_object *item = item_of(list, id);

        is_now(model, INVOICE, id, item ? plain(item) : NULL, before, after);
        is_now(model, STATUS, id, item ? member(item, "status") : NULL, before, after);
        is_now(model, NUMBER, id, item ? member(item, "invoicenum") : NULL, before, after);
    }
    json_object_put(list);
}

/* Looks at one service's own answer, or at those of all (id 0). */
static void look_at_services(struct model *model, long only, int64_t before, int64_t after)
{
    struct json_object *list = list_of(model, "/services", model->services, &model->n_services);

    is_now(model, ALL_SERVICES, 0, plain(list), before, after);
    for (unsigned i = 0; i < model->n_services; i++) {
        long id = model->services[i];
        char path[64], *answer;

        is_now(model, LISTED, id, item_of(list, id) ? "listed" : NULL, before, after);
        if (only && id != only)
            continue;
        (void)snprintf(path, sizeof(path), "/api/services/%ld", id);
        int status =
            http_ask(model->sim->port, "GET", path, "Authorization: Bearer " HARNESS_TOKEN "\r\n", NULL, &answer);
        char *tokens = status == 200 ? model_tokens(answer, strlen(answer)) : NULL;
        assert_true(tokens || status == 404);
        is_now(model, SERVICE, id, tokens, before, after);
        free(tokens);
    }
    json_object_put(list);
}

static void look_at_balance(struct model *model, int64_t before, int64_t after)
{
    struct json_object *balance = json_tokener_parse(api_get(model->sim, "/billing/creditbalance"));
    char line[128];

    (void)snprintf(line, sizeof(line), "%s %s\n", member(balance, "balance"), member(balance, "currency"));
    is_now(model, BALANCE, 0, line, before, after);
    is_now(model, BALANCE_JSON, 0, plain(balance), before, after);
    json_object_put(balance);
}

void model_begin(struct model *model, struct simulator *sim)
{
    *model = (struct model){.sim = sim};
    look_at_balance(model, 0, now_ms());
    look_at_invoices(model, 0, now_ms());
    look_at_services(model, 0, 0, now_ms());
}

/* The service that a change is of: {"service":{"id":N,...}} or {"delete_service":N}. */
static long service_of(const char *json)
{
    const char *at = strchr(json, ':');

    return strtol(at + (strncmp(json, "{\"service\"", 10) == 0 ? strcspn(at, "0123456789") : 1), NULL, 10);
}

/* A change of one kind of thing leaves the others as they are, so only that kind is looked at. */
void model_change(struct model *model, const char *json)
{
    int64_t before = now_ms();

    rules_clear(model->sim);
    account_set(model->sim, "%s", json);
    if (strstr(json, "\"balance\""))
        look_at_balance(model, before, now_ms());
    else if (strstr(json, "invoice\""))
        look_at_invoices(model, before, now_ms());
    else
        look_at_services(model, service_of(json), before, now_ms());
}

void model_clear(struct model *model)
{
    for (unsigned i = 0; i < model->n; i++) {
        for (unsigned k = 0; k < model->histories[i].n; k++)
            free(model->histories[i].versions[k].text);
        free(model->histories[i].versions);
    }
    free(model->histories);
    *model = (struct model){.n = 0};
}
