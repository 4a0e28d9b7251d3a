/*
 * Routes: what the user sees, one row of a constant table a path.
 *
 * A path is made of fixed names and of segments in angle brackets, each of which is one argument, counted from the
 * root: `<id>` is an id, `<id>.json` an id with a suffix, anything else a name from the API or of a fixed set. A
 * directory has at most one such child. A row says where its content comes from: `list` is the query of the whole
 * collection, `narrow` the smallest query that answers for this path alone; whichever was answered more recently is
 * shown, and the narrow one is asked unless the list is at hand.
 *
 * Threads:   any; the table is constant once routes_init() has run.
 * Ownership: none.
 * Errors:    none.
 */
#ifndef MELBICOMFS_TREE_ROUTES_H
#define MELBICOMFS_TREE_ROUTES_H

#include "api/endpoints.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTE_ARGS     4
#define ROUTE_CHILDREN 16
#define ROUTES_MAX     64 /* rows of the table, at most */

/* In a source: which argument a parameter takes. */
#define ARG(i)   ((i) + 1)
#define ARG_TRUE 255 /* not an argument: the text "true" */

enum route_kind { ROUTE_DIR, ROUTE_FILE, ROUTE_LINK, ROUTE_COMMAND };

/* How a place finds its item in a document. */
enum route_select {
    SELECT_NONE,  /* it needs none: the place is there by its name alone */
    SELECT_ONLY,  /* the only item, or the whole list */
    SELECT_ID,    /* the item with the id that is the last argument */
    SELECT_NAME,  /* the first item whose `field` is the last argument; names of a directory are unique */
    SELECT_GROUP, /* any item whose field is the last argument: the name stands for many */
    SELECT_PRICE  /* the items whose first fields are the arguments, one field a level */
};

/* How a file's text is made of what was found. */
enum route_render {
    RENDER_ITEM,  /* the item's own text */
    RENDER_WHOLE, /* the text of the whole answer */
    RENDER_JSON,  /* the whole list, as JSON */
    RENDER_CSV,   /* the whole list, as a table */
    RENDER_BALANCE,
    RENDER_VERSION,
    RENDER_MADE /* of this mount's own state, as `made` says */
};

/* RENDER_MADE: which of this mount's own files it is. */
enum route_made { MADE_NONE, MADE_README, MADE_STATUS, MADE_METRICS, MADE_LOG, MADE_PURGE_LOG };

struct route_source {
    bool used;
    enum operation operation;
    uint8_t id;                      /* ARG() for "{id}" in the endpoint's path, 0: none */
    uint8_t params[ENDPOINT_PARAMS]; /* ARG(), ARG_TRUE, or 0: not sent */
};

struct route {
    const char *path;
    enum route_kind kind;
    enum route_select select;
    enum route_render render;
    uint8_t field; /* SELECT_NAME, SELECT_GROUP: of the item */
    uint8_t where; /* ARG() that the item's field `where_field` must equal, 0: none */
    uint8_t where_field;
    uint8_t list_knows; /* of the fixed set that the where argument is from, the list holds only the first so many; 0:
                           all */
    bool hidden;        /* found when asked for, not listed */
    bool constant;      /* RENDER_MADE: never changes */
    const char *target; /* ROUTE_LINK: "%s" is the item's id */
    const char *const *names; /* the fixed set, NULL-terminated, or NULL */
    struct route_source list, narrow;
    enum route_made made;
};

/* How the last segment of a route's path reads; filled by routes_init(). */
enum segment { SEGMENT_FIXED, SEGMENT_ID, SEGMENT_TEXT };

struct route_shape {
    const struct route *parent; /* NULL for the root */
    const char *name;           /* last segment */
    enum segment segment;
    const char *suffix;                           /* behind the brackets, "" when there is none */
    unsigned args;                                /* in the whole path */
    const struct route *children[ROUTE_CHILDREN]; /* fixed ones, in order of the table */
    unsigned n_children;
    const struct route *any; /* the child in angle brackets, or NULL */
};

/* Works the table out; once, before anything else here. */
void routes_init(void);

/* The root is row 0. */
unsigned routes_count(void);
const struct route *routes_at(unsigned i);
unsigned route_index(const struct route *route);
const struct route_shape *route_shape(const struct route *route);

#endif
