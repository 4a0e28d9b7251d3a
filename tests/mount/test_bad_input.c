/* SPDX-License-Identifier: MIT */
/* Names that are none, changes that cannot be made, and answers that are no answers: each has its errno, and the
 * mount goes on. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, NULL, &(struct how){.options = scaled_times("max_body=1M,timeout=1,timeout_total=5")});
    journal_clear(&f.sim);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Reads a file or lists a directory: 0 or the errno. */
static int read_error(const char *path)
{
    char buf[256];
    int fd = open(in_mount(&f.mount, "%s", path), O_RDONLY | O_CLOEXEC), error = 0;

    if (fd < 0)
        return errno;
    errno = 0;
    if (read(fd, buf, sizeof buf) < 0)
        error = errno;
    if (error == EISDIR) {
        DIR *dir = fdopendir(fd);
        assert_non_null(dir);
        errno = 0;
        while (readdir(dir))
            errno = 0;
        error = errno;
        assert_int_equal(closedir(dir), 0);
        return error;
    }
    assert_int_equal(close(fd), 0);
    return error;
}

static bool can_be_read(void *path)
{
    return read_error(path) == 0;
}

/* ---- answers ---- */

static void an_answer_that_is_none_is_eio_and_soon_forgotten(void **state)
{
    static const char *const answers[] = {
        "\"garbage\":true",
        "\"truncate\":20",
        "\"truncate\":0",
        "\"huge\":3000000",
        "\"redirect\":\"http://127.0.0.1:1/\"",
        "\"status\":200,\"body\":\"<html><body>Sign in</body></html>\"",
        "\"status\":200,\"body\":\"\"",
        "\"status\":200,\"body\":\"{\\\"id\\\":\"",
        "\"status\":200,\"body\":\"{} trailing\"",
        "\"status\":200,\"body\":\"\\u0000\"",
        "\"status\":200,\"body\":\"true\"",
        "\"status\":204,\"body\":\"\"",
    };
    static struct {
        char path[32];
        const char *operation;
    } files[] = {{"services/10421/info.json", "service"},
                 {"services", "services"},
                 {"all/invoices.json", "invoices"},
                 {"billing/balance", "balance"}};
    const size_t n_answers = sizeof answers / sizeof *answers, n = sizeof files / sizeof *files;

    (void)state;
    for (size_t i = 0; i < n_answers; i += n) {
        for (size_t k = 0; k < n; k++)
            rule(&f.sim, "{\"operation\":\"%s\",%s}", files[k].operation, answers[(i + k) % n_answers]);
        for (size_t k = 0; k < n; k++)
            if (read_error(files[k].path) != EIO)
                fail_msg("%s: %s gives %s", answers[i + k], files[k].path, strerror(read_error(files[k].path)));
        rules_clear(&f.sim);
        for (size_t k = 0; k < n; k++)
            if (!wait_until(can_be_read, files[k].path, 3000))
                fail_msg("%s: %s gives %s after it", answers[i + k], files[k].path,
                         strerror(read_error(files[k].path)));
        fixture_remount(&f, &(struct how){.options = scaled_times("max_body=1M,timeout=1,timeout_total=5")});
    }
}

/* An error is remembered for a second, so that a program that tries in a loop does not ask each time. */
static void an_error_is_asked_for_once_a_second(void **state)
{
    (void)state;
    rule(&f.sim, "{\"operation\":\"balance\",\"garbage\":true}");
    int64_t start = now_ms();
    while (now_ms() - start < 500)
        assert_int_equal(read_error("billing/balance"), EIO);
    /* Longer, should the last read have taken so long. */
    assert_in_range(asked(&f.sim, "balance"), 1, 2 + (now_ms() - start) / 1000);
}

/* ---- names ---- */

static void a_name_outside_the_grammar_is_enoent_without_a_request(void **state)
{
    static const char *const names[] = {
        ".git",
        "autorun.inf",
        ".Trash-0",
        "README.md",
        "services/abc",
        "services/007",
        "services/-1",
        "services/1e3",
        "services/99999999999999999999",
        "services/.git",
        "services/10421x",
        "services/10421.json",
        "billing/invoices/1",
        "billing/invoices/01.json",
        "billing/invoices/x.json",
        "billing/invoices/.json",
        "billing/balance.xml",
        "products/groups/x",
        "by/service-status/Nope",
        "by/invoice-status/paid",
        "all/x.json",
        ".melbicomfs/nope",
        "services/10421 ",
        "services/+1",
    };
    struct stat st;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lstat(in_mount(&f.mount, "%s", names[i]), &st) == 0 || errno != ENOENT)
            fail_msg("%s: %s", names[i], strerror(errno));
    char longest[300];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(lstat(in_mount(&f.mount, "services/%s", longest), &st), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(asked(&f.sim, NULL), 0);
}

