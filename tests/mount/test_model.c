/*
 * A random walk over the mount against a model of the account in memory.
 *
 * Whatever is read must be, whole, one of the versions that the account had between the earliest moment that the
 * document behind it can have been fetched (its life ago, or when its path was touched) and now; for one path never an
 * older one than was seen before; and through a descriptor that is held, always the version that was opened. What a
 * directory lists is what was there, once each. MODEL_SEED and MODEL_STEPS in the environment choose another walk.
 */
#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS     1200
#define HELD_MAX  8
#define PATHS_MAX 512
#define INODES    4096
/* What lies between an answer of the API and its use, on a busy machine. */
#define SLACK_MS 1000
/* How long the kernel may hold a "not there". */
#define ABSENT_MS 1000
/* Until when a directory that was touched has been dropped everywhere below. */
#define SETTLE_MS 2000
#define FOR_EVER  3600000

/* A path that has been looked at. */
struct path {
    char name[128];
    enum thing thing;
    long id;
    unsigned least; /* the version last seen */
    int64_t touched;
};

struct held {
    int fd;
    struct path *path;
    int64_t since, opened; /* between which its version was there */
    struct stat st;
    char *bytes;
    bool *known;
};

static struct {
    struct fixture fixture;
    struct model model;
    struct path paths[PATHS_MAX];
    unsigned n_paths;
    struct held held[HELD_MAX];
    struct {
        uint64_t ino, hash;
    } inodes[INODES]; /* what each inode has shown */
    unsigned n_inodes;
    int64_t life_ms, begun;
    unsigned dice, seed, step, purges;
    const char *doing, *options;
} walk;

static unsigned below(unsigned n)
{
    walk.dice = walk.dice * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)walk.dice * n >> 32);
}

#define wrong(...)                                                                                                     \
    do {                                                                                                               \
        print_error("-o %s, MODEL_SEED=%u, step %u (%s):\n", walk.options, walk.seed, walk.step, walk.doing);          \
        fail_msg(__VA_ARGS__);                                                                                         \
    } while (0)

/* ---- paths ---- */

static struct path *path_of(enum thing thing, long id, const char *format, ...) __attribute__((format(printf, 3, 4)));

static struct path *path_of(enum thing thing, long id, const char *format, ...)
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

static long any_invoice(void)
{
    return below(12) ? walk.model.invoices[below(walk.model.n_invoices)] : 5000 + (long)below(5);
}

static long any_service(void)
{
    return below(12) ? walk.model.services[below(walk.model.n_services)] : 5000 + (long)below(5);
}

static struct path *any_file(void)
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

/* When the document behind a path can have been fetched at the earliest, as seen at `now`: a touched directory counts
 * once it has settled. */
