/* SPDX-License-Identifier: MIT */
#include "command/doctor_shapes.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "command/doctor_visit.h"
#include "command/report.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifndef MELBICOMFS_VERSION
#define MELBICOMFS_VERSION "0.1.0"
#endif

#define KEY_MAX 32

/* A range of lengths; empty while n is 0. */
struct range {
    size_t n, min, max;
};

struct member;

/* What the values at one place of an answer are like. */
struct skeleton {
    struct range strings, numbers, lists;
    size_t bools, nulls, objects;
    struct member *members; /* of the objects */
    size_t n_members;
    struct skeleton *element; /* of the lists */
};

struct member {
    char *name;
    size_t count;
    bool placeholder;
    struct skeleton *shape;
};

/* ---- keys ---- */

/* Whether the log hides a part of the text, because it is a secret. */
static bool is_secret(const char *text)
{
    size_t len = 0;
    _cleanup_(freep) char *hidden = report_owned(log_hidden(text, strlen(text), &len));
    return strcmp(hidden, text) != 0;
}

/* Whether the key looks like a name that a programmer chose: one or several words, joined by capitals, _ or -, with at
 * most one digit, as in address1. */
static bool is_programmers(const char *key)
{
    size_t len = strlen(key), digits = 0, small = 0, dashes = 0;
    if (len == 0 || len > KEY_MAX || !(isalpha((unsigned char)*key) || strchr("_@$", *key)) || is_secret(key))
        return false;
    for (const char *p = key + 1; *p; p++)
        if (!isascii(*p) || !(isalnum((unsigned char)*p) || strchr("_-", *p)))
            return false;
    for (const char *p = key; *p; p++) {
        digits += isdigit((unsigned char)*p) != 0;
        small += islower((unsigned char)*p) != 0;
        dashes += *p == '-';
    }
    return digits <= 1 && !(digits && dashes) && (small > 0 || len <= 3);
}

/* Whether the key is an operation or a currency of the map of prices. */
static bool is_of_prices(const char *key)
{
    static const char *const names[] = {"domainregister", "domaintransfer", "domainrenew",
                                        "register",       "transfer",       "renew"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(key, names[i]) == 0)
            return true;
    return strlen(key) == 3 && strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

/* Whether each value of the object is an object with a member called `name`. */
static bool all_have(struct json_object *object, const char *name)
{
    json_object_object_foreach(object, key, value)
    {
        (void)key;
        if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, name, NULL))
            return false;
    }
    return true;
}

/* Whether the object is a list in disguise, so that its keys are data: two or more objects that have a key in common. */
static bool is_map(struct json_object *object)
{
    struct json_object_iterator first = json_object_iter_begin(object);
    if (json_object_object_length(object) < 2)
        return false;
    struct json_object *sample = json_object_iter_peek_value(&first);
    if (!json_object_is_type(sample, json_type_object))
        return false;
    json_object_object_foreach(sample, key, value)
    {
        (void)value;
        if (all_have(object, key))
            return true;
    }
    return false;
}

/* The key as it is printed; a constant unless it is the key itself. */
static const char *shown_key(const char *key, bool in_map)
{
    if (*key && !key[strspn(key, "0123456789")])
        return "<number>";
    return is_programmers(key) && (!in_map || is_of_prices(key)) ? key : "<name>";
}

/* ---- skeletons ---- */

static void widen(struct range *range, size_t len)
{
    range->min = range->n == 0 || len < range->min ? len : range->min;
    range->max = len > range->max ? len : range->max;
    range->n++;
}

static struct skeleton *new_skeleton(void)
{
    return report_owned(calloc(1, sizeof(struct skeleton)));
}

static void skeleton_free(struct skeleton *skeleton)
{
    if (!skeleton)
        return;
    for (size_t i = 0; i < skeleton->n_members; i++) {
        free(skeleton->members[i].name);
        skeleton_free(skeleton->members[i].shape);
    }
    free(skeleton->members);
    skeleton_free(skeleton->element);
    free(skeleton);
}

static struct member *member_called(struct skeleton *skeleton, const char *name)
{
    for (size_t i = 0; i < skeleton->n_members; i++)
        if (strcmp(skeleton->members[i].name, name) == 0)
            return &skeleton->members[i];
    skeleton->members =
        report_owned(reallocarray(skeleton->members, skeleton->n_members + 1, sizeof(*skeleton->members)));
    struct member *member = &skeleton->members[skeleton->n_members++];
    *member = (struct member){.name = report_text("%s", name), .shape = new_skeleton()};
    return member;
}

static void take(struct skeleton *skeleton, struct json_object *value);

static void take_object(struct skeleton *skeleton, struct json_object *object)
{
    bool map = is_map(object);
    skeleton->objects++;
    json_object_object_foreach(object, key, value)
    {
        const char *shown = shown_key(key, map);
        struct member *member = member_called(skeleton, shown);
        member->placeholder = shown != key;
        member->count++;
        take(member->shape, value);
    }
}

static void take_list(struct skeleton *skeleton, struct json_object *list)
{
    size_t n = json_object_array_length(list);
    widen(&skeleton->lists, n);
    if (n > 0 && !skeleton->element)
        skeleton->element = new_skeleton();
    for (size_t i = 0; i < n; i++)
        take(skeleton->element, json_object_array_get_idx(list, i));
}

static void take(struct skeleton *skeleton, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        skeleton->nulls++;
        break;
    case json_type_boolean:
        skeleton->bools++;
        break;
    case json_type_int:
    case json_type_double:
        widen(&skeleton->numbers, strlen(json_object_get_string(value)));
        break;
    case json_type_string:
        widen(&skeleton->strings, (size_t)json_object_get_string_len(value));
        break;
    case json_type_object:
        take_object(skeleton, value);
        break;
    case json_type_array:
        take_list(skeleton, value);
        break;
    }
}

