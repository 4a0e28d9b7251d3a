/* SPDX-License-Identifier: MIT */
/*
 * The traps of snapshots that are about files: what breaks them, and that it is mended. DESIGN section 2, its table.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE "services/10421/info.json"
#define INVOICE "billing/invoices/90001.json"

static struct fixture fixture;
static struct mount *const mnt = &fixture.mount;
static struct simulator *const sim = &fixture.sim;

static int setup(void **state)
{
    static const char *const options[] = {"--invoices", "300", NULL};
    (void)state;
    return fixture_start(&fixture, options, &(struct how){.options = scaled_times("ttl=1")});
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&fixture);
}

static int clean(void **state)
{
    (void)state;
    rules_clear(sim);
    journal_clear(sim);
    return 0;
}

static int open_file(const char *path, int flags)
{
    int fd = open(in_mount(mnt, "%s", path), flags | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s", path, strerror(errno));
    return fd;
}

static struct stat stat_of(const char *path)
{
    struct stat st;
    if (lstat(in_mount(mnt, "%s", path), &st) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    return st;
}

/* What a write to a snapshot must fail with: root passes the permission bits. */
static int refusal(void)
{
    return is_root() ? EROFS : EACCES;
}

/* ---- ATOMIC_O_TRUNC ---- */

static void test_truncation_on_open_reaches_the_program(void **state)
{
    (void)state;
    size_t before, after;
    char *was = slurp(mnt, SERVICE, &before);
    struct ran ran = run(mnt, ": > " SERVICE);

    assert_int_not_equal(ran.status, 0);
    assert_non_null(strstr(ran.err, is_root() ? "Read-only file system" : "Permission denied"));
    char *is = slurp(mnt, SERVICE, &after);
    assert_int_equal(before, after);
    assert_memory_equal(was, is, before);

    assert_int_equal(truncate(in_mount(mnt, SERVICE), 0), -1);
    assert_int_equal(errno, refusal());
}

static void test_truncation_of_purge_is_a_setattr_that_changes_nothing(void **state)
{
    (void)state;
    struct kernel_mark mark = kernel_mark(mnt);
    run_ok(mnt, ": > services/10421/cdn/purge && test ! -s services/10421/cdn/purge");
    assert_int_equal(kernel_since(mnt, &mark).setattr, 1);
    assert_int_equal(asked(sim, "purge"), 0);
    /* Any other size makes no sense. */
    assert_int_equal(truncate(in_mount(mnt, "services/10421/cdn/purge"), 4096), -1);
    assert_int_equal(errno, EINVAL);
}

/* ---- a short READ ---- */

/* Makes the service's text exactly `size` bytes long and checks all ways to read near its end. */
static void read_at_the_end(size_t size, size_t overhead)
{
    char *text = malloc(size), *got = malloc(size + 8192);
    assert_non_null(text);
    assert_non_null(got);
    memset(text, 'x', size);
    text[size - overhead] = '\0';
    account_set(sim, "{\"raw_service\":{\"id\":10421,\"body\":\"{\\\"id\\\":10421,\\\"pad\\\":\\\"%s\\\"}\"}}", text);
    run_ok(mnt, "touch " SERVICE);

    int fd = open_file(SERVICE, O_RDONLY);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, size);
    assert_int_equal(st.st_blocks, (size + 511) / 512);
    assert_int_equal(pread(fd, got, 10, (off_t)size - 1), 1);
    assert_int_equal(got[0], '\n');
    assert_int_equal(pread(fd, got, 4096, (off_t)size), 0);
    assert_int_equal(pread(fd, got, 4096, (off_t)size + 4096), 0);
    assert_int_equal(pread(fd, got, size + 8192, 0), size);
    assert_int_equal(pread(fd, got, size, 1), size - 1);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, size);
    close(fd);
    free(text);
    free(got);
}

static void test_no_read_is_short_and_none_moves_the_end(void **state)
{
    (void)state;
    static const size_t sizes[] = {4095, 4096, 4097, 131071, 131072, 131073, 262144};

    account_set(sim, "{\"raw_service\":{\"id\":10421,\"body\":\"{\\\"id\\\":10421,\\\"pad\\\":\\\"\\\"}\"}}");
    run_ok(mnt, "touch " SERVICE);
    size_t overhead = (size_t)stat_of(SERVICE).st_size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        read_at_the_end(sizes[i], overhead);
    account_set(sim, "{\"raw_service\":{\"id\":10421,\"body\":null}}");
    run_ok(mnt, "touch " SERVICE);
    /* Sizes are exact before open, for every file that a listing has whole. */
    run_ok(mnt, "for f in billing/invoices/9*.json; do test $(stat -c %%s $f) = $(wc -c <$f) || exit 1; done");
}