static void an_unknown_id_is_enoent_with_one_request(void **state)
{
    static const struct {
        const char *path, *operation;
    } rows[] = {{"services/999999/info.json", "service"}, {"billing/invoices/999999.json", "invoices"}};
    unsigned sum = 0;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        int64_t start = now_ms();
        for (unsigned again = 0; again < 3; again++)
            assert_int_equal(read_error(rows[i].path), ENOENT);
        /* An absence stands for a second, should the three reads take so long. */
        unsigned n = asked(&f.sim, rows[i].operation);
        assert_in_range(n, 1, 1 + (now_ms() - start) / 1000);
        sum += n;
    }
    assert_int_equal(asked(&f.sim, NULL), sum);
    struct ran ran = run(&f.mount, "cat services/999999/info.json");
    assert_int_equal(ran.status, 1);
    assert_string_equal(ran.err, "cat: services/999999/info.json: No such file or directory\n");
}

/* ---- changes ---- */

#define SNAPSHOT "services/10421/info.json"

static int make_directory(void)
{
    return mkdir(in_mount(&f.mount, "services/new"), 0700);
}

static int make_file(void)
{
    return open(in_mount(&f.mount, "new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int make_fifo(void)
{
    return mkfifo(in_mount(&f.mount, "billing/new"), 0600);
}

static int make_link(void)
{
    return link(in_mount(&f.mount, SNAPSHOT), in_mount(&f.mount, "services/10421/new"));
}

static int make_symlink(void)
{
    return symlink("x", in_mount(&f.mount, "new"));
}

static int remove_file(void)
{
    return unlink(in_mount(&f.mount, SNAPSHOT));
}

static int remove_purge(void)
{
    return unlink(in_mount(&f.mount, "services/10421/cdn/purge"));
}

static int remove_directory(void)
{
    return rmdir(in_mount(&f.mount, "services/10421"));
}

static int move_file(void)
{
    return rename(in_mount(&f.mount, SNAPSHOT), in_mount(&f.mount, "services/10421/new"));
}

static int move_directory(void)
{
    return rename(in_mount(&f.mount, "services/10421"), in_mount(&f.mount, "services/10422"));
}

static int change_mode(void)
{
    return chmod(in_mount(&f.mount, SNAPSHOT), 0600);
}

static int change_owner(void)
{
    return chown(in_mount(&f.mount, SNAPSHOT), 1, 1);
}

static int cut_file(void)
{
    return truncate(in_mount(&f.mount, SNAPSHOT), 0);
}

static int set_time(void)
{
    const struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    return utimensat(AT_FDCWD, in_mount(&f.mount, SNAPSHOT), times, 0);
}

static int set_attribute(void)
{
    return setxattr(in_mount(&f.mount, SNAPSHOT), "user.x", "y", 1, 0);
}

static int remove_attribute(void)
{
    return removexattr(in_mount(&f.mount, SNAPSHOT), "user.melbicomfs.url");
}

static int set_directory_attribute(void)
{
    return setxattr(in_mount(&f.mount, "services"), "user.x", "y", 1, 0);
}

static int write_file(void)
{
    int fd = open(in_mount(&f.mount, SNAPSHOT), O_WRONLY | O_CLOEXEC);
    int r = fd < 0 ? -1 : (int)write(fd, "x", 1), error = errno;
    if (fd >= 0)
        (void)close(fd);
    errno = error;
    return r;
}

/* `refused`: what the kernel says to the owner of the file without asking the program, unless the owner is root; 0: the
 * program is asked. */
static const struct {
    const char *name;
    int (*change)(void);
    int refused;
} changes[] = {
    {"mkdir", make_directory, 0},
    {"open O_CREAT", make_file, 0},
    {"mkfifo", make_fifo, 0},
    {"link", make_link, 0},
    {"symlink", make_symlink, 0},
    {"unlink", remove_file, 0},
    {"unlink of purge", remove_purge, 0},
    {"rmdir", remove_directory, 0},
    {"rename", move_file, 0},
    {"rename of a directory", move_directory, 0},
    {"chmod", change_mode, 0},
    {"chown", change_owner, EPERM},
    {"truncate", cut_file, EACCES},
    {"utimensat", set_time, 0},
    {"setxattr", set_attribute, EACCES},
    {"removexattr", remove_attribute, EACCES},
    {"setxattr of a directory", set_directory_attribute, 0},
    {"write", write_file, EACCES},
};

/* Whoever changes something gets EROFS: directories are writable for their owner, so that the program is asked. */
static void nothing_can_be_changed(void **state)
{
    size_t len;

    (void)state;
    char *before = slurp(&f.mount, SNAPSHOT, &len);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        int r = changes[i].change(), error = errno;
        if (r >= 0 || error != (changes[i].refused && !is_root() ? changes[i].refused : EROFS))
            fail_msg("%s: %d, %s", changes[i].name, r, strerror(error));
    }
    assert_string_equal(slurp(&f.mount, SNAPSHOT, &len), before);
    assert_int_equal(read_error("billing/balance"), 0);
}

/* A new name in every kind of directory, twice: the second time the kernel knows that the name is not there. */
static void no_directory_takes_a_new_name(void **state)
{
    static const char *const names[] = {"new", ".git", "info.json"};

    (void)state;
    char *save, *dirs = run_ok(&f.mount, "find . -type d; echo .melbicomfs").out;
    unsigned n = 0;
    for (char *dir = strtok_r(dirs, "\n", &save); dir; dir = strtok_r(NULL, "\n", &save), n++)
        for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
            const char *path = in_mount(&f.mount, "%s/%s", dir, names[i / 2]);
            if (access(path, F_OK) == 0)
                continue;
            int made = mkdir(path, 0755), error = errno, fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            if (made >= 0 || error != EROFS || fd >= 0 || errno != EROFS)
                fail_msg("%s: mkdir: %s; open: %s", path, strerror(error), strerror(errno));
        }
    assert_in_range(n, 50, 1000);
    struct ran ran = run(&f.mount, "touch new; mkdir services/new; cp version all/; mv version new; rm -r billing");
    assert_int_not_equal(ran.status, 0);
    assert_null(strstr(ran.err, "Permission denied"));
    assert_non_null(strstr(ran.err, "touch: cannot touch 'new': Read-only file system"));
    assert_non_null(strstr(ran.err, "mkdir: cannot create directory 'services/new': Read-only file system"));
}

/* Directories arrive writable, so that whoever copies them can fill the copy, and remove it. */
static void a_copy_can_be_used_and_removed(void **state)
{
    (void)state;
    run_ok(&f.mount, "cp -r \"$MNT\" \"$DIR/copy\" && cmp all/invoices.csv \"$DIR/copy/all/invoices.csv\" && "
                     "touch \"$DIR/copy/services/note\" && rm -rf \"$DIR/copy\" && test ! -e \"$DIR/copy\"");
    run_ok(&f.mount, "cp -a \"$MNT\" \"$DIR/copy\" && rm -rf \"$DIR/copy\" && test ! -e \"$DIR/copy\"");
}

/* Those who are not root meet the modes first. */
static void others_are_refused_by_the_kernel(void **state)
{
    static const char *const commands[] = {
        "mkdir services/new",
        "rm services/10421/info.json",
        "rmdir services/10421",
        "ln -s x new",
        "mv services/10421 services/10422",
        "chmod 600 services/10421/info.json",
        "touch new",
        "sh -c \"echo x > services/10421/info.json\"",
        "truncate -s 0 services/10421/info.json",
        "sh -c \"echo x > services/10421/cdn/purge\"",
    };

    (void)state;
    if (!is_root())
        skip(); /* the test above is about an ordinary user then */
    fixture_remount(&f, &(struct how){.options = "allow_other,umask=022"});
    assert_int_equal(chmod(f.mount.dir, 0711), 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct ran ran = run(&f.mount, "exec setpriv --reuid 65534 --regid 65534 --clear-groups %s", commands[i]);
        if (ran.status == 0 || !(strcasestr(ran.err, "permission denied") || strstr(ran.err, "not permitted")))
            fail_msg("%s: %d, %s", commands[i], ran.status, ran.err);
    }
    assert_int_equal(asked(&f.sim, "purge"), 0);
    run_ok(&f.mount, "exec setpriv --reuid 65534 --regid 65534 --clear-groups cat billing/balance");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_that_is_none_is_eio_and_soon_forgotten),
        TEST(an_error_is_asked_for_once_a_second),
        TEST(a_name_outside_the_grammar_is_enoent_without_a_request),
        TEST(an_unknown_id_is_enoent_with_one_request),
        TEST(nothing_can_be_changed),
        TEST(no_directory_takes_a_new_name),
        TEST(a_copy_can_be_used_and_removed),
        TEST(others_are_refused_by_the_kernel),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
