#include "tree/tree.h"

#include "base/clock.h"
#include "tree/purge.h"
#include "tree/registry.h"
#include "tree/tree_private.h"

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
    tree->renderer = renderer_new(loop);
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

/* ---- places ---- */

static bool in_set(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* A name that several items share is told apart by the item's id: "NAME%=ID". */
static bool shared_name(const char *name, const char *suffix, uint64_t *ret_id)
{
    const char *mark = NULL;
    for (const char *p = strstr(name, "%="); p; p = strstr(p + 1, "%="))
        mark = p;
    return mark && names_id(mark + 2, suffix, ret_id) == 0;
}

static int any_child(const struct route *any, const char *name, struct place *ret)
{
    const struct route_shape *shape = route_shape(any);
    char text[NAMES_MAX + 1];
    size_t len;

    if (shape->segment == SEGMENT_ID)
        return names_id(name, shape->suffix, &ret->id);
    if (any->names) {
        if (!in_set(any->names, name))
            return -ENOENT;
        ret->text = strdup(name);
        return ret->text ? 0 : -ENOMEM;
    }
    if (any->kind == ROUTE_LINK && shared_name(name, shape->suffix, &ret->id))
        return 0;
    ret->id = ITEM_NO_ID;
    int r = names_decode(name, shape->suffix, text, &len);
    if (r == -E2BIG)
        return 0;
    if (r < 0 || len == 0 || memchr(text, 0, len))
        return -ENOENT;
    if (any->select == SELECT_PRICE && any->kind == ROUTE_FILE && (len > 2 || strspn(text, "0123456789") != len))
        return -ENOENT;
    ret->text = strdup(text);
    return ret->text ? 0 : -ENOMEM;
}

int tree_child(struct tree *tree, struct place *dir, const char *name, struct place *ret)
{
    (void)tree;
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

uint64_t place_id(const struct place *place)
{
    uint64_t id = ITEM_NO_ID;
    for (; place; place = place->above)
        if (route_shape(place->route)->segment == SEGMENT_ID)
            id = place->id;
    return id;
}

char *tree_path(const struct place *place, char *buf, size_t size)
{
    if (!place->above || !place->above->above)
        snprintf(buf, size, "%s", place->name);
    else {
        tree_path(place->above, buf, size);
        size_t len = strlen(buf);
        snprintf(buf + len, size - len, "/%s", place->name);
    }
    return buf;
}

size_t tree_target(const struct place *place, uint64_t id, char *buf, size_t size)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, id);
    const char *mark = strstr(place->route->target, "%s");
    int n = snprintf(buf, size, "%.*s%s%s", (int)(mark - place->route->target), place->route->target, number, mark + 2);
    return n < 0 ? 0 : (size_t)n;
}

/* ---- touch ---- */

struct touching {
    const struct route_source *source;
    const struct args *args;
    unsigned known; /* arguments that the touched place fixes */
};

/* Whether the document is one of those that the source makes for some place below the touched one. */
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

/* A service is listed by more lists than those below its directory: any that holds it may be believed as to its
 * existence. */
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

static bool is_below(const struct route *route, const struct route *dir)
{
    while (route && route != dir)
        route = route_shape(route)->parent;
    return route == dir;
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
        struct touching touch = {&route->list, &args, args.n};
        documents_each(tree->documents, expire_made, &touch);
        touch.source = &route->narrow;
        documents_each(tree->documents, expire_made, &touch);
    }
}
