/* SPDX-License-Identifier: MIT */
/* purge.log is the one file that grows: one inode for life, to which lines are appended. Those who follow it print each
 * line once, whoever else reads it or has it mapped. */
#include "purge_posts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PURGES    50
#define NAME_LEN  280 /* so that 50 lines take several pages */
#define MAP_BYTES ((size_t)1 << 20)

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, NULL, NULL);
    take_any_name(&f.sim);
    journal_clear(&f.sim);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

static int open_log(int flags)
{
    int fd = open(in_mount(&f.mount, PURGE_LOG), flags | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static struct stat stat_log(void)
{
    struct stat st;
    assert_int_equal(stat(in_mount(&f.mount, PURGE_LOG), &st), 0);
    return st;
}

/* Purges a name of `len` bytes, as `echo` does. */
static void purge_of(unsigned i, size_t len)
{
    char line[4096];
    assert_in_range(len, 16, sizeof line - 1);
    int n = snprintf(line, sizeof line, "name-%u.", i);
    memset(line + n, 'a' + (int)(i % 26), len - (size_t)n);
    line[len] = '\n';
    int fd = open(in_mount(&f.mount, PURGE), O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, len + 1), len + 1);
    assert_int_equal(close(fd), 0);
}

static void purge(unsigned i)
{
    purge_of(i, NAME_LEN);
}

/* ---- followers ---- */

static const char *const followers[] = {"tail -n +1 -f " PURGE_LOG, "tail -n +1 -F " PURGE_LOG,
                                        "tail -n +1 -f -s 0.1 " PURGE_LOG, "tail -n 0 -F -s 0.1 " PURGE_LOG};
#define FOLLOWERS (sizeof followers / sizeof *followers)

struct following {
    struct running running[FOLLOWERS];
};

/* What follower i has printed so far, with a NUL. */
static char *printed(unsigned i, size_t *len)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/follower.%u", f.mount.dir, i);
    char *text = slurp_path(path, len);
    assert_non_null(text);
    return text;
}

static bool all_have_begun(void *data)
{
    (void)data;
    size_t len;
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        (void)printed(i, &len);
        if (strstr(followers[i], "+1") && len == 0)
            return false;
    }
    return true;
}

/* Whether each follower has the log open. */
static bool all_have_opened(void *data)
{
    const struct following *following = data;
    char command[128];
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        (void)snprintf(command, sizeof command, "readlink /proc/%ld/fd/* | grep -q '/purge.log$'",
                       (long)following->running[i].pid);
        if (run(&f.mount, "%s", command).status != 0)
            return false;
    }
    return true;
}

static void follow(struct following *following)
{
    char path[300];
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        (void)snprintf(path, sizeof path, "%s/follower.%u", f.mount.dir, i);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
        run_start(&following->running[i], f.mount.path, "exec %s >'%s'", followers[i], path);
    }
    assert_true(wait_until(all_have_begun, NULL, 5000));
    assert_true(wait_until(all_have_opened, following, 5000));
    let_pass(300 * time_scale()); /* the one that prints nothing at first has gone to the end of the file, too */
}

/* Ends the followers; each must have printed the whole log, byte for byte, and said nothing else. */
static void assert_followed(struct following *following)
{
    size_t len;
    char *log = slurp(&f.mount, PURGE_LOG, &len);
    const char *lines = strchr(log, '\n') + 1;
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        assert_false(run_ended(&following->running[i]));
        assert_int_equal(kill(following->running[i].pid, SIGTERM), 0);
        struct ran ran = run_wait(&following->running[i], 5000);
        const char *want = strstr(followers[i], "+1") ? log : lines;
        char *got = printed(i, &len);
        if (strcmp(got, want) != 0)
            fail_msg("%s printed:\n%s\nthe log is:\n%s", followers[i], got, want);
        assert_string_equal(ran.err, "");
    }
}

