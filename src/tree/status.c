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
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A JSON text that is being written. Each function writes one member of the object (or, without a key, one element of
 * the array) that is open. After an error they do nothing. json-c is not used to write: where memory ends, it leaves
 * something out and does not say so.
 */
struct writer {
    struct printbuf *out;
    bool first; /* nothing has been written into the open object or array */
    int error;  /* 0, or -errno */
};

static void write_bytes(struct writer *writer, const char *bytes)
{
    if (writer->error == 0 && printbuf_memappend(writer->out, bytes, (int)strlen(bytes)) < 0)
        writer->error = -ENOMEM;
}

static void write_string(struct writer *writer, const char *text)
{
    if (writer->error == 0)
        writer->error = json_quote(text, writer->out);
}

static void write_key(struct writer *writer, const char *key)
{
    if (!writer->first)
        write_bytes(writer, ",");
    writer->first = false;
    if (!key)
        return;
    write_string(writer, key);
    write_bytes(writer, ":");
}

static void add_open(struct writer *writer, const char *key, const char *bracket)
{
    write_key(writer, key);
    write_bytes(writer, bracket);
    writer->first = true;
}

static void add_close(struct writer *writer, const char *bracket)
{
    write_bytes(writer, bracket);
    writer->first = false;
}

static void add_text(struct writer *writer, const char *key, const char *text)
{
    write_key(writer, key);
    if (text)
        write_string(writer, text);
    else
        write_bytes(writer, "null");
}

static void add_number(struct writer *writer, const char *key, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, number);
    write_key(writer, key);
    write_bytes(writer, text);
}

static void add_bool(struct writer *writer, const char *key, bool value)
{
    write_key(writer, key);
    write_bytes(writer, value ? "true" : "false");
}

static void add_time(struct writer *writer, const char *key, struct timespec t)
{
    char text[32];
    add_text(writer, key, clock_format(t, text, sizeof text));
}

/* ---- status.json ---- */

struct counts {
    uint64_t cut, unshown, stale;
};

static bool count_document(void *data, struct document *document)
{
    struct counts *counts = data;
    counts->cut += document->maybe_cut;
    counts->unshown += document->unshown;
    counts->stale += document->loaded && document->stale;
    return true;
}

static bool add_document(void *data, struct document *document)
{
    struct writer *writer = data;
    if (!document->loaded && !document->error && !document_fetching(document))
        return true;
    add_open(writer, NULL, "{");
    add_text(writer, "document", document->key);
    add_text(writer, "url", document->url);
    if (document->loaded) {
        add_number(writer, "entries", document->n_items);
        if (document->total >= 0)
            add_number(writer, "entries_in_all", (uint64_t)document->total);
        add_number(writer, "entries_without_id", document->unshown);
        add_bool(writer, "maybe_cut", document->maybe_cut);
        add_bool(writer, "stale", document->stale);
        add_time(writer, "fetched", document->fetched);
        add_time(writer, "expires", clock_wall_at(document->expires));
    }
    if (document->error)
        add_text(writer, "error", strerror(-document->error));
    add_bool(writer, "fetching", document_fetching(document));
    add_close(writer, "}");
    return true;
}

/* The operations that are being written, and the state of one of them as the client knows it. */
struct operations {
    struct writer *writer;
    struct client *client;
    struct client_operation state;
};

static void find_state(void *data, const struct client_operation *operation)
{
    struct operations *operations = data;

    if (strcmp(operation->name, operations->state.name) == 0)
        operations->state = *operation;
}

