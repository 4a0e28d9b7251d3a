/* SPDX-License-Identifier: MIT */
#include "tree/elements.h"

#include <stdbool.h>

/* What the members of an object are, as far as that decides what its elements are. */
struct survey {
    size_t n, objects;
    struct json_slice last;
};

static struct survey survey_of(struct json_slice object)
{
    struct survey survey = {.n = 0};
    struct json_slice key, value;
    while (json_next_member(&object, &key, &value) > 0) {
        survey.n++;
        survey.objects += value.at[0] == '{';
        survey.last = value;
    }
    return survey;
}

static int each_in_array(struct json_slice array, int (*fn)(void *data, struct json_slice element), void *data)
{
    struct json_slice element;
    int r = 0;
    while (r >= 0 && json_next_element(&array, &element) > 0)
        r = fn(data, element);
    return r < 0 ? r : 0;
}

static int each_in_object(struct json_slice object, int (*fn)(void *data, struct json_slice element), void *data)
{
    struct json_slice key, value;
    int r = 0;
    while (r >= 0 && json_next_member(&object, &key, &value) > 0)
        r = fn(data, value);
    return r < 0 ? r : 0;
}

int elements_each(struct json_slice list, int (*fn)(void *data, struct json_slice element), void *data)
{
    if (list.len > 0 && list.at[0] == '[')
        return each_in_array(list, fn, data);
    if (list.len == 0 || list.at[0] != '{')
        return 0;
    struct survey survey = survey_of(list);
    if (survey.n == 0)
        return 0;
    if (survey.n == 1 && survey.last.at[0] == '[')
        return each_in_array(survey.last, fn, data);
    if (survey.objects == survey.n)
        return each_in_object(list, fn, data);
    int r = fn(data, list);
    return r < 0 ? r : 0;
}