/* ---- root writes to a file without write permission ---- */

struct bytes {
    const char *path;
    const char *want;
    size_t len;
};

struct mapping {
    const void *at;
    const struct bytes *bytes;
};

static bool maps(void *data)
{
    const struct mapping *mapping = data;
    return memcmp(mapping->at, mapping->bytes->want, mapping->bytes->len) == 0;
}

static bool shows(void *data)
{
    const struct bytes *bytes = data;
    size_t len;
    char *got = slurp(mnt, bytes->path, &len);
    return len == bytes->len && memcmp(got, bytes->want, len) == 0;
}

/* A refused write behind `path`; what a mapping and a descriptor that were there before show afterwards, and a new
 * reader. */
static void write_and_look(const struct mount *other, const char *path, off_t offset)
{
    struct mapping mapping;
    struct bytes bytes = {.path = path};
    static const char junk[5000] = "JUNK";
    int fd = open_file(path, O_RDWR);

    bytes.want = slurp(other, path, &bytes.len);
    mapping = (struct mapping){mmap(NULL, bytes.len, PROT_READ, MAP_SHARED, fd, 0), &bytes};
    assert_ptr_not_equal(mapping.at, MAP_FAILED);
    assert_memory_equal(mapping.at, bytes.want, bytes.len); /* its pages are there */
    assert_int_equal(pwrite(fd, junk, sizeof junk, offset), -1);
    assert_int_equal(errno, EROFS);
    if (!wait_until(maps, &mapping, 3000))
        fail_msg("%s: a mapping shows what was refused", path);
    if (!wait_until(shows, &bytes, 3000))
        fail_msg("%s shows what was refused: %.200s", path, slurp(mnt, path, NULL));
    char *held = calloc(1, bytes.len + 1);
    assert_non_null(held);
    assert_int_equal(pread(fd, held, bytes.len + 1, 0), bytes.len);
    assert_memory_equal(held, bytes.want, bytes.len);
    free(held);
    munmap((void *)(uintptr_t)mapping.at, bytes.len);
    close(fd);
}

static void test_root_writing_a_snapshot_is_refused_and_leaves_no_bytes(void **state)
{
    (void)state;
    int fd = open(in_mount(mnt, INVOICE), O_WRONLY | O_CLOEXEC);
    if (!is_root()) {
        assert_int_equal(fd, -1);
        assert_int_equal(errno, EACCES);
        return;
    }
    close(fd);
    /* The truth, from a mount that nobody writes to. */
    struct mount other;
    mount_start(&other, sim, NULL);
    write_and_look(&other, INVOICE, 0);
    write_and_look(&other, "billing/invoices/90002.json", 100);
    write_and_look(&other, "all/services.json", 4090);
    write_and_look(&other, INVOICE, 8192); /* behind the end */
    mount_stop(&other);
}

/* ---- the identity of snapshots ---- */

static void test_equal_bytes_keep_the_inode(void **state)
{
    (void)state;
    slurp(mnt, INVOICE, NULL);
    slurp(mnt, SERVICE, NULL);
    struct stat invoice = stat_of(INVOICE), service = stat_of(SERVICE);
    journal_clear(sim);
    let_expire(1);
    run_ok(mnt, "cat " INVOICE " " SERVICE " >$DIR/copy");
    assert_true(asked(sim, "service") == 1);
    assert_true(asked(sim, "invoices") >= 1);
    assert_int_equal(stat_of(INVOICE).st_ino, invoice.st_ino);
    assert_int_equal(stat_of(SERVICE).st_ino, service.st_ino);
    assert_int_equal(stat_of(SERVICE).st_mtim.tv_nsec, service.st_mtim.tv_nsec);
}

