/* SPDX-License-Identifier: MIT */
#include "shell/list.h"

#include "base/clock.h"
#include "base/config.h"
#include "shell/context.h"
#include "shell/look.h"
#include "shell/owner.h"
#include "tree/listing.h"
#include "tree/purge.h"
#include "tree/purge_log.h"
#include "tree/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The paths of the command line, once their kinds are known. */
struct sorted {
    struct shell *shell;
    size_t n; /* how many there were */
    struct paths files, dirs;
};

/* ---- one entry ---- */

static const char *kind_name(enum route_kind kind)
{
    static const char *const names[] = {
        [ROUTE_DIR] = "directory", [ROUTE_FILE] = "file", [ROUTE_LINK] = "link", [ROUTE_COMMAND] = "command"};
    return names[kind];
}

static uint64_t size_of(struct shell *shell, const struct look *look)
{
    struct purge_log_text log;
    if (route_grows(look->place->route)) {
        purges_log(tree_purges(shell->tree), place_id(look->place), &log);
        return log.len;
    }
    if (look->place->route->kind == ROUTE_LINK)
        return place_target_length(look->place, look->view.id);
    return look->view.snapshot ? look->view.snapshot->len : 0;
}

/* The permissions as ls(1) prints them. */
static void mode_text(mode_t mode, char ret[11])
{
    static const char letters[] = "rwxrwxrwx";
    ret[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-';
    for (unsigned i = 0; i < 9; i++)
        ret[1 + i] = '-';
    for (unsigned i = 0; i < 9; i++)
        if (mode & (0400u >> i))
            ret[1 + i] = letters[i];
    ret[10] = '\0';
}

static void print_details(struct shell *shell, const char *name, const struct look *look)
{
    const struct config *config = tree_config(shell->tree);
    char mode[11], when[32] = "", target[64];
    struct tm tm;

    mode_text(place_mode(look->place, config->umask), mode);
    if (localtime_r(&look->view.mtime.tv_sec, &tm))
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    printf("%s 1", mode);
    owner_print(config->uid, config->gid);
    printf(" %9" PRIu64 " %s %s", size_of(shell, look), when, name);
    if (look->place->route->kind == ROUTE_LINK) {
        place_target(look->place, look->view.id, target, sizeof target);
        printf(" -> %s", target);
    }
    putchar('\n');
}

static void print_object(const char *path, enum route_kind kind)
{
    fputs("{\"path\":", stdout);
    shell_print_quoted(path);
    printf(",\"type\":\"%s\"", kind_name(kind));
}

static void print_detailed_object(struct shell *shell, const char *path, const struct look *look)
{
    char when[32], target[64];
    print_object(path, look->place->route->kind);
    printf(",\"mode\":\"%04o\",\"size\":%" PRIu64 ",\"mtime\":\"%s\"",
           (unsigned)place_mode(look->place, tree_config(shell->tree)->umask) & 07777u, size_of(shell, look),
           clock_format(look->view.mtime, when, sizeof when));
    if (look->place->route->kind == ROUTE_LINK) {
        place_target(look->place, look->view.id, target, sizeof target);
        printf(",\"target\":\"%s\"", target);
    }
    puts("}");
}

/* ---- one path ---- */

static void print_file(void *data, const char *path, struct look *look)
{
    struct shell *shell = data;
    if (look->error)
        shell_fail(shell, path, look->error);
    else if (shell->command->json && shell->command->details)
        print_detailed_object(shell, path, look);
    else if (shell->command->json) {
        print_object(path, look->place->route->kind);
        puts("}");
    } else
        print_details(shell, path, look);
}

/* An entry of a directory: in a listing, its name stands without the directory's. */
static void print_entry(void *data, const char *path, struct look *look)
{
    struct shell *shell = data;
    if (look->error || shell->command->json)
        print_file(data, path, look);
    else
        print_details(shell, strrchr(path, '/') ? strrchr(path, '/') + 1 : path, look);
}

static void print_names(const struct paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        puts(strrchr(paths->at[i], '/') ? strrchr(paths->at[i], '/') + 1 : paths->at[i]);
}

/* Prints the entries of a directory whose listing is in memory. */
static void list_dir(struct shell *shell, const char *path, struct look *look)
{
    const struct shell_command *command = shell->command;
    struct listing listing;
    struct listed entry;
    struct paths paths = {.at = NULL};

    if (listing_open(&listing, shell->tree, look->place, 0) != 1)
        return;
    while (listing_next(&listing, &entry)) {
        paths_add_in(&paths, path, entry.name);
        if (command->json && !command->details) {
            print_object(paths.at[paths.n - 1], entry.route->kind);
            puts("}");
        }
    }
    listing_close(&listing);
    paths_sort(&paths, 0);
    if (command->details)
        looks_each(shell, &paths, (struct look_how){.follow = false}, print_entry, shell);
    else if (!command->json)
        print_names(&paths);
    paths_clear(&paths);
}

static void print_dir(void *data, const char *path, struct look *look)
{
    struct sorted *sorted = data;
    struct shell *shell = sorted->shell;
    bool first = path == sorted->dirs.at[0];

    if (look->error) {
        shell_fail(shell, path, look->error);
        return;
    }
    if (!shell->command->json && sorted->n > 1)
        printf("%s%s:\n", first && sorted->files.n == 0 ? "" : "\n", path);
    list_dir(shell, path, look);
}

/* ---- all paths ---- */

static void sort(void *data, const char *path, struct look *look)
{
    struct sorted *sorted = data;
    if (look->error)
        shell_fail(sorted->shell, path, look->error);
    else
        paths_add(look->place->route->kind == ROUTE_DIR ? &sorted->dirs : &sorted->files, path);
}

void list_run(struct shell *shell, const struct paths *paths)
{
    struct sorted sorted = {.shell = shell, .n = paths->n};
    /* A link to a directory is listed like the directory, unless the link itself is to be shown. */
    struct look_how how = {.follow = !shell->command->details};

    looks_each(shell, paths, how, sort, &sorted);
    paths_sort(&sorted.files, 0);
    paths_sort(&sorted.dirs, 0);
    if (shell->command->details || shell->command->json)
        looks_each(shell, &sorted.files, (struct look_how){.follow = false}, print_file, shell);
    else
        for (size_t i = 0; i < sorted.files.n; i++)
            puts(sorted.files.at[i]);
    looks_each(shell, &sorted.dirs, (struct look_how){.follow = true, .list = true}, print_dir, &sorted);
    paths_clear(&sorted.files);
    paths_clear(&sorted.dirs);
}
