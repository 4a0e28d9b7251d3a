/* SPDX-License-Identifier: MIT */
/*
 * Looks: what a path shows.
 *
 * A look walks a path as the kernel walks it in a mount: each directory on the way must exist, and a link is followed if
 * something comes after it. Where an answer of the API is missing, the look asks for it and goes on when it has come:
 *
 *      look_start() --> at a place --not in memory--> waits --answered--> at the same place
 *                        |     ^-----the next name-----+
 *                        +--> done: the last place is known, or an error
 *
 * Looks wait side by side. looks_each() keeps as many under way as the client can use. If even more paths are in the same
 * directory, it lists this first, so that a hundred invoices are one request.
 *
 * Threads:   loop thread only.
 * Ownership: the caller provides the struct look, and frees what it holds with look_end(). It must not be moved between
 *            the two, because its places point into it.
 * Errors:    negative errno, those of the same path in the mount.
 */
#ifndef MELBICOMFS_SHELL_LOOK_H
#define MELBICOMFS_SHELL_LOOK_H

#include "shell/paths.h"
#include "tree/names.h"
#include "tree/views.h"

#include <stdbool.h>
#include <stddef.h>

struct shell;

/* The most places on a path below the root. */
#define LOOK_DEPTH 8

/* How to look. */
struct look_how {
    bool follow; /* if the path ends at a link, show what it leads to */
    bool list;   /* if the path ends at a directory, get its listing, too */
};

struct look {
    /* When the look is done: */
    int error;           /* 0, or -errno; without an error: */
    struct place *place; /* where the path ends */
    struct view view;    /* what is shown there */
    bool listing;        /* the path ends at a directory, whose listing was asked for; an error is the listing's */

    /* For look.c only. */
    struct shell *shell;
    struct look_how how;
    struct tree_wait wait;
    struct place places[LOOK_DEPTH];
    char names[LOOK_DEPTH][NAMES_MAX + 1];
    unsigned depth;     /* how many places are used */
    char *path, *ahead; /* the path that is walked, owned; and the part of it that is still ahead */
    unsigned links;     /* how many links were followed */
    bool done, awaited;
};

/* Begins to look at a path, relative to the root of the tree. */
void look_start(struct look *look, struct shell *shell, const char *path, struct look_how how);

/* Finds the place of a path by its names alone: links are not followed, nothing is asked for, and the view is empty. The
 * look is done then. Returns look->error. */
int look_by_name(struct look *look, struct shell *shell, const char *path);

/* Runs the loop until the look is done. Returns look->error. */
int look_await(struct look *look);

/* Stops the look if it is not done, and frees what it holds. */
void look_end(struct look *look);

/* Looks at all paths side by side. Calls fn(data, path, look) for each of them when its look is done, in the order of
 * the paths. fn may use the looks' places and views until it returns. */
void looks_each(struct shell *shell, const struct paths *paths, struct look_how how,
                void (*fn)(void *data, const char *path, struct look *look), void *data);

#endif