static void test_equal_bytes_keep_the_inode_when_the_api_sends_no_etags(void **state)
{
    (void)state;
    static const char *const options[] = {"--no-etag", "--invoices", "300", NULL};
    struct simulator plain;
    struct mount other;
    simulator_start(&plain, options);
    mount_start(&other, &plain, &(struct how){.options = scaled_times("ttl=1")});
    struct ran before = run_ok(&other, "ls -i billing/invoices; stat -c '%%i %%y' billing/invoices/*.json");
    struct kernel_mark mark = kernel_mark(&other);
    let_expire(1);
    struct ran after = run_ok(&other, "ls -i billing/invoices; stat -c '%%i %%y' billing/invoices/*.json");
    struct kernel kernel = kernel_since(&other, &mark);
    print_message("300 invoices renewed with equal bytes: %u getattr, %u lookup\n", (unsigned)kernel.getattr,
                  (unsigned)kernel.lookup);
    assert_true(kernel.getattr < 20);
    assert_string_equal(before.out, after.out);
    assert_int_equal(asked(&plain, "invoices"), 2);
    mount_stop(&other);
    simulator_stop(&plain);
}

static void test_changed_bytes_are_a_new_inode_and_an_open_file_keeps_the_old_ones(void **state)
{
    (void)state;
    size_t len;
    int fd = open_file(INVOICE, O_RDONLY), unread = open_file("billing/invoices/90003.json", O_RDONLY);
    char *was = slurp(mnt, INVOICE, &len), *unread_was;
    struct stat before = stat_of(INVOICE), held, unread_before = stat_of("billing/invoices/90003.json");

    unread_was = api_get(sim, "/billing/invoices?id=90003");
    account_set(sim, "{\"invoice\":{\"id\":90001,\"total\":\"1.01\"}}");
    account_set(sim, "{\"invoice\":{\"id\":90003,\"notes\":\"changed before anybody has read it\"}}");
    let_expire(1);
    char *is = slurp(mnt, INVOICE, NULL);
    assert_non_null(strstr(is, "\"total\": \"1.01\""));
    assert_string_not_equal(is, was);
    assert_int_not_equal(stat_of(INVOICE).st_ino, before.st_ino);
    assert_true(stat_of(INVOICE).st_ino > before.st_ino);
    assert_int_not_equal(stat_of("billing/invoices/90003.json").st_ino, unread_before.st_ino);

    /* The held ones: same inode, same size, same bytes, also when their pages are gone. */
    assert_int_equal(fstat(fd, &held), 0);
    assert_int_equal(held.st_ino, before.st_ino);
    assert_int_equal(held.st_size, len);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    char *buf = calloc(1, len + 4096);
    assert_non_null(buf);
    assert_int_equal(pread(fd, buf, len + 4096, 0), len);
    assert_memory_equal(buf, was, len);
    ssize_t n = pread(unread, buf, len + 4095, 0);
    assert_int_equal(n, unread_before.st_size);
    buf[n] = '\0';
    assert_null(strstr(buf, "changed before"));
    assert_null(strstr(unread_was, "changed before"));
    free(buf);
    close(fd);
    close(unread);
}

static void test_inode_numbers_are_never_used_again(void **state)
{
    (void)state;
    ino_t last = 0;
    for (int i = 0; i < 5; i++) {
        account_set(sim, "{\"service\":{\"id\":10421,\"notes\":\"%s\"}}", i % 2 ? "odd" : "even");
        run_ok(mnt, "touch " SERVICE);
        assert_non_null(strstr(slurp(mnt, SERVICE, NULL), i % 2 ? "\"odd\"" : "\"even\""));
        ino_t ino = stat_of(SERVICE).st_ino;
        assert_true(ino > last);
        last = ino;
    }
}

/* ---- attributes that expire ---- */

static void test_reading_an_open_file_after_the_ttl_asks_for_no_attributes(void **state)
{
    (void)state;
    char byte;
    int fd = open_file(INVOICE, O_RDONLY);
    assert_int_equal(pread(fd, &byte, 1, 0), 1);
    struct kernel_mark mark = kernel_mark(mnt);
    let_expire(1);
    for (off_t i = 0; i < 100; i++)
        assert_int_equal(pread(fd, &byte, 1, i), 1);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    struct kernel kernel = kernel_since(mnt, &mark);
    assert_int_equal(kernel.getattr, 0);
    assert_int_equal(kernel.read, 0);
    close(fd);
}

static void test_warm_opens_and_reads_never_leave_the_kernel(void **state)
{
    (void)state;
    struct mount slow;
    mount_start(&slow, sim, NULL);
    run_ok(&slow, "cat billing/invoices/*.json >/dev/null; cat billing/invoices/*.json >/dev/null");
    struct kernel_mark mark = kernel_mark(&slow);
    run_ok(&slow, "cat billing/invoices/*.json >/dev/null");
    struct kernel kernel = kernel_since(&slow, &mark);
    assert_int_equal(kernel.getattr + kernel.read + kernel.lookup + kernel.readdirplus + kernel.readdir, 0);
    assert_true(kernel.other <= 1);
    mount_stop(&slow);
}

