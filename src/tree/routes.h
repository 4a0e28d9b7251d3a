/* SPDX-License-Identifier: MIT */
/*
 * Routes: the constant table of all paths that the user sees, one row per path.
 *
 * A path consists of fixed names and of segments in angle brackets. Each such segment is one argument; arguments are
 * counted from the root. `<id>` is an id, `<id>.json` is an id with a suffix. Any other segment is a name from the API,
 * or one name of a fixed set. A directory has at most one child in angle brackets.
 *
 * A row names up to two queries that its content comes from. `list` is the query of the whole collection; `narrow` is
 * the smallest query that answers for this path alone. sources.h says which of the two is asked, and which is shown.
 *
 * Threads:   any; the table is constant once routes_init() has run.
 * Ownership: none; everything returned is constant.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TREE_ROUTES_H
#define MELBICOMFS_TREE_ROUTES_H

#include "api/endpoints.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTE_ARGS     4
#define ROUTE_CHILDREN 16
#define ROUTES_MAX     96 /* rows of the table, at most */

/* In a row: "the path's argument number i, counted from 0". 0 itself means "no argument". */
#define ARG(i)   ((i) + 1)
#define ARG_TRUE 255 /* in a source: send the text "true" instead of an argument */

enum route_kind { ROUTE_DIR, ROUTE_FILE, ROUTE_LINK, ROUTE_COMMAND };

/* Which items of a document a path shows. */
enum route_select {
    SELECT_NONE,  /* no document: the name alone says whether the path exists */
    SELECT_ONLY,  /* the whole document: its only item, or the whole list */
    SELECT_ID,    /* the item whose id is the last argument */
    SELECT_NAME,  /* the first item whose `field` equals the last argument; names.h: each other one is "NAME%=ID" */
    SELECT_GROUP, /* a directory of all items whose `field` equals the last argument */
    SELECT_PRICE  /* the prices whose first fields equal the arguments, one field per level */
};

/* How the text of a file is made. */
enum route_render {
    RENDER_ITEM,                 /* the item's own text */
    RENDER_WHOLE,                /* the text of the whole answer */
    RENDER_JSON,                 /* the whole list, as JSON */
    RENDER_CSV,                  /* the whole list, as a CSV table */
    RENDER_PRICES,               /* all prices, as a CSV table */
    RENDER_BALANCE,              /* one line: amount and currency */
    RENDER_VERSION,              /* one line: the version */
    RENDER_INVOICE_ITEMS,        /* a CSV table: a row for each element of the invoices' items */
    RENDER_INVOICE_TRANSACTIONS, /* the same, of their transactions */
    RENDER_PRODUCT_PRICES,       /* a CSV table: a row for each product, currency and billing cycle */
    RENDER_PRODUCT_OPTIONS,      /* a CSV table: a row for each product, option and choice */
    RENDER_UNPAID,               /* a CSV table: the unpaid invoices by due date */
    RENDER_UNPAID_SUMS,          /* a line for each currency: the sum of what is unpaid */
    RENDER_SPEND,                /* a CSV table: sums of the invoices by month and currency */
    RENDER_RENEWALS,             /* a CSV table: the services by next due date */
    RENDER_MADE                  /* from this mount's own state; `made` says which file it is */
};

/* RENDER_MADE: the files that are made from this mount's own state. */
enum route_made { MADE_NONE, MADE_README, MADE_STATUS, MADE_METRICS, MADE_LOG, MADE_PURGE_LOG };

/* A query whose values come from the path's arguments. */
struct route_source {
    bool used; /* false: the row has no such query */
    enum operation operation;
    uint8_t id;                      /* ARG() for "{id}" in the endpoint's path; 0: none */
    uint8_t params[ENDPOINT_PARAMS]; /* by index of the endpoint's parameters: ARG(), ARG_TRUE, or 0: not sent */
};

/* A row of the table. */
struct route {
    const char *path; /* below the mount point, without a leading slash; "" is the root */
    enum route_kind kind;
    enum route_select select;
    enum route_render render;
    uint8_t field;       /* SELECT_NAME, SELECT_GROUP: index of the item's field that the last argument names */
    uint8_t where;       /* ARG(): show only items whose field `where_field` equals this argument; 0: all items */
    uint8_t where_field; /* index of that field */
    uint8_t list_knows;  /* 0: the list answers for every `where` argument. n: it answers for the first n names of the
                            argument's fixed set only (the API's list of services has active and suspended ones) */
    bool hidden;         /* can be opened by name, but is not listed */
    bool constant;       /* RENDER_MADE: the text never changes */
    const char *target;  /* ROUTE_LINK: the link's target; "%s" stands for the item's id */
    struct {
        uint8_t least, most; /* the last segment is this many decimal digits, nothing else; 0: any text */
    } digits;
    const char *const *names; /* the fixed set of names for the last segment, NULL-terminated; NULL: none. With
                                 SELECT_GROUP, directories of these names always exist, and others when the list has
                                 such items; otherwise there are no others */
    struct route_source list, narrow;
    enum route_made made;
};

/* What the last segment of a path is: a fixed name, an id, or another argument. */
enum segment { SEGMENT_FIXED, SEGMENT_ID, SEGMENT_TEXT };

/* What routes_init() derives from a row's path. */
struct route_shape {
    const struct route *parent; /* NULL for the root */
    const char *name;           /* the last segment */
    enum segment segment;
    const char *suffix;                           /* what follows the angle brackets, such as ".json", or "" */
    unsigned args;                                /* how many arguments the whole path has */
    const struct route *children[ROUTE_CHILDREN]; /* those with a fixed name, in the order of the table */
    unsigned n_children;
    const struct route *any; /* the child in angle brackets, or NULL */
    bool leads_to_command;   /* a command is somewhere below */
};

/* Fills in the shape of every row. Must be called before route_shape(); calling it again changes nothing. */
void routes_init(void);

/* Returns the number of rows. */
unsigned routes_count(void);

/* Returns row i, i < routes_count(). Row 0 is the root. */
const struct route *routes_at(unsigned i);

/* Returns the number of a row, so that routes_at(route_index(route)) == route. */
unsigned route_index(const struct route *route);

/* Returns the shape of a row. */
const struct route_shape *route_shape(const struct route *route);

/* Returns whether `name` is in the row's fixed set of names. */
bool route_has_name(const struct route *route, const char *name);

/* Returns whether the file is the one whose text only grows, with the same inode for life: services/<id>/cdn/purge.log.
 * All other files are snapshots. */
static inline bool route_grows(const struct route *route)
{
    return route->made == MADE_PURGE_LOG;
}

/* Returns whether the row has a fixed set of names and, besides these, the names that occur in the API's list. */
static inline bool route_has_more_names(const struct route *route)
{
    return route->names && route->select == SELECT_GROUP;
}

#endif
