/* SPDX-License-Identifier: MIT */
#include "shell/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *paths_owned(void *p)
{
    if (p)
        return p;
    fflush(stdout);
    fputs("melbicomfs: out of memory\n", stderr);
    exit(1);
}

static void take(struct paths *paths, char *path)
{
    paths_owned(path);
    if (paths->n == paths->room) {
        paths->room = paths->room ? 2 * paths->room : 16;
        paths->at = paths_owned(reallocarray(paths->at, paths->room, sizeof *paths->at));
    }
    paths->at[paths->n++] = path;
}

void paths_add(struct paths *paths, const char *path)
{
    take(paths, strdup(path));
}

void paths_add_in(struct paths *paths, const char *dir, const char *name)
{
    size_t len = strlen(dir), rest = strlen(name) + 1;
    char *path = paths_owned(malloc(len + 1 + rest));
    memcpy(path, dir, len);
    if (len > 0 && dir[len - 1] != '/')
        path[len++] = '/';
    memcpy(path + len, name, rest);
    take(paths, path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void paths_sort(struct paths *paths, size_t from)
{
    if (paths->n > from)
        qsort(paths->at + from, paths->n - from, sizeof *paths->at, compare);
}

bool paths_has(const struct paths *paths, const char *path)
{
    return paths->n > 0 && bsearch(&path, paths->at, paths->n, sizeof *paths->at, compare);
}

void paths_clear(struct paths *paths)
{
    while (paths->n > 0)
        free(paths->at[--paths->n]);
    free(paths->at);
    *paths = (struct paths){.at = NULL};
}
