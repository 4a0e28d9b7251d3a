/* SPDX-License-Identifier: MIT */
/*
 * The API's operations: their names, their methods, and the candidates for the path of each.
 *
 * Threads:   any; all data is constant.
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

/* At which path this account has each operation, from --candidate and --path. Zeroed: the first candidate of each. */
struct placement {
    unsigned candidate[OP_COUNT]; /* number of the candidate, from 0 */
    const char *path[OP_COUNT];   /* a path that replaces the candidates, or NULL */
};

/* The name of an operation, such as "invoices"; "unknown" for OP_UNKNOWN. */
const char *operation_name(enum operation operation);

/* The operation with this name, of `len` bytes; OP_UNKNOWN if there is none. */
enum operation operation_named(const char *name, size_t len);

/* The HTTP method of an operation. */
const char *operation_method(enum operation operation);

/* How many candidates for its path an operation has. */
unsigned operation_candidates(enum operation operation);

/*
 * The operation whose path this is, of `len` bytes, without prefix and query; OP_UNKNOWN if there is none. *exists is
 * true if this account has the operation at this path, and false if it has it at another one. *id is the service's id
 * in the path, or -1 if that is not a number.
 */
enum operation operation_at(const struct placement *placement, const char *path, size_t len, bool *exists, long *id);

#endif
