/* SPDX-License-Identifier: MIT */
#include "tree/registry.h"

#include "base/table.h"
#include "tree/routes.h"

#include <stdlib.h>
#include <string.h>

struct known_name {
    uint64_t ordinal;
    UT_hash_handle hh;
    char name[];
};

struct registry {
    struct known_name *names[ROUTES_MAX];
    uint64_t last;
};

struct registry *registry_new(void)
{
    return calloc(1, sizeof(struct registry));
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        struct known_name *name, *next;
        HASH_ITER(hh, registry->names[i], name, next)
        {
            HASH_DEL(registry->names[i], name);
            free(name);
        }
    }
    free(registry);
}

uint64_t registry_ordinal(struct registry *registry, unsigned route, const char *name)
{
    size_t len = strlen(name);
    struct known_name *known;
    HASH_FIND(hh, registry->names[route], name, len, known);
    if (known)
        return known->ordinal;
    known = malloc(sizeof *known + len);
    if (!known)
        return 0;
    memcpy(known->name, name, len);
    known->ordinal = registry->last + 1;
    HASH_ADD_KEYPTR(hh, registry->names[route], known->name, len, known);
    if (!table_holds(known, hh)) {
        free(known);
        return 0;
    }
    return ++registry->last;
}
