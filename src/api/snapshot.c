/* SPDX-License-Identifier: MIT */
#include "api/snapshot.h"

#include <stdlib.h>
#include <string.h>

struct snapshot *snapshot_new(const char *text, size_t len, const char *const fields[SNAPSHOT_FIELDS])
{
    uint16_t offsets[SNAPSHOT_FIELDS] = {0};
    size_t tail = 0;
    for (unsigned i = 0; fields && i < SNAPSHOT_FIELDS; i++) {
        size_t n = fields[i] ? strlen(fields[i]) + 1 : 0;
        if (n == 0 || tail + n >= UINT16_MAX)
            continue;
        offsets[i] = (uint16_t)(tail + 1);
        tail += n;
    }

    struct snapshot *snapshot = len <= UINT32_MAX - tail ? malloc(sizeof *snapshot + len + tail) : NULL;
    if (!snapshot)
        return NULL;
    atomic_init(&snapshot->refs, 1);
    memcpy(snapshot->fields, offsets, sizeof offsets);
    snapshot->len = (uint32_t)len;
    snapshot->size = (uint32_t)(len + tail);
    snapshot->mtime = (struct timespec){0};
    if (len)
        memcpy(snapshot->data, text, len);
    for (unsigned i = 0; i < SNAPSHOT_FIELDS; i++)
        if (offsets[i])
            strcpy(snapshot->data + len + offsets[i] - 1, fields[i]);
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (snapshot && atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) == 1)
        free(snapshot);
}

const char *snapshot_field(const struct snapshot *snapshot, unsigned i)
{
    return snapshot->fields[i] ? snapshot->data + snapshot->len + snapshot->fields[i] - 1 : NULL;
}

bool snapshot_equal(const struct snapshot *a, const struct snapshot *b)
{
    return a == b || (a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

bool snapshot_same(const struct snapshot *a, const struct snapshot *b)
{
    return a == b || (a->len == b->len && a->size == b->size && memcmp(a->data, b->data, a->size) == 0 &&
                      memcmp(a->fields, b->fields, sizeof a->fields) == 0);
}

size_t snapshot_cost(const struct snapshot *snapshot)
{
    return sizeof *snapshot + snapshot->size;
}
