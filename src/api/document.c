/* SPDX-License-Identifier: MIT */
#include "api/document.h"

#include "api/groups.h"
#include "base/cleanup.h"

#include <stdlib.h>

size_t document_rank(const struct document *document, uint64_t id)
{
    size_t low = 0, high = document->n_ids;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (document_nth(document, middle)->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct item *document_item(const struct document *document, uint64_t id)
{
    size_t rank = document_rank(document, id);
    if (rank == document->n_ids)
        return NULL;
    const struct item *item = document_nth(document, rank);
    return item->id == id ? item : NULL;
}

struct snapshot *document_rendered(struct document *document, unsigned i, struct snapshot *text)
{
    struct snapshot *old = document->renditions[i].text;
    document->renditions[i].generation = document->generation;
    if (old && snapshot_equal(old, text)) {
        snapshot_unref(text);
        return old;
    }
    document->cost -= old ? snapshot_cost(old) : 0;
    snapshot_unref(old);
    document->renditions[i].text = text;
    document_grow(document, snapshot_cost(text));
    return text;
}

void document_clear(struct document *document)
{
    for (size_t i = 0; i < document->n_items; i++)
        snapshot_unref(document->items[i].snapshot);
    free(steal(&document->items));
    free(steal(&document->by_id));
    snapshot_unref(steal(&document->whole));
    snapshot_unref(steal(&document->renditions[RENDITION_OF_ALL].text));
    groups_clear(document);
    document->n_items = document->n_ids = document->unshown = 0;
    document->loaded = document->maybe_cut = false;
    document->generation++;
}

size_t document_cost(const struct document *document)
{
    size_t cost = sizeof *document + document->n_items * sizeof *document->items + groups_cost(document);
    for (size_t i = 0; i < document->n_items; i++)
        cost += snapshot_cost(document->items[i].snapshot);
    if (document->by_id)
        cost += document->n_ids * sizeof *document->by_id;
    for (unsigned i = 0; i < DOCUMENT_RENDITIONS; i++)
        if (document->renditions[i].text)
            cost += snapshot_cost(document->renditions[i].text);
    return document->whole ? cost + snapshot_cost(document->whole) : cost;
}
