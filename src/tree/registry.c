#include "tree/registry.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct known_name {
    uint64_t ordinal;
    UT_hash_handle hh;
    char key[]; /* the route's number, one byte, then the name */
};

struct registry {
    struct known_name *names;
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
    struct known_name *name, *next;
    HASH_ITER(hh, registry->names, name, next)
    {
        HASH_DEL(registry->names, name);
        free(name);
    }
    free(registry);
}

uint64_t registry_ordinal(struct registry *registry, unsigned route, const char *name)
{
    size_t len = strlen(name) + 1;
    struct known_name *known = malloc(sizeof *known + len + 1), *found;
    if (!known)
        return 0;
    known->key[0] = (char)route;
    memcpy(known->key + 1, name, len);
    HASH_FIND(hh, registry->names, known->key, len, found);
    if (found) {
        free(known);
        return found->ordinal;
    }
    known->ordinal = ++registry->last;
    HASH_ADD_KEYPTR(hh, registry->names, known->key, len, known);
    return known->ordinal;
}
