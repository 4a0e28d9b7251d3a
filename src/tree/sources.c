/* SPDX-License-Identifier: MIT */
#include "tree/sources.h"

#include "tree/context.h"

#include <string.h>

/* Fills in the query of a source. Returns false when the row has no such source, or when the query needs an argument
 * that the place does not have or that is not known. */
static bool query_of(const struct route_source *source, const struct args *args, struct query *ret)
{
    if (!source->used)
        return false;
    *ret = (struct query){.operation = source->operation};
    if (source->id) {
        if (source->id > args->n)
            return false;
        ret->id = args->ids[source->id - 1];
    }
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++) {
        if (source->params[i] == ARG_TRUE)
            ret->values[i] = "true";
        else if (source->params[i] > args->n || (source->params[i] && !args->texts[source->params[i] - 1]))
            return false;
        else if (source->params[i])
            ret->values[i] = args->texts[source->params[i] - 1];
    }
    return true;
}

/* Returns whether the list can answer for a place with these arguments (see list_knows in routes.h). */
static bool list_knows(const struct route *route, const struct args *args)
{
    if (!route->list.used || !route->list_knows)
        return route->list.used;
    const struct route *dir = route_shape(route)->parent;
    for (unsigned i = 0; i < route->list_knows; i++)
        if (strcmp(dir->names[i], args->texts[route->where - 1]) == 0)
            return true;
    return false;
}

/* Returns whether the API can be asked for the items of these arguments alone. Its parameter takes the names of the set
 * only, so items with another name are looked for in the list. */
static bool narrow_knows(const struct route *route, const struct args *args)
{
    const struct route *dir = route_shape(route)->parent;
    if (!route->where || !route_has_more_names(dir))
        return true;
    const char *name = args->texts[route->where - 1];
    return name && route_has_name(dir, name);
}

bool list_partial(const struct route *route)
{
    return route->list.used && route->narrow.used && route->narrow.operation != route->list.operation;
}

void sources_of(struct tree *tree, const struct route *route, const struct args *args, enum purpose purpose,
                struct sources *ret)
{
    typedef struct document *get_fn(struct documents * documents, const struct query *query);
    get_fn *find = purpose == TO_LOOK ? documents_peek : documents_find;
    get_fn *get = purpose == TO_ASK ? documents_get : find;
    struct query query;

    *ret = (struct sources){NULL, NULL};
    if (list_knows(route, args) && query_of(&route->list, args, &query))
        ret->list = find(tree->documents, &query);
    if (narrow_knows(route, args) && query_of(&route->narrow, args, &query))
        ret->narrow = get(tree->documents, &query);
    if (purpose == TO_ASK && !ret->list && !ret->narrow && query_of(&route->list, args, &query))
        ret->list = documents_get(tree->documents, &query);
}

bool fetched_later(const struct document *a, const struct document *b)
{
    return a->fetched.tv_sec != b->fetched.tv_sec ? a->fetched.tv_sec > b->fetched.tv_sec
                                                  : a->fetched.tv_nsec > b->fetched.tv_nsec;
}

struct document *sources_choose(const struct route *route, const struct sources *sources)
{
    if (sources->list && !list_partial(route) && (document_fetching(sources->list) || sources->list->loaded))
        return sources->list;
    return sources->narrow ? sources->narrow : sources->list;
}

struct document *list_document(struct tree *tree, struct place *dir, bool make)
{
    const struct route *any = route_shape(dir->route)->any;
    struct args args;
    struct sources sources;

    if (!any || any->select == SELECT_NONE)
        return NULL;
    args_of(dir, &args);
    sources_of(tree, any, &args, make ? TO_ASK : TO_USE, &sources);
    struct document *list = sources.list, *narrow = sources.narrow;
    if (list && narrow && document_fresh(list) && (!document_fresh(narrow) || fetched_later(list, narrow)))
        return list;
    if (narrow && document_fresh(narrow))
        return narrow;
    return list && (!narrow || list->loaded || document_fetching(list)) ? list : narrow;
}
