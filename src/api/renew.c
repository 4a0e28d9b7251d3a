/* SPDX-License-Identifier: MIT */
#include "api/renew.h"

#include "api/document.h"
#include "api/prices.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static const struct item *sorting; /* qsort() passes no data to compare_ids(); only the loop thread sorts */

static int compare_ids(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (sorting[i].id != sorting[j].id)
        return sorting[i].id < sorting[j].id ? -1 : 1;
    return i < j ? -1 : i > j;
}

static bool in_order_of_id(const struct item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].id == ITEM_NO_ID || (i > 0 && items[i].id <= items[i - 1].id))
            return false;
    return true;
}

/* Makes the order of ids. If several items have the same id, only the first keeps it. */
static int order_ids(struct content *content, bool by_id, uint32_t **ret, size_t *ret_n)
{
    if (in_order_of_id(content->items, content->n)) {
        *ret = NULL;
        *ret_n = content->n;
        return 0;
    }
    _cleanup_(freep) uint32_t *order = calloc(content->n, sizeof *order);
    if (!order)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < content->n; i++)
        if (content->items[i].id != ITEM_NO_ID)
            order[n++] = (uint32_t)i;
    sorting = content->items;
    qsort(order, n, sizeof *order, compare_ids);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && content->items[order[kept - 1]].id == content->items[order[i]].id) {
            content->items[order[i]].id = ITEM_NO_ID;
            content->unshown += by_id;
        } else {
            order[kept++] = order[i];
        }
    }
    *ret = steal(&order);
    *ret_n = kept;
    return 0;
}

static int compare_prices(const void *a, const void *b)
{
    return prices_compare(((const struct item *)a)->snapshot, ((const struct item *)b)->snapshot);
}

/* Replaces each price's snapshot by the document's own if that is the same. Both arrays are in the order of prices. */
static void keep_prices(struct content *content, const struct document *document)
{
    size_t k = 0;
    for (size_t i = 0; i < content->n; i++) {
        while (k < document->n_items && compare_prices(&document->items[k], &content->items[i]) < 0)
            k++;
        if (k == document->n_items || !snapshot_same(content->items[i].snapshot, document->items[k].snapshot))
            continue;
        snapshot_unref(content->items[i].snapshot);
        content->items[i].snapshot = snapshot_ref(document->items[k].snapshot);
    }
}

static bool same_content(const struct content *content, const struct document *document)
{
    if (!document->loaded || content->n != document->n_items)
        return false;
    for (size_t i = 0; i < content->n; i++)
        if (content->items[i].snapshot != document->items[i].snapshot || content->items[i].id != document->items[i].id)
            return false;
    return !content->whole || snapshot_same(content->whole, document->whole);
}

int renew_document(struct document *document, struct content *content, struct timespec now, bool *ret_changed)
{
    uint32_t *by_id = NULL;
    size_t n_ids = 0;

    if (content->n > UINT32_MAX)
        return -EIO;
    if (endpoint_of(document->query.operation)->shape == SHAPE_PRICES) {
        if (content->n > 1)
            qsort(content->items, content->n, sizeof *content->items, compare_prices);
        keep_prices(content, document);
    } else {
        int r = order_ids(content, endpoint_of(document->query.operation)->by_id, &by_id, &n_ids);
        if (r < 0)
            return r;
    }

    *ret_changed = !same_content(content, document);
    document->unshown = content->unshown;
    if (!*ret_changed) {
        free(by_id);
        return 0;
    }
    uint64_t generation = document->generation;
    document_clear(document);
    document->items = steal(&content->items);
    document->n_items = content->n;
    content->n = 0;
    document->by_id = by_id;
    document->n_ids = n_ids;
    document->whole = steal(&content->whole);
    document->unshown = content->unshown;
    document->loaded = true;
    document->generation = generation + 1;
    document->changed = now;
    return 0;
}
