/* SPDX-License-Identifier: MIT */
#include "mount/nodes.h"

#include "base/cleanup.h"
#include "tree/purge.h"
#include "tree/purge_handle.h"

#include <stdlib.h>
#include <string.h>

#define ROOT_ID 1 /* FUSE_ROOT_ID */

/*
 * Node numbers count up, so the table by number is an array in pieces of PIECE nodes. A piece is allocated while any
 * node in it exists. For a million nodes a hash table would take six times the memory and twice the time.
 */
#define PIECE 1024

struct piece {
    unsigned n;
    struct node *nodes[PIECE];
};

struct nodes {
    struct tree *tree;
    struct piece **pieces;
    size_t n_pieces, n;
    struct node *by_path;
    struct node *root;
    uint64_t last_id;
};

static size_t key_len(const struct node *node)
{
    return sizeof node->parent + strlen(node->name);
}

/* Gives the node the next number; false when out of memory. */
static bool number(struct nodes *nodes, struct node *node)
{
    size_t i = (size_t)((nodes->last_id + 1) / PIECE);
    if (i >= nodes->n_pieces) {
        size_t n = nodes->n_pieces ? nodes->n_pieces * 2 : 16;
        struct piece **pieces = reallocarray(nodes->pieces, n, sizeof *pieces);
        if (!pieces)
            return false;
        memset(pieces + nodes->n_pieces, 0, (n - nodes->n_pieces) * sizeof *pieces);
        nodes->pieces = pieces;
        nodes->n_pieces = n;
    }
    if (!nodes->pieces[i] && !(nodes->pieces[i] = calloc(1, sizeof **nodes->pieces)))
        return false;
    node->nodeid = ++nodes->last_id;
    nodes->pieces[i]->nodes[node->nodeid % PIECE] = node;
    nodes->pieces[i]->n++;
    nodes->n++;
    return true;
}

static void unnumber(struct nodes *nodes, struct node *node)
{
    struct piece **piece = &nodes->pieces[node->nodeid / PIECE];
    (*piece)->nodes[node->nodeid % PIECE] = NULL;
    nodes->n--;
    if (--(*piece)->n == 0) {
        free(*piece);
        *piece = NULL;
    }
}

static bool named_by_id(const struct place *place)
{
    return route_shape(place->route)->segment == SEGMENT_ID;
}

static void link_child(struct directory *dir, struct node *node)
{
    if (named_by_id(&node->place) && node->place.id > dir->highest_id)
        dir->highest_id = node->place.id;
    node->prev_sibling = dir->last_child;
    if (dir->last_child)
        dir->last_child->next_sibling = node;
    else
        dir->first_child = node;
    dir->last_child = node;
}

static void unlink_child(struct directory *dir, struct node *node)
{
    if (dir->cursor == node)
        dir->cursor = node->next_sibling;
    if (node->prev_sibling)
        node->prev_sibling->next_sibling = node->next_sibling;
    else
        dir->first_child = node->next_sibling;
    if (node->next_sibling)
        node->next_sibling->prev_sibling = node->prev_sibling;
    else
        dir->last_child = node->prev_sibling;
}

/* Makes a node that is not current, and takes over what `place` holds, on failure too. NULL when out of memory. */
static struct node *make(struct nodes *nodes, struct node *dir, struct place *place)
{
    size_t len = strlen(place->name) + 1;
    struct node *node = calloc(1, sizeof *node + len);
    struct directory *directory = NULL;
    bool is_dir = place->route->kind == ROUTE_DIR;
    if (!node || (is_dir && !(directory = calloc(1, sizeof *directory))) || !number(nodes, node)) {
        free(directory);
        free(node);
        place_clear(place);
        return NULL;
    }
    node->parent = dir;
    node->place = *place;
    memcpy(node->name, place->name, len);
    node->place.name = node->name;
    if (is_dir)
        node->dir = directory;
    node->mtime = tree_started(nodes->tree);
    node->bound = place->route->kind == ROUTE_DIR && place->route->select == SELECT_NONE;
    *place = (struct place){.route = NULL};
    if (dir)
        link_child(dir->dir, node);
    return node;
}

/* False when out of memory. */
static bool make_current(struct nodes *nodes, struct node *node)
{
    HASH_ADD_KEYPTR(by_path, nodes->by_path, &node->parent, key_len(node), node);
    node->current = table_holds(node, by_path);
    return node->current;
}

void nodes_lose_current(struct nodes *nodes, struct node *node)
{
    if (!node->current)
        return;
    HASH_DELETE(by_path, nodes->by_path, node);
    node->current = false;
}

static void free_node(struct nodes *nodes, struct node *node)
{
    nodes_lose_current(nodes, node);
    unnumber(nodes, node);
    if (node->parent)
        unlink_child(node->parent->dir, node);
    switch (node_kind(node)) {
    case ROUTE_DIR:
        free(node->dir);
        break;
    case ROUTE_FILE:
        snapshot_unref(node_snapshot(node));
        break;
    case ROUTE_COMMAND:
        purge_handle_free(node->handle);
        break;
    case ROUTE_LINK:
        break;
    }
    place_clear(&node->place);
    free(node);
}

/* Like make(), but makes the node current. */
static struct node *make_shown(struct nodes *nodes, struct node *dir, struct place *place)
{
    struct node *node = make(nodes, dir, place);
    if (node && !make_current(nodes, node)) {
        free_node(nodes, node);
        return NULL;
    }
    return node;
}

