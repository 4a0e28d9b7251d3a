/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include "text.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum type { NUMBER, FLAG, STRING };

#define FIELD(member) offsetof(struct rule, member)

static const struct {
    const char *key;
    enum type type;
    size_t field;
} keys[] = {
    {"operation", STRING, FIELD(operation)}, {"path", STRING, FIELD(path)},       {"method", STRING, FIELD(method)},
    {"times", NUMBER, FIELD(times)},         {"after", NUMBER, FIELD(after)},     {"status", NUMBER, FIELD(status)},
    {"latency_ms", NUMBER, FIELD(latency)},  {"stall", FLAG, FIELD(stall)},       {"reset", FLAG, FIELD(reset)},
    {"garbage", FLAG, FIELD(garbage)},       {"huge", NUMBER, FIELD(huge)},       {"truncate", NUMBER, FIELD(truncate)},
    {"slow_body_bps", NUMBER, FIELD(slow)},  {"redirect", STRING, FIELD(url)},    {"body", STRING, FIELD(body)},
    {"in_band", STRING, FIELD(in_band)},     {"message", STRING, FIELD(message)}, {"code", NUMBER, FIELD(code)},
};

/* The address of a rule's field, as the table has it. */
static void *field_of(struct rule *rule, size_t field)
{
    return (char *)rule + field;
}

static bool set_field(struct rule *rule, size_t i, struct json_object *value)
{
    void *field = field_of(rule, keys[i].field);
    switch (keys[i].type) {
    case NUMBER:
        *(long *)field = (long)json_object_get_int64(value);
        return json_object_is_type(value, json_type_int) && *(long *)field >= 0;
    case FLAG:
        *(bool *)field = json_object_get_boolean(value);
        return json_object_is_type(value, json_type_boolean);
    default:
        *(const char **)field = json_object_get_string(value);
        return json_object_is_type(value, json_type_string);
    }
}

static bool set(struct rule *rule, const char *key, struct json_object *value)
{
    if (!strcmp(key, "headers")) {
        rule->headers = value;
        return json_object_is_type(value, json_type_object);
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(keys[i].key, key) != 0)
            continue;
        if (!strcmp(key, "body"))
            rule->body_len = (size_t)json_object_get_string_len(value);
        return set_field(rule, i, value);
    }
    return false;
}

void rule_unref(struct rule *rule)
{
    if (!rule || __atomic_sub_fetch(&rule->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    json_object_put(rule->spec);
    free(rule);
}

static bool is_in_band(const char *way)
{
    static const char *const ways[] = {"result-error", "success-false", "status-code", "errors"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (!strcmp(way, ways[i]))
            return true;
    return false;
}

bool rule_replaces(const struct rule *rule)
{
    return rule->status || rule->body || rule->garbage || rule->url || rule->huge >= 0 || rule->in_band;
}

void rule_print_in_band(const struct rule *rule, struct text *out)
{
    bool is_list = !strcmp(rule->in_band, "errors");

    text_char(out, '{');
    if (!strcmp(rule->in_band, "result-error"))
        text_member(out, "result", "error");
    else if (!strcmp(rule->in_band, "success-false"))
        text_puts(out, "\"success\":false");
    else if (!is_list)
        text_member(out, "status", "error");
    if (!strcmp(rule->in_band, "status-code"))
        text_number_member(out, "code", rule->code);
    text_key(out, is_list ? "errors" : "message");
    text_puts(out, is_list ? "[" : "");
    text_json_string(out, rule->message, strlen(rule->message));
    text_puts(out, is_list ? "]}" : "}");
}

static bool check(const struct rule *rule, struct text *error)
{
    bool any = !strcmp(rule->operation, "*") || !strcmp(rule->operation, "unknown");
    if (!any && operation_named(rule->operation, strlen(rule->operation)) == OP_UNKNOWN)
        text_printf(error, "there is no operation '%s'", rule->operation);
    else if (rule->status && (rule->status < 200 || rule->status > 999))
        text_printf(error, "%ld is no status of an answer", rule->status);
    else if (rule->in_band && !is_in_band(rule->in_band))
        text_printf(error, "'%s' is no way to fail with 200", rule->in_band);
    else
        return true;
    return false;
}

size_t rules_add(struct rules *rules, struct json_object *spec, struct text *error)
{
    struct rule *rule = calloc(1, sizeof(*rule));
    struct rule **all = realloc(rules->all, (rules->n + 1) * sizeof(struct rule *));

    if (!rule || !all)
        abort();
    rules->all = all;
    *rule = (struct rule){.refs = 1,
                          .spec = json_object_get(spec),
                          .operation = "*",
                          .times = -1,
                          .latency = -1,
                          .truncate = -1,
                          .huge = -1,
                          .message = "Something went wrong",
                          .code = 500};
    json_object_object_foreach(spec, key, value)
    {
        if (!set(rule, key, value)) {
            text_printf(error, "a rule cannot have '%s' with that value", key);
            rule_unref(rule);
            return 0;
        }
    }
    if (!check(rule, error)) {
        rule_unref(rule);
        return 0;
    }
    rules->all[rules->n++] = rule;
    return rules->n;
}

void rules_clear(struct rules *rules)
{
    for (size_t i = 0; i < rules->n; i++)
        rule_unref(rules->all[i]);
    free(rules->all);
    rules->all = NULL;
    rules->n = 0;
    rules->cleared++;
}

static bool matches(const struct rule *rule, enum operation operation, const char *method, const char *uri)
{
    return (!strcmp(rule->operation, "*") || !strcmp(rule->operation, operation_name(operation))) &&
           (!rule->method || !strcmp(rule->method, method)) && (!rule->path || strstr(uri, rule->path));
}

struct rule *rules_match(struct rules *rules, enum operation operation, const char *method, const char *uri)
{
    for (size_t i = 0; i < rules->n; i++) {
        struct rule *rule = rules->all[i];
        if (rule->times == 0 || !matches(rule, operation, method, uri))
            continue;
        if (rule->after > 0) {
            rule->after--;
            continue;
        }
        if (rule->times > 0)
            rule->times--;
        __atomic_add_fetch(&rule->refs, 1, __ATOMIC_RELAXED);
        return rule;
    }
    return NULL;
}
