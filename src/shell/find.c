/* SPDX-License-Identifier: MIT */
#include "shell/find.h"

#include "shell/context.h"
#include "shell/look.h"
#include "tree/listing.h"

#include <stdio.h>

struct finding {
    struct shell *shell;
    struct paths next; /* the directories of the next level */
};

static void find_below(void *data, const char *path, struct look *look)
{
    struct finding *finding = data;
    struct listing listing;
    struct listed entry;
    struct paths paths = {.at = NULL};

    if (look->error) {
        shell_fail(finding->shell, path, look->error);
        return;
    }
    if (look->place->route->kind != ROUTE_DIR || listing_open(&listing, finding->shell->tree, look->place, 0) != 1)
        return;
    while (listing_next(&listing, &entry)) {
        struct paths *to = entry.route->kind == ROUTE_DIR ? &finding->next : &paths;
        paths_add_in(to, path, entry.name);
        puts(to->at[to->n - 1]);
        paths_clear(&paths);
    }
    listing_close(&listing);
}

static void find_at(void *data, const char *path, struct look *look)
{
    if (!look->error || look->listing)
        puts(path);
    find_below(data, path, look);
}

void find_run(struct shell *shell, const struct paths *paths)
{
    struct finding finding = {.shell = shell};
    struct paths level = {.at = NULL};
    struct look_how how = {.list = true};

    looks_each(shell, paths, how, find_at, &finding);
    while (finding.next.n > 0) {
        level = finding.next;
        finding.next = (struct paths){.at = NULL};
        looks_each(shell, &level, how, find_below, &finding);
        paths_clear(&level);
    }
    paths_clear(&finding.next);
}