/* How many followers have printed the line about name i, and fails if one has twice. */
static unsigned have_printed(unsigned i)
{
    char name[32];
    unsigned n = 0;
    size_t len;
    (void)snprintf(name, sizeof name, "\tname-%u.", i);
    for (unsigned k = 0; k < FOLLOWERS; k++) {
        const char *at = strstr(printed(k, &len), name);
        n += at != NULL;
        assert_null(at ? strstr(at + 1, name) : NULL);
    }
    return n;
}

/* ---- a second reader ---- */

/* Holds the file open and mapped, and has read all of it so far. */
struct reader {
    int fd;
    const char *map; /* MAP_BYTES of the file */
    char *seen;      /* the first `len` bytes, as read before */
    size_t len;
};

static void reader_begin(struct reader *reader)
{
    *reader = (struct reader){.fd = open_log(O_RDONLY)};
    reader->map = mmap(NULL, MAP_BYTES, PROT_READ, MAP_SHARED, reader->fd, 0);
    assert_ptr_not_equal(reader->map, MAP_FAILED);
}

/* Reads again by read() and by the mapping: what was there is as before, and both show the same. */
static void reader_look(struct reader *reader)
{
    struct stat st;
    assert_int_equal(fstat(reader->fd, &st), 0);
    size_t len = (size_t)st.st_size;
    assert_in_range(len, reader->len, MAP_BYTES);
    char *now = malloc(len + 1);
    assert_non_null(now);
    assert_memory_equal(reader->map, reader->seen ? reader->seen : "", reader->len);
    ssize_t n = pread(reader->fd, now, len, 0);
    assert_int_equal(n, len);
    assert_memory_equal(reader->map, now, len);
    assert_memory_equal(now, reader->seen ? reader->seen : "", reader->len);
    assert_int_equal(now[len - 1], '\n');
    free(reader->seen);
    reader->seen = now;
    reader->len = len;
}

static void reader_end(struct reader *reader)
{
    assert_int_equal(munmap((void *)(uintptr_t)reader->map, MAP_BYTES), 0);
    assert_int_equal(close(reader->fd), 0);
    free(reader->seen);
}

/* ---- tests ---- */

static void followers_print_each_of_50_purges_once_within_2_seconds(void **state)
{
    struct following following;
    struct reader reader;
    int64_t at[PURGES];
    unsigned seen = 0;

    (void)state;
    struct stat before = stat_log();
    reader_begin(&reader);
    follow(&following);
    for (unsigned made = 0; seen < PURGES;) {
        if (made < PURGES) {
            purge(made);
            at[made++] = now_ms();
        }
        reader_look(&reader);
        let_pass(50);
        while (seen < made && have_printed(seen) == FOLLOWERS)
            seen++;
        if (seen < made && now_ms() - at[seen] > 2000 * time_scale())
            fail_msg("2 s after purge %u only %u of %zu followers have printed it", seen, have_printed(seen),
                     FOLLOWERS);
    }
    reader_look(&reader);
    assert_true(reader.len > (size_t)3 * 4096);
    assert_followed(&following);
    reader_end(&reader);
    struct stat after = stat_log();
    assert_int_equal(after.st_ino, before.st_ino);
    assert_true(after.st_size > before.st_size && after.st_mtim.tv_sec >= before.st_mtim.tv_sec);
    assert_int_equal(logged(&f.mount, "ok", NULL), PURGES);
}

static bool all_have_printed_all(void *data)
{
    (void)data;
    size_t len, whole;
    char *log = slurp(&f.mount, PURGE_LOG, &whole);
    for (unsigned i = 0; i < FOLLOWERS; i++) {
        (void)printed(i, &len);
        if (len < (strstr(followers[i], "+1") ? whole : whole - (size_t)(strchr(log, '\n') + 1 - log)))
            return false;
    }
    return true;
}

