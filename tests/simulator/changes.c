/* SPDX-License-Identifier: MIT */
/* What a test does to the account: purging through the API, and anything else over the control port. */
#include "api.h"
#include "text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_missing_name(struct answer *ret)
{
    struct text text = {0};
    text_puts(&text, "{\"message\":\"The resource name field is required.\","
                     "\"errors\":{\"resource_name\":[\"The resource name field is required.\"]}}");
    answer_json(ret, 422, &text);
}

static struct json_object *parse(const struct text *body)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *json = NULL;
    if (!tokener)
        abort();
    if (body->len && body->len < 1U << 30)
        json = json_tokener_parse_ex(tokener, body->data, (int)body->len + 1);
    json_tokener_free(tokener);
    return json;
}

void api_purge(struct api *api, const struct call *call, struct answer *ret)
{
    struct text own = {0}, text = {0};
    bool raw;
    bool exists = services_single(&api->services, call->id, &own, &raw);

    text_free(&own);
    if (!exists) {
        answer_message(ret, 404, "Service not found");
        return;
    }
    struct json_object *request = parse(call->body);
    struct json_object *member = json_object_object_get(request, "resource_name");
    size_t len = json_object_is_type(member, json_type_string) ? (size_t)json_object_get_string_len(member) : 0;
    const char *name = len ? json_object_get_string(member) : "";

    if (!len) {
        answer_missing_name(ret);
    } else if (!services_has_resource(&api->services, call->id, name, len)) {
        text_printf(&text, "Resource %s not found", name);
        answer_message(ret, 404, text.data);
        text_free(&text);
    } else {
        text_puts(&text, "{\"status\":\"success\",\"data\":{");
        text_member(&text, "resource_name", name);
        text_puts(&text, "}}");
        answer_json(ret, 200, &text);
    }
    json_object_put(request);
}

static bool set_string(char **target, struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return false;
    free(*target);
    *target = strdup(json_object_get_string(value));
    return *target != NULL;
}

static bool set_balance(struct api *api, struct json_object *value)
{
    return set_string(&api->balance, value);
}

static bool set_token(struct api *api, struct json_object *value)
{
    return set_string(&api->token, value);
}

/* An object's id, as a number or a numeric string; -1 when it has none. */
static long id_of(struct json_object *value)
{
    struct json_object *id;
    if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, "id", &id))
        return -1;
    return (long)json_object_get_int64(id);
}

static bool set_invoice(struct api *api, struct json_object *value)
{
    if (id_of(value) < 0)
        return false;
    invoices_change(&api->invoices, id_of(value), value);
    cache_clear(&api->cache, OP_INVOICES);
    return true;
}

static bool delete_invoice(struct api *api, struct json_object *value)
{
    invoices_delete(&api->invoices, (long)json_object_get_int64(value));
    cache_clear(&api->cache, OP_INVOICES);
    return true;
}

static bool add_invoices(struct api *api, struct json_object *value)
{
    long n = (long)json_object_get_int64(value);
    if (n < 0)
        return false;
    api->invoices.count += n;
    cache_clear(&api->cache, OP_INVOICES);
    return true;
}

static bool set_service(struct api *api, struct json_object *value)
{
    if (id_of(value) < 0)
        return false;
    services_change(&api->services, id_of(value), value);
    cache_clear(&api->cache, OP_SERVICES);
    return true;
}

static bool delete_service(struct api *api, struct json_object *value)
{
    services_delete(&api->services, (long)json_object_get_int64(value));
    cache_clear(&api->cache, OP_SERVICES);
    return true;
}

static bool set_raw_service(struct api *api, struct json_object *value)
{
    struct json_object *body = json_object_object_get(value, "body");
    if (id_of(value) < 0)
        return false;
    services_set_raw(&api->services, id_of(value), body ? json_object_get_string(body) : NULL,
                     body ? (size_t)json_object_get_string_len(body) : 0);
    return true;
}

static void set_headers(const struct api *api, struct json_object *headers, struct text *out)
{
    if (!json_object_is_type(headers, json_type_object))
        return;
    json_object_object_foreach(headers, key, value)
    {
        text_printf(out, "%s: ", key);
        api_expand(api, json_object_get_string(value), (size_t)json_object_get_string_len(value), out);
        text_char(out, '\n');
    }
}

static bool set_raw(struct api *api, struct json_object *value)
{
    const char *name = json_object_get_string(json_object_object_get(value, "operation"));
    const char *type = json_object_get_string(json_object_object_get(value, "content_type"));
    struct json_object *body = json_object_object_get(value, "body");
    struct json_object *status = json_object_object_get(value, "status");
    enum operation op = name ? operation_named(name, strlen(name)) : OP_UNKNOWN;

    if (op == OP_UNKNOWN)
        return false;
    struct verbatim *verbatim = &api->verbatim[op];
    verbatim_clear(verbatim);
    if (!body)
        return true;
    struct text text = {0};
    api_expand(api, json_object_get_string(body), (size_t)json_object_get_string_len(body), &text);
    verbatim->body = body_new(&text);
    verbatim->status = status ? (unsigned)json_object_get_int(status) : 200;
    snprintf(verbatim->content_type, sizeof(verbatim->content_type), "%s", type ? type : "application/json");
    set_headers(api, json_object_object_get(value, "headers"), &verbatim->headers);
    return verbatim->status >= 200 && verbatim->status <= 999;
}

static bool set_limit(struct api *api, struct json_object *value)
{
    api->limit = (long)json_object_get_int64(value);
    return true;
}

bool api_set(struct api *api, struct json_object *changes, struct text *error)
{
    static const struct {
        const char *key;
        bool (*set)(struct api *api, struct json_object *value);
    } setters[] = {
        {"balance", set_balance},
        {"token", set_token},
        {"invoice", set_invoice},
        {"delete_invoice", delete_invoice},
        {"add_invoices", add_invoices},
        {"service", set_service},
        {"delete_service", delete_service},
        {"raw_service", set_raw_service},
        {"raw", set_raw},
        {"limit", set_limit},
    };
    const size_t n = sizeof(setters) / sizeof(setters[0]);

    json_object_object_foreach(changes, key, value)
    {
        size_t i = 0;
        while (i < n && strcmp(setters[i].key, key) != 0)
            i++;
        if (i == n || !setters[i].set(api, value)) {
            text_printf(error, i == n ? "there is no '%s' to set" : "'%s' cannot be set to that", key);
            return false;
        }
    }
    return true;
}
