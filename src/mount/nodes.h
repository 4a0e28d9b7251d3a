/*
 * Nodes: what the kernel knows, and what each shows.
 *
 * A node is a path and, for a file or link, the one thing it shows for good:
 *
 *                LOOKUP, nothing at hand              GETATTR, READDIRPLUS
 *      (none) ---------------------------> unbound -------------------------> bound --FORGET--> (none)
 *         \-- LOOKUP, READDIRPLUS: content at hand ---------------------------^
 *
 * A path has one current node, the one a LOOKUP gives. When other bytes are shown at a path, a new node becomes
 * current, and the old one lives on for those who have it, until the kernel forgets it. Equal bytes keep the node. Node
 * numbers count up and are never used twice, so that nothing that is on its way to a node (a store into the page cache,
 * say) can reach another.
 *
 * Directories keep one node for life. A command's node is minted at each LOOKUP and is its handle.
 *
 * Threads:   loop thread only.
 * Ownership: nodes belong to the table; a node lives while the kernel counts lookups of it, a request waits on it, or
 *            nodes are below it.
 * Errors:    NULL when out of memory.
 */
#ifndef MELBICOMFS_MOUNT_NODES_H
#define MELBICOMFS_MOUNT_NODES_H

#include "tree/listing.h"
#include "tree/tree.h"
#include "tree/views.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <uthash.h>

struct links_drop;
struct nodes;
struct purge_handle;

/* What a directory has besides. */
struct directory {
    struct node *first_child, *last_child; /* in order of creation */
    struct node *cursor;                   /* the child where pushing goes on; NULL: behind the one just read */
    int64_t listed_until;    /* clock_ms() when the listing that the kernel may hold expires; 0: it was given none */
    uint64_t listings;       /* how often the kernel has begun to list it */
    uint64_t signature;      /* of the listing that the kernel was given last; see tree_list_signature() */
    uint64_t seen;           /* the last signature that was seen: another one moves the mtime */
    int64_t told_until;      /* until when the kernel was told that its attributes hold */
    bool expired;            /* the listing expired and the kernel has not begun to list it since */
    uint64_t command_ino;    /* what stat shows as the number of the command in it; 0: not asked yet */
    struct links_drop *drop; /* of links: set while they are about to be dropped; see links.c */
    unsigned reads, window;  /* files read one by one lately, and how many to push; see ahead.c */
    int64_t last_read, last_push;
    uint64_t cousin;    /* its child below which a first GETATTR was last seen; see ahead.c */
    uint64_t exhausted; /* its last child when pushing found nothing more to push */
};

/* There is one for each name that the kernel has listed, three for each invoice: what only one kind of route has shares
 * its place. */
struct node {
    uint64_t nodeid;
    uint64_t nlookup; /* the kernel's */
    struct place place;
    union {
        struct snapshot *snapshot;   /* of a file; NULL until it is bound */
        uint64_t target;             /* of a link, once it is bound: the item it leads to */
        struct directory *dir;       /* of a directory */
        struct purge_handle *handle; /* of a command */
    };
    struct timespec mtime;
    unsigned busy; /* requests that wait on it */
    bool bound;    /* shows what it shows for good; of a directory: has been seen to exist */
    bool current;  /* a LOOKUP of its path gives it */
    bool in_cache; /* its bytes were read or pushed: the kernel has them, or had */

    struct node *next_sibling, *prev_sibling;
    UT_hash_handle by_path;
    struct {                 /* the key of by_path */
        struct node *parent; /* NULL of the root */
        char name[];
    };
};

static inline enum route_kind node_kind(const struct node *node)
{
    return node->place.route->kind;
}

/* What a node shows, if it is a file that is bound; else NULL. */
static inline struct snapshot *node_snapshot(const struct node *node)
{
    return node_kind(node) == ROUTE_FILE ? node->snapshot : NULL;
}

/* What a directory has besides; of anything else NULL. */
static inline struct directory *node_dir(const struct node *node)
{
    return node_kind(node) == ROUTE_DIR ? node->dir : NULL;
}

struct nodes *nodes_new(struct tree *tree);
void nodes_free(struct nodes *nodes);

struct node *nodes_root(struct nodes *nodes);
size_t nodes_count(const struct nodes *nodes);

/* The node of a number, or NULL. */
struct node *nodes_get(struct nodes *nodes, uint64_t nodeid);

/* The current node of a path, or NULL. */
struct node *nodes_current(struct nodes *nodes, const struct node *dir, const char *name);

/* The current node of a path, made unbound if there is none. Takes what `place` holds; its name is copied. */
struct node *nodes_find_or_make(struct nodes *nodes, struct node *dir, struct place *place);

/* The kernel has thrown away the entry of a path: the next LOOKUP of it is given another node. */
void nodes_lose_current(struct nodes *nodes, struct node *node);

/* A new node, current for nobody: for a command. */
struct node *nodes_mint(struct nodes *nodes, struct node *dir, struct place *place);

/* The number that stat shows for the command in `dir`, whichever node of it is asked: no node has it. */
uint64_t nodes_command_ino(struct nodes *nodes, struct node *dir);

/* The node that shows `view` at a path: the current one if it shows the same or is unbound (it is bound then), else a
 * new one. Takes what `place` holds. */
struct node *nodes_show(struct nodes *nodes, struct node *dir, struct place *place, const struct view *view);

/* Binds an unbound node to what the view shows. */
void node_bind(struct node *node, const struct view *view);

/* The kernel lets go of n lookups; the node may be gone on return. */
void nodes_forget(struct nodes *nodes, struct node *node, uint64_t n);

/* A request waits on the node; and no longer, after which the node may be gone. */
void node_hold(struct node *node);
void node_release(struct nodes *nodes, struct node *node);

/* The node goes if nobody has it. */
void nodes_drop_unused(struct nodes *nodes, struct node *node);

/* Every node, in no order; fn must not make or free any. */
void nodes_each(struct nodes *nodes, void (*fn)(void *data, struct node *node), void *data);

#endif
