/* SPDX-License-Identifier: MIT */
/*
 * Helpers that resolve paths of the tree, and read and list what they show, without a mount.
 *
 * Threads:   the test's only.
 * Ownership: walk_to() fills a walk, walk_end() frees what it holds. Between the two a walk must not be copied or
 *            moved, because its places point into it.
 * Errors:    unexpected errors fail the test.
 */
#ifndef MELBICOMFS_TESTS_PLACES_H
#define MELBICOMFS_TESTS_PLACES_H

#include "stack.h"
#include "tree/context.h"
#include "tree/listing.h"
#include "tree/sources.h"
#include "tree/views.h"

#define WALK_DEPTH 8

/* The places of a path, one for each of its names. */
struct walk {
    struct place places[WALK_DEPTH];
    char names[WALK_DEPTH][512];
    unsigned n;
};

/* The place of a path, borrowed from the walk (the root: from the tree). NULL if no such path can exist. walk_end() is
 * needed in both cases. */
static inline struct place *walk_to(struct stack *s, struct walk *walk, const char *path)
{
    struct place *place = tree_root(s->tree);

    walk->n = 0;
    while (*path) {
        size_t len = strcspn(path, "/");
        char *name = walk->names[walk->n];

        assert_true(walk->n < WALK_DEPTH && len < sizeof(walk->names[0]));
        memcpy(name, path, len);
        name[len] = '\0';
        int r = place_child(place, name, &walk->places[walk->n]);
        if (r != 0) {
            assert_int_equal(r, -ENOENT);
            return NULL;
        }
        place = &walk->places[walk->n++];
        path += len + (path[len] == '/');
    }
    return place;
}

static inline void walk_end(struct walk *walk)
{
    while (walk->n > 0)
        place_clear(&walk->places[--walk->n]);
}

/* Gets what a place shows, and sends requests and waits for them if necessary. Returns 1 with *ret for view_clear(), or
 * an error. */
static inline int look(struct stack *s, struct place *place, struct view *ret)
{
    for (;;) {
        struct reader reader = {.wait = {.done = reader_called, .data = &reader}};
        int r = tree_peek(s->tree, place, ret);

        if (r != 0)
            return r;
        r = tree_ask(s->tree, place, &reader.wait);
        if (r < 0)
            return r;
        if (r == 1)
            continue;
        await(s, reader.calls);
        if (reader.error)
            return reader.error;
    }
}

/* What tree_peek() returns for a path; -ENOENT if no such path can exist. Sends no request. */
static inline int peek(struct stack *s, const char *path)
{
    struct walk walk;
    struct view view = {.snapshot = NULL};
    struct place *place = walk_to(s, &walk, path);
    int r = place ? tree_peek(s->tree, place, &view) : -ENOENT;

    view_clear(&view);
    walk_end(&walk);
    return r;
}

/* Asserts that `text` is the content of the file, or the target of the link, at a path. */
static inline void assert_shows(struct stack *s, const char *path, const char *text)
{
    struct walk walk;
    struct view view = {.snapshot = NULL};
    struct place *place = walk_to(s, &walk, path);
    char target[128];

    if (!place || look(s, place, &view) != 1)
        fail_msg("%s is not there", path);
    if (place->route->kind == ROUTE_LINK) {
        assert_int_equal(place_target(place, view.id, target, sizeof(target)), strlen(text));
        assert_string_equal(target, text);
    } else {
        assert_text(view.snapshot, text);
    }
    view_clear(&view);
    walk_end(&walk);
}

/* Writes the names of a directory to `buf`, each followed by a blank. The listing must be in memory. Returns `buf`. */
static inline char *names_of(struct stack *s, const char *path, char *buf, size_t size)
{
    struct walk walk;
    struct listing listing;
    struct listed entry;
    size_t len = 0;
    struct place *dir = walk_to(s, &walk, path);

    assert_non_null(dir);
    assert_int_equal(listing_open(&listing, s->tree, dir, 0), 1);
    buf[0] = '\0';
    while (listing_next(&listing, &entry)) {
        len += (size_t)snprintf(buf + len, size - len, "%s ", entry.name);
        assert_true(len < size);
    }
    listing_close(&listing);
    walk_end(&walk);
    return buf;
}

#endif
