/* SPDX-License-Identifier: MIT */
/*
 * Endpoints: a constant table of the API's operations, one row each.
 *
 * A query is one call: an operation with its arguments. Not all of the API's paths are known for certain, so a row
 * lists candidate paths. Each fetch begins with endpoints_first(), and a 404 moves it to the next candidate
 * (endpoints_next()). When an answer proves that a candidate is right, every later fetch begins with that one, until
 * unmount (endpoints_settle()). The configuration file's [endpoints] section overrides paths, and the names in
 * calls and answers; overrides.h has its keys.
 *
 * Threads:   loop thread only.
 * Ownership: endpoints_new() creates, endpoints_free() frees; the table is constant. Returned strings and structs are
 *            borrowed.
 * Errors:    -ENOMEM.
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
    SHAPE_PRICES  /* four levels of objects down to a price; the look of its keys tells which level is which */
};

#define ENDPOINT_PATHS   5
#define ENDPOINT_PARAMS  5
#define ENDPOINT_ALIASES 9 /* the most names of one thing, with the NULL after them */

/* A row's fields. The first SNAPSHOT_FIELDS of them are kept in each item's snapshot. The others are read by reports
 * only, which find them in the item's text (members.h), because a field that is kept takes memory in each item. */
#define ENDPOINT_FIELDS (SNAPSHOT_FIELDS + 5)

/* Indices of an item's fields; those below SNAPSHOT_FIELDS are for snapshot_field(). */
enum { INVOICE_NUMBER, INVOICE_STATUS, INVOICE_DATE, INVOICE_YEAR };
enum { INVOICE_DUE = SNAPSHOT_FIELDS, INVOICE_TOTAL, INVOICE_CURRENCY, INVOICE_ITEMS, INVOICE_TRANSACTIONS };
enum { SERVICE_PRODUCT, SERVICE_STATUS, SERVICE_NAME };
enum { SERVICE_DUE = SNAPSHOT_FIELDS, SERVICE_AMOUNT, SERVICE_CURRENCY, SERVICE_CYCLE };
enum { PRODUCT_NAME = SNAPSHOT_FIELDS, PRODUCT_PRICES, PRODUCT_OPTIONS };
enum { GROUP_NAME };
enum { PRICE_EXTENSION, PRICE_OPERATION, PRICE_CURRENCY, PRICE_YEARS };
enum { BALANCE_AMOUNT, BALANCE_CURRENCY };
enum { VERSION_VERSION };

/* Indices of an endpoint's parameters, for query.values. */
enum { PRODUCTS_GROUP, PRODUCTS_OPTIONS };
enum { SERVICES_STATUS, SERVICES_PRODUCT };
enum { PRICING_EXTENSION, PRICING_OPERATION, PRICING_CURRENCY };
enum { INVOICES_ID, INVOICES_NUMBER, INVOICES_STATUS, INVOICES_ITEMS, INVOICES_TRANSACTIONS };

struct endpoint_param {
    const char *key;    /* its name in [endpoints] and in query_key() */
    const char *name;   /* the API's name for it */
    const char *fixed;  /* the value of every call; NULL: the query's value, if it has one */
    const char *prefix; /* put before the value in the URL, or NULL */
};

/* A field of an item. */
struct endpoint_field {
    const char *key;                     /* its name in [endpoints], such as "amount"; NULL: no such field */
    const char *names[ENDPOINT_ALIASES]; /* the API's possible names for it, the best first */
    const char *const *known;            /* the known values, NULL-terminated, others may occur; NULL: none is known */
};

