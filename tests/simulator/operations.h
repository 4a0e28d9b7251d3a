/*
 * The API's operations: their names, methods and the paths they may stand at.
 *
 * Threads:   constant.
 * Ownership: constant.
 * Errors:    none.
 */
#ifndef SIMULATOR_OPERATIONS_H
#define SIMULATOR_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>

enum operation {
    OP_VERSION,
    OP_GROUPS,
    OP_PRODUCTS,
    OP_SERVICES,
    OP_SERVICE,
    OP_PURGE,
    OP_PRICING,
    OP_INVOICES,
    OP_BALANCE,
    OP_UNKNOWN /* a path no operation has */
};

#define OP_COUNT OP_UNKNOWN

/* Where each operation stands in this account: --candidate and --path. Zeroed is the default. */
struct placement {
    unsigned candidate[OP_COUNT];
    const char *path[OP_COUNT]; /* instead of any candidate, or NULL */
};

/* "invoices", ...; "unknown". */
const char *operation_name(enum operation operation);

/* OP_UNKNOWN when there is none of that name. */
enum operation operation_named(const char *name, size_t len);

const char *operation_method(enum operation operation);

/* How many paths the operation may stand at. */
unsigned operation_candidates(enum operation operation);

/*
 * Whose path this is, without prefix and query. *exists says whether the operation stands there in this account, or at
 * another of its candidates; *id is the service's (-1 when it is no number).
 */
enum operation operation_at(const struct placement *placement, const char *path, size_t len, bool *exists, long *id);

#endif
