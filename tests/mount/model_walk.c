/* SPDX-License-Identifier: MIT */
#include "model_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What lies between an answer of the API and its use, on a busy machine. */
#define SLACK_MS (1000 * time_scale())
/* How long the kernel may hold a "not there". */
#define ABSENT_MS 1000
/* Until when a directory that was touched has been dropped everywhere below. */
#define SETTLE_MS (2000 * time_scale())

struct walk walk;

unsigned below(unsigned n)
{
    walk.dice = walk.dice * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)walk.dice * n >> 32);
}

bool is_explained(int error)
{
    bool good = walk.troubled && (error == EIO || error == ETIMEDOUT || error == EBUSY || error == EHOSTUNREACH);

    walk.explained += good;
    return good;
}

/* ---- paths ---- */

struct path *path_of(enum thing thing, long id, const char *format, ...)
{
    struct path *path = &walk.paths[walk.n_paths];
    va_list arguments;

    assert_true(walk.n_paths < PATHS_MAX);
    va_start(arguments, format);
    (void)vsnprintf(path->name, sizeof(path->name), format, arguments);
    va_end(arguments);
    for (unsigned i = 0; i < walk.n_paths; i++)
        if (strcmp(walk.paths[i].name, path->name) == 0)
            return &walk.paths[i];
    path->thing = thing;
    path->id = id;
    path->least = 0;
    path->touched = 0;
    walk.n_paths++;
    return path;
}

long any_invoice(void)
{
    return below(12) ? walk.model.invoices[below(walk.model.n_invoices)] : 5000 + (long)below(5);
}

long any_service(void)
{
    return below(12) ? walk.model.services[below(walk.model.n_services)] : 5000 + (long)below(5);
}

struct path *any_file(void)
{
    long id;

    switch (below(8)) {
    case 0:
        return path_of(BALANCE, 0, "billing/balance");
    case 1:
        return path_of(BALANCE_JSON, 0, "billing/balance.json");
    case 2:
        return path_of(ALL_INVOICES, 0, "all/invoices.json");
    case 3:
        return path_of(ALL_SERVICES, 0, "all/services.json");
    case 4:
    case 5:
        id = any_service();
        return path_of(SERVICE, id, "services/%ld/info.json", id);
    default:
        id = any_invoice();
        return path_of(INVOICE, id, "billing/invoices/%ld.json", id);
    }
}

/* Since when a name must have been there to be found; `since` is when what is behind it can have been fetched at the
 * earliest. The kernel keeps "not there" for ABSENT_MS, and in trouble that can come from an old copy: a touch of the
 * directory does not take it back. */
static int64_t earliest_absence(int64_t since)
{
    return now_ms() - walk.recovered < ABSENT_MS + SLACK_MS ? 0 : since - ABSENT_MS;
}

/* When the document behind a path can have been fetched at the earliest, as seen at `now`: a touched directory counts
 * once it has settled. */
static int64_t earliest(const struct path *path, int64_t now)
{
    int64_t from = now - walk.life_ms - SLACK_MS;

    if (walk.troubled)
        return 0; /* while the API fails, old copies are shown */
    for (unsigned i = 0; i < walk.n_paths; i++) {
        const struct path *above = &walk.paths[i];
        size_t len = strlen(above->name);
        bool same = above == path;

        if (!above->touched || above->touched <= from || (!same && now - above->touched < SETTLE_MS))
            continue;
        if (same || len == 0 || (strncmp(path->name, above->name, len) == 0 && path->name[len] == '/'))
            from = above->touched;
    }
    return from;
}

/* ---- looking ---- */

static uint64_t hash_of(const char *bytes, size_t len)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    return hash;
}

/* An inode shows one thing for good. */
static void check_inode(uint64_t ino, const char *bytes, size_t len)
{
    uint64_t hash = hash_of(bytes, len);
    unsigned i = 0;

    while (i < walk.n_inodes && walk.inodes[i].ino != ino)
        i++;
    if (i == walk.n_inodes && i < INODES) {
        walk.inodes[i].ino = ino;
        walk.inodes[i].hash = hash;
        walk.n_inodes++;
    } else if (i < INODES && walk.inodes[i].hash != hash) {
        wrong("inode %ju shows other bytes than before", (uintmax_t)ino);
    }
}

