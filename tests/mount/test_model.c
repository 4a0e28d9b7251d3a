/* SPDX-License-Identifier: MIT */
/*
 * Random walks over the mount against a model of the account in memory; what must hold is told in model_walk.h.
 * MODEL_SEED, MODEL_STEPS and MODEL_KIND (the name of a test) in the environment choose another walk. With
 * MELBICOMFS_DEEP a million steps are taken in walks of many seeds; MODEL_TOTAL in the environment is another number of
 * steps, also without MELBICOMFS_DEEP.
 */
#include "model_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define STEPS      1200  /* of a walk */
#define DEEP_STEPS 10000 /* of a walk of the deep form */
#define DEEP_TOTAL 1000000
#define KINDS      4 /* of walks */
#define FOR_EVER   3600000

/* A walk's times: so many calm steps, then so many troubled ones. */
#define CALM_STEPS     300
#define TROUBLED_STEPS 20
/* In which the API's answers are shown again after it has failed: the longest of the program's pauses, and more. */
#define RECOVERY_MS 20000

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static bool is_long(void)
{
    return is_deep() || getenv("MODEL_TOTAL");
}

/* ---- trouble ---- */

/* Failures of the API from now on, each for some requests. A purge never fails: whether it arrived would be in doubt. */
static void order_trouble(void)
{
    static const char *const ways[] = {"\"status\":503",
                                       "\"status\":500",
                                       "\"status\":502,\"body\":\"<html>Bad Gateway</html>\"",
                                       "\"status\":503,\"headers\":{\"Retry-After\":\"1\"}",
                                       "\"status\":429,\"headers\":{\"Retry-After\":\"1\"}",
                                       "\"reset\":true",
                                       "\"reset\":true,\"truncate\":150",
                                       "\"truncate\":30",
                                       "\"truncate\":700",
                                       "\"garbage\":true",
                                       "\"in_band\":\"result-error\"",
                                       "\"latency_ms\":200",
                                       "\"slow_body_bps\":20000",
                                       "\"stall\":true"};

    walk.troubled = true;
    for (unsigned i = 0; i < 4; i++, walk.troubles++)
        rule(&walk.fixture.sim, "{\"operation\":\"*\",\"method\":\"GET\",%s,\"after\":%u,\"times\":%u}",
             ways[below(sizeof ways / sizeof *ways)], below(3), 1 + below(8));
}

static bool is_stale(int fd)
{
    char value[8] = "";

    return fgetxattr(fd, "user.melbicomfs.stale", value, sizeof value - 1) > 0 && strcmp(value, "yes") == 0;
}

/* Whether a document can be asked for, and is no copy from before. */
static bool is_answered(const char *path)
{
    char byte;
    int fd = utimensat(AT_FDCWD, path, NULL, 0) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd < 0 ? errno == ENOENT : read(fd, &byte, 1) == 1 && !is_stale(fd);

    if (fd >= 0)
        (void)close(fd);
    return good;
}

static bool service_is_answered(long id)
{
    return is_answered(in_mount(&walk.fixture.mount, "services/%ld/info.json", id));
}

static bool has_recovered(void *data)
{
    const struct mount *mount = &walk.fixture.mount;
    bool good = is_answered(in_mount(mount, "billing/balance")) && is_answered(in_mount(mount, "all/invoices.json")) &&
                is_answered(in_mount(mount, "all/services.json"));

    (void)data;
    for (unsigned i = 0; good && i < walk.model.n_services; i++)
        good = service_is_answered(walk.model.services[i]);
    for (long id = 5000; good && id < 5005; id++) /* see any_service() */
        good = service_is_answered(id);
    return good;
}

/* The API works again. What is behind a path has been fetched again when all paths have been touched and are read. */
static void end_trouble(void)
{
    if (!walk.troubled)
        return;
    rules_clear(&walk.fixture.sim);
    if (!wait_until(has_recovered, NULL, RECOVERY_MS))
        wrong("the API works again, and the mount does not after %d ms", RECOVERY_MS);
    int64_t now = now_ms();
    if (utimensat(AT_FDCWD, walk.fixture.mount.path, NULL, 0) < 0)
        wrong("touching all: %s", strerror(errno));
    let_pass(300); /* the pusher has told the kernel */
    walk.troubled = false;
    walk.recovered = now;
    path_of(THINGS, 0, "%s", "")->touched = now;
}

/* ---- what changes things ---- */

static void touch_something(void)
{
    static const char *const dirs[] = {"", "all", "billing", "billing/invoices", "services"};
    struct path *path = below(4) ? any_file() : path_of(THINGS, 0, "%s", dirs[below(5)]);
    int64_t now = now_ms();

    if (utimensat(AT_FDCWD, in_mount(&walk.fixture.mount, "%s", path->name), NULL, 0) == 0)
        path->touched = now;
    else if (errno != ENOENT && !is_explained(errno))
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
    if (walk.troubled)
        order_trouble(); /* the model has cleared the rules, because it asks the API itself */
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

    (void)strcat(line, "\n");
    fd = open(in_mount(&walk.fixture.mount, "services/%ld/cdn/purge", id), O_WRONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || is_explained(errno)))
        return; /* no such service, as far as is known */
    if (fd < 0)
        wrong("services/%ld/cdn/purge: %s", id, strerror(errno));
    ssize_t n = write(fd, line, strlen(line));
    walk.tried++;
    walk.purged += n == (ssize_t)strlen(line);
    if ((there ? n != (ssize_t)strlen(line) : n >= 0 || errno != ENOENT) && (n >= 0 || !is_explained(errno)))
        wrong("purging %s of %ld: %zd, %s", line, id, n, strerror(errno));
    (void)close(fd);
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
    {"change", change_account, 8}, {"purge", purge, 3},    {"wait", wait_a_little, 3},
};