static void four_shells_write_at_once(void **state)
{
    struct following following;
    struct reader reader;
    struct running shells[4];
    unsigned ended;

    (void)state;
    reader_begin(&reader);
    follow(&following);
    for (unsigned i = 0; i < 4; i++)
        run_start(&shells[i], f.mount.path,
                  "for n in $(seq 30); do echo shell-%u-$n.example.com >" PURGE
                  "; printf 'two-%u-%%s\\nthree-%u-%%s\\n' "
                  "$n $n >>" PURGE "; done",
                  i, i, i);
    do {
        reader_look(&reader);
        ended = 0;
        for (unsigned i = 0; i < 4; i++)
            ended += run_ended(&shells[i]);
    } while (ended < 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(run_wait(&shells[i], 5000).status, 0);
    assert_true(wait_until(all_have_printed_all, NULL, 2000));
    reader_look(&reader);
    assert_followed(&following);
    reader_end(&reader);
    assert_int_equal(logged(&f.mount, "ok", NULL), 4 * 3 * 30);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned n = 1; n <= 30; n++) {
            char name[64];
            (void)snprintf(name, sizeof name, "shell-%u-%u.example.com", i, n);
            assert_int_equal(logged(&f.mount, "ok", name), 1);
        }
}

/* ---- readers in a loop ---- */

static volatile bool loops_end;

/* Reads on from where the text ended, as fast as it can, with a stat before every second read. Returns how many NUL
 * bytes came. */
static void *read_on(void *data)
{
    char buf[8192];
    struct stat st;
    uintptr_t holes = 0;
    off_t at = 0;
    int fd = open(data, O_RDONLY | O_CLOEXEC);

    for (unsigned turn = 0; !loops_end; turn++) {
        if (turn % 2)
            (void)fstat(fd, &st);
        ssize_t n = pread(fd, buf, sizeof buf, at);
        for (ssize_t i = 0; i < n; i++)
            holes += buf[i] == '\0';
        at += n > 0 ? n : 0;
    }
    (void)close(fd);
    return (void *)holes;
}

/* A new size that comes before the pages of the old one are dropped lets one reader see what another has cached: NUL
 * bytes where the new text is. */
static void readers_in_a_loop_never_see_what_is_not_there_yet(void **state)
{
    enum { LOOPS = 6 };
    pthread_t loops[LOOPS];
    char path[300];
    uintptr_t holes = 0;
    void *more;

    (void)state;
    (void)snprintf(path, sizeof path, "%s", in_mount(&f.mount, PURGE_LOG));
    loops_end = false;
    for (unsigned i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&loops[i], NULL, read_on, path), 0);
    run_ok(&f.mount, "for n in $(seq 400); do echo name-$n.example.com >" PURGE "; done");
    loops_end = true;
    for (unsigned i = 0; i < LOOPS; i++) {
        assert_int_equal(pthread_join(loops[i], &more), 0);
        holes += (uintptr_t)more;
    }
    assert_int_equal(holes, 0);
    assert_int_equal(logged(&f.mount, "ok", NULL), 400);
}

/* The kernel holds the last page from when the file was shorter. Lines that come near the end of a page are made to end
 * with it; they do if their POST takes as many digits of milliseconds as the last one did. */
