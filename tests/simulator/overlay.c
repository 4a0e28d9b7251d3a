/* SPDX-License-Identifier: MIT */
#include "overlay.h"

#include <json-c/json.h>
#include <stdlib.h>

void overlay_free(struct overlay *overlay)
{
    struct overlay_entry *entry, *next;
    HASH_ITER(hh, overlay->entries, entry, next)
    {
        HASH_DEL(overlay->entries, entry);
        json_object_put(entry->item);
        json_object_put(entry->single);
        free(entry->raw);
        free(entry);
    }
}

struct overlay_entry *overlay_find(const struct overlay *overlay, long id)
{
    struct overlay_entry *entry;
    HASH_FIND(hh, overlay->entries, &id, sizeof(id), entry);
    return entry;
}

struct overlay_entry *overlay_touch(struct overlay *overlay, long id)
{
    struct overlay_entry *entry = overlay_find(overlay, id);
    if (!entry) {
        entry = calloc(1, sizeof(*entry));
        if (!entry)
            abort();
        entry->id = id;
        HASH_ADD(hh, overlay->entries, id, sizeof(id), entry);
    }
    entry->deleted = false;
    return entry;
}

void overlay_merge(struct json_object *target, struct json_object *changes)
{
    json_object_object_foreach(changes, key, value)
    {
        json_object_object_add(target, key, json_object_get(value));
    }
}