static int64_t earliest(const struct path *path, int64_t now)
{
    int64_t from = now - walk.life_ms - SLACK_MS;

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
    int version = model_find(history, tokens, path->least, bytes ? since : since - ABSENT_MS, until);
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

static int open_path(const struct path *path)
{
    int fd = open(in_mount(&walk.fixture.mount, "%s", path->name), O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno != ENOENT)
        wrong("%s: %s", path->name, strerror(errno));
    return fd;
}

static void read_file(void)
{
    struct path *path = any_file();
    int64_t now = now_ms(), since = earliest(path, now);
    int fd = open_path(path);

    if (fd < 0) {
        check_text(path, NULL, 0, since, now_ms());
        return;
    }
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
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

static void stat_file(void)
{
    struct path *path = any_file();
    struct history *history = model_of(&walk.model, path->thing, path->id);
    int64_t since = earliest(path, now_ms());
    struct stat st;
    int r = lstat(in_mount(&walk.fixture.mount, "%s", path->name), &st);

    if (r < 0 && errno != ENOENT)
        wrong("%s: %s", path->name, strerror(errno));
    if (!model_was(history, r == 0, r == 0 ? since : since - ABSENT_MS, now_ms()))
        wrong("%s is %s", path->name, r == 0 ? "there" : "not there");
}

static void follow_link(void)
{
    static const char *const statuses[] = {"Paid", "Unpaid", "Cancelled", "Refunded"};
    const char *status = statuses[below(4)];
    long id = any_invoice();
    struct path *path = path_of(STATUS, id, "billing/invoices/by-status/%s/%ld.json", status, id);
    int64_t since = earliest(path, now_ms());
    char target[64] = "", expected[64];
    ssize_t n = readlink(in_mount(&walk.fixture.mount, "%s", path->name), target, sizeof(target) - 1);
    struct history *history = model_of(&walk.model, STATUS, id);
    bool could = history->n == 0;

    if (n < 0 && errno != ENOENT)
        wrong("%s: %s", path->name, strerror(errno));
    (void)snprintf(expected, sizeof(expected), "../../%ld.json", id);
    if (n >= 0 && strcmp(target, expected) != 0)
        wrong("%s leads to %s", path->name, target);
    for (unsigned i = 0; i < history->n; i++) {
        const struct version *version = &history->versions[i];
        bool is = version->text && strcmp(version->text, status) == 0;

        could =
            could || (is == (n >= 0) && version->from <= now_ms() && version->until >= since - (n < 0 ? ABSENT_MS : 0));
    }
    if (!could || (n >= 0 && history->n == 0))
        wrong("%s is %s", path->name, n >= 0 ? "there" : "not there");
}

/* ---- directories ---- */

/* The entries that are ids, each at most once; how many. */
static unsigned list_ids(const struct path *path, long ids[MODEL_IDS])
{
    DIR *dir = opendir(in_mount(&walk.fixture.mount, "%s", path->name));
    unsigned n = 0;
    struct dirent *entry;

    if (!dir)
        wrong("%s: %s", path->name, strerror(errno));
    while ((entry = readdir(dir))) {
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
    (void)closedir(dir);
    return n;
}

/* Each that is listed was there, and each that was there all the time is listed. */
static void check_list(const struct path *path, enum thing thing, const long *all, unsigned n_all, int64_t since)
{
    long ids[MODEL_IDS];
    unsigned n = list_ids(path, ids);
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

static void list_directory(void)
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
    int fd = open_path(path);

    if (fd < 0) {
        check_text(path, NULL, 0, since, now_ms());
        return;
    }
    *held = (struct held){.fd = fd, .path = path, .since = since, .opened = now_ms()};
    assert_int_equal(fstat(fd, &held->st), 0);
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

static void let_go(struct held *held)
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

static void use_held(void)
{
    struct held *held = &walk.held[below(HELD_MAX)];

    if (held->fd < 0) {
        hold(held);
    } else if (below(4) == 0) {
        let_go(held);
    } else {
        size_t len = (size_t)held->st.st_size, offset = below((unsigned)len + 1);
        read_held(held, offset, below((unsigned)(len - offset) + 1));
    }
}

/* ---- what changes things ---- */

static void touch_something(void)
{
    static const char *const dirs[] = {"", "all", "billing", "billing/invoices", "services"};
    struct path *path = below(4) ? any_file() : path_of(THINGS, 0, "%s", dirs[below(5)]);
    int64_t now = now_ms();

    if (utimensat(AT_FDCWD, in_mount(&walk.fixture.mount, "%s", path->name), NULL, 0) == 0)
        path->touched = now;
    else if (errno != ENOENT)
        wrong("touch %s: %s", path->name, strerror(errno));
}

static void change_account(void)
{
    static const char *const statuses[] = {"Paid", "Unpaid", "Cancelled", "Refunded"};
    static const char *const states[] = {"Active", "Suspended", "Pending"};
    char json[256];

    switch (below(8)) {
    case 0:
    case 1:
        (void)snprintf(json, sizeof(json), "{\"balance\":\"%u.00\"}", below(1000));
        break;
    case 2:
        (void)snprintf(json, sizeof(json), "{\"delete_invoice\":%ld}", any_invoice());
        break;
    case 3:
        (void)snprintf(json, sizeof(json), "{\"delete_service\":%ld}", any_service());
        break;
    case 4:
    case 5:
        (void)snprintf(json, sizeof(json), "{\"service\":{\"id\":%ld,\"status\":\"%s\",\"note\":\"%0*u\"}}",
                       walk.model.services[below(walk.model.n_services)], states[below(3)], (int)below(60),
                       below(1000));
        break;
    default:
        (void)snprintf(json, sizeof(json), "{\"invoice\":{\"id\":%ld,\"status\":\"%s\",\"note\":\"%0*u\"}}",
                       walk.model.n_invoices < MODEL_IDS / 2 && !below(8)
                           ? 99000 + (long)below(100)
                           : walk.model.invoices[below(walk.model.n_invoices)],
                       statuses[below(4)], (int)below(60), below(1000));
    }
    model_change(&walk.model, json);
}

/* The first of the service's resources, or one that it has not. */
static bool resource_of(long id, char *name, size_t size)
{
    const char *text = model_now(&walk.model, SERVICE, id);
    struct json_object *service = text ? json_tokener_parse(text) : NULL, *cdn, *list = NULL, *first = NULL;

    if (service && json_object_object_get_ex(service, "cdn", &cdn) &&
        json_object_object_get_ex(cdn, "resources", &list) && json_object_array_length(list) > 0 && below(3))
        first = json_object_object_get(json_object_array_get_idx(list, 0), "name");
    (void)snprintf(name, size, "%s", first ? json_object_get_string(first) : "unknown.example.com");
    bool there = first != NULL;
    json_object_put(service);
    return there;
}

static void purge(void)
{
    long id = any_service();
    char line[256];
    bool there = resource_of(id, line, sizeof(line) - 1);
    int fd;

    rules_clear(&walk.fixture.sim);
    (void)strcat(line, "\n");
    fd = open(in_mount(&walk.fixture.mount, "services/%ld/cdn/purge", id), O_WRONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return; /* no such service, as far as is known */
    if (fd < 0)
        wrong("services/%ld/cdn/purge: %s", id, strerror(errno));
    ssize_t n = write(fd, line, strlen(line));
    walk.purges++;
    if (there ? n != (ssize_t)strlen(line) : n >= 0 || errno != ENOENT)
        wrong("purging %s of %ld: %zd, %s", line, id, n, strerror(errno));
    (void)close(fd);
}

/* A failure that goes by itself. */
static void order_trouble(void)
{
    if (below(2))
        rule(&walk.fixture.sim, "{\"operation\":\"*\",\"method\":\"GET\",\"status\":503,\"times\":1}");
    else
        rule(&walk.fixture.sim, "{\"operation\":\"*\",\"method\":\"GET\",\"reset\":true,\"times\":1}");
}

static void wait_a_little(void)
{
    let_pass((int)below(60));
}

/* ---- the walk ---- */

static const struct {
    const char *name;
    void (*fn)(void);
    unsigned weight;
} steps[] = {
    {"read", read_file, 30},       {"stat", stat_file, 8}, {"follow a link", follow_link, 8},
    {"list", list_directory, 10},  {"hold", use_held, 20}, {"touch", touch_something, 10},
    {"change", change_account, 8}, {"purge", purge, 3},    {"trouble", order_trouble, 1},
    {"wait", wait_a_little, 2},
};

static void take_steps(unsigned n)
{
    for (walk.step = 0; walk.step < n; walk.step++) {
        unsigned which = below(100), i = 0;

        while (which >= steps[i].weight)
            which -= steps[i++].weight;
        walk.doing = steps[i].name;
        steps[i].fn();
    }
    walk.doing = "the end";
    for (unsigned i = 0; i < HELD_MAX; i++)
        if (walk.held[i].fd >= 0)
            let_go(&walk.held[i]);
    assert_int_equal(asked(&walk.fixture.sim, "purge"), walk.purges);
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static void begin(const char *options, int64_t life_ms, unsigned seed)
{
    static const char *const simulator[] = {"--invoices", "14", "--services", "9", NULL};

    memset(&walk, 0, sizeof(walk));
    for (unsigned i = 0; i < HELD_MAX; i++)
        walk.held[i].fd = -1;
    walk.options = options;
    walk.life_ms = life_ms;
    walk.seed = walk.dice = from_environment("MODEL_SEED", seed);
    walk.begun = now_ms();
    fixture_start(&walk.fixture, simulator, &(struct how){.options = options});
    model_begin(&walk.model, &walk.fixture.sim);
    take_steps(from_environment("MODEL_STEPS", STEPS));
}

static int end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HELD_MAX; i++) {
        if (walk.held[i].fd > 0) {
            (void)close(walk.held[i].fd);
            free(walk.held[i].bytes);
            free(walk.held[i].known);
        }
        walk.held[i].fd = -1;
    }
    model_clear(&walk.model);
    return fixture_stop(&walk.fixture);
}

/* What was fetched stays until it is touched. */
static void test_walk_where_only_touching_renews(void **state)
{
    (void)state;
    begin("ttl=3600,ttl_slow=3600", FOR_EVER, 20261124);
}

static void test_walk_with_a_short_life(void **state)
{
    (void)state;
    begin("ttl=1", 1000, 4242);
}

/* Every answer is on its way out again when the next comes. */
static void test_walk_with_hardly_any_cache(void **state)
{
    (void)state;
    begin("ttl=1,cache_size=64K,readahead=0,push=0", 1000, 7);
}

/* With no life at all, what is read was true a moment ago. */
static void test_walk_without_a_ttl(void **state)
{
    (void)state;
    begin("ttl=0,ttl_slow=0", 100, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_walk_where_only_touching_renews, end),
        cmocka_unit_test_teardown(test_walk_with_a_short_life, end),
        cmocka_unit_test_teardown(test_walk_with_hardly_any_cache, end),
        cmocka_unit_test_teardown(test_walk_without_a_ttl, end),
    };

    harness_begin();
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
