/* SPDX-License-Identifier: MIT */
#include "shell/look.h"

#include "base/cleanup.h"
#include "base/config.h"
#include "base/loop.h"
#include "shell/context.h"
#include "tree/listing.h"
#include "tree/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel follows as many links on one path. */
#define LINKS_MAX 40

static struct place *here(struct look *look)
{
    return look->depth ? &look->places[look->depth - 1] : tree_root(look->shell->tree);
}

static void finish(struct look *look, int error)
{
    look->error = error;
    look->place = here(look);
    look->done = true;
    if (look->awaited)
        loop_quit(look->shell->loop, 0);
}

/* Gets what the place shows. 1: it is in look->view; 0: the look waits; or an error. */
static int bind(struct look *look, struct place *place)
{
    struct tree *tree = look->shell->tree;
    view_clear(&look->view);
    if (place->route->kind == ROUTE_COMMAND) {
        look->view = (struct view){.mtime = tree_started(tree)};
        return 1;
    }
    for (;;) {
        int r = tree_peek(tree, place, &look->view);
        if (r == 0)
            r = tree_ask(tree, place, &look->wait);
        else
            return r;
        if (r != 1)
            return r;
    }
}

static void up(struct look *look)
{
    if (look->depth > 0)
        place_clear(&look->places[--look->depth]);
}

/* Goes to the next name on the path. */
static int enter(struct look *look)
{
    const char *name = look->ahead + strspn(look->ahead, "/");
    size_t len = strcspn(name, "/");
    struct place *dir = here(look);

    if (dir->route->kind != ROUTE_DIR)
        return -ENOTDIR;
    look->ahead = look->path + (name + len - look->path);
    if (len == 0 || (len == 1 && *name == '.'))
        return 0;
    if (len == 2 && strncmp(name, "..", 2) == 0) {
        up(look);
        return 0;
    }
    if (len > NAMES_MAX || look->depth == LOOK_DEPTH)
        return -ENAMETOOLONG;
    memcpy(look->names[look->depth], name, len);
    look->names[look->depth][len] = '\0';
    int r = place_child(dir, look->names[look->depth], &look->places[look->depth]);
    if (r == 0)
        look->depth++;
    look->wait = (struct tree_wait){.done = look->wait.done, .data = look->wait.data};
    return r;
}

/* Puts the target of the link in front of what is ahead, and goes back to the directory of the link. */
static int follow(struct look *look)
{
    char target[64], *path;
    if (++look->links > LINKS_MAX)
        return -ELOOP;
    place_target(here(look), look->view.id, target, sizeof target);
    if (asprintf(&path, "%s%s", target, look->ahead) < 0)
        return -ENOMEM;
    free(look->path);
    look->path = look->ahead = path;
    up(look);
    return 0;
}

static void list(struct look *look, int error)
{
    struct listing listing;
    look->listing = true;
    for (;;) {
        int r = error ? listing_error(error) : listing_open(&listing, look->shell->tree, here(look), 0);
        if (r != 0) {
            if (r == 1)
                listing_close(&listing);
            finish(look, r < 0 ? r : 0);
            return;
        }
        r = tree_ask_list(look->shell->tree, here(look), &look->wait);
        if (r == 0)
            return;
        error = r < 0 ? r : 0;
    }
}

/* Something comes after a file on the path. Whether the file exists is not asked for, as the kernel does not ask. */
static int pass_file(struct look *look, struct place *file)
{
    view_clear(&look->view);
    int r = tree_peek(look->shell->tree, file, &look->view);
    return r < 0 ? r : -ENOTDIR;
}

/* Walks on from the place where the look is. `error`: that place could not be got. */
static void walk(struct look *look, int error)
{
    for (;;) {
        struct place *place = here(look);
        bool ends = place->route->kind == ROUTE_FILE && *look->ahead;
        int r = error ? error : ends ? pass_file(look, place) : bind(look, place);
        if (r == 0)
            return;
        error = 0;
        if (r < 0 && tree_shown_unasked(place, r)) {
            look->view = (struct view){.mtime = tree_started(look->shell->tree)};
            r = 1;
        }
        if (r == 1 && place->route->kind == ROUTE_LINK && (look->how.follow || *look->ahead)) {
            r = follow(look);
        } else if (r == 1 && *look->ahead) {
            r = enter(look);
        } else if (r == 1 && look->how.list && place->route->kind == ROUTE_DIR) {
            list(look, 0);
            return;
        } else {
            finish(look, r < 0 ? r : 0);
            return;
        }
        if (r < 0) {
            finish(look, r);
            return;
        }
    }
}

static void on_done(void *data, int error)
{
    struct look *look = data;
    if (look->listing)
        list(look, error);
    else
        walk(look, error);
}

static void begin(struct look *look, struct shell *shell, const char *path, struct look_how how)
{
    memset(look, 0, offsetof(struct look, places));
    look->shell = shell;
    look->how = how;
    look->wait = (struct tree_wait){.done = on_done, .data = look};
    look->depth = look->links = 0;
    look->done = look->awaited = false;
    look->path = look->ahead = paths_owned(strdup(path));
}

void look_start(struct look *look, struct shell *shell, const char *path, struct look_how how)
{
    begin(look, shell, path, how);
    walk(look, 0);
}

int look_by_name(struct look *look, struct shell *shell, const char *path)
{
    int r = 0;
    begin(look, shell, path, (struct look_how){.follow = false});
    while (r == 0 && *look->ahead)
        r = enter(look);
    finish(look, r);
    return r;
}

int look_await(struct look *look)
{
    look->awaited = true;
    int r = look->done ? 0 : loop_run(look->shell->loop);
    if (r < 0 && !look->done) {
        tree_wait_cancel(&look->wait);
        finish(look, r);
    }
    return look->error;
}

void look_end(struct look *look)
{
    if (!look->path)
        return;
    tree_wait_cancel(&look->wait);
    view_clear(&look->view);
    while (look->depth > 0)
        up(look);
    free(look->path);
    look->path = NULL;
}

/* The length of the path of the directory that the path's last name is in. */
static size_t dir_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* Where more paths than `many` in a row are in one directory, its list is one request in place of one for each. A failure
 * is met again by these paths. */
static void list_ahead(struct shell *shell, const struct paths *paths, size_t many)
{
    for (size_t from = 0, to; from < paths->n; from = to) {
        size_t len = dir_len(paths->at[from]);
        for (to = from + 1; to < paths->n && dir_len(paths->at[to]) == len; to++)
            if (memcmp(paths->at[from], paths->at[to], len) != 0)
                break;
        if (to - from <= many)
            continue;
        struct look look;
        _cleanup_(freep) char *dir = paths_owned(strndup(paths->at[from], len));
        look_start(&look, shell, dir, (struct look_how){.follow = true, .list = true});
        (void)look_await(&look);
        look_end(&look);
    }
}

void looks_each(struct shell *shell, const struct paths *paths, struct look_how how,
                void (*fn)(void *data, const char *path, struct look *look), void *data)
{
    size_t window = 4 * (size_t)tree_config(shell->tree)->max_connections, begun = 0;
    if (window > paths->n)
        window = paths->n;
    if (window == 0)
        return;
    list_ahead(shell, paths, window);
    struct look *looks = paths_owned(calloc(window, sizeof *looks));
    for (size_t i = 0; i < paths->n; i++) {
        for (; begun < paths->n && begun < i + window; begun++)
            look_start(&looks[begun % window], shell, paths->at[begun], how);
        struct look *look = &looks[i % window];
        (void)look_await(look);
        fn(data, paths->at[i], look);
        look_end(look);
    }
    free(looks);
}
