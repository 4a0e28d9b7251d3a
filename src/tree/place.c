/* SPDX-License-Identifier: MIT */
#include "tree/place.h"

#include "api/documents.h"
#include "tree/names.h"
#include "tree/routes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Whether `name` is a name of the row's set in other letters. fields.h reads all spellings of a known value as one, so
 * the list never has such a name. */
static bool is_misspelt(const struct route *route, const char *name)
{
    const char *const *names = route->names;
    while (*names && strcasecmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static int any_child(const struct route *any, const char *name, struct place *ret)
{
    const struct route_shape *shape = route_shape(any);
    char text[NAMES_MAX + 1];
    size_t len;

    if (shape->segment == SEGMENT_ID)
        return names_id(name, shape->suffix, &ret->id);
    if (any->names && !route_has_name(any, name) && (!route_has_more_names(any) || is_misspelt(any, name)))
        return -ENOENT;
    if (route_has_name(any, name)) {
        ret->text = strdup(name);
        return ret->text ? 0 : -ENOMEM;
    }
    if (any->kind == ROUTE_LINK && names_shared_id(name, shape->suffix, &ret->id))
        return 0;
    ret->id = ITEM_NO_ID;
    int r = names_decode(name, shape->suffix, text, &len);
    if (r == -E2BIG)
        return 0;
    if (r < 0 || len == 0 || memchr(text, 0, len))
        return -ENOENT;
    if (any->digits.most && (len < any->digits.least || len > any->digits.most || strspn(text, "0123456789") != len))
        return -ENOENT;
    ret->text = strdup(text);
    return ret->text ? 0 : -ENOMEM;
}

int place_child(struct place *dir, const char *name, struct place *ret)
{
    const struct route_shape *shape = route_shape(dir->route);
    struct place place = {.above = dir, .name = name, .id = ITEM_NO_ID};

    for (unsigned i = 0; i < shape->n_children; i++)
        if (strcmp(route_shape(shape->children[i])->name, name) == 0) {
            place.route = shape->children[i];
            *ret = place;
            return 0;
        }
    if (!shape->any)
        return -ENOENT;
    place.route = shape->any;
    int r = any_child(shape->any, name, &place);
    if (r == 0)
        *ret = place;
    return r;
}

void place_clear(struct place *place)
{
    free(place->text);
    place->text = NULL;
}

bool place_is_certain(const struct place *place)
{
    const struct route *route = place->route;
    return route->select == SELECT_NONE ||
           (route_has_more_names(route) && place->text && route_has_name(route, place->text));
}

mode_t place_mode(const struct place *place, mode_t umask)
{
    switch (place->route->kind) {
    case ROUTE_DIR:
        return S_IFDIR | (0755 & ~umask);
    case ROUTE_LINK:
        return S_IFLNK | 0777;
    case ROUTE_COMMAND:
        return S_IFREG | (0644 & ~umask);
    case ROUTE_FILE:
        break;
    }
    return S_IFREG | (0444 & ~umask);
}

uint64_t place_id(const struct place *place)
{
    uint64_t id = ITEM_NO_ID;
    for (; place; place = place->above)
        if (route_shape(place->route)->segment == SEGMENT_ID)
            id = place->id;
    return id;
}

char *place_path(const struct place *place, char *buf, size_t size)
{
    if (!place->above || !place->above->above)
        snprintf(buf, size, "%s", place->name);
    else {
        place_path(place->above, buf, size);
        size_t len = strlen(buf);
        snprintf(buf + len, size - len, "/%s", place->name);
    }
    return buf;
}

size_t place_target(const struct place *place, uint64_t id, char *buf, size_t size)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, id);
    const char *mark = strstr(place->route->target, "%s");
    int n = snprintf(buf, size, "%.*s%s%s", (int)(mark - place->route->target), place->route->target, number, mark + 2);
    return n < 0 ? 0 : (size_t)n;
}

size_t place_target_length(const struct place *place, uint64_t id)
{
    size_t len = strlen(place->route->target) - strlen("%s") + 1;
    while ((id /= 10) > 0)
        len++;
    return len;
}

void args_of(const struct place *place, struct args *args)
{
    args->n = route_shape(place->route)->args;
    unsigned i = args->n;
    for (; place->above; place = place->above) {
        switch (route_shape(place->route)->segment) {
        case SEGMENT_FIXED:
            break;
        case SEGMENT_ID:
            i--;
            args->ids[i] = place->id;
            snprintf(args->numbers[i], sizeof args->numbers[i], "%" PRIu64, place->id);
            args->texts[i] = args->numbers[i];
            break;
        case SEGMENT_TEXT:
            i--;
            args->ids[i] = place->id;
            args->texts[i] = place->text;
            break;
        }
    }
}

bool args_known(const struct args *args)
{
    for (unsigned i = 0; i < args->n; i++)
        if (!args->texts[i])
            return false;
    return true;
}