struct nodes *nodes_new(struct tree *tree)
{
    struct nodes *nodes = calloc(1, sizeof *nodes);
    if (!nodes)
        return NULL;
    nodes->tree = tree;
    nodes->last_id = ROOT_ID - 1;
    struct place place = *tree_root(tree);
    nodes->root = make(nodes, NULL, &place);
    if (!nodes->root || !make_current(nodes, nodes->root)) {
        nodes_free(nodes);
        return NULL;
    }
    return nodes;
}

void nodes_free(struct nodes *nodes)
{
    if (!nodes)
        return;
    for (size_t i = 0; i < nodes->n_pieces; i++)
        for (unsigned k = 0; nodes->pieces[i] && k < PIECE; k++) {
            struct node *node = nodes->pieces[i]->nodes[k];
            if (!node)
                continue;
            node->parent = NULL;
            free_node(nodes, node);
        }
    free(nodes->pieces);
    free(nodes);
}

struct node *nodes_root(struct nodes *nodes)
{
    return nodes->root;
}

size_t nodes_count(const struct nodes *nodes)
{
    return nodes->n;
}

struct node *nodes_get(struct nodes *nodes, uint64_t nodeid)
{
    uint64_t i = nodeid / PIECE;
    return i < nodes->n_pieces && nodes->pieces[i] ? nodes->pieces[i]->nodes[nodeid % PIECE] : NULL;
}

struct node *nodes_current(struct nodes *nodes, const struct node *dir, const char *name)
{
    struct {
        const struct node *parent;
        char name[NAMES_MAX + 1];
    } key;
    size_t len = strlen(name);
    struct node *node;

    /* A directory that is listed for the first time: most of a walk through services/. */
    if (len > NAMES_MAX || !dir->dir->first_child)
        return NULL;
    key.parent = dir;
    memcpy(key.name, name, len);
    HASH_FIND(by_path, nodes->by_path, &key, sizeof key.parent + len, node);
    return node;
}

struct node *nodes_mint(struct nodes *nodes, struct node *dir, struct place *place)
{
    return make(nodes, dir, place);
}

uint64_t nodes_command_ino(struct nodes *nodes, struct node *dir)
{
    if (dir->dir->command_ino == 0)
        dir->dir->command_ino = ++nodes->last_id;
    return dir->dir->command_ino;
}

struct node *nodes_find_or_make(struct nodes *nodes, struct node *dir, struct place *place)
{
    struct node *node = nodes_current(nodes, dir, place->name);
    if (node) {
        /* The node of a link that was listed has no text; see place_of_listed(). */
        if (!node->place.text)
            node->place.text = steal(&place->text);
        place_clear(place);
        return node;
    }
    return make_shown(nodes, dir, place);
}

void node_bind(struct node *node, const struct view *view)
{
    if (node->bound && node_kind(node) != ROUTE_DIR)
        return;
    if (node_kind(node) == ROUTE_FILE && !node_grows(node) && view->snapshot)
        node->snapshot = snapshot_ref(view->snapshot);
    else if (node_kind(node) == ROUTE_LINK)
        node->target = view->id;
    if (!node->bound)
        node->mtime = view->mtime;
    node->bound = true;
}

/* Whether a bound node shows the same as the view. If the bytes are equal, the node takes a reference to the view's
 * snapshot instead of its own: the cache holds that one anyway, so the old copy can be freed. */
static bool shows(struct node *node, const struct view *view)
{
    if (node_kind(node) == ROUTE_DIR || node_grows(node))
        return true;
    if (node_kind(node) == ROUTE_LINK)
        return node->target == view->id;
    if (!node->snapshot || !snapshot_equal(node->snapshot, view->snapshot))
        return false;
    if (node->snapshot != view->snapshot) {
        snapshot_unref(node->snapshot);
        node->snapshot = snapshot_ref(view->snapshot);
    }
    return true;
}

struct node *nodes_show(struct nodes *nodes, struct node *dir, struct place *place, const struct view *view)
{
    /* A listing goes up the ids, so mostly there is no node yet, and the table need not be searched. */
    bool known = !named_by_id(place) || place->id <= dir->dir->highest_id;
    struct node *node = known ? nodes_current(nodes, dir, place->name) : NULL;
    if (node && node->bound && !shows(node, view)) {
        nodes_lose_current(nodes, node);
        nodes_drop_unused(nodes, node);
        node = NULL;
    }
    if (node) {
        /* tree_peek() may have filled in the text that the name stands for in the new place only. */
        if (!node->place.text)
            node->place.text = steal(&place->text);
        place_clear(place);
    } else {
        node = make_shown(nodes, dir, place);
        if (!node)
            return NULL;
    }
    node_bind(node, view);
    return node;
}

void nodes_drop_unused(struct nodes *nodes, struct node *node)
{
    while (node && node->nlookup == 0 && node->busy == 0 && !(node_dir(node) && node->dir->first_child) &&
           node->parent) {
        if ((node_kind(node) == ROUTE_DIR || node_grows(node)) && node->bound)
            return;
        struct node *parent = node->parent;
        free_node(nodes, node);
        node = parent;
    }
}

void nodes_forget(struct nodes *nodes, struct node *node, uint64_t n)
{
    node->nlookup -= n < node->nlookup ? n : node->nlookup;
    nodes_drop_unused(nodes, node);
}

void node_hold(struct node *node)
{
    node->busy++;
}

void node_release(struct nodes *nodes, struct node *node)
{
    node->busy--;
    nodes_drop_unused(nodes, node);
}

void nodes_each(struct nodes *nodes, void (*fn)(void *data, struct node *node), void *data)
{
    for (size_t i = 0; i < nodes->n_pieces; i++)
        for (unsigned k = 0; nodes->pieces[i] && k < PIECE; k++)
            if (nodes->pieces[i]->nodes[k])
                fn(data, nodes->pieces[i]->nodes[k]);
}
