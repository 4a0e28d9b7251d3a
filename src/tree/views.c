/* SPDX-License-Identifier: MIT */
#include "tree/views.h"

#include "tree/context.h"
#include "tree/names.h"
#include "tree/readme.h"
#include "tree/sources.h"
#include "tree/status.h"

#include "api/endpoints.h"
#include "api/groups.h"
#include "api/prices.h"
#include "base/clock.h"
#include "base/config.h"
#include "http/client.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- items ---- */

static bool where_holds(const struct route *route, const struct args *args, const struct item *item)
{
    if (!route->where)
        return true;
    const char *field = snapshot_field(item->snapshot, route->where_field);
    const char *wanted = args->texts[route->where - 1];
    return field && wanted && strcmp(field, wanted) == 0;
}

/* Finds the first price whose first fields equal the arguments. */
static const struct item *find_price(const struct document *document, const struct args *args)
{
    size_t first, end;
    if (!args_known(args))
        return NULL;
    prices_range(document, args->n, args->texts, &first, &end);
    return first < end ? &document->items[first] : NULL;
}

/* Finds the item of a shared name by the id in it (names.h). */
static const struct item *find_shared(const struct document *document, const struct place *place)
{
    char name[NAMES_MAX + 1];
    const struct item *item = document_item(document, place->id);
    const char *text = item ? snapshot_field(item->snapshot, place->route->field) : NULL;
    if (!text || !*text)
        return NULL;
    names_shared(text, item->id, route_shape(place->route)->suffix, name);
    return strcmp(name, place->name) == 0 ? item : NULL;
}

/* Finds the item of a cut name by encoding the names of all items, and stores the item's name in place->text. */
static const struct item *find_cut(struct document *document, struct place *place)
{
    char name[NAMES_MAX + 1];
    for (size_t i = 0; i < document->n_items; i++) {
        const struct item *item = &document->items[i];
        const char *text = snapshot_field(item->snapshot, place->route->field);
        if (!text || !*text)
            continue;
        names_encode(text, strlen(text), route_shape(place->route)->suffix, name);
        if (strcmp(name, place->name) != 0)
            continue;
        place->text = strdup(text);
        return item;
    }
    return NULL;
}

/* Finds the item of a place whose text is not known. */
static const struct item *find_by_name(struct document *document, struct place *place)
{
    char text[NAMES_MAX + 1];
    size_t len;
    if (place->id != ITEM_NO_ID)
        return find_shared(document, place);
    if (names_decode(place->name, route_shape(place->route)->suffix, text, &len) == 0)
        return document_with(document, place->route->field, text);
    return find_cut(document, place);
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
        /* Only an extension's name can be so long that it is cut; the other levels always have a text. */
        item = place->text ? find_price(document, args) : find_by_name(document, place);
        break;
    }
    return item && where_holds(route, args, item) ? item : NULL;
}

/* ---- views ---- */

static int view_file(struct tree *tree, struct document *document, const struct route *route, const struct item *item,
                     struct view *ret)
{
    struct snapshot *snapshot = item ? item->snapshot : NULL;
    if (route->select == SELECT_ONLY) {
        int r = renderer_get(tree->renderer, document, route->render, &snapshot);
        if (r != 1)
            return r;
        int64_t until = render_until(route->render);
        ret->expires = until < ret->expires ? until : ret->expires;
    }
    ret->snapshot = snapshot_ref(snapshot);
    ret->mtime = snapshot->mtime;
    return 1;
}

/* Fills in a view from one document. Returns as tree_peek() does; 0 when the text is still being printed. A document of
 * one object answers for the whole place (services/<id>, say), so no item has to be found in it. */
static int view_in(struct tree *tree, struct document *document, struct place *place, const struct args *args,
                   struct view *ret)
{
    const struct route *route = place->route;
    bool whole = route->select == SELECT_ONLY || endpoint_of(document->query.operation)->shape == SHAPE_OBJECT;
    const struct item *item = whole ? NULL : find_item(document, place, args);

    if (!whole && !item)
        return -ENOENT;
    *ret = (struct view){.expires = document->expires, .mtime = document->changed};
    if (route->kind == ROUTE_FILE)
        return view_file(tree, document, route, item, ret);
    if (route->kind == ROUTE_LINK) {
        ret->id = item->id;
        ret->mtime = item->snapshot->mtime;
        return item->id == ITEM_NO_ID ? -ENOENT : 1;
    }
    return 1;
}

typedef int make_fn(struct tree *tree, const struct place *place, struct printbuf *out);

