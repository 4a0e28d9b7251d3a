/*
 * Endpoints: what the API offers, one row of a constant table an operation.
 *
 * A query is an operation with the arguments of one call of it. The service's paths and parameter names are not all
 * certain, so a row lists candidate paths. Each fetch walks them by itself, from the first: a 404 on a collection moves
 * on to the next (endpoints_next()). The one that is seen to hold what was asked for is the first for all others, for
 * the life of the mount (endpoints_settle()). The configuration file's [endpoints] section overrides any of it:
 *
 *      balance.path = /billing/credit              the only path there is
 *      services.param.status = state               another name for a parameter (its key stands in the table)
 *      invoices.query = limitnum=100000            fixed parameters for every call of the list
 *      invoices.page_size = 100                    paging on: fetch pages of that size until one is not full
 *      invoices.page_size_name = limitnum          the parameter that says the size (default limitnum)
 *      invoices.page_offset = limitstart           the parameter that says how many items to skip (default limitstart)
 *
 * Threads:   loop thread only.
 * Ownership: endpoints_new() gives, endpoints_free() takes back; the table is constant.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_API_ENDPOINTS_H
#define MELBICOMFS_API_ENDPOINTS_H

#include "api/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct config;
struct endpoints;
struct printbuf;

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
    OPERATIONS,
    OP_NONE = OPERATIONS
};

enum shape {
    SHAPE_LIST,   /* an array of objects */
    SHAPE_OBJECT, /* one object */
    SHAPE_PRICES  /* objects in objects, down to a price; the levels tell by their keys what they are */
};

#define ENDPOINT_PATHS   5
#define ENDPOINT_PARAMS  5
#define ENDPOINT_ALIASES 5

/* Indices of an item's fields (snapshot_field()). */
enum { INVOICE_NUMBER, INVOICE_STATUS, INVOICE_DATE };
enum { SERVICE_PRODUCT, SERVICE_STATUS };
enum { GROUP_NAME };
enum { PRICE_EXTENSION, PRICE_OPERATION, PRICE_CURRENCY, PRICE_YEARS };
enum { BALANCE_AMOUNT, BALANCE_CURRENCY };
enum { VERSION_VERSION };

/* Indices of query parameters. */
enum { PRODUCTS_GROUP, PRODUCTS_OPTIONS };
enum { SERVICES_STATUS, SERVICES_PRODUCT };
enum { PRICING_EXTENSION, PRICING_OPERATION, PRICING_CURRENCY };
enum { INVOICES_ID, INVOICES_NUMBER, INVOICES_STATUS, INVOICES_ITEMS, INVOICES_TRANSACTIONS };

struct endpoint_param {
    const char *key;    /* what [endpoints] calls it */
    const char *name;   /* what the API calls it */
    const char *fixed;  /* sent with every call, or NULL: sent when the query gives a value */
    const char *prefix; /* stands before the query's value on the wire, or NULL */
};

struct endpoint {
    const char *name;
    const char *method;
    const char *evidence;              /* how sure the path is: documented, observed, inferred */
    const char *paths[ENDPOINT_PATHS]; /* candidates in order; "{id}" stands for the query's id */
    enum shape shape;
    const char *names[ENDPOINT_ALIASES]; /* what a list may be under, besides `data` and `value` */
    struct endpoint_param params[ENDPOINT_PARAMS];
    const char *ids[ENDPOINT_ALIASES];                     /* aliases of an item's id */
    const char *fields[SNAPSHOT_FIELDS][ENDPOINT_ALIASES]; /* aliases of an item's fields */
    int date_field;                                        /* the field that is the items' mtime, or -1 */
    bool slow;                                             /* lives config->ttl_slow_s */
    bool by_id; /* its items are listed by id: one without is a fault of the answer */
};

/* One call of an operation. Strings are borrowed. */
struct query {
    enum operation operation;
    uint64_t id;                         /* for "{id}" in the path */
    const char *values[ENDPOINT_PARAMS]; /* by index of the endpoint's params; NULL: not sent */
};

/* Longest list page settings hold; see endpoints_page(). */
struct endpoint_paging {
    unsigned size; /* items a page; 0: paging is off */
    const char *size_name;
    const char *offset_name;
};

/* The row of an operation; never NULL. */
const struct endpoint *endpoint_of(enum operation operation);

/* The operation of that name, or OP_NONE. */
enum operation endpoint_named(const char *name);

/* Applies the overrides of `config` (borrowed for the life of the result). NULL when out of memory, or when an override
 * makes no sense, after one logged line. */
struct endpoints *endpoints_new(const struct config *config);
void endpoints_free(struct endpoints *endpoints);

/* Appends path and query of a call by that candidate to `out`, values percent-encoded; for a paged list, the page that
 * starts after `offset` items. -ENOMEM. */
int endpoints_path(const struct endpoints *endpoints, const struct query *query, unsigned choice, size_t offset,
                   struct printbuf *out);

/* The paging in force for an operation. Borrowed. */
const struct endpoint_paging *endpoints_page(const struct endpoints *endpoints, enum operation operation);

/* The candidate to begin with. */
unsigned endpoints_first(const struct endpoints *endpoints, enum operation operation);

/* A call by candidate *choice was answered 404. True when it is worth another try, by what *choice is then: it is a
 * collection, and there is a candidate that the walk has not come to, or that proved right meanwhile. */
bool endpoints_next(const struct endpoints *endpoints, enum operation operation, unsigned *choice);

/* The candidate has been seen to hold what was asked for: it is the one, for the life of the mount. */
void endpoints_settle(struct endpoints *endpoints, enum operation operation, unsigned choice);

/* Appends a name for the query that is the same whatever path and parameter names are in force, such as
 * "invoices?status=Paid". */
void query_key(const struct query *query, struct printbuf *out);

/* Prints the table in force: operation, method, path, parameters, how sure, and where each came from. */
void endpoints_print(const struct endpoints *endpoints, FILE *out);

#endif