struct endpoint {
    const char *name;
    const char *method;
    const char *evidence;              /* how sure the path is: documented, observed, inferred */
    const char *paths[ENDPOINT_PATHS]; /* candidates in order; "{id}" stands for the query's id */
    enum shape shape;
    const char *names[ENDPOINT_ALIASES]; /* members that may hold the list or object, besides `data` and the like */
    struct endpoint_param params[ENDPOINT_PARAMS];
    const char *ids[ENDPOINT_ALIASES]; /* possible names of an item's id, the best first */
    struct endpoint_field fields[ENDPOINT_FIELDS];
    int date_field; /* index of the field that gives the mtime, or -1 */
    int year_field; /* if there is a date_field: index of the field that gets the year of that date, such as "2026" */
    bool slow;      /* the ttl is config->ttl_slow_s, not config->ttl_s */
    bool by_id;     /* items are listed by id: an item without an id of its own counts as unshown */
};

/* The names by which an operation's answers are read: the table's, or those that [endpoints] sets in their place. */
struct endpoint_reading {
    const char *list; /* where in the answer the list or object is: the names of the members that lead to it, with dots
                         between them, such as "data.invoices"; NULL: not configured, so it is searched for */
    const char *ids[ENDPOINT_ALIASES];
    struct endpoint_field fields[ENDPOINT_FIELDS];
};

/* One call of an operation. Strings are borrowed. */
struct query {
    enum operation operation;
    uint64_t id;                         /* replaces "{id}" in the path */
    const char *values[ENDPOINT_PARAMS]; /* by index of the endpoint's params; NULL: the parameter is not sent */
};

/* How a list is fetched in pages. */
struct endpoint_paging {
    unsigned size;           /* items a page; 0: paging is off */
    const char *size_name;   /* parameter for the size */
    const char *offset_name; /* parameter for the number of items to skip */
    const char *number_name; /* parameter for the page's number, counted from 1; NULL: offset_name is sent instead */
};

/* The known statuses of services and of invoices, NULL-terminated. The API's list of services contains only services
 * with one of the first two statuses. */
extern const char *const endpoint_service_statuses[], *const endpoint_invoice_statuses[];

/* The row of an operation; never NULL. `operation` must not be OP_NONE. */
const struct endpoint *endpoint_of(enum operation operation);

/* The operation with this name, or OP_NONE. */
enum operation endpoint_named(const char *name);

/* Applies the [endpoints] overrides of `config`, which is borrowed until endpoints_free(). NULL when out of memory, or
 * when an override is not valid; both are logged. endpoints_free(NULL) is fine. */
struct endpoints *endpoints_new(const struct config *config);
void endpoints_free(struct endpoints *endpoints);

/* Appends the path and query of a call to `out`, with candidate path number `choice` and percent-encoded values. With
 * paging on, the query asks for the page that begins after `offset` items. Returns 0 or -ENOMEM. */
int endpoints_path(const struct endpoints *endpoints, const struct query *query, unsigned choice, size_t offset,
                   struct printbuf *out);

/* The names by which the answers of an operation are read. Borrowed until endpoints_free(). */
const struct endpoint_reading *endpoints_reading(const struct endpoints *endpoints, enum operation operation);

/* The paging of an operation. Borrowed. */
const struct endpoint_paging *endpoints_page(const struct endpoints *endpoints, enum operation operation);

/* The candidate path to begin with: the one that has proved right, else the first. */
unsigned endpoints_first(const struct endpoints *endpoints, enum operation operation);

/* After a 404 for candidate *choice: returns true and the next candidate to try in *choice, which is the one that has
 * proved right meanwhile, or else the next one in the row. Returns false when none is left, or the path is
 * configured. */
bool endpoints_next(const struct endpoints *endpoints, enum operation operation, unsigned *choice);

/* An answer has proved candidate `choice` right: it stays the operation's path until unmount. Later calls change
 * nothing. */
void endpoints_settle(struct endpoints *endpoints, enum operation operation, unsigned choice);

/* Appends the query's name, such as "invoices?status=Paid". It is unique, and does not depend on overrides. Returns 0 or
 * -ENOMEM: then part of the name is missing, so it may be another query's. */
int query_key(const struct query *query, struct printbuf *out);

/* Prints the table with the overrides applied, as a section of the configuration file (overrides.h). */
void endpoints_print(const struct endpoints *endpoints, FILE *out);

#endif