/* ---- printing ---- */

static void add_kind(struct json_object *kinds, struct json_object *kind)
{
    json_object_array_add(kinds, report_owned(kind));
}

static void add_range(struct json_object *kinds, const char *word, const struct range *range)
{
    _cleanup_(freep) char *text = NULL;
    if (range->n == 0)
        return;
    text = range->min == range->max ? report_text("%s %zu", word, range->min)
                                    : report_text("%s %zu-%zu", word, range->min, range->max);
    add_kind(kinds, json_object_new_string(text));
}

static struct json_object *print(const struct skeleton *skeleton);

static struct json_object *print_members(const struct skeleton *skeleton)
{
    struct json_object *object = report_owned(json_object_new_object());
    for (size_t i = 0; i < skeleton->n_members; i++) {
        const struct member *member = &skeleton->members[i];
        _cleanup_(freep) char *key = NULL;
        if (member->placeholder)
            key = report_text("%s (%zu times)", member->name, member->count);
        else if (member->count < skeleton->objects)
            key = report_text("%s (%zu of %zu)", member->name, member->count, skeleton->objects);
        else
            key = report_text("%s", member->name);
        json_object_object_add(object, key, print(member->shape));
    }
    return object;
}

static struct json_object *print_list(const struct skeleton *skeleton)
{
    struct json_object *list = report_owned(json_object_new_array());
    const struct range *n = &skeleton->lists;
    _cleanup_(freep) char *text =
        n->min == n->max ? report_text("%zu elements", n->min) : report_text("%zu-%zu elements", n->min, n->max);
    json_object_array_add(list, report_owned(json_object_new_string(text)));
    if (skeleton->element)
        json_object_array_add(list, print(skeleton->element));
    return list;
}

/* One kind is printed as it is, several as {"one of": [...]}. */
static struct json_object *print(const struct skeleton *skeleton)
{
    struct json_object *kinds = report_owned(json_object_new_array()), *printed;
    if (skeleton->objects)
        add_kind(kinds, print_members(skeleton));
    if (skeleton->lists.n)
        add_kind(kinds, print_list(skeleton));
    add_range(kinds, "string", &skeleton->strings);
    add_range(kinds, "number", &skeleton->numbers);
    if (skeleton->bools)
        add_kind(kinds, json_object_new_string("bool"));
    if (skeleton->nulls)
        add_kind(kinds, json_object_new_string("null"));
    if (json_object_array_length(kinds) == 1) {
        printed = json_object_get(json_object_array_get_idx(kinds, 0));
        json_object_put(kinds);
        return printed;
    }
    printed = report_owned(json_object_new_object());
    json_object_object_add(printed, "one of", kinds);
    return printed;
}

struct json_object *doctor_skeleton(struct json_object *answer)
{
    struct skeleton *skeleton = new_skeleton();
    take(skeleton, answer);
    struct json_object *printed = print(skeleton);
    skeleton_free(skeleton);
    return printed;
}

/* ---- answers ---- */

/* The media type, if it is a usual one; else "another". */
static const char *media_type(const char *content_type)
{
    static const char *const types[] = {"application/json", "application/problem+json", "text/html",
                                        "text/plain",       "application/xml",          "text/xml"};
    for (size_t i = 0; content_type && i < sizeof(types) / sizeof(types[0]); i++)
        if (strncasecmp(content_type, types[i], strlen(types[i])) == 0)
            return types[i];
    return content_type ? "another" : "none";
}

/* The path with {id} in place of an id; "configured" for a path that [endpoints] has set. */
static const char *shown_path(const struct doctor_visit *visit)
{
    const char *const *paths = endpoint_of(visit->operation)->paths;
    if (visit->elsewhere)
        return visit->elsewhere;
    for (unsigned i = 0; i < ENDPOINT_PATHS && paths[i]; i++) {
        size_t len = strcspn(paths[i], "{"), n = strcspn(visit->answer.path, "?");
        if (strncmp(visit->answer.path, paths[i], len) == 0 && (paths[i][len] || n == len))
            return paths[i];
    }
    return "configured";
}

/* What stands for the skeleton of an answer that is not JSON. */
static struct json_object *other_shape(const struct doctor_visit *visit)
{
    const char *kind = visit->answer.result.error        ? "no whole answer"
                       : visit->answer.len == 0          ? "nothing"
                       : visit->answer.said == SAID_PAGE ? "a web page"
                                                         : "neither JSON nor a web page";
    return report_owned(json_object_new_string(kind));
}

void doctor_shapes(const struct doctor_visit *visits, FILE *out)
{
    struct json_object *whole = report_owned(json_object_new_object());
    json_object_object_add(whole, "melbicomfs", report_owned(json_object_new_string(MELBICOMFS_VERSION)));
    for (unsigned i = 0; i < OPERATIONS; i++) {
        const struct doctor_visit *visit = &visits[i];
        if (!visit->asked)
            continue;
        const struct http_result *result = &visit->answer.result;
        struct json_object *answer = report_owned(json_object_new_object());
        json_object_object_add(answer, "path", report_owned(json_object_new_string(shown_path(visit))));
        json_object_object_add(answer, "http_status", report_owned(json_object_new_int64(result->status)));
        json_object_object_add(answer, "type", report_owned(json_object_new_string(media_type(result->content_type))));
        json_object_object_add(answer, "bytes", report_owned(json_object_new_uint64(result->bytes)));
        json_object_object_add(answer, "shape", visit->is_json ? doctor_skeleton(visit->json) : other_shape(visit));
        json_object_object_add(whole, endpoint_of(visit->operation)->name, answer);
    }
    fprintf(out, "%s\n",
            json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                      JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(whole);
}