static void add_operation(void *data, const struct metrics_operation *operation)
{
    struct operations *operations = data;
    struct writer *writer = operations->writer;
    struct client_operation *state = &operations->state;

    *state = (struct client_operation){.name = operation->name};
    client_each(operations->client, find_state, operations);
    add_open(writer, operation->name, "{");
    add_bool(writer, "succeeded", operation->succeeded);
    if (operation->success.tv_sec)
        add_time(writer, "last_success", operation->success);
    add_text(writer, "state", state->closed_until ? "failing" : "open");
    add_number(writer, "failures_in_a_row", state->failures);
    if (state->closed_until) {
        add_text(writer, "error", strerror(-state->error));
        add_time(writer, "retry", clock_wall_at(state->closed_until));
    }
    add_close(writer, "}");
}

/* Whether the API can be reached, and how the last exchange of each operation ended. */
static void add_api(struct tree *tree, struct writer *writer)
{
    int error = 0;
    int64_t closed = client_closed_until(tree_client(tree), &error);

    add_open(writer, "host", "{");
    add_text(writer, "state", closed ? "failing" : "open");
    if (closed) {
        add_text(writer, "error", strerror(-error));
        add_time(writer, "retry", clock_wall_at(closed));
    }
    add_close(writer, "}");
    add_bool(writer, "up", metrics_up(tree_metrics(tree)));
    add_open(writer, "operations", "{");
    metrics_each(tree_metrics(tree), add_operation,
                 &(struct operations){.writer = writer, .client = tree_client(tree)});
    add_close(writer, "}");
}

static void add_all(struct tree *tree, struct writer *writer)
{
    const struct config *config = tree_config(tree);
    struct counts counts = {0};
    size_t n_documents;

    documents_each(tree_documents(tree), count_document, &counts);
    add_open(writer, NULL, "{");
    add_text(writer, "url", config->base_url);
    add_text(writer, "mountpoint", config->mountpoint);
    add_time(writer, "mounted", tree_started(tree));
    add_bool(writer, "read_only", config->read_only);
    add_api(tree, writer);
    add_number(writer, "cache_bytes", documents_cost(tree_documents(tree), &n_documents));
    add_number(writer, "stale_documents", counts.stale);
    add_number(writer, "lists_maybe_cut", counts.cut);
    add_number(writer, "entries_without_id", counts.unshown);
    add_number(writer, "purges_pending", purges_pending(tree_purges(tree)));
    add_open(writer, "documents", "[");
    documents_each(tree_documents(tree), add_document, writer);
    add_close(writer, "]");
    add_close(writer, "}");
}

int status_json_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)place;
    struct writer writer = {.out = printbuf_new(), .first = true};
    if (!writer.out)
        return -ENOMEM;
    add_all(tree, &writer);
    int r = writer.error;
    if (r == 0)
        r = json_indent((struct json_slice){writer.out->buf, (size_t)writer.out->bpos}, 0, out);
    printbuf_free(writer.out);
    return r == 0 && printbuf_memappend(out, "\n", 1) < 0 ? -ENOMEM : r;
}

/* ---- metrics ---- */

static void print_operation_closed(void *data, const struct client_operation *operation)
{
    struct exposition *text = data;

    exposition_print(text, "melbicomfs_operation_closed{operation=");
    exposition_label(text, operation->name);
    exposition_print(text, "} %d\n", operation->closed_until != 0);
}

/* Prints gauges of what is not asked at the moment, because it failed (http/health.h). 0 or -ENOMEM. */
static int print_closed(struct tree *tree, struct printbuf *out)
{
    struct exposition text = {.out = out};

    exposition_family(&text, "host_closed", "gauge", "1 while no request is sent, because the API as a whole failed.");
    exposition_print(&text, "melbicomfs_host_closed %d\n", client_closed_until(tree_client(tree), NULL) != 0);
    exposition_family(&text, "operation_closed", "gauge", "1 while the operation is not asked, because it failed.");
    client_each(tree_client(tree), print_operation_closed, &text);
    return text.failed ? -ENOMEM : 0;
}

int status_metrics_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)place;
    int r = metrics_print(tree_metrics(tree), out);
    if (r == 0)
        r = print_closed(tree, out);
    return r < 0 ? r : account_metrics_print(tree, out);
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
