/* SPDX-License-Identifier: MIT */
#include "tree/status.h"

#include "api/documents.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/exposition.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/client.h"
#include "tree/account_metrics.h"
#include "tree/purge.h"
#include "tree/tree.h"
#include "json/json.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

static void add_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
    json_object_object_add(object, key, json_object_new_uint64(number));
}

static void add_time(struct json_object *object, const char *key, struct timespec t)
{
    char text[32];
    add_text(object, key, clock_format(t, text, sizeof text));
}

/* ---- status.json ---- */

struct listing_documents {
    struct json_object *array;
    uint64_t cut, unshown, stale;
};

static bool add_document(void *data, struct document *document)
{
    struct listing_documents *list = data;
    if (!document->loaded && !document->error && !document_fetching(document))
        return true;
    struct json_object *object = json_object_new_object();
    add_text(object, "document", document->key);
    add_text(object, "url", document->url);
    if (document->loaded) {
        add_number(object, "entries", document->n_items);
        if (document->total >= 0)
            add_number(object, "entries_in_all", (uint64_t)document->total);
        add_number(object, "entries_without_id", document->unshown);
        json_object_object_add(object, "maybe_cut", json_object_new_boolean(document->maybe_cut));
        json_object_object_add(object, "stale", json_object_new_boolean(document->stale));
        add_time(object, "fetched", document->fetched);
        add_time(object, "expires", clock_wall_at(document->expires));
    }
    if (document->error)
        add_text(object, "error", strerror(-document->error));
    json_object_object_add(object, "fetching", json_object_new_boolean(document_fetching(document)));
    json_object_array_add(list->array, object);
    list->cut += document->maybe_cut;
    list->unshown += document->unshown;
    list->stale += document->loaded && document->stale;
    return true;
}

static void add_operation(void *data, const struct metrics_operation *operation)
{
    struct json_object *object = json_object_new_object();

    json_object_object_add(object, "succeeded", json_object_new_boolean(operation->succeeded));
    if (operation->success.tv_sec)
        add_time(object, "last_success", operation->success);
    json_object_object_add(data, operation->name, object);
}

/* Adds whether an operation is closed to what add_operation() has said of it. */
static void add_operation_state(void *data, const struct client_operation *operation)
{
    struct json_object *object;

    if (!json_object_object_get_ex(data, operation->name, &object))
        return;
    add_text(object, "state", operation->closed_until ? "failing" : "open");
    add_number(object, "failures_in_a_row", operation->failures);
    if (operation->closed_until) {
        add_text(object, "error", strerror(-operation->error));
        add_time(object, "retry", clock_wall_at(operation->closed_until));
    }
}

/* Whether the API can be reached, and how the last exchange of each operation ended. */
static void add_api(struct tree *tree, struct json_object *root)
{
    struct json_object *host = json_object_new_object(), *operations = json_object_new_object();
    int error = 0;
    int64_t closed = client_closed_until(tree_client(tree), &error);

    add_text(host, "state", closed ? "failing" : "open");
    if (closed) {
        add_text(host, "error", strerror(-error));
        add_time(host, "retry", clock_wall_at(closed));
    }
    json_object_object_add(root, "host", host);
    json_object_object_add(root, "up", json_object_new_boolean(metrics_up(tree_metrics(tree))));
    metrics_each(tree_metrics(tree), add_operation, operations);
    client_each(tree_client(tree), add_operation_state, operations);
    json_object_object_add(root, "operations", operations);
}

/* Appends a JSON object, laid out by json_indent() as every JSON file of the mount: json-c's own layout of empty objects
 * and arrays differs between its versions. Returns 0 or -ENOMEM. */
static int print_json(struct json_object *root, struct printbuf *out)
{
    size_t len;
    const char *text =
        json_object_to_json_string_length(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    int r = text ? json_indent((struct json_slice){text, len}, 0, out) : -ENOMEM;

    return r == 0 && printbuf_memappend(out, "\n", 1) < 0 ? -ENOMEM : r;
}

int status_json_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)place;
    const struct config *config = tree_config(tree);
    struct listing_documents list = {.array = json_object_new_array()};
    struct json_object *root = json_object_new_object();
    size_t n_documents;

    documents_each(tree_documents(tree), add_document, &list);
    uint64_t cost = documents_cost(tree_documents(tree), &n_documents);

    add_text(root, "url", config->base_url);
    add_text(root, "mountpoint", config->mountpoint);
    add_time(root, "mounted", tree_started(tree));
    json_object_object_add(root, "read_only", json_object_new_boolean(config->read_only));
    add_api(tree, root);
    add_number(root, "cache_bytes", cost);
    add_number(root, "stale_documents", list.stale);
    add_number(root, "lists_maybe_cut", list.cut);
    add_number(root, "entries_without_id", list.unshown);
    add_number(root, "purges_pending", purges_pending(tree_purges(tree)));
    json_object_object_add(root, "documents", list.array);
    int r = print_json(root, out);
    json_object_put(root);
    return r;
}

/* ---- metrics ---- */

static void print_operation_closed(void *data, const struct client_operation *operation)
{
    struct printbuf *out = data;

    sprintbuf(out, "melbicomfs_operation_closed{operation=");
    exposition_label(out, operation->name);
    sprintbuf(out, "} %d\n", operation->closed_until != 0);
}

/* Gauges of what is not asked at the moment, because it failed (http/health.h). */
static void print_closed(struct tree *tree, struct printbuf *out)
{
    exposition_family(out, "host_closed", "gauge", "1 while no request is sent, because the API as a whole failed.");
    sprintbuf(out, "melbicomfs_host_closed %d\n", client_closed_until(tree_client(tree), NULL) != 0);
    exposition_family(out, "operation_closed", "gauge", "1 while the operation is not asked, because it failed.");
    client_each(tree_client(tree), print_operation_closed, out);
}

int status_metrics_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)place;
    metrics_print(tree_metrics(tree), out);
    print_closed(tree, out);
    return account_metrics_print(tree, out);
}

/* ---- the log ---- */

int status_log_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)tree;
    (void)place;
    size_t len;
    char *lines = log_recent(&len);
    int r = lines && printbuf_memappend(out, lines, (int)len) >= 0 ? 0 : -ENOMEM;
    free(lines);
    return r;
}
