/* SPDX-License-Identifier: MIT */
/*
 * The traps of snapshots that are about directories: expiry, lists that change, errors, extended attributes. DESIGN
 * section 2, its table.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define INVOICES 400

/* Where something must happen between two expiries, a ttl that let_expire(1) outlasts; and one where nothing must. */
#define SHORT_TTL scaled_times("ttl=1")
#define A_SECOND  "ttl=1"

static void let_a_second_expire(void)
{
    let_pass(1200);
}

static struct fixture fixture;
static struct mount *const mnt = &fixture.mount;
static struct simulator *const sim = &fixture.sim;

static int setup(void **state)
{
    static const char *const options[] = {"--invoices", "400", NULL};
    (void)state;
    return fixture_start(&fixture, options, &(struct how){.options = SHORT_TTL});
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&fixture);
}

static int clean(void **state)
{
    (void)state;
    api_up(sim);
    rules_clear(sim);
    journal_clear(sim);
    return 0;
}

static struct stat stat_of(const struct mount *mount, const char *path)
{
    struct stat st;
    if (lstat(in_mount(mount, "%s", path), &st) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    return st;
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- entries that expire ---- */

static void test_listing_again_after_the_ttl_costs_no_request_an_entry(void **state)
{
    (void)state;
    struct ran first = run_ok(mnt, "ls -l billing/invoices");
    run_ok(mnt, "ls -l billing/invoices >/dev/null");
    struct kernel_mark mark = kernel_mark(mnt);
    for (int i = 0; i < 2; i++) {
        let_expire(1);
        struct ran again = run_ok(mnt, "ls -l billing/invoices");
        assert_string_equal(again.out, first.out);
    }
    struct kernel kernel = kernel_since(mnt, &mark);
    print_message("ls -l of %d entries twice, expired each time: %u lookup, %u getattr, %u readdirplus, %u readdir\n",
                  INVOICES, (unsigned)kernel.lookup, (unsigned)kernel.getattr, (unsigned)kernel.readdirplus,
                  (unsigned)kernel.readdir);
    assert_true(kernel.lookup <= 10);
    assert_true(kernel.getattr <= 10);
    assert_true(kernel.readdirplus > 0);
}

#define assert_same_times(a, b) same_times(a, b, __LINE__)
static void same_times(struct stat a, struct stat b, int line)
{
    if (ns_of(a.st_mtim) != ns_of(b.st_mtim) || ns_of(a.st_ctim) != ns_of(b.st_ctim) || a.st_ino != b.st_ino)
        fail_msg("line %d: mtime %lld, then %lld; ctime %lld, then %lld; inode %llu, then %llu", line,
                 (long long)ns_of(b.st_mtim), (long long)ns_of(a.st_mtim), (long long)ns_of(b.st_ctim),
                 (long long)ns_of(a.st_ctim), (unsigned long long)b.st_ino, (unsigned long long)a.st_ino);
}

/* Lists the directory after its ttl, and returns what stat says of it then. */
static struct stat listed_anew(const struct mount *mount, const char *path)
{
    struct stat expired;
    let_a_second_expire();
    expired = stat_of(mount, path);
    run_ok(mount, "ls %s >/dev/null", path);
    assert_int_equal(expired.st_ino, stat_of(mount, path).st_ino);
    return stat_of(mount, path);
}

static void test_a_directorys_times_do_not_move_when_it_expires(void **state)
{
    static const char *const paths[] = {"billing/invoices", "by/invoice-number", "by/invoice-status/Paid", "services",
                                        "by/service-product"};
    (void)state;
    struct mount fresh;
    mount_start(&fresh, sim, &(struct how){.options = A_SECOND});
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct stat cold = stat_of(&fresh, paths[i]);
        run_ok(&fresh, "ls %s >/dev/null", paths[i]);
        assert_same_times(stat_of(&fresh, paths[i]), cold);
        journal_clear(sim);
        let_a_second_expire();
        assert_same_times(stat_of(&fresh, paths[i]), cold);
        assert_int_equal(asked(sim, NULL), 0); /* stat asks nobody */
        assert_same_times(listed_anew(&fresh, paths[i]), cold);
        assert_true(asked(sim, NULL) >= 1);
    }
    mount_stop(&fresh);
}

static void test_a_directorys_mtime_moves_once_for_each_change_of_its_names(void **state)
{
    static const char path[] = "billing/invoices";
    (void)state;
    struct mount fresh;
    mount_start(&fresh, sim, &(struct how){.options = A_SECOND});
    run_ok(&fresh, "ls %s >/dev/null", path);
    struct stat before = stat_of(&fresh, path);
    for (unsigned round = 0; round < 3; round++) {
        account_set(sim, "{\"delete_invoice\":%u}", 90001 + INVOICES - 1 - round);
        struct stat moved = listed_anew(&fresh, path);
        assert_true(ns_of(moved.st_mtim) > ns_of(before.st_mtim));
        assert_int_equal(ns_of(moved.st_mtim), ns_of(moved.st_ctim));
        char *names = run_ok(&fresh, "ls %s", path).out;
        assert_null(strstr(names, in_mount(&fresh, "%u.json", 90001 + INVOICES - 1 - round) + strlen(fresh.path) + 1));
        assert_same_times(stat_of(&fresh, path), moved);
        assert_same_times(listed_anew(&fresh, path), moved);
        before = moved;
    }
    /* An invoice that has changed keeps its name. */
    account_set(sim, "{\"invoice\":{\"id\":90006,\"total\":\"99.00\"}}");
    assert_same_times(listed_anew(&fresh, path), before);
    run_ok(&fresh, "grep -q 99.00 %s/90006.json", path);
    mount_stop(&fresh);
}

static void test_tar_exits_0_though_the_directory_is_renewed_while_it_runs(void **state)
{
    (void)state;
    /* The reader of tar's output stops it in the middle until the directory has expired and somebody has listed it anew.
     * tar 1.34 compares a directory's ctime at its end with the one it saw at its beginning, tar 1.35 its mtime. */
    struct ran ran = run(mnt, "fetched() { getfattr -n user.melbicomfs.fetched --only-values $1/90001.json; }; "
                              "ls -l billing/invoices >/dev/null; was=$(fetched billing/invoices); "
                              "tar cf - billing/invoices 2>$DIR/said | { head -c 20480 >/dev/null; "
                              "while test \"$(fetched billing/invoices)\" = \"$was\"; "
                              "do ls -l billing/invoices >/dev/null; done; wc -c; }; "
                              "cat $DIR/said; tar cf /dev/null --totals billing 2>&1");
    assert_int_equal(ran.status, 0);
    assert_null(strstr(ran.out, "changed"));
    assert_null(strstr(ran.out, "rror"));
}

/* tar of the whole mount, again and again while everything in it expires each second. RENEWALS in the environment says
 * how many of them are waited for. */
static void test_tar_of_everything_exits_0_over_many_renewals(void **state)
{
    (void)state;
    const char *wanted = getenv("RENEWALS");
    long renewals = wanted ? strtol(wanted, NULL, 10) : 5;
    struct mount fresh;
    unsigned tars = 0;

    mount_start(&fresh, sim, &(struct how){.options = A_SECOND});
    journal_clear(sim);
    while (asked(sim, "invoices") <= (unsigned)renewals) {
        struct ran ran = run(&fresh, "tar cf /dev/null . 2>&1");
        if (ran.status != 0 || *ran.out)
            fail_msg("after %u renewals: tar exits %d: %s", asked(sim, "invoices"), ran.status, ran.out);
        tars++;
    }
    print_message("%u tars over %ld renewals\n", tars, renewals);
    mount_stop(&fresh);
}

/* ---- lists that shrink while they are read ---- */

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

#define FIRST_ID 90001

struct walk {
    int fd;
    unsigned seen[INVOICES + 64]; /* by id - FIRST_ID */
    unsigned n;
};

/* One getdents64 with a small buffer; false at the end. */
static bool walk_on(struct walk *walk)
{
    char buf[1024] __attribute__((aligned(8)));
    long n = syscall(SYS_getdents64, walk->fd, buf, sizeof buf);
    assert_true(n >= 0);
    for (long at = 0; at < n;) {
        struct linux_dirent64 *entry = (struct linux_dirent64 *)(void *)(buf + at);
        unsigned long id = strtoul(entry->d_name, NULL, 10);
        if (id >= FIRST_ID && id < FIRST_ID + INVOICES + 64)
            walk->seen[id - FIRST_ID]++;
        assert_true(entry->d_ino != 0 && entry->d_ino <= UINT32_MAX);
        /* A 32-bit program without large-file support can read no others. */
        assert_in_range(entry->d_off, 1, INT32_MAX);
        walk->n++;
        at += entry->d_reclen;
    }
    return n > 0;
}

/* Entries of a directory by plain system calls: readdir(3) asks for attributes first, which this does not. */
static unsigned entries_of(const struct mount *mount, const char *path)
{
    struct walk walk = {.fd = open(in_mount(mount, "%s", path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    assert_true(walk.fd >= 0);
    while (walk_on(&walk))
        ;
    close(walk.fd);
    return walk.n;
}

/* Directories with ids, names, fixed names and a command, whose entries walk_on() checks. */
static void test_offsets_and_inode_numbers_are_small(void **state)
{
    static const char *const paths[] = {
        ".", "services", "services/10421/cdn", "billing/invoices", "by/service-product", "domains/pricing"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_true(entries_of(mnt, paths[i]) > 2);
    struct stat purge = stat_of(mnt, "services/10421/cdn/purge"), again = stat_of(mnt, "services/10421/cdn/purge");
    assert_true(purge.st_ino <= UINT32_MAX);
    assert_int_equal(purge.st_ino, again.st_ino);
    assert_int_not_equal(purge.st_ino, stat_of(mnt, "services/10422/cdn/purge").st_ino);
}

/* The document behind a listing may be old when the directory is first listed, and its attributes have been given. */
static void test_a_first_listing_is_shown_no_longer_than_its_document_lives(void **state)
{
    (void)state;
    struct mount slow;
    mount_start(&slow, sim, &(struct how){.options = scaled_times("ttl=4")});
    run_ok(&slow, "cat all/services.json all/invoices.csv");
    let_pass(3000 * time_scale());
    unsigned services = entries_of(&slow, "services"), numbers = entries_of(&slow, "by/invoice-number");
    account_set(sim, "{\"delete_service\":10421,\"delete_invoice\":90001}");
    let_pass(1500 * time_scale());
    assert_int_equal(entries_of(&slow, "services"), services - 1);
    assert_int_equal(entries_of(&slow, "by/invoice-number"), numbers - 1);
    account_set(sim, "{\"service\":{\"id\":10421,\"status\":\"Active\"}}");
    mount_stop(&slow);
}

static void test_no_entry_is_lost_or_repeated_when_the_list_shrinks_between_two_getdents(void **state)
{
    (void)state;
    static struct walk walk;
    struct mount fresh;
    bool deleted[INVOICES] = {false};

    mount_start(&fresh, sim, &(struct how){.options = A_SECOND});
    walk.fd = open(in_mount(&fresh, "billing/invoices"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(walk.fd >= 0);
    for (int i = 0; i < 3; i++)
        assert_true(walk_on(&walk));
    /* Entries before, at and after the position go, and the list is renewed by another reader, several times. */
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = round; i < INVOICES; i += 37) {
            account_set(sim, "{\"delete_invoice\":%u}", FIRST_ID + i);
            deleted[i] = true;
        }
        run_ok(&fresh, "touch billing/invoices; ls billing/invoices >/dev/null; cat all/invoices.json >/dev/null");
        for (int i = 0; i < 3; i++)
            assert_true(walk_on(&walk));
    }
    while (walk_on(&walk))
        ;
    close(walk.fd);
    for (unsigned i = 0; i < INVOICES; i++) {
        if (walk.seen[i] > 1 || (walk.seen[i] == 0 && !deleted[i]))
            fail_msg("invoice %u was listed %u times", FIRST_ID + i, walk.seen[i]);
    }
    struct ran ran = run_ok(&fresh, "ls billing/invoices | grep -c json");
    unsigned left = 0;
    for (unsigned i = 0; i < INVOICES; i++)
        left += !deleted[i];
    assert_int_equal(strtoul(ran.out, NULL, 10), left);
    mount_stop(&fresh);
}

/* ---- negative answers ---- */

/* How a cold path fails under a rule, and that it is there as soon as the trouble is over and the error forgotten. */
static void fails_then_works(const char *path, const char *trouble, int error)
{
    journal_clear(sim);
    rule(sim, "{\"operation\":\"*\",%s}", trouble);
    errno = 0;
    char *text = slurp_path(in_mount(mnt, "%s", path), NULL);
    if (text || errno != error)
        fail_msg("%s under %s: %s, not %s", path, trouble, text ? "readable" : strerror(errno), strerror(error));
    rules_clear(sim);
    int64_t end = now_ms() + 4000 * time_scale();
    while (!(text = slurp_path(in_mount(mnt, "%s", path), NULL))) {
        if (errno == ENOENT)
            fail_msg("%s: the error has become ENOENT", path);
        if (now_ms() > end)
            fail_msg("%s: still %s", path, strerror(errno));
        let_pass(20);
    }
}

static void test_an_error_never_becomes_a_cached_enoent(void **state)
{
    (void)state;
    fixture_remount(&fixture, &(struct how){.options = A_SECOND ",stale_if_error=0"});
    fails_then_works("services/10421/info.json", "\"status\":429", EBUSY);
    fails_then_works("billing/balance", "\"garbage\":true", EIO);
    /* The same for entries that the kernel has had, and that have expired: LOOKUP itself gets the error. */
    let_a_second_expire();
    fails_then_works("billing/balance", "\"status\":500", EIO);
    /* And for one whose node lives on, because it is held open. */
    int fd = open(in_mount(mnt, "billing/balance"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    let_a_second_expire();
    fails_then_works("billing/balance", "\"status\":403", EACCES);
    close(fd);
    fixture_remount(&fixture, &(struct how){.options = SHORT_TTL});
}

static void test_absence_is_cached_for_a_moment_only_when_the_api_says_so(void **state)
{
    (void)state;
    int64_t start = now_ms();
    for (int i = 0; i < 5; i++)
        assert_int_equal(access(in_mount(mnt, "services/77777/info.json"), F_OK), -1);
    assert_int_equal(errno, ENOENT);
    /* Once a second, should this take so long. */
    assert_in_range(asked(sim, "service"), 1, 1 + (now_ms() - start) / 1000);
    account_set(sim, "{\"service\":{\"id\":77777,\"status\":\"Active\"}}");
    let_pass(1400); /* the second for which an absence stands */
    assert_non_null(strstr(slurp(mnt, "services/77777/info.json", NULL), "77777"));
    account_set(sim, "{\"delete_service\":77777}");
    /* What the grammar excludes costs nothing, ever. */
    journal_clear(sim);
    for (int i = 0; i < 5; i++)
        assert_int_equal(access(in_mount(mnt, "services/.git"), F_OK), -1);
    assert_int_equal(asked(sim, NULL), 0);
}

/* ---- an error while a directory is revalidated ---- */

static void keeps_its_directory(const char *options, const char *dir)
{
    fixture_remount(&fixture, &(struct how){.options = options});
    struct running shell;
    run_ok(mnt,
           "ls -l services billing/invoices by/service-product >/dev/null; cat services/10421/info.json >/dev/null; "
           "ls %s",
           dir);
    char *go = in_mount(mnt, "../go"), *cwd = in_mount(mnt, "%s", dir);
    run_start(&shell, cwd,
              "touch $DIR/there; until test -e %s; do :; done; cd . && /bin/pwd -P && readlink /proc/self/cwd && "
              "test -d ..",
              go);
    run_ok(mnt, "until test -e $DIR/there; do sleep 0.01; done");
    api_down(sim);
    let_a_second_expire();
    /* From outside, each step of the path is looked up again. */
    struct stat st;
    assert_int_equal(stat(cwd, &st), 0);
    run(mnt, "ls -l services >/dev/null 2>&1; stat %s/.. >/dev/null 2>&1", dir);
    run_ok(mnt, "touch $DIR/go");
    struct ran ran = run_wait(&shell, 20000);
    api_up(sim);
    if (ran.status != 0 || strstr(ran.out, "deleted") || strncmp(ran.out, cwd, strlen(cwd)) != 0)
        fail_msg("%s, in %s: exit %d: %s%s", options, dir, ran.status, ran.out, ran.err);
}

static void test_a_working_directory_survives_an_outage(void **state)
{
    (void)state;
    keeps_its_directory(A_SECOND ",stale_if_error=0", "services/10421/cdn");
    keeps_its_directory(A_SECOND, "services/10421");
    fixture_remount(&fixture, &(struct how){.options = SHORT_TTL});
}

static void test_a_directory_that_is_gone_for_certain_is_gone(void **state)
{
    (void)state;
    account_set(sim, "{\"service\":{\"id\":88888,\"status\":\"Active\"}}");
    run_ok(mnt, "ls services/88888 && cat services/88888/info.json");
    account_set(sim, "{\"delete_service\":88888}");
    let_expire(1);
    assert_int_equal(access(in_mount(mnt, "services/88888"), F_OK), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_the_error_of_a_directory_in_an_outage_comes_from_what_is_below(void **state)
{
    (void)state;
    fixture_remount(&fixture, &(struct how){.options = A_SECOND ",stale_if_error=0"});
    run_ok(mnt, "cat services/10421/info.json >/dev/null");
    api_down(sim);
    let_a_second_expire();
    struct stat st;
    assert_int_equal(stat(in_mount(mnt, "services/10421"), &st), 0);
    struct ran ran = run(mnt, "cat services/10421/info.json");
    api_up(sim);
    assert_int_not_equal(ran.status, 0);
    assert_non_null(strstr(ran.err, "No route to host"));
    fixture_remount(&fixture, &(struct how){.options = SHORT_TTL});
}

/* ---- extended attributes ---- */

static void test_acl_questions_fetch_nothing_and_are_not_supported(void **state)
{
    (void)state;
    static const char *const names[] = {"system.posix_acl_access", "system.posix_acl_default", "security.capability",
                                        "security.selinux"};
    char value[256];
    fixture_remount(&fixture, &(struct how){.options = SHORT_TTL});
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ssize_t n = lgetxattr(in_mount(mnt, "billing/balance"), names[i], value, sizeof value);
        assert_int_equal(n, -1);
        if (errno != EOPNOTSUPP && errno != ENODATA)
            fail_msg("%s: %s", names[i], strerror(errno));
        if (i == 0)
            assert_int_equal(errno, EOPNOTSUPP);
    }
    assert_int_equal(asked(sim, NULL), 0);
    /* It was not ENOSYS, which would have ended those of this program, too. */
    slurp(mnt, "billing/balance", NULL);
    assert_true(lgetxattr(in_mount(mnt, "billing/balance"), "user.melbicomfs.fetched", value, sizeof value) > 0);
}

static void test_an_xattr_never_fetches(void **state)
{
    (void)state;
    char value[256];
    slurp(mnt, "services/10421/info.json", NULL);
    slurp(mnt, "billing/balance", NULL);
    journal_clear(sim);
    int fd = open(in_mount(mnt, "services/10421/info.json"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    let_expire(1);
    assert_true(fgetxattr(fd, "user.melbicomfs.expires", value, sizeof value) > 0);
    assert_int_equal(flistxattr(fd, value, sizeof value), 0);
    assert_int_equal(asked(sim, NULL), 0);
    close(fd);
}

/* Programs that copy all attributes would copy what changes by the minute, and of a link the kernel lets nobody read
 * what was listed. */
static void test_xattrs_are_read_by_name_and_never_listed(void **state)
{
    (void)state;
    static const char *const paths[] = {"billing/balance",          "billing/invoices/90001.json",
                                        "billing/invoices",         "services/10421/info.json",
                                        "services/10421",           "services",
                                        "by/service-status/Active", "all/invoices.csv"};
    static const char *const names[] = {"url", "fetched", "expires", "stale", "etag"};
    char value[256], name[64];

    fixture_remount(&fixture, NULL);
    run_ok(mnt, "ls services billing/invoices by/service-status/Active; cat services/10421/info.json billing/balance "
                "all/invoices.csv");
    journal_clear(sim);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(llistxattr(in_mount(mnt, "%s", paths[i]), NULL, 0), 0);
        assert_int_equal(llistxattr(in_mount(mnt, "%s", paths[i]), value, sizeof value), 0);
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            (void)snprintf(name, sizeof name, "user.melbicomfs.%s", names[k]);
            ssize_t n = lgetxattr(in_mount(mnt, "%s", paths[i]), name, value, sizeof value);
            if (n <= 0)
                fail_msg("%s has no %s: %s", paths[i], name, strerror(errno));
            assert_int_equal(lgetxattr(in_mount(mnt, "%s", paths[i]), name, NULL, 0), n);
            assert_int_equal(lgetxattr(in_mount(mnt, "%s", paths[i]), name, value, (size_t)n - 1), n == 1 ? n : -1);
            assert_int_equal(errno, ERANGE);
        }
    }
    const char *link = in_mount(mnt, "by/service-status/Active/10421");
    assert_int_equal(llistxattr(link, value, sizeof value), 0);
    assert_int_equal(lgetxattr(link, "user.melbicomfs.url", value, sizeof value), -1);
    assert_int_equal(listxattr(link, value, sizeof value), 0);
    assert_true(getxattr(link, "user.melbicomfs.url", value, sizeof value) > 0); /* of what the link leads to */
    /* Nothing of the API's is in these. */
    assert_int_equal(lgetxattr(in_mount(mnt, "README"), "user.melbicomfs.url", value, sizeof value), -1);
    assert_int_equal(errno, ENODATA);
    assert_int_equal(lgetxattr(in_mount(mnt, "billing/balance"), "user.melbicomfs.other", value, sizeof value), -1);
    assert_int_equal(errno, ENODATA);
    assert_int_equal(asked(sim, NULL), 0);
    fixture_remount(&fixture, &(struct how){.options = SHORT_TTL});
}

/* ---- statfs ---- */

static struct statvfs space(void)
{
    struct statvfs st;
    assert_int_equal(statvfs(in_mount(mnt, "."), &st), 0);
    assert_int_equal(st.f_frsize, 4096);
    assert_true(st.f_bfree < st.f_blocks && st.f_bavail == st.f_bfree && st.f_ffree < st.f_files);
    return st;
}

static void test_df_shows_the_bytes_and_the_nodes_that_are_held(void **state)
{
    (void)state;
    fixture_remount(&fixture, &(struct how){.options = "ttl=600,cache_size=16M"});
    struct kernel_mark mark = kernel_mark(mnt);
    struct statvfs before = space();
    assert_int_equal(kernel_since(mnt, &mark).statfs, 1);
    assert_int_equal(asked(sim, NULL), 0);
    run_ok(mnt, "ls -l billing/invoices >/dev/null");
    struct statvfs after = space();
    assert_int_equal(after.f_blocks, (16 << 20) / 4096);
    assert_int_equal(before.f_blocks, after.f_blocks);
    size_t held = (size_t)atol(run_ok(mnt, "jq .cache_bytes .melbicomfs/status.json").out);
    assert_int_equal(after.f_blocks - after.f_bfree, (held + 4095) / 4096);
    assert_true(held > 10000 && before.f_blocks - before.f_bfree < 4);
    /* A node for each invoice, and a few besides. Those that stood before may have been forgotten since. */
    unsigned nodes = (unsigned)(after.f_files - after.f_ffree),
             invoices = (unsigned)atoi(run_ok(mnt, "ls billing/invoices | grep -c json").out);
    assert_in_range(nodes, invoices, invoices + 30);
    assert_in_range(before.f_files - before.f_ffree, 1, 30);
    struct ran ran = run_ok(mnt, "df -h . | tail -n 1; df -i . | tail -n 1");
    assert_non_null(strstr(ran.out, " 16M "));
    assert_non_null(strstr(ran.out, "% "));
    fixture_remount(&fixture, &(struct how){.options = SHORT_TTL});
}

/* ---- READLINK ---- */

static void test_a_links_target_is_read_once(void **state)
{
    (void)state;
    struct mount slow;
    mount_start(&slow, sim, NULL);
    run_ok(&slow, "ls -l by/service-status/Active >/dev/null; ls -l by/service-status/Active >/dev/null");
    struct kernel_mark mark = kernel_mark(&slow);
    struct ran ran =
        run_ok(&slow, "for i in 1 2 3 4 5; do readlink by/service-status/Active/10421; done; cat "
                      "by/service-status/Active/10421/info.json >/dev/null; ls -l by/service-status/Active >/dev/null");
#define TARGET "../../../services/10421\n"
    assert_string_equal(ran.out, TARGET TARGET TARGET TARGET TARGET);
    assert_int_equal(kernel_since(&slow, &mark).readlink, 0);
    mount_stop(&slow);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_listing_again_after_the_ttl_costs_no_request_an_entry),
        TEST(test_a_directorys_times_do_not_move_when_it_expires),
        TEST(test_tar_exits_0_though_the_directory_is_renewed_while_it_runs),
        TEST(test_tar_of_everything_exits_0_over_many_renewals),
        TEST(test_an_error_never_becomes_a_cached_enoent),
        TEST(test_absence_is_cached_for_a_moment_only_when_the_api_says_so),
        TEST(test_a_working_directory_survives_an_outage),
        TEST(test_a_directory_that_is_gone_for_certain_is_gone),
        TEST(test_the_error_of_a_directory_in_an_outage_comes_from_what_is_below),
        TEST(test_acl_questions_fetch_nothing_and_are_not_supported),
        TEST(test_an_xattr_never_fetches),
        TEST(test_xattrs_are_read_by_name_and_never_listed),
        TEST(test_df_shows_the_bytes_and_the_nodes_that_are_held),
        TEST(test_a_links_target_is_read_once),
        TEST(test_offsets_and_inode_numbers_are_small),
        TEST(test_a_first_listing_is_shown_no_longer_than_its_document_lives),
        TEST(test_no_entry_is_lost_or_repeated_when_the_list_shrinks_between_two_getdents),
        TEST(test_a_directorys_mtime_moves_once_for_each_change_of_its_names),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
