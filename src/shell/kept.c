/* SPDX-License-Identifier: MIT */
#include "shell/kept.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* Whether a path of the list leads to something below the directory. The list may have come with a copy of it, from
 * anybody. */
static bool is_inside(const char *path, size_t len)
{
    if (len == 0 || *path == '/')
        return false;
    for (size_t from = 0, to; from < len; from = to + 1) {
        to = from + strcspn(path + from, "/");
        to = to < len ? to : len;
        if ((to - from == 1 && path[from] == '.') || (to - from == 2 && memcmp(path + from, "..", 2) == 0))
            return false;
    }
    return true;
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
        if (*line == '=' && is_inside(line + 1, strcspn(line + 1, "\t")))
            paths_add(&kept->answers_before, line + 1);
        else if (*line != '=' && *line != '#' && is_inside(line, strlen(line)))
            paths_add(&kept->before, line);
    }
    int r = ferror(file) ? -EIO : n > 0 && !readonly && ftruncate(fd, end) < 0 ? -errno : 0;
    fclose(file);
    paths_sort(&kept->before, 0);
    paths_sort(&kept->answers_before, 0);
    return r;
}

bool kept_has(const struct kept *kept, const char *path)
{
    return paths_has(&kept->before, path);
}

/* Appends text to the list. */
static int append(struct kept *kept, const char *text, size_t len)
{
    if (kept->file < 0)
        kept->file = openat(kept->dir, KEPT_FILE, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (kept->file < 0)
        return -errno;
    return file_write(kept->file, text, len);
}

int kept_plan(struct kept *kept, const struct paths *paths, size_t from)
{
    size_t len = 0, at = 0;
    if (kept->readonly)
        return 0;
    for (size_t i = from; i < paths->n; i++)
        len += strlen(paths->at[i]) + 1;
    _cleanup_(freep) char *text = paths_owned(malloc(len + 1));
    for (size_t i = from; i < paths->n; i++) {
        size_t n = strlen(paths->at[i]);
        memcpy(text + at, paths->at[i], n);
        text[at + n] = '\n';
        at += n + 1;
    }
    return append(kept, text, len);
}

void kept_done(struct kept *kept, const char *path)
{
    paths_add(&kept->now, path);
}

int kept_add(struct kept *kept, const char *path)
{
    struct paths one = {.at = NULL};
    kept_done(kept, path);
    if (kept_has(kept, path))
        return 0;
    paths_add(&one, path);
    int r = kept_plan(kept, &one, 0);
    paths_clear(&one);
    return r;
}

/* ---- answers ---- */

uint64_t kept_hash(const char *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static bool fits(const char *validator)
{
    return !validator || !validator[strcspn(validator, "\t\n")];
}

void kept_add_answer(struct kept *kept, const struct kept_answer *answer)
{
    _cleanup_(freep) char *line = NULL;
    if (!fits(answer->etag) || !fits(answer->last_modified))
        return;
    if (asprintf(&line, "%s\t%016" PRIx64 "\t%s\t%s", answer->path, answer->hash, answer->etag ? answer->etag : "",
                 answer->last_modified ? answer->last_modified : "") < 0)
        paths_owned(line = NULL);
    paths_add(&kept->answers_now, line);
}

bool kept_read_answer(char *line, struct kept_answer *ret)
{
    char *path = strsep(&line, "\t"), *hash = strsep(&line, "\t"), *etag = strsep(&line, "\t");
    if (!line)
        return false;
    *ret = (struct kept_answer){.path = path, .etag = *etag ? etag : NULL, .last_modified = *line ? line : NULL};
    ret->hash = strtoull(hash, NULL, 16);
    return true;
}

/* Whether a line of an earlier export still holds: this export has not got the file. */
static bool answer_stays(const struct kept *kept, const struct paths *scope, const char *line)
{
    char path[PATH_MAX];
    size_t len = strcspn(line, "\t");
    if (len >= sizeof path)
        return false;
    memcpy(path, line, len);
    path[len] = '\0';
    return !is_below_any(path, scope) || is_below_any(path, &kept->failed);
}

static struct paths all_answers(struct kept *kept, const struct paths *scope)
{
    struct paths all = {.at = NULL};
    for (size_t i = 0; i < kept->answers_now.n; i++)
        paths_add(&all, kept->answers_now.at[i]);
    for (size_t i = 0; i < kept->answers_before.n; i++)
        if (answer_stays(kept, scope, kept->answers_before.at[i]))
            paths_add(&all, kept->answers_before.at[i]);
    paths_sort(&all, 0);
    return all;
}

/* ---- the list at the end ---- */

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

static bool are_same(const struct paths *a, const struct paths *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (strcmp(a->at[i], b->at[i]) != 0)
            return false;
    return a->n == b->n;
}

static int write_list(struct kept *kept, const struct paths *all, const struct paths *answers)
{
    int fd = openat(kept->dir, KEPT_TEMP, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return -errno;
    fputs(head, file);
    for (size_t i = 0; i < all->n; i++)
        fprintf(file, "%s\n", all->at[i]);
    for (size_t i = 0; i < answers->n; i++)
        fprintf(file, "=%s\n", answers->at[i]);
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return -EIO;
    return renameat(kept->dir, KEPT_TEMP, kept->dir, KEPT_FILE) < 0 ? -errno : 0;
}

int kept_finish(struct kept *kept, const struct paths *scope)
{
    if (kept->readonly)
        return 0;
    struct paths all = all_of(kept, scope), answers = all_answers(kept, scope);
    bool same = kept->file < 0 && are_same(&all, &kept->before) && are_same(&answers, &kept->answers_before);
    int r = same ? 0 : write_list(kept, &all, &answers);
    paths_clear(&all);
    paths_clear(&answers);
    return r;
}

void kept_clear(struct kept *kept)
{
    closep(&kept->file);
    kept->file = -1;
    paths_clear(&kept->before);
    paths_clear(&kept->now);
    paths_clear(&kept->answers_before);
    paths_clear(&kept->answers_now);
    paths_clear(&kept->failed);
}