/* ---- the bytes of a node until FORGET ---- */

/* Reads an open file whose pages are gone; the program must be asked again, and say the same. */
static void read_again(int fd, const char *want, size_t len)
{
    char *buf = calloc(1, len + 1);
    assert_non_null(buf);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    struct kernel_mark mark = kernel_mark(mnt);
    assert_int_equal(pread(fd, buf, len + 1, 0), len);
    assert_memory_equal(buf, want, len);
    assert_true(kernel_since(mnt, &mark).read > 0);
    free(buf);
}

/* True when root could tell the kernel to drop what it can. */
static bool drop_caches(void)
{
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
    bool dropped = fd >= 0 && write(fd, "2\n", 2) == 2;
    if (fd >= 0)
        close(fd);
    return dropped;
}

static void test_a_node_is_read_until_the_kernel_forgets_it(void **state)
{
    (void)state;
    size_t len;
    char *was = slurp(mnt, "billing/invoices/90004.json", &len);
    int fd = open_file("billing/invoices/90004.json", O_RDONLY);

    account_set(sim, "{\"invoice\":{\"id\":90004,\"total\":\"2.02\"}}");
    run_ok(mnt, "cat billing/invoices/*.json >/dev/null; touch billing/invoices; ls -l billing/invoices >/dev/null");
    assert_non_null(strstr(slurp(mnt, "billing/invoices/90004.json", NULL), "\"2.02\""));
    read_again(fd, was, len);
    struct kernel_mark mark = kernel_mark(mnt);
    if (drop_caches())
        assert_true(kernel_since(mnt, &mark).forget > 0);
    read_again(fd, was, len);
    close(fd);
    assert_non_null(strstr(slurp(mnt, "billing/invoices/90004.json", NULL), "\"2.02\""));
    run_ok(mnt, "cat billing/invoices/*.json | grep -c '\"id\"' >/dev/null");
}

/* ---- a command's node is its handle ---- */

static void test_purge_is_a_new_inode_each_time(void **state)
{
    (void)state;
    struct kernel_mark mark = kernel_mark(mnt);
    struct stat a = stat_of("services/10421/cdn/purge"), b = stat_of("services/10421/cdn/purge");
    assert_true(kernel_since(mnt, &mark).lookup >= 2);
    /* New to the kernel, under one number: `cp` takes a file whose number changed between stat and open for another. */
    assert_int_equal(a.st_ino, b.st_ino);
    run_ok(mnt, "cp services/10421/cdn/purge \"$DIR/purge\"; test ! -s \"$DIR/purge\"");
    assert_int_equal(b.st_size, 0);
    run_ok(mnt, "echo cdn.example.com >services/10421/cdn/purge; test $(stat -c %%s services/10421/cdn/purge) = 0");
    assert_int_equal(asked(sim, "purge"), 1);
    /* Writers of one inode would queue for its lock; these go side by side. */
    struct running writers;
    rule(sim, "{\"operation\":\"purge\",\"stall\":true}");
    run_start(&writers, mnt->path, "for i in 1 2 3 4; do echo cdn.example.com >services/10421/cdn/purge & done; wait");
    wait_asked(sim, "purge", 5);
    assert_false(run_ended(&writers));
    rules_clear(sim);
    (void)run_wait(&writers, 10000);
    assert_int_equal(asked(sim, "purge"), 5);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_truncation_on_open_reaches_the_program),
        TEST(test_truncation_of_purge_is_a_setattr_that_changes_nothing),
        TEST(test_no_read_is_short_and_none_moves_the_end),
        TEST(test_root_writing_a_snapshot_is_refused_and_leaves_no_bytes),
        TEST(test_equal_bytes_keep_the_inode),
        TEST(test_equal_bytes_keep_the_inode_when_the_api_sends_no_etags),
        TEST(test_changed_bytes_are_a_new_inode_and_an_open_file_keeps_the_old_ones),
        TEST(test_inode_numbers_are_never_used_again),
        TEST(test_reading_an_open_file_after_the_ttl_asks_for_no_attributes),
        TEST(test_warm_opens_and_reads_never_leave_the_kernel),
        TEST(test_a_node_is_read_until_the_kernel_forgets_it),
        TEST(test_purge_is_a_new_inode_each_time),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