/* What a file shows is a version that was there; NULL bytes: it is not there. */
static void check_text(struct path *path, const char *bytes, size_t len, int64_t since, int64_t until)
{
    struct history *history = model_of(&walk.model, path->thing, path->id);
    char *tokens = !bytes ? NULL : path->thing == BALANCE ? strndup(bytes, len) : model_tokens(bytes, len);

    if (bytes && (!tokens || len == 0 || bytes[len - 1] != '\n'))
        wrong("%s is torn: '%.*s'", path->name, (int)len, bytes);
    int version = model_find(history, tokens, path->least, bytes ? since : earliest_absence(since), until);
    if (history->n == 0 && !bytes)
        version = 0;
    if (version < 0) {
        int other = model_find(history, tokens, 0, 0, INT64_MAX);
        wrong("%s shows what it cannot, %s%.*s: version %d of %u, at least %u was seen; since %jd, until %jd",
              path->name, bytes ? "" : "nothing", (int)len, bytes ? bytes : "", other, history->n, path->least,
              (intmax_t)(since - walk.begun), (intmax_t)(until - walk.begun));
    }
    path->least = (unsigned)version;
    free(tokens);
}

/* Opens a file that is there, and finds its size; or finds that it is not there (*fd is -1). False: an error that is
 * explained. */
static bool open_path(const struct path *path, int *fd, struct stat *st)
{
    *fd = open(in_mount(&walk.fixture.mount, "%s", path->name), O_RDONLY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT)
        return true;
    if (*fd >= 0 && fstat(*fd, st) == 0)
        return true;
    if (!is_explained(errno))
        wrong("%s: %s", path->name, strerror(errno));
    if (*fd >= 0)
        (void)close(*fd);
    return false;
}

void read_file(void)
{
    struct path *path = any_file();
    int64_t now = now_ms(), since = earliest(path, now);
    struct stat st;
    int fd;

    if (!open_path(path, &fd, &st))
        return;
    if (fd < 0) {
        check_text(path, NULL, 0, since, now_ms());
        return;
    }
    char *bytes = malloc((size_t)st.st_size + 2);
    assert_non_null(bytes);
    ssize_t n = read(fd, bytes, (size_t)st.st_size + 2);
    if (n != st.st_size || st.st_blocks != (st.st_size + 511) / 512)
        wrong("%s is %jd bytes long, of which %zd can be read", path->name, (intmax_t)st.st_size, n);
    check_text(path, bytes, (size_t)n, since, now_ms());
    check_inode(st.st_ino, bytes, (size_t)n);
    free(bytes);
    (void)close(fd);
}

void stat_file(void)
{
    struct path *path = any_file();
    struct history *history = model_of(&walk.model, path->thing, path->id);
    int64_t since = earliest(path, now_ms());
    struct stat st;
    int r = lstat(in_mount(&walk.fixture.mount, "%s", path->name), &st);

    if (r < 0 && errno != ENOENT) {
        if (!is_explained(errno))
            wrong("%s: %s", path->name, strerror(errno));
        return;
    }
    if (!model_was(history, r == 0, r == 0 ? since : earliest_absence(since), now_ms()))
        wrong("%s is %s", path->name, r == 0 ? "there" : "not there");
}

void follow_link(void)
{
    static const char *const statuses[] = {"Paid", "Unpaid", "Cancelled", "Refunded"};
    const char *status = statuses[below(4)];
    long id = any_invoice();
    struct path *path = path_of(STATUS, id, "by/invoice-status/%s/%ld.json", status, id);
    int64_t since = earliest(path, now_ms());
    char target[64] = "", expected[64];
    ssize_t n = readlink(in_mount(&walk.fixture.mount, "%s", path->name), target, sizeof(target) - 1);
    struct history *history = model_of(&walk.model, STATUS, id);
    bool could = history->n == 0;

    if (n < 0 && errno != ENOENT) {
        if (!is_explained(errno))
            wrong("%s: %s", path->name, strerror(errno));
        return;
    }
    (void)snprintf(expected, sizeof(expected), "../../../billing/invoices/%ld.json", id);
    if (n >= 0 && strcmp(target, expected) != 0)
        wrong("%s leads to %s", path->name, target);
    for (unsigned i = 0; i < history->n; i++) {
        const struct version *version = &history->versions[i];
        bool is = version->text && strcmp(version->text, status) == 0;

        could = could || (is == (n >= 0) && version->from <= now_ms() &&
                          version->until >= (n < 0 ? earliest_absence(since) : since));
    }
    if (!could || (n >= 0 && history->n == 0))
        wrong("%s is %s", path->name, n >= 0 ? "there" : "not there");
}

/* ---- directories ---- */