static void change_times(void)
{
    unsigned at = walk.step % (unsigned)(CALM_STEPS + TROUBLED_STEPS);

    if (at == 0)
        end_trouble();
    else if (at == (unsigned)CALM_STEPS)
        order_trouble();
}

static void take_steps(unsigned n)
{
    for (walk.step = 0; walk.step < n; walk.step++) {
        unsigned which = below(100), i = 0;

        walk.doing = "changing times";
        change_times();
        while (which >= steps[i].weight)
            which -= steps[i++].weight;
        walk.doing = steps[i].name;
        steps[i].fn();
    }
    walk.doing = "the end";
    end_trouble();
    for (unsigned i = 0; i < HELD_MAX; i++)
        if (walk.held[i].fd >= 0)
            walk_let_go(&walk.held[i]);
    unsigned sent = asked(&walk.fixture.sim, "purge");
    if (sent < walk.purged || sent > walk.tried)
        wrong("%u purges were sent; %u were tried and %u succeeded", sent, walk.tried, walk.purged);
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

static void take_walk(const char *options, int64_t life_ms, unsigned seed)
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
    take_steps(from_environment("MODEL_STEPS", is_long() ? DEEP_STEPS : STEPS));
    print_message("-o %s, seed %u: %u steps in %.0f s, %u failures ordered, %u steps failed with them\n", options,
                  walk.seed, walk.step, (double)(now_ms() - walk.begun) / 1000, walk.troubles, walk.explained);
}

/* ---- many walks ---- */

/* A walk mostly waits: for an answer, for the end of a pause. So several are under way at once. */
#define WALKS_AT_ONCE 12

/* Starts this program again for one walk of the test `kind`. */
static void start_walk(struct running *running, const char *kind, unsigned seed)
{
    char program[300] = "";

    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        fail_msg("/proc/self/exe: %s", strerror(errno));
    run_start(running, "/", "MODEL_KIND='%s' MODEL_SEED=%u MODEL_STEPS=%u exec '%s' 2>&1", kind, seed,
              from_environment("MODEL_STEPS", DEEP_STEPS), program);
}

/* Ends those of n walks that have ended; returns how many are left, moved to the front. */
static unsigned collect(struct running *running, unsigned n)
{
    unsigned left = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!run_ended(&running[i])) {
            running[left++] = running[i];
            continue;
        }
        struct ran ran = run_wait(&running[i], 1000);
        const char *line = strstr(ran.out, "-o ");
        if (ran.status != 0)
            fail_msg("a walk failed:\n%s", ran.out);
        print_message("%.*s\n", line ? (int)strcspn(line, "\n") : 0, line ? line : "");
    }
    return left;
}

static void take_walks(const char *kind, unsigned seed, unsigned n)
{
    struct running running[WALKS_AT_ONCE];
    unsigned begun = 0, under_way = 0;

    while (begun < n || under_way > 0) {
        if (begun < n && under_way < WALKS_AT_ONCE) {
            start_walk(&running[under_way++], kind, seed + begun++);
            continue;
        }
        let_pass(200);
        under_way = collect(running, under_way);
    }
}

/* Takes one walk, or a quarter of the deep form's. */
static void begin(const char *kind, const char *options, int64_t life_ms, unsigned seed)
{
    unsigned each = from_environment("MODEL_STEPS", DEEP_STEPS) * KINDS;
    char all[160];

    if (is_long() && !getenv("MODEL_SEED")) {
        take_walks(kind, seed, (from_environment("MODEL_TOTAL", DEEP_TOTAL) + each - 1) / each);
        return;
    }
    /* Long enough for a busy machine, and short enough for answers that never come. */
    (void)snprintf(all, sizeof all, "%s,timeout=%d,timeout_total=%d", options, 3 * time_scale(), 9 * time_scale());
    take_walk(all, life_ms, seed);
}

/* What was fetched stays until it is touched. */
static void test_walk_where_only_touching_renews(void **state)
{
    (void)state;
    begin(__func__, "ttl=3600,ttl_slow=3600", FOR_EVER, 20261124);
}

static void test_walk_with_a_short_life(void **state)
{
    (void)state;
    begin(__func__, "ttl=1", 1000, 4242);
}

/* Every answer is on its way out again when the next comes. */
static void test_walk_with_hardly_any_cache(void **state)
{
    (void)state;
    begin(__func__, "ttl=1,cache_size=64K,readahead=0,push=0", 1000, 7);
}

/* With no life at all, what is read was true a moment ago. */
static void test_walk_without_a_ttl(void **state)
{
    (void)state;
    begin(__func__, "ttl=0,ttl_slow=0", 100, 99);
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
    if (getenv("MODEL_KIND"))
        cmocka_set_test_filter(getenv("MODEL_KIND"));
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
