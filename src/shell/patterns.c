/* SPDX-License-Identifier: MIT */
#include "shell/patterns.h"

#include "base/cleanup.h"
#include "shell/context.h"
#include "shell/look.h"
#include "tree/listing.h"
#include "tree/tree.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* One operand that is being expanded, name by name. */
struct expansion {
    struct shell *shell;
    const char *name; /* the pattern that the names are compared with */
    bool last;        /* no name comes after it, so files match, too */
    bool failed;      /* a directory could not be listed */
    struct paths found;
};

static bool is_pattern(const char *text)
{
    return strpbrk(text, "*?[");
}

/* What does not exist, and what is no directory, matches nothing. */
static bool is_absent(int error)
{
    return error == -ENOENT || error == -ENOTDIR;
}

static void add_matching(void *data, const char *path, struct look *look)
{
    struct expansion *expansion = data;
    struct listing listing;
    struct listed entry;

    if (look->error && !is_absent(look->error)) {
        shell_fail(expansion->shell, path, look->error);
        expansion->failed = true;
    }
    if (look->error || listing_open(&listing, expansion->shell->tree, look->place, 0) != 1)
        return;
    while (listing_next(&listing, &entry)) {
        bool leads_on = entry.route->kind == ROUTE_DIR || entry.route->kind == ROUTE_LINK;
        if ((expansion->last || leads_on) && fnmatch(expansion->name, entry.name, FNM_PERIOD) == 0)
            paths_add_in(&expansion->found, path, entry.name);
    }
    listing_close(&listing);
}

static void add_existing(void *data, const char *path, struct look *look)
{
    struct expansion *expansion = data;
    if (!is_absent(look->error))
        paths_add(&expansion->found, path); /* the command reports an error */
}

static void move_found(struct expansion *expansion, struct paths *paths)
{
    paths_clear(paths);
    *paths = expansion->found;
    expansion->found = (struct paths){.at = NULL};
}

/* Compares the pattern with the names in the directories `paths`, and replaces these by what matches. */
static void match_names(struct expansion *expansion, struct paths *paths)
{
    looks_each(expansion->shell, paths, (struct look_how){.follow = true, .list = true}, add_matching, expansion);
    move_found(expansion, paths);
}

static void append_name(struct expansion *expansion, struct paths *paths, const char *name)
{
    for (size_t i = 0; i < paths->n; i++)
        paths_add_in(&expansion->found, paths->at[i], name);
    move_found(expansion, paths);
}

void patterns_expand(struct shell *shell, const char *operand, struct paths *ret)
{
    struct expansion expansion = {.shell = shell};
    struct paths paths = {.at = NULL};
    size_t from = ret->n;
    bool matched = false, unsure = false;

    if (!is_pattern(operand)) {
        paths_add(ret, operand);
        return;
    }
    _cleanup_(freep) char *copy = paths_owned(strdup(operand));
    bool only_dirs = operand[strlen(operand) - 1] == '/';
    paths_add(&paths, *operand == '/' ? "/" : "");
    for (char *save = NULL, *name = strtok_r(copy, "/", &save), *next; name; name = next) {
        next = strtok_r(NULL, "/", &save);
        unsure = matched && !is_pattern(name);
        expansion.name = name;
        expansion.last = !next && !only_dirs;
        if (is_pattern(name))
            match_names(&expansion, &paths);
        else
            append_name(&expansion, &paths, name);
        matched = matched || is_pattern(name);
    }
    if (only_dirs) {
        append_name(&expansion, &paths, "");
        unsure = true;
    }
    if (unsure) {
        looks_each(shell, &paths, (struct look_how){.follow = false}, add_existing, &expansion);
        move_found(&expansion, &paths);
    }
    for (size_t i = 0; i < paths.n; i++)
        paths_add(ret, paths.at[i]);
    paths_sort(ret, from);
    if (paths.n == 0 && !expansion.failed)
        paths_add(ret, operand);
    paths_clear(&paths);
}