/* The entries that are ids, each at most once. *ret is how many; false: an error that is explained. */
static bool list_ids(const struct path *path, long ids[MODEL_IDS], unsigned *ret)
{
    DIR *dir = opendir(in_mount(&walk.fixture.mount, "%s", path->name));
    unsigned n = 0;
    struct dirent *entry;

    while (dir && (errno = 0, entry = readdir(dir))) {
        char *end;
        long id = strtol(entry->d_name, &end, 10);

        if (end == entry->d_name)
            continue;
        for (unsigned i = 0; i < n; i++)
            if (ids[i] == id)
                wrong("%s lists %s twice", path->name, entry->d_name);
        assert_true(n < MODEL_IDS);
        ids[n++] = id;
    }
    int error = errno;
    if (dir)
        (void)closedir(dir);
    if (error && !is_explained(error))
        wrong("%s: %s", path->name, strerror(error));
    *ret = n;
    return error == 0;
}

/* Each that is listed was there, and each that was there all the time is listed. */
static void check_list(const struct path *path, enum thing thing, const long *all, unsigned n_all, int64_t since)
{
    long ids[MODEL_IDS];
    unsigned n;

    if (!list_ids(path, ids, &n))
        return;
    int64_t until = now_ms();
    for (unsigned i = 0; i < n_all; i++) {
        struct history *history = model_of(&walk.model, thing, all[i]);
        bool listed = false;

        for (unsigned k = 0; k < n; k++)
            listed = listed || ids[k] == all[i];
        if (!model_was(history, listed, since, until))
            wrong("%s %s %ld", path->name, listed ? "lists" : "does not list", all[i]);
    }
    for (unsigned k = 0; k < n; k++) {
        bool known = false;

        for (unsigned i = 0; i < n_all; i++)
            known = known || all[i] == ids[k];
        if (!known)
            wrong("%s lists %ld, which never was", path->name, ids[k]);
    }
}

void list_directory(void)
{
    bool services = below(2);
    struct path *path = services ? path_of(LISTED, 0, "services") : path_of(INVOICE, 0, "billing/invoices");
    int64_t since = earliest(path, now_ms());

    if (services)
        check_list(path, LISTED, walk.model.services, walk.model.n_services, since);
    else
        check_list(path, INVOICE, walk.model.invoices, walk.model.n_invoices, since);
}

/* ---- held descriptors ---- */

static void hold(struct held *held)
{
    struct path *path = any_file();
    int64_t since = earliest(path, now_ms());
    struct stat st;
    int fd;

    if (!open_path(path, &fd, &st))
        return;
    if (fd < 0) {
        check_text(path, NULL, 0, since, now_ms());
        return;
    }
    *held = (struct held){.fd = fd, .path = path, .since = since, .opened = now_ms(), .st = st};
    held->bytes = calloc(1, (size_t)held->st.st_size + 1);
    held->known = calloc((size_t)held->st.st_size + 1, sizeof(*held->known));
    assert_true(held->bytes && held->known);
}

static void read_held(struct held *held, size_t offset, size_t size)
{
    char *chunk = malloc(size + 1);
    struct stat st;

    assert_non_null(chunk);
    ssize_t n = pread(held->fd, chunk, size, (off_t)offset);
    if (n != (ssize_t)size)
        wrong("%zd of %zu bytes of the held %s", n, size, held->path->name);
    for (size_t i = 0; i < size; i++) {
        if (held->known[offset + i] && held->bytes[offset + i] != chunk[i])
            wrong("the held %s has changed", held->path->name);
        held->bytes[offset + i] = chunk[i];
        held->known[offset + i] = true;
    }
    assert_int_equal(fstat(held->fd, &st), 0);
    if (st.st_size != held->st.st_size || st.st_ino != held->st.st_ino)
        wrong("the held %s has another size or inode", held->path->name);
    free(chunk);
}

void walk_let_go(struct held *held)
{
    size_t len = (size_t)held->st.st_size;
    unsigned least = held->path->least;

    read_held(held, 0, len);
    held->path->least = 0; /* it was opened before what was seen since */
    check_text(held->path, held->bytes, len, held->since, held->opened);
    if (least > held->path->least)
        held->path->least = least;
    check_inode(held->st.st_ino, held->bytes, len);
    (void)close(held->fd);
    free(held->bytes);
    free(held->known);
    *held = (struct held){.fd = -1};
}

void use_held(void)
{
    struct held *held = &walk.held[below(HELD_MAX)];

    if (held->fd < 0) {
        hold(held);
    } else if (below(4) == 0) {
        walk_let_go(held);
    } else {
        size_t len = (size_t)held->st.st_size, offset = below((unsigned)len + 1);
        read_held(held, offset, below((unsigned)(len - offset) + 1));
    }
}
