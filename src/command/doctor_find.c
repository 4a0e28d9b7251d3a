/* SPDX-License-Identifier: MIT */
#include "command/doctor_find.h"

#include "base/cleanup.h"
#include "command/report.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How many objects may lie around what is looked for. */
#define AROUND_MAX 3

#define PRICE_LEVELS 4

struct search {
    const struct endpoint *endpoint;
    const struct endpoint_reading *reading;
    struct doctor_found *found;
    size_t rank; /* of what has been found so far; 0: nothing */
};

/* True for the name of a member that says something about the answer, and does not hold what was asked for. */
static bool is_beside(const char *key)
{
    static const char *const names[] = {"error",   "errors", "warning",    "warnings", "message", "messages",
                                        "links",   "_links", "meta",       "_meta",    "paging",  "pagination",
                                        "debug",   "query",  "parameters", "filters",  "request", "result",
                                        "success", "status", "code",       NULL};
    for (size_t i = 0; names[i]; i++)
        if (strcasecmp(key, names[i]) == 0)
            return true;
    return false;
}

static bool is_scalar(struct json_object *value)
{
    enum json_type type = json_object_get_type(value);
    return type != json_type_null && type != json_type_object && type != json_type_array;
}

static bool all_objects(struct json_object *array)
{
    for (size_t i = 0; i < json_object_array_length(array); i++)
        if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_object))
            return false;
    return true;
}

static bool is_keyed(struct json_object *object)
{
    json_object_object_foreach(object, key, value)
    {
        if (!*key || key[strspn(key, "0123456789")] || !json_object_is_type(value, json_type_object))
            return false;
    }
    return json_object_object_length(object) > 0;
}

static bool has_any(struct json_object *object, const char *const *names)
{
    struct json_object *value;
    for (; *names; names++)
        if (json_object_object_get_ex(object, *names, &value) && is_scalar(value))
            return true;
    return false;
}

/* Counts the members that show that the object is the one that was asked for: its id and its fields. The id counts
 * twice, because an envelope may have a status, too. */
static size_t count_signs(const struct search *search, struct json_object *object)
{
    size_t n = has_any(object, search->reading->ids) ? 2 : 0;
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        n += search->reading->fields[i].key && has_any(object, search->reading->fields[i].names);
    return n;
}

/* Notes a find if its rank is higher than that of the find before. */
static void offer(struct search *search, size_t rank, enum doctor_form form, const char *path,
                  struct json_object *value)
{
    struct doctor_found *found = search->found;
    if (rank <= search->rank)
        return;
    search->rank = rank;
    doctor_found_clear(found);
    found->form = form;
    found->path = report_text("%s", path);
    found->n = form == FOUND_LIST    ? json_object_array_length(value)
               : form == FOUND_KEYED ? (size_t)json_object_object_length(value)
               : form == FOUND_ONE   ? 1
                                     : 0;
    found->items = report_owned(calloc(found->n + 1, sizeof(*found->items)));
    if (form == FOUND_ONE)
        found->items[0] = value;
    for (size_t i = 0; form == FOUND_LIST && i < found->n; i++)
        found->items[i] = json_object_array_get_idx(value, i);
    if (form == FOUND_KEYED) {
        size_t n = 0;
        found->keys = report_owned(calloc(found->n, sizeof(*found->keys)));
        json_object_object_foreach(value, key, item)
        {
            found->keys[n] = key;
            found->items[n++] = item;
        }
    }
}

/* Offers a value as the list. A longer list has a higher rank; a list has a higher rank than one object. */
static void offer_list(struct search *search, struct json_object *value, const char *path)
{
    if (json_object_is_type(value, json_type_array) && all_objects(value)) {
        size_t n = json_object_array_length(value);
        offer(search, n ? 2 + n : 1, n ? FOUND_LIST : FOUND_EMPTY, path, value);
    } else if (json_object_is_type(value, json_type_object) && is_keyed(value)) {
        offer(search, 2 + (size_t)json_object_object_length(value), FOUND_KEYED, path, value);
    } else if (json_object_is_type(value, json_type_object) && has_any(value, search->reading->ids)) {
        offer(search, 2, FOUND_ONE, path, value);
    }
}

/* Offers a value as the one object. An object with more of the wanted fields has a higher rank; an object without any
 * counts only if it has scalars. */
static void offer_object(struct search *search, struct json_object *value, const char *path)
{
    size_t scalars = 0;
    if (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 1)
        value = json_object_array_get_idx(value, 0);
    if (!json_object_is_type(value, json_type_object))
        return;
    json_object_object_foreach(value, key, member)
    {
        scalars += is_scalar(member) && !is_beside(key);
    }
    offer(search, count_signs(search, value) * 2 + (scalars > 0), FOUND_ONE, path, value);
}

static size_t count_leaves(struct json_object *value, unsigned levels)
{
    size_t n = 0;
    if (levels == 0)
        return is_scalar(value);
    if (!json_object_is_type(value, json_type_object))
        return 0;
    json_object_object_foreach(value, key, member)
    {
        (void)key;
        n += count_leaves(member, levels - 1);
    }
    return n;
}

size_t doctor_count_prices(struct json_object *map)
{
    return count_leaves(map, PRICE_LEVELS);
}

static void look(struct search *search, struct json_object *value, unsigned depth, const char *path)
{
    if (search->endpoint->shape == SHAPE_LIST)
        offer_list(search, value, path);
    else if (search->endpoint->shape == SHAPE_OBJECT)
        offer_object(search, value, path);
    else
        offer(search, doctor_count_prices(value), FOUND_ONE, path, value);
    /* The items of a list are not looked into. */
    if (depth == AROUND_MAX || !json_object_is_type(value, json_type_object) ||
        (search->endpoint->shape == SHAPE_LIST && is_keyed(value)))
        return;
    json_object_object_foreach(value, key, member)
    {
        bool leads_on = strcasecmp(key, "result") == 0 || !is_beside(key);
        _cleanup_(freep) char *below = report_text("%s%s%s", path, *path ? "." : "", key);
        if (leads_on && !strchr(key, '.'))
            look(search, member, depth + 1, below);
    }
}

/* The value that a dotted path leads to, or NULL. */
static struct json_object *follow(struct json_object *value, const char *path)
{
    _cleanup_(freep) char *copy = report_text("%s", path);
    char *rest = copy, *name;
    while (value && (name = strsep(&rest, ".")))
        if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, name, &value))
            return NULL;
    return value;
}

void doctor_find(struct json_object *answer, const struct endpoint *endpoint, const struct endpoint_reading *reading,
                 struct doctor_found *found)
{
    struct search search = {endpoint, reading, found, 0};
    doctor_found_clear(found);
    if (reading->list) {
        struct json_object *value = follow(answer, reading->list);
        if (value && endpoint->shape == SHAPE_LIST)
            offer_list(&search, value, reading->list);
        else if (value)
            offer(&search, 1, FOUND_ONE, reading->list, value);
        return;
    }
    look(&search, answer, 0, "");
}

void doctor_found_clear(struct doctor_found *found)
{
    free(found->path);
    free(found->items);
    free(found->keys);
    *found = (struct doctor_found){.form = FOUND_NOTHING};
}