static void what_was_cached_at_the_end_is_read_again_when_the_file_has_grown(void **state)
{
    char buf[8192], last[8192];
    unsigned ends = 0;

    (void)state;
    purge(0);
    int held = open_log(O_RDONLY);
    off_t before = lseek(held, 0, SEEK_END);
    size_t beside = (size_t)before - (size_t)(strchr(purge_log(&f.mount), '\n') + 1 - purge_log(&f.mount)) - NAME_LEN;
    for (unsigned i = 1; i <= 60; i++) {
        off_t page = before & ~(off_t)4095;
        size_t room = (size_t)(page + 4096 - before), len = room > beside + 16 ? room - beside : NAME_LEN;
        len = len < NAME_LEN ? len : NAME_LEN;
        assert_int_equal(read(held, buf, sizeof buf), 0); /* at its end */
        assert_int_equal(pread(held, last, sizeof last, page), before - page);
        purge_of(i, len);
        ssize_t n = read(held, buf, sizeof buf); /* without a seek or a stat, as a loop of read(1) does */
        assert_in_range(n, 1, sizeof buf - 1);
        assert_int_equal(buf[n - 1], '\n');
        assert_null(memchr(buf, '\0', (size_t)n));
        off_t after = stat_log().st_size;
        assert_int_equal(n, after - before);
        ends += after % 4096 == 0;
        char *whole = calloc(1, (size_t)after + 1);
        assert_non_null(whole);
        assert_int_equal(pread(held, whole, (size_t)after, 0), after);
        assert_memory_equal(whole + before, buf, (size_t)n);
        assert_memory_equal(whole + page, last, (size_t)(before - page));
        free(whole);
        beside = (size_t)(after - before) - len;
        before = after;
    }
    assert_int_equal(close(held), 0);
    assert_true(before > (off_t)3 * 4096);
    print_message("%u lines ended with a page\n", ends);
}

static bool drop_caches(void)
{
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
    bool dropped = fd >= 0 && write(fd, "2\n", 2) == 2;
    if (fd >= 0)
        (void)close(fd);
    return dropped;
}

static void it_has_one_inode_for_life(void **state)
{
    (void)state;
    struct stat first = stat_log();
    assert_int_equal(first.st_size, strlen(purge_log(&f.mount)));
    purge(1);
    run_ok(&f.mount, "touch " PURGE_LOG " services services/10421/cdn; ls -lR services >/dev/null");
    assert_int_equal(stat_log().st_ino, first.st_ino);
    (void)drop_caches();
    purge(2);
    struct stat last = stat_log();
    assert_int_equal(last.st_ino, first.st_ino);
    assert_int_equal(last.st_size, strlen(purge_log(&f.mount)));
    assert_int_equal(last.st_blocks, (last.st_size + 511) / 512);
    /* Another service's log is another file, and says nothing of this one's purges. */
    struct ran other = run_ok(&f.mount, "cat services/10422/cdn/purge.log; stat -c %%i services/10422/cdn/purge.log");
    assert_null(strstr(other.out, "name-"));
    assert_true((ino_t)atoll(strchr(other.out, '\n') + 1) != first.st_ino);
}

static bool shows_the_log(void *data)
{
    const struct reader *reader = data;
    return memcmp(reader->map, reader->seen, reader->len) == 0;
}

static void nobody_writes_to_it(void **state)
{
    struct reader reader;

    (void)state;
    purge(1);
    reader_begin(&reader);
    reader_look(&reader);
    int fd = open(in_mount(&f.mount, PURGE_LOG), O_WRONLY | O_CLOEXEC);
    if (is_root()) {
        /* The kernel has put the bytes into its cache before the program refuses them. */
        assert_int_equal(pwrite(fd, "JUNK", 4, 10), -1);
        assert_int_equal(errno, EROFS);
        assert_true(wait_until(shows_the_log, &reader, 3000));
        assert_int_equal(close(fd), 0);
    } else {
        assert_int_equal(fd, -1);
        assert_int_equal(errno, EACCES);
    }
    assert_int_equal(truncate(in_mount(&f.mount, PURGE_LOG), 0), -1);
    purge(2);
    reader_look(&reader);
    reader_end(&reader);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(followers_print_each_of_50_purges_once_within_2_seconds),
        TEST(four_shells_write_at_once),
        TEST(readers_in_a_loop_never_see_what_is_not_there_yet),
        TEST(what_was_cached_at_the_end_is_read_again_when_the_file_has_grown),
        TEST(it_has_one_inode_for_life),
        TEST(nobody_writes_to_it),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
