/* SPDX-License-Identifier: MIT */
#include "shell/export.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/metrics.h"
#include "shell/context.h"
#include "shell/copy.h"
#include "shell/kept.h"
#include "shell/look.h"
#include "shell/progress.h"
#include "tree/listing.h"
#include "tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* An export goes down the tree level by level, makes the directories and collects the files; then it gets the files. */
struct export
{
    struct shell *shell;
    struct kept kept;
    struct paths scope;   /* the paths that are exported, as in place_path() */
    struct paths next;    /* the directories of the next level */
    struct paths files;   /* those that may be there already */
    struct paths planned; /* those in directories that this export has made (kept_plan()) */
    struct progress progress;
    size_t written, removed;
};

/* ---- results ---- */

static void fail(struct export *export, const char *path, int error)
{
    progress_hide(&export->progress);
    shell_fail(export->shell, path, error);
    paths_add(&export->kept.failed, path);
}

/* Takes a result of copy.h for a path. */
static void count(struct export *export, const char *path, int result)
{
    if (result < 0)
        fail(export, path, result);
    if (result <= 0)
        return;
    export->written++;
    if (export->kept.readonly)
        printf("write %s\n", path);
}

/* ---- going down ---- */

/* Whether a place shows what a mount does, not what the account holds: services/<id>/cdn. */
static bool is_of_mount(const struct route *route)
{
    const struct route_shape *shape = route_shape(route);
    if (route->kind != ROUTE_DIR)
        return route->kind == ROUTE_COMMAND || route_grows(route);
    for (unsigned i = 0; i < shape->n_children; i++)
        if (!is_of_mount(shape->children[i]))
            return false;
    return !shape->any && shape->n_children > 0;
}

/* Takes the entries of a directory. `made`: this export has made it. */
static int take_entries(struct export *export, const char *path, struct look *look, bool made)
{
    struct listing listing;
    struct listed entry;
    struct paths *files = made ? &export->planned : &export->files;
    size_t from = files->n;
    int r = listing_open(&listing, export->shell->tree, look->place, 0);
    if (r != 1)
        return r;
    while (listing_next(&listing, &entry)) {
        bool down =
            entry.route->kind == ROUTE_DIR || (entry.route->kind == ROUTE_LINK && export->shell->command->copies);
        if (!is_of_mount(entry.route))
            paths_add_in(down ? &export->next : files, path, entry.name);
    }
    listing_close(&listing);
    return made ? kept_plan(&export->kept, files, from) : 0;
}

/* Makes a directory and takes its entries. With -L, what a link leads to may be a file. */
static void go_down(void *data, const char *path, struct look *look)
{
    struct export *export = data;
    mode_t umask = tree_config(export->shell->tree)->umask;
    export->progress.requests = metrics_requests(tree_metrics(export->shell->tree));
    export->progress.total = export->files.n + export->planned.n;
    progress_show(&export->progress);
    if (look->error) {
        fail(export, path, look->error);
        return;
    }
    if (look->place->route->kind != ROUTE_DIR) {
        paths_add(&export->files, path);
        return;
    }
    int r = *path ? copy_directory(&export->kept, path, place_mode(look->place, umask)) : 0;
    if (r >= 0)
        r = take_entries(export, path, look, r == 1);
    if (r < 0)
        fail(export, path, r);
}

/* Makes the directories above a path. */
static int make_above(struct export *export, struct place *place)
{
    char path[PATH_MAX];
    if (!place->above || !place->above->above)
        return 0;
    int r = make_above(export, place->above);
    place_path(place->above, path, sizeof path);
    if (r == 0)
        r = copy_directory(&export->kept, path, place_mode(place->above, tree_config(export->shell->tree)->umask));
    return r < 0 ? r : 0;
}

/* Takes one of the paths that are to be exported. */
static void begin_at(void *data, const char *operand, struct look *look)
{
    struct export *export = data;
    char path[PATH_MAX];
    if (look->error) {
        fail(export, operand, look->error);
        return;
    }
    place_path(look->place, path, sizeof path);
    int r = make_above(export, look->place);
    if (r < 0) {
        fail(export, path, r);
        return;
    }
    paths_add(&export->scope, path);
    bool down = look->place->route->kind == ROUTE_DIR || export->shell->command->copies;
    paths_add(down ? &export->next : &export->files, path);
}

/* ---- answers of earlier exports ---- */

