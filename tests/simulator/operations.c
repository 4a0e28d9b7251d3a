/* SPDX-License-Identifier: MIT */
#include "operations.h"

#include <string.h>

#define MAX_CANDIDATES 4
#define ID_MARK        "{serviceId}"

static const struct {
    const char *name, *method;
    const char *candidates[MAX_CANDIDATES];
} operations[OP_COUNT] = {
    [OP_VERSION] = {"version", "GET", {"/utility/version", "/version", "/utility/api-version"}},
    [OP_GROUPS] = {"groups",
                   "GET",
                   {"/products/groups", "/productgroups", "/product-groups", "/products/productgroups"}},
    [OP_PRODUCTS] = {"products", "GET", {"/products"}},
    [OP_SERVICES] = {"services", "GET", {"/services"}},
    [OP_SERVICE] = {"service", "GET", {"/services/{serviceId}"}},
    [OP_PURGE] = {"purge", "POST", {"/services/{serviceId}/cdn/purge"}},
    [OP_PRICING] = {"pricing", "GET", {"/domains/pricing", "/domains/prices", "/domains"}},
    [OP_INVOICES] = {"invoices", "GET", {"/billing/invoices"}},
    [OP_BALANCE] = {"balance", "GET", {"/billing/creditbalance", "/billing/balance", "/billing/credit-balance"}},
};

const char *operation_name(enum operation operation)
{
    return operation == OP_UNKNOWN ? "unknown" : operations[operation].name;
}

enum operation operation_named(const char *name, size_t len)
{
    unsigned op = 0;
    while (op < OP_COUNT && (strlen(operations[op].name) != len || memcmp(operations[op].name, name, len)))
        op++;
    return (enum operation)op;
}

const char *operation_method(enum operation operation)
{
    return operation == OP_UNKNOWN ? "GET" : operations[operation].method;
}

unsigned operation_candidates(enum operation operation)
{
    unsigned n = 0;
    while (n < MAX_CANDIDATES && operations[operation].candidates[n])
        n++;
    return n;
}

/* Ids of more than 18 digits are nobody's, as is anything that is no number. */
static long parse_id(const char *at, size_t len)
{
    long id = 0;
    if (len == 0 || len > 18)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        id = id * 10 + (at[i] - '0');
    }
    return id;
}

static bool matches(const char *pattern, const char *path, size_t len, long *id)
{
    const char *mark = strstr(pattern, ID_MARK);
    if (!mark)
        return strlen(pattern) == len && !memcmp(pattern, path, len);

    size_t before = (size_t)(mark - pattern);
    const char *after = mark + strlen(ID_MARK);
    if (len <= before + strlen(after) || memcmp(pattern, path, before) ||
        memcmp(path + len - strlen(after), after, strlen(after)))
        return false;
    size_t id_len = len - before - strlen(after);
    if (memchr(path + before, '/', id_len))
        return false;
    *id = parse_id(path + before, id_len);
    return true;
}

enum operation operation_at(const struct placement *placement, const char *path, size_t len, bool *exists, long *id)
{
    *id = -1;
    *exists = true;
    /* Where operations really stand comes first: --path may put one at another's unused candidate. */
    for (unsigned op = 0; op < OP_COUNT; op++) {
        const char *own = placement->path[op];
        if (matches(own ? own : operations[op].candidates[placement->candidate[op]], path, len, id))
            return (enum operation)op;
    }
    *exists = false;
    for (unsigned op = 0; op < OP_COUNT; op++)
        for (unsigned i = 0; i < operation_candidates((enum operation)op); i++)
            if (matches(operations[op].candidates[i], path, len, id))
                return (enum operation)op;
    return OP_UNKNOWN;
}
