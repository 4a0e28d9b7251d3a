#include "tree/tree.h"

#include "api/client.h"
#include "api/endpoints.h"
#include "base/clock.h"
#include "base/config.h"
#include "tree/purge.h"
#include "tree/registry.h"
#include "tree/render.h"
#include "tree/tree_private.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A place has up to two sources. The list is the whole collection; the narrow query answers for this place alone. Of those that are fresh,
 * the one fetched more recently speaks. Its "not there" is final, except where the list is known to be partial: when the narrow
 * source is another operation (a service that is not Active or Suspended is in no list), or the list holds only part of a fixed set.
 */

struct tree *tree_new(struct loop *loop, struct documents *documents, struct endpoints *endpoints, struct client *client,
                      const struct config *config, struct metrics *metrics)
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
    tree->purges = purges_new(loop, client, endpoints, config, metrics);
    if (!tree->registry || !tree->purges) {
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
    if (any->names)
        return in_set(any->names, name) && (ret->text = strdup(name)) ? 0 : -ENOENT;
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

/* ---- sources ---- */

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

/* Fills in the query of a source. False when it has a parameter whose argument is not there, or not known. */
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

/* Whether the list can answer for a place with these arguments at all. */
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

/* Whether the list's "not there" leaves room for doubt. */
static bool list_partial(const struct route *route)
{
    return route->narrow.used && route->narrow.operation != route->list.operation;
}

void sources_of(struct tree *tree, const struct route *route, const struct args *args, bool make, struct sources *ret)
{
    struct query query;
    *ret = (struct sources){NULL, NULL};
    struct document *(*get)(struct documents *, const struct query *) = make ? documents_get : documents_find;
    if (list_knows(route, args) && query_of(&route->list, args, &query))
        ret->list = documents_find(tree->documents, &query);
    if (query_of(&route->narrow, args, &query))
        ret->narrow = get(tree->documents, &query);
    if (make && !ret->list && !ret->narrow && query_of(&route->list, args, &query))
        ret->list = documents_get(tree->documents, &query);
}

static bool later(const struct document *a, const struct document *b)
{
    return a->fetched.tv_sec != b->fetched.tv_sec ? a->fetched.tv_sec > b->fetched.tv_sec
                                                  : a->fetched.tv_nsec > b->fetched.tv_nsec;
}

/* ---- items ---- */

static bool where_holds(const struct route *route, const struct args *args, const struct item *item)
{
    if (!route->where)
        return true;
    const char *field = snapshot_field(item->snapshot, route->where_field);
    const char *wanted = args->texts[route->where - 1];
    return field && wanted && strcmp(field, wanted) == 0;
}

/* The items of a priced document whose first n fields are the arguments: they stand together. */
static const struct item *find_price(const struct document *document, const struct args *args)
{
    for (size_t i = 0; i < document->n_items; i++) {
        unsigned k = 0;
        while (k < args->n && args->texts[k] && strcmp(snapshot_field(document->items[i].snapshot, k), args->texts[k]) == 0)
            k++;
        if (k == args->n)
            return &document->items[i];
    }
    return NULL;
}

/* For a name that does not say all: the item whose name it is. Learns what the name stands for. */
static const struct item *find_by_name(struct document *document, struct place *place)
{
    const struct route *route = place->route;
    const char *suffix = route_shape(route)->suffix;
    char name[NAMES_MAX + 1];

    for (size_t i = 0; i < document->n_items; i++) {
        const struct item *item = &document->items[i];
        const char *text = snapshot_field(item->snapshot, route->field);
        if (!text || !*text || (place->id != ITEM_NO_ID && item->id != place->id))
            continue;
        if (place->id != ITEM_NO_ID)
            listing_shared_name(text, item->id, suffix, name);
        else
            names_encode(text, strlen(text), suffix, name);
        if (strcmp(name, place->name) != 0)
            continue;
        if (place->id == ITEM_NO_ID)
            place->text = strdup(text);
        return item;
    }
    return NULL;
}

static const struct item *find_item(struct document *document, struct place *place, const struct args *args)
{
    const struct route *route = place->route;
    const struct item *item = NULL;

    switch (route->select) {
    case SELECT_NONE:
    case SELECT_ONLY:
        return document->n_items > 0 ? &document->items[0] : NULL;
    case SELECT_ID:
        item = document_item(document, args->ids[args->n - 1]);
        break;
    case SELECT_NAME:
    case SELECT_GROUP:
        item = place->text ? document_with(document, route->field, place->text) : find_by_name(document, place);
        break;
    case SELECT_PRICE:
        item = find_price(document, args);
        break;
    }
    return item && where_holds(route, args, item) ? item : NULL;
}

/* ---- views ---- */

static int view_file(struct document *document, const struct route *route, const struct item *item, struct view *ret)
{
    struct snapshot *snapshot = item ? item->snapshot : NULL;
    if (route->select == SELECT_ONLY) {
        int r = render(document, route->render, &snapshot);
        if (r < 0)
            return r;
    }
    ret->snapshot = snapshot_ref(snapshot);
    ret->mtime = snapshot->mtime;
    return 1;
}

/* What a document says of a place: 1, or -ENOENT. A document of one object speaks for the service itself. */
static int view_in(struct document *document, struct place *place, const struct args *args, struct view *ret)
{
    const struct route *route = place->route;
    bool whole = route->select == SELECT_ONLY || endpoint_of(document->query.operation)->shape == SHAPE_OBJECT;
    const struct item *item = whole ? NULL : find_item(document, place, args);

    if (!whole && !item)
        return -ENOENT;
    *ret = (struct view){.expires = document->expires, .mtime = document->changed};
    if (route->kind == ROUTE_FILE)
        return view_file(document, route, item, ret);
    if (route->kind == ROUTE_LINK) {
        ret->id = item->id;
        ret->mtime = item->snapshot->mtime;
        return item->id == ITEM_NO_ID ? -ENOENT : 1;
    }
    return 1;
}

/* Files made of this mount's own state. */
static int view_made(struct tree *tree, struct place *place, struct view *ret)
{
    const struct route *route = place->route;
    struct snapshot **constant = &tree->constants[route_index(route)];
    struct snapshot *snapshot = route->constant && *constant ? snapshot_ref(*constant) : NULL;

    if (!snapshot) {
        struct printbuf *out = printbuf_new();
        int r = out ? route->make(tree, place, out) : -ENOMEM;
        if (r == 0) {
            snapshot = snapshot_new(out->buf, (size_t)out->bpos, NULL);
            r = snapshot ? 0 : -ENOMEM;
        }
        if (out)
            printbuf_free(out);
        if (r < 0)
            return r;
        snapshot->mtime = route->constant ? tree->started : clock_wall();
        if (route->constant)
            *constant = snapshot_ref(snapshot);
    }
    *ret = (struct view){.snapshot = snapshot, .mtime = snapshot->mtime, .expires = route->constant ? CLOCK_NEVER : 0};
    return 1;
}

/* Whether any fresh list of the operation, filtered or not, has the id. */
struct anywhere {
    enum operation operation;
    uint64_t id;
    struct document *found;
};

static bool look_anywhere(void *data, struct document *document)
{
    struct anywhere *look = data;
    if (document->query.operation == look->operation && document_fresh(document) && document_item(document, look->id))
        look->found = document;
    return !look->found;
}

static int view_anywhere(struct tree *tree, struct place *place, const struct args *args, struct view *ret)
{
    struct anywhere look = {.operation = place->route->list.operation, .id = args->ids[0]};
    documents_each(tree->documents, look_anywhere, &look);
    return look.found ? view_in(look.found, place, args, ret) : 0;
}

int tree_peek(struct tree *tree, struct place *place, struct view *ret)
{
    const struct route *route = place->route;
    struct args args;
    struct sources sources;

    if (route->kind == ROUTE_FILE && route->render == RENDER_MADE)
        return view_made(tree, place, ret);
    if (route->select == SELECT_NONE) {
        *ret = (struct view){.mtime = tree->started, .expires = CLOCK_NEVER};
        return 1;
    }
    args_of(place, &args);
    sources_of(tree, route, &args, false, &sources);
    struct document *list = sources.list && document_fresh(sources.list) ? sources.list : NULL;
    struct document *narrow = sources.narrow && document_fresh(sources.narrow) ? sources.narrow : NULL;

    if (list && (!narrow || later(list, narrow))) {
        int r = view_in(list, place, &args, ret);
        if (r != -ENOENT || !list_partial(route))
            return r;
    }
    if (narrow)
        return view_in(narrow, place, &args, ret);
    return list_partial(route) ? view_anywhere(tree, place, &args, ret) : 0;
}

void view_clear(struct view *view)
{
    snapshot_unref(view->snapshot);
    view->snapshot = NULL;
}

/* ---- asking ---- */

/*
 * Which document to ask for. A list on its way will do, and one that is held but expired is cheaper to revalidate than the items one
 * by one are to fetch; else the narrow one is the least that serves.
 */
static struct document *choose(const struct route *route, const struct sources *sources)
{
    if (sources->list && !list_partial(route) && (document_fetching(sources->list) || sources->list->loaded))
        return sources->list;
    return sources->narrow ? sources->narrow : sources->list;
}

static void on_document(void *data, int error)
{
    struct tree_wait *wait = data;
    wait->done(wait->data, error);
}

static int ask(struct document *document, struct tree_wait *wait)
{
    if (!document)
        return -ENOMEM;
    wait->waiter.fn = on_document;
    wait->waiter.data = wait;
    return document_ask(document, &wait->waiter);
}

int tree_ask(struct tree *tree, struct place *place, struct tree_wait *wait)
{
    struct args args;
    struct sources sources;
    if (place->route->select == SELECT_NONE)
        return 1;
    args_of(place, &args);
    sources_of(tree, place->route, &args, true, &sources);
    return ask(choose(place->route, &sources), wait);
}

void tree_wait_cancel(struct tree_wait *wait)
{
    waiter_cancel(&wait->waiter);
}

struct document *list_document(struct tree *tree, struct place *dir, bool make)
{
    const struct route *any = route_shape(dir->route)->any;
    struct args args;
    struct sources sources;

    if (!any || any->select == SELECT_NONE)
        return NULL;
    args_of(dir, &args);
    sources_of(tree, any, &args, make, &sources);
    struct document *list = sources.list, *narrow = sources.narrow;
    if (list && narrow && document_fresh(list) && (!document_fresh(narrow) || later(list, narrow)))
        return list;
    if (narrow && document_fresh(narrow))
        return narrow;
    return list && (!narrow || list->loaded || document_fetching(list)) ? list : narrow;
}

int tree_ask_list(struct tree *tree, struct place *dir, struct tree_wait *wait)
{
    const struct route *any = route_shape(dir->route)->any;
    if (!any || any->select == SELECT_NONE)
        return 1;
    return ask(list_document(tree, dir, true), wait);
}

int64_t tree_list_expires(struct tree *tree, struct place *dir)
{
    const struct route *any = route_shape(dir->route)->any;
    if (!any || any->select == SELECT_NONE)
        return CLOCK_NEVER;
    struct document *document = list_document(tree, dir, false);
    return document && document_fresh(document) ? document->expires : 0;
}

int64_t tree_list_life(struct tree *tree, struct place *dir)
{
    const struct route *any = route_shape(dir->route)->any;
    if (!any || any->select == SELECT_NONE)
        return CLOCK_NEVER;
    enum operation operation = any->list.used ? any->list.operation : any->narrow.operation;
    return (int64_t)(endpoint_of(operation)->slow ? tree->config->ttl_slow_s : tree->config->ttl_s) * 1000;
}

struct document *tree_origin(struct tree *tree, struct place *place)
{
    struct args args;
    struct sources sources;
    args_of(place, &args);
    sources_of(tree, place->route, &args, false, &sources);
    struct document *list = sources.list && sources.list->loaded ? sources.list : NULL;
    struct document *narrow = sources.narrow && sources.narrow->loaded ? sources.narrow : NULL;
    return list && (!narrow || later(list, narrow)) ? list : narrow;
}

bool tree_prefetch(struct tree *tree, struct place *place)
{
    struct args args;
    struct sources sources;
    if (client_busy(tree->client) || client_closed_until(tree->client, NULL) > clock_ms())
        return false;
    args_of(place, &args);
    sources_of(tree, place->route, &args, true, &sources);
    struct document *document = choose(place->route, &sources);
    if (document)
        document_prefetch(document);
    return true;
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
