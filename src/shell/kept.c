/* SPDX-License-Identifier: MIT */
#include "shell/kept.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char head[] = "# What melbicomfs --export has written here. It replaces and removes nothing else.\n";

/* Whether the path, or a directory above it, is one of these, which are sorted. The root is "". */
static bool is_below_any(const char *path, const struct paths *dirs)
{
    char above[PATH_MAX];
    size_t len = strlen(path);
    if (dirs->n == 0 || len >= sizeof above)
        return false;
    memcpy(above, path, len + 1);
    for (;;) {
        if (paths_has(dirs, above))
            return true;
        char *slash = strrchr(above, '/');
        if (!*above)
            return false;
        *(slash ? slash : above) = '\0';
    }
}

/* A line without its newline is the end of an export that was killed, and names nothing that it has written. */
int kept_open(struct kept *kept, int dir, bool readonly)
{
    _cleanup_(freep) char *line = NULL;
    size_t room = 0;
    ssize_t n;
    off_t end = 0;

    *kept = (struct kept){.dir = dir, .file = -1, .readonly = readonly};
    if (dir >= 0 && !readonly)
        (void)unlinkat(dir, KEPT_TEMP, 0); /* of an export that was killed */
    int fd = dir < 0 ? -1 : openat(dir, KEPT_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return dir < 0 || errno == ENOENT ? 0 : -errno;
    FILE *file = fdopen(fd, "r+");
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    while ((n = getline(&line, &room, file)) > 0 && line[n - 1] == '\n') {
        end += n;
        line[n - 1] = '\0';
        if (*line != '#')
            paths_add(&kept->before, line);
    }
    int r = ferror(file) ? -EIO : n > 0 && !readonly && ftruncate(fd, end) < 0 ? -errno : 0;
    fclose(file);
    paths_sort(&kept->before, 0);
    return r;
}

bool kept_has(const struct kept *kept, const char *path)
{
    return paths_has(&kept->before, path);
}

int kept_add(struct kept *kept, const char *path)
{
    paths_add(&kept->now, path);
    if (kept->readonly || kept_has(kept, path))
        return 0;
    if (kept->file < 0)
        kept->file = openat(kept->dir, KEPT_FILE, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (kept->file < 0)
        return -errno;
    return dprintf(kept->file, "%s\n", path) < 0 ? -errno : 0;
}

/* Whether a path of an earlier export is still to be there. */
static bool stays(const struct kept *kept, const struct paths *scope, const char *path)
{
    return !is_below_any(path, scope) || is_below_any(path, &kept->failed) || paths_has(&kept->now, path);
}

void kept_gone(struct kept *kept, const struct paths *scope, void (*fn)(void *data, const char *path), void *data)
{
    paths_sort(&kept->now, 0);
    paths_sort(&kept->failed, 0);
    for (size_t i = kept->before.n; i-- > 0;)
        if (!stays(kept, scope, kept->before.at[i]))
            fn(data, kept->before.at[i]);
}

/* Everything that is on the list at the end, sorted and without repetitions. */
static struct paths all_of(struct kept *kept, const struct paths *scope)
{
    struct paths all = {.at = NULL};
    paths_sort(&kept->now, 0);
    paths_sort(&kept->failed, 0);
    for (size_t i = 0; i < kept->now.n; i++)
        if (i == 0 || strcmp(kept->now.at[i], kept->now.at[i - 1]) != 0)
            paths_add(&all, kept->now.at[i]);
    for (size_t i = 0; i < kept->before.n; i++)
        if (stays(kept, scope, kept->before.at[i]) && !paths_has(&kept->now, kept->before.at[i]) &&
            (i == 0 || strcmp(kept->before.at[i], kept->before.at[i - 1]) != 0))
            paths_add(&all, kept->before.at[i]);
    paths_sort(&all, 0);
    return all;
}

static int write_list(struct kept *kept, const struct paths *all)
{
    int fd = openat(kept->dir, KEPT_TEMP, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return -errno;
    fputs(head, file);
    for (size_t i = 0; i < all->n; i++)
        fprintf(file, "%s\n", all->at[i]);
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return -EIO;
    return renameat(kept->dir, KEPT_TEMP, kept->dir, KEPT_FILE) < 0 ? -errno : 0;
}

int kept_finish(struct kept *kept, const struct paths *scope)
{
    if (kept->readonly)
        return 0;
    struct paths all = all_of(kept, scope);
    bool same = kept->file < 0 && all.n == kept->before.n;
    for (size_t i = 0; same && i < all.n; i++)
        same = strcmp(all.at[i], kept->before.at[i]) == 0;
    int r = same ? 0 : write_list(kept, &all);
    paths_clear(&all);
    return r;
}

void kept_clear(struct kept *kept)
{
    closep(&kept->file);
    kept->file = -1;
    paths_clear(&kept->before);
    paths_clear(&kept->now);
    paths_clear(&kept->failed);
}
