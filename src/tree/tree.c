/* SPDX-License-Identifier: MIT */
#include "tree/tree.h"
#include "tree/sources.h"

#include "api/documents.h"
#include "api/snapshot.h"
#include "base/clock.h"
#include "tree/context.h"
#include "tree/purge.h"
#include "tree/registry.h"
#include "tree/render.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tree *tree_new(struct loop *loop, struct documents *documents, struct endpoints *endpoints,
                      struct client *client, const struct config *config, struct metrics *metrics)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return NULL;
    routes_init();
    tree->documents = documents;
    tree->client = client;
    tree->config = config;
    tree->metrics = metrics;
    tree->started = clock_wall();
    tree->root = (struct place){.route = routes_at(0), .name = ""};
    tree->registry = registry_new();
    tree->renderer = renderer_new(loop, endpoints);
    tree->purges = purges_new(loop, client, endpoints, config, metrics);
    if (!tree->registry || !tree->renderer || !tree->purges) {
        tree_free(tree);
        return NULL;
    }
    return tree;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    purges_free(tree->purges);
    renderer_free(tree->renderer);
    registry_free(tree->registry);
    for (unsigned i = 0; i < routes_count(); i++)
        snapshot_unref(tree->constants[i]);
    free(tree);
}

struct place *tree_root(struct tree *tree)
{
    return &tree->root;
}

struct documents *tree_documents(struct tree *tree)
{
    return tree->documents;
}

struct metrics *tree_metrics(struct tree *tree)
{
    return tree->metrics;
}

struct purges *tree_purges(struct tree *tree)
{
    return tree->purges;
}

const struct config *tree_config(struct tree *tree)
{
    return tree->config;
}

struct client *tree_client(struct tree *tree)
{
    return tree->client;
}

struct timespec tree_started(const struct tree *tree)
{
    return tree->started;
}

/* ---- answers of an earlier run ---- */

/* Returns whether the file is one answer, printed whole. */
static bool is_whole_answer(const struct route *route)
{
    return route->kind == ROUTE_FILE && route->select == SELECT_ONLY &&
           (route->render == RENDER_ITEM || route->render == RENDER_WHOLE || route->render == RENDER_JSON);
}

static struct document *answer_of(struct tree *tree, struct place *place, enum purpose purpose)
{
    struct args args;
    struct sources sources;
    if (!is_whole_answer(place->route))
        return NULL;
    args_of(place, &args);
    sources_of(tree, place->route, &args, purpose, &sources);
    return sources_choose(place->route, &sources);
}

bool tree_validators(struct tree *tree, struct place *place, const char **etag, const char **last_modified)
{
    const struct document *document = answer_of(tree, place, TO_LOOK);
    if (!document || !document->loaded || (!document->etag && !document->last_modified))
        return false;
    *etag = document->etag;
    *last_modified = document->last_modified;
    return true;
}

int tree_restore(struct tree *tree, struct place *place, const char *bytes, size_t len, const char *etag,
                 const char *last_modified)
{
    struct document *document = answer_of(tree, place, TO_ASK);
    return document ? document_restore(document, bytes, len, etag, last_modified) : -EINVAL;
}

/* ---- touch ---- */

/* A source of a route at or below the touched place. */
struct touching {
    const struct route_source *source;
    const struct args *args; /* of the touched place */
    unsigned known;          /* how many there are: a place below has the same first arguments */
};

/* Returns whether the document is this source's for the touched place or for any place below it. */
static bool made_by(const struct touching *touch, const struct document *document)
{
    const struct route_source *source = touch->source;
    if (!source->used || document->query.operation != source->operation)
        return false;
    if (source->id && source->id <= touch->known && touch->args->ids[source->id - 1] != document->query.id)
        return false;
    for (unsigned i = 0; i < ENDPOINT_PARAMS; i++) {
        unsigned arg = source->params[i];
        const char *value = document->query.values[i];
        if (!arg != !value)
            return false;
        if (arg && arg != ARG_TRUE && arg <= touch->known && touch->args->texts[arg - 1] &&
            strcmp(touch->args->texts[arg - 1], value) != 0)
            return false;
    }
    return true;
}

static bool expire_made(void *data, struct document *document)
{
    if (made_by(data, document))
        document_expire(document);
    return true;
}

/* Lists that belong to the directories of by/ hold items of a touched directory, too, and tree_peek() takes them as a
 * proof that an item exists. So they expire as well: if the directory is one item's, those that hold the item; if it is
 * a collection's or above, all of the collection's. */
struct holding {
    const struct route *route;
    uint64_t id;
};

static bool expire_holding(void *data, struct document *document)
{
    const struct holding *holding = data;
    if (document->query.operation == holding->route->list.operation && document_item(document, holding->id))
        document_expire(document);
    return true;
}

static bool expire_operation(void *data, struct document *document)
{
    if (document->query.operation == *(const enum operation *)data)
        document_expire(document);
    return true;
}

static bool is_item_of_collection(const struct route *route)
{
    return route->select == SELECT_ID && route->kind != ROUTE_LINK && route->list.used;
}

static bool is_below(const struct route *route, const struct route *dir)
{
    while (route && route != dir)
        route = route_shape(route)->parent;
    return route == dir;
}

/* Of all that has expired, the document that the place itself shows is asked for at once, even while the API is not
 * asked otherwise. */
static void touch_shown(struct tree *tree, struct place *place, const struct args *args)
{
    struct sources sources;
    struct document *shown = NULL;

    if (place->route->kind == ROUTE_DIR) {
        shown = list_document(tree, place, true);
    } else if (!place_is_certain(place)) {
        sources_of(tree, place->route, args, TO_ASK, &sources);
        shown = sources_choose(place->route, &sources);
    }
    if (shown)
        document_touch(shown);
}

void tree_touch(struct tree *tree, struct place *place)
{
    struct args args;
    args_of(place, &args);
    if (place->route->kind == ROUTE_DIR && place->route->select == SELECT_ID)
        documents_each(tree->documents, expire_holding, &(struct holding){place->route, place->id});
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i);
        if (!is_below(route, place->route))
            continue;
        if (is_item_of_collection(route) && route_shape(route)->args > args.n)
            documents_each(tree->documents, expire_operation, &(enum operation){route->list.operation});
        struct touching touch = {&route->list, &args, args.n};
        documents_each(tree->documents, expire_made, &touch);
        touch.source = &route->narrow;
        documents_each(tree->documents, expire_made, &touch);
    }
    touch_shown(tree, place, &args);
}
