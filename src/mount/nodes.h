/* SPDX-License-Identifier: MIT */
/*
 * Nodes: the inodes that the kernel knows, and what each of them shows.
 *
 * A node has a path. A node of a file or link is bound to what it shows, once, and then shows that until it is freed:
 *
 *                LOOKUP, content not in memory           GETATTR, READ, READDIRPLUS, …
 *      (none) -----------------------------> unbound -------------------------------> bound --FORGET--> (none)
 *         \-- LOOKUP, READDIRPLUS: content in memory ---------------------------------^
 *
 * A path has at most one current node: the node that a LOOKUP of the path answers. When the content at a path changes,
 * a new node becomes current. The old node stays until the kernel forgets it, so a file that is open keeps its content.
 * When the content is fetched again and its bytes are equal, the node stays current.
 *
 * Node numbers count up and are never used twice. So a notification that is under way to one node (a store into the
 * page cache, for example) can never reach another.
 *
 * A directory that is known to exist (bound) keeps one node until the table is freed, and so does a file that grows
 * (services/<id>/cdn/purge.log): such a file is no snapshot, and its node shows what the log says now. A command
 * (services/<id>/cdn/purge) gets a new node at each LOOKUP; this node stands for the open file.
 *
 * Threads:   loop thread only.
 * Ownership: nodes belong to the table. A node is freed when the kernel has forgotten it (nlookup is 0), no request
 *            holds it (busy is 0) and it has no children. The root, bound directories and bound files that grow stay
 *            until nodes_free().
 * Errors:    functions that make a node return NULL when out of memory.
 */
#ifndef MELBICOMFS_MOUNT_NODES_H
#define MELBICOMFS_MOUNT_NODES_H

#include "base/table.h"
#include "tree/listing.h"
#include "tree/tree.h"
#include "tree/views.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct links_drop;
struct nodes;
struct purge_handle;

/* The part of a node that only directories have. Times are clock_ms(), in ms. */
struct directory {
    struct node *first_child, *last_child; /* in order of creation */
    struct node *cursor;                   /* the child where pushing continues; NULL: after the file just read */
    uint64_t highest_id;                   /* no child that is named by an id has a higher one, and none has had */
    int64_t listed_until;    /* when the listing expires that the kernel may hold; 0: the kernel has no listing */
    uint64_t listings;       /* how often the kernel has begun to list the directory */
    uint64_t signature;      /* links.c: of the listing that the kernel got last; see tree_list_signature() */
    uint64_t seen;           /* the last signature that see_names() saw; a new signature moves the mtime; 0: none */
    int64_t told_until;      /* until when the directory's attributes hold, as last told to the kernel */
    bool expired;            /* the listing has expired, and the kernel has not begun a new one */
    uint64_t command_ino;    /* the inode number that stat shows for the command in the directory; 0: none yet */
    struct links_drop *drop; /* links.c: the pending drop of the directory's links, or NULL */
    unsigned reads;          /* ahead.c: calls in a row of ahead_of_read() for a child, or of ahead_of_getattr() for a
                                file in a child directory */
    unsigned window;         /* ahead.c: how many files to push, or child directories to fetch from, next */
    int64_t last_read, last_push; /* ahead.c: the last call that `reads` counts, and the last push */
    uint64_t cousin;    /* ahead.c: number of the child directory whose file was last given to ahead_of_getattr() */
    uint64_t exhausted; /* ahead.c: number of the last child when a round found nothing more to push; else 0 */
};

/* There is a node for each name that the kernel has listed, and an account has up to four names for each invoice. To save
 * memory, fields that only one kind of route uses share a union. */
struct node {
    uint64_t nodeid;
    uint64_t nlookup; /* lookups that the kernel has not forgotten yet */
    struct place place;
    union {
        struct snapshot *snapshot; /* of a file: a reference; NULL until the node is bound */
        struct {                   /* growth.c: of a file that grows, in bytes */
            uint32_t shown;        /* the size that the kernel may be told; 0: it has not been told any */
            uint32_t to_show;      /* the size that is on its way to the kernel; 0: none */
        };
        uint64_t target;             /* of a bound link: the id of the item that the link leads to */
        struct directory *dir;       /* of a directory: owned */
        struct purge_handle *handle; /* of a command: owned */
    };
    struct timespec mtime;
    unsigned busy; /* requests that hold the node */
    bool bound;    /* of a file or link: what the node shows is fixed; of a directory: it is known to exist */
    bool current;  /* a LOOKUP of the path answers this node */
    bool in_cache; /* the kernel has read the bytes or got them pushed, and may have dropped them since */