static make_fn *const makers[] = {[MADE_README] = readme_make,
                                  [MADE_STATUS] = status_json_make,
                                  [MADE_METRICS] = status_metrics_make,
                                  [MADE_LOG] = status_log_make};

/* Makes the view of a file that is made from this mount's own state. */
static int view_made(struct tree *tree, struct place *place, struct view *ret)
{
    const struct route *route = place->route;
    struct snapshot **constant = &tree->constants[route_index(route)];
    struct snapshot *snapshot = route->constant && *constant ? snapshot_ref(*constant) : NULL;

    if (!snapshot) {
        struct printbuf *out = printbuf_new();
        int r = out ? makers[route->made](tree, place, out) : -ENOMEM;
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

/* A search for an id in every fresh list of an operation, filtered or not. */
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
    return look.found ? view_in(tree, look.found, place, args, ret) : 0;
}

int tree_peek(struct tree *tree, struct place *place, struct view *ret)
{
    const struct route *route = place->route;
    struct args args;
    struct sources sources;

    if (route->kind == ROUTE_FILE && route->render == RENDER_MADE && !route_grows(route))
        return view_made(tree, place, ret);
    if (place_is_certain(place)) {
        *ret = (struct view){.mtime = tree->started, .expires = CLOCK_NEVER};
        return 1;
    }
    args_of(place, &args);
    sources_of(tree, route, &args, TO_USE, &sources);
    struct document *list = sources.list && document_fresh(sources.list) ? sources.list : NULL;
    struct document *narrow = sources.narrow && document_fresh(sources.narrow) ? sources.narrow : NULL;

    if (list && (!narrow || fetched_later(list, narrow))) {
        int r = view_in(tree, list, place, &args, ret);
        if (r != -ENOENT || !list_partial(route))
            return r;
    }
    if (narrow)
        return view_in(tree, narrow, place, &args, ret);
    return list_partial(route) ? view_anywhere(tree, place, &args, ret) : 0;
}

void view_clear(struct view *view)
{
    snapshot_unref(view->snapshot);
    view->snapshot = NULL;
}

/* ---- asking ---- */

static void on_document(void *data, int error)
{
    struct tree_wait *wait = data;
    wait->done(wait->data, error);
}

/* A wait for which there was nothing to wait for this often ends with -EIO. */
#define TRIES_MAX 8

static int counted(struct tree_wait *wait, int r)
{
    return r == 1 && ++wait->tries > TRIES_MAX ? -EIO : r;
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
    const struct route *route = place->route;
    struct args args;
    struct sources sources;
    if (place_is_certain(place))
        return counted(wait, 1);
    args_of(place, &args);
    sources_of(tree, route, &args, TO_ASK, &sources);
    struct document *document = sources_choose(route, &sources);
    int r = ask(document, wait);
    if (r != 1 || route->kind != ROUTE_FILE)
        return counted(wait, r);
    wait->render.fn = on_document;
    wait->render.data = wait;
    return counted(wait, renderer_wait(tree->renderer, document, route->render, &wait->render));
}

bool tree_shown_unasked(const struct place *dir, int error)
{
    return error && error != -ENOENT && error != -EINTR && error != -ENOMEM && dir->route->kind == ROUTE_DIR &&
           route_shape(dir->route)->leads_to_command;
}

void tree_wait_cancel(struct tree_wait *wait)
{
    waiter_cancel(&wait->waiter);
    render_wait_cancel(&wait->render);
}

int tree_ask_list(struct tree *tree, struct place *dir, struct tree_wait *wait)
{
    const struct route *any = route_shape(dir->route)->any;
    if (!any || any->select == SELECT_NONE)
        return counted(wait, 1);
    return counted(wait, ask(list_document(tree, dir, true), wait));
}

struct document *tree_origin(struct tree *tree, struct place *place)
{
    struct args args;
    struct sources sources;
    args_of(place, &args);
    sources_of(tree, place->route, &args, TO_LOOK, &sources);
    struct document *list = sources.list && sources.list->loaded ? sources.list : NULL;
    struct document *narrow = sources.narrow && sources.narrow->loaded ? sources.narrow : NULL;
    return list && (!narrow || fetched_later(list, narrow)) ? list : narrow;
}

bool tree_prefetch(struct tree *tree, struct place *place)
{
    struct args args;
    struct sources sources;
    args_of(place, &args);
    sources_of(tree, place->route, &args, TO_ASK, &sources);
    struct document *document = sources_choose(place->route, &sources);
    if (document && !client_ready(tree->client, endpoint_of(document->query.operation)->name))
        return false;
    if (document)
        document_prefetch(document);
    return true;
}