/* Reads a whole file of the directory; NULL if it cannot be read. The bytes are the caller's to free. */
static char *read_file(const struct export *export, const char *path, size_t *ret_len)
{
    _cleanup_(closep) int fd = openat(export->kept.dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return NULL;
    size_t room = (size_t)st.st_size, len = 0;
    char *bytes = malloc(room + 1);
    for (ssize_t n = 1; bytes && n > 0 && len<room; len += n> 0 ? (size_t)n : 0)
        n = read(fd, bytes + len, room - len);
    *ret_len = len;
    return bytes;
}

/* Puts one answer back, so that the API is asked only whether it has changed. If that fails, the API is asked for the
 * whole answer. */
static void restore(struct export *export, const char *line)
{
    struct shell *shell = export->shell;
    struct kept_answer answer;
    _cleanup_(freep) char *copy = paths_owned(strdup(line)), *bytes = NULL;
    size_t len = 0;

    if (!kept_read_answer(copy, &answer) || !(bytes = read_file(export, answer.path, &len)) ||
        kept_hash(bytes, len) != answer.hash)
        return;
    struct look *look = paths_owned(calloc(1, sizeof *look));
    if (look_by_name(look, shell, answer.path) == 0)
        (void)tree_restore(shell->tree, look->place, bytes, len, answer.etag, answer.last_modified);
    look_end(look);
    free(look);
}

/* Puts back the answers below the paths that are exported. */
static void restore_below(struct export *export, const struct paths *paths)
{
    for (size_t i = 0; i < export->kept.answers_before.n; i++) {
        const char *line = export->kept.answers_before.at[i];
        bool wanted = false;
        for (size_t k = 0; k < paths->n && !wanted; k++) {
            size_t len = strlen(paths->at[k]);
            wanted = strcmp(paths->at[k], ".") == 0 || strncmp(paths->at[k], line, len) == 0;
        }
        if (wanted)
            restore(export, line);
    }
}

/* Notes the validators of a file that is a whole answer, for the next export. */
static void note_answer(struct export *export, const char *path, struct look *look)
{
    const char *etag, *last_modified;
    const struct snapshot *snapshot = look->view.snapshot;
    if (!tree_validators(export->shell->tree, look->place, &etag, &last_modified))
        return;
    kept_add_answer(&export->kept, &(struct kept_answer){.path = path,
                                                         .etag = etag,
                                                         .last_modified = last_modified,
                                                         .hash = kept_hash(snapshot->data, snapshot->len)});
}

/* ---- files ---- */

/* Writes one file or link. */
static void copy(struct export *export, const char *path, struct look *look, bool planned)
{
    struct tree *tree = export->shell->tree;
    const struct snapshot *snapshot = look->view.snapshot;
    char target[64];

    if (look->error) {
        fail(export, path, look->error);
    } else if (look->place->route->kind == ROUTE_LINK) {
        place_target(look->place, look->view.id, target, sizeof target);
        count(export, path, copy_link(&export->kept, path, planned, target, look->view.mtime));
    } else if (snapshot) {
        mode_t mode = place_mode(look->place, tree_config(tree)->umask);
        int r = copy_file(&export->kept, path, planned, snapshot->data, snapshot->len, mode, look->view.mtime);
        count(export, path, r);
        if (r >= 0)
            note_answer(export, path, look);
        export->progress.bytes += snapshot->len;
    }
    export->progress.files++;
    export->progress.requests = metrics_requests(tree_metrics(tree));
    progress_show(&export->progress);
}

static void copy_known(void *data, const char *path, struct look *look)
{
    copy(data, path, look, false);
}

static void copy_planned(void *data, const char *path, struct look *look)
{
    struct export *export = data;
    copy(export, path, look, true);
    if (!look->error)
        kept_done(&export->kept, path);
}

static void remove_gone(void *data, const char *path)
{
    struct export *export = data;
    int r = copy_remove(&export->kept, path);
    if (r < 0)
        fail(export, path, r);
    if (r <= 0)
        return;
    export->removed++;
    if (export->kept.readonly)
        printf("remove %s\n", path);
}

/* ---- all of it ---- */

static void walk(struct export *export, const struct paths *paths)
{
    struct shell *shell = export->shell;
    struct look_how how = {.follow = shell->command->copies, .list = true};

    restore_below(export, paths);
    looks_each(shell, paths, (struct look_how){.follow = false}, begin_at, export);
    while (export->next.n > 0) {
        struct paths level = export->next;
        export->next = (struct paths){.at = NULL};
        looks_each(shell, &level, how, go_down, export);
        paths_clear(&level);
    }
    export->progress.total = export->files.n + export->planned.n;
    how.list = false;
    looks_each(shell, &export->files, how, copy_known, export);
    looks_each(shell, &export->planned, how, copy_planned, export);
    paths_sort(&export->scope, 0);
    kept_gone(&export->kept, &export->scope, remove_gone, export);
}

/* Opens the directory, which nobody else may export to meanwhile, and its list. */
static int open_directory(struct export *export, const char *to)
{
    bool dry_run = export->shell->command->dry_run;
    (void)umask(0); /* the modes are those of the tree; see -o umask= */
    if (!dry_run && mkdir(to, 0700) < 0 && errno != EEXIST)
        return -errno;
    int dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 && !(dry_run && errno == ENOENT))
        return -errno;
    int r = dir >= 0 && !dry_run && flock(dir, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    if (r == 0)
        return kept_open(&export->kept, dir, dry_run);
    close(dir);
    return r;
}

static void print_end(struct export *export, const char *to)
{
    const struct progress *progress = &export->progress;
    char bytes[32];
    printf("%s: %zu files, %s; %s%zu written, %zu removed, %zu failed; %" PRIu64 " requests\n", to, progress->files,
           progress_bytes(progress->bytes, bytes, sizeof bytes), export->kept.readonly ? "would be: " : "",
           export->written, export->removed, export->kept.failed.n,
           metrics_requests(tree_metrics(export->shell->tree)));
}

void export_run(struct shell *shell, const char *to, const struct paths *paths)
{
    struct export export = {.shell = shell, .kept = {.dir = -1, .file = -1}, .progress = {.began = clock_ms()}};
    int r = open_directory(&export, to);
    if (r < 0) {
        shell_fail(shell, to, r);
        return;
    }
    walk(&export, paths);
    r = kept_finish(&export.kept, &export.scope);
    progress_hide(&export.progress);
    if (r < 0)
        shell_fail(shell, KEPT_FILE, r);
    print_end(&export, to);
    closep(&export.kept.dir);
    kept_clear(&export.kept);
    paths_clear(&export.scope);
    paths_clear(&export.next);
    paths_clear(&export.files);
    paths_clear(&export.planned);
}