    struct node *next_sibling, *prev_sibling;
    UT_hash_handle by_path;
    struct {                 /* the key of by_path */
        struct node *parent; /* NULL in the root */
        char name[];
    };
};

/* What kind of thing a node is: directory, file, link or command. */
static inline enum route_kind node_kind(const struct node *node)
{
    return node->place.route->kind;
}

/* Whether a node is a file that grows: it has no snapshot, even when it is bound. */
static inline bool node_grows(const struct node *node)
{
    return route_grows(node->place.route);
}

/* The snapshot that a bound file shows; NULL for a file that grows and for any other node. Borrowed from the node. */
static inline struct snapshot *node_snapshot(const struct node *node)
{
    return node_kind(node) == ROUTE_FILE && !node_grows(node) ? node->snapshot : NULL;
}

/* The directory part of a node; NULL if the node is no directory. */
static inline struct directory *node_dir(const struct node *node)
{
    return node_kind(node) == ROUTE_DIR ? node->dir : NULL;
}

/* Makes the table, with the root in it. `tree` is borrowed. NULL when out of memory. nodes_free() frees all nodes;
 * nodes_free(NULL) is fine. */
struct nodes *nodes_new(struct tree *tree);
void nodes_free(struct nodes *nodes);

/* Returned nodes are borrowed. The root lives as long as the table. */
struct node *nodes_root(struct nodes *nodes);
size_t nodes_count(const struct nodes *nodes);

/* The node with this number, or NULL. */
struct node *nodes_get(struct nodes *nodes, uint64_t nodeid);

/* The current node of `name` in `dir`, or NULL. */
struct node *nodes_current(struct nodes *nodes, const struct node *dir, const char *name);

/* The next three functions find or make a node for `place`, which is in `dir`. They take over what `place` holds and
 * copy its name, on failure too. */

/* The current node of `place`. Makes an unbound one if there is none. */
struct node *nodes_find_or_make(struct nodes *nodes, struct node *dir, struct place *place);

/* A new node that no LOOKUP will answer again: for a command. */
struct node *nodes_mint(struct nodes *nodes, struct node *dir, struct place *place);

/* A bound node that shows `view` at `place`. That is the current node if it shows the same, or if it is unbound: then
 * it is bound to the view. Otherwise a new node is made and becomes current. */
struct node *nodes_show(struct nodes *nodes, struct node *dir, struct place *place, const struct view *view);

/* Makes the node no longer current: the next LOOKUP of its path answers another node. For a path whose entry the kernel
 * throws away. Does nothing if the node is not current. */
void nodes_lose_current(struct nodes *nodes, struct node *node);

/* The inode number that stat shows for the command in `dir`. It is the same for all nodes of this command, and differs
 * from every node's number. */
uint64_t nodes_command_ino(struct nodes *nodes, struct node *dir);

/* Binds an unbound node to what the view shows. Does nothing to a bound file or link. */
void node_bind(struct node *node, const struct view *view);

/* To be called for a FORGET: takes n off the node's lookups. The node may be freed on return. */
void nodes_forget(struct nodes *nodes, struct node *node, uint64_t n);

/* node_hold() keeps a node from being freed until node_release(). Calls nest. The node may be freed when node_release()
 * returns. */
void node_hold(struct node *node);
void node_release(struct nodes *nodes, struct node *node);

/* Frees the node if it is unused, and then each directory above it that has become unused. A directory or a file that
 * grows that is bound, and the root, always stay. */
void nodes_drop_unused(struct nodes *nodes, struct node *node);

/* Calls fn(data, node) for every node, in no particular order. fn must not make or free nodes. */
void nodes_each(struct nodes *nodes, void (*fn)(void *data, struct node *node), void *data);

#endif
