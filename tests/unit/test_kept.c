/* SPDX-License-Identifier: MIT */
/* The list of what an export has written: what is read from it, whatever is in it, and what is written to it. */
#include "shell/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/melbicomfs-test-kept-XXXXXX";
static int dir;

static int start(void **state)
{
    (void)state;
    dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return dir < 0;
}

static int stop(void **state)
{
    (void)state;
    (void)unlinkat(dir, KEPT_FILE, 0);
    close(dir);
    return rmdir(path);
}

static void set_list(const char *text)
{
    int fd = openat(dir, KEPT_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* What is on the list now, without its first line, which tells people what it is. */
static const char *list(void)
{
    static char text[4096];
    int fd = openat(dir, KEPT_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    assert_true(n > 0 && *text == '#');
    text[n] = '\0';
    return strchr(text, '\n') + 1;
}

static void collect(void *data, const char *gone)
{
    strcat(data, gone);
    strcat(data, " ");
}

static struct paths paths_of(const char *const *all)
{
    struct paths paths = {.at = NULL};
    for (; *all; all++)
        paths_add(&paths, *all);
    return paths;
}

static void test_reads_what_was_written(void **state)
{
    (void)state;
    set_list("# a comment\nb\na/\na/x\n=a/x\t0123456789abcdef\t\"e\"\tSun\nhalf a li");
    struct kept kept;
    assert_int_equal(kept_open(&kept, dir, false), 0);
    assert_int_equal(kept.before.n, 3);
    assert_true(kept_has(&kept, "a/") && kept_has(&kept, "a/x") && kept_has(&kept, "b"));
    assert_false(kept_has(&kept, "a") || kept_has(&kept, "half a li") || kept_has(&kept, "# a comment"));
    assert_int_equal(kept.answers_before.n, 1);
    kept_clear(&kept);
    /* The half line is gone, so that what is appended does not become a part of it. */
    struct stat st;
    assert_int_equal(fstatat(dir, KEPT_FILE, &st, 0), 0);
    assert_int_equal(st.st_size, strlen("# a comment\nb\na/\na/x\n=a/x\t0123456789abcdef\t\"e\"\tSun\n"));
}

static void test_leaves_out_what_is_elsewhere(void **state)
{
    static const char *const elsewhere[] = {"/",   "/etc/passwd", "..",    "../x",  "a/..", "a/../../x", ".",
                                            "./x", "a/.",         "a/./b", "a/../", "",     "a//../b",   "//x"};
    static const char *const inside[] = {"x",   "a/b/",  "...",  "..x", ".x", "a/..b",
                                         "x..", "a/...", "a//b", "-",   " ",  "a=b"};
    (void)state;
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere + sizeof inside / sizeof *inside; i++) {
        size_t first = sizeof elsewhere / sizeof *elsewhere;
        const char *text = i < first ? elsewhere[i] : inside[i - first];
        char lines[200];
        (void)snprintf(lines, sizeof lines, "%s\n=%s\t0\te\t\n", text, text);
        set_list(lines);
        struct kept kept;
        assert_int_equal(kept_open(&kept, dir, false), 0);
        if (kept.before.n != (i >= first) || kept.answers_before.n != (i >= first))
            fail_msg("'%s': %zu and %zu lines are read", text, kept.before.n, kept.answers_before.n);
        kept_clear(&kept);
    }
}

static void test_no_list(void **state)
{
    struct kept kept;
    (void)state;
    (void)unlinkat(dir, KEPT_FILE, 0);
    assert_int_equal(kept_open(&kept, -1, true), 0);
    assert_int_equal(kept.before.n, 0);
    kept_clear(&kept);
    assert_int_equal(kept_open(&kept, dir, false), 0);
    assert_int_equal(kept.before.n, 0);
    assert_int_equal(kept_add(&kept, "a"), 0);
    kept_clear(&kept); /* as after kill -9 */
    assert_int_equal(kept_open(&kept, dir, false), 0);
    assert_true(kept_has(&kept, "a"));
    kept_clear(&kept);
    (void)unlinkat(dir, KEPT_FILE, 0);
    assert_int_equal(symlinkat("/etc/passwd", dir, KEPT_FILE), 0);
    assert_int_equal(kept_open(&kept, dir, false), -ELOOP);
    kept_clear(&kept);
    (void)unlinkat(dir, KEPT_FILE, 0);
}

/* Gone is what was written earlier, is in the scope, and was neither written again nor failed. */
static void test_what_is_gone(void **state)
{
    struct kept kept;
    char gone[200] = "";
    struct paths scope = paths_of((const char *const[]){"a", "b/c", NULL});
    (void)state;
    set_list("a/\na/1\na/2\na/d/\na/d/3\nab\nb/\nb/c\nb/c/4\nb/cc\n");
    assert_int_equal(kept_open(&kept, dir, false), 0);
    kept_done(&kept, "a/2");
    paths_add(&kept.failed, "a/d");
    kept_gone(&kept, &scope, collect, gone);
    assert_string_equal(gone, "b/c/4 b/c a/1 a/ ");
    assert_int_equal(kept_add(&kept, "a/new"), 0);
    assert_int_equal(kept_finish(&kept, &scope), 0);
    assert_string_equal(list(), "a/2\na/d/\na/d/3\na/new\nab\nb/\nb/cc\n");
    kept_clear(&kept);
    paths_clear(&scope);
}

/* An empty path in the scope is the root, with everything. */
static void test_the_whole_tree(void **state)
{
    struct kept kept;
    char gone[200] = "";
    struct paths scope = paths_of((const char *const[]){"", NULL});
    struct stat before, after;
    (void)state;
    set_list("# x\na/\na/1\n=a/1\t0000000000000001\te\t\n");
    assert_int_equal(kept_open(&kept, dir, false), 0);
    assert_int_equal(kept_add(&kept, "a/"), 0);
    assert_int_equal(kept_add(&kept, "a/1"), 0);
    kept_add_answer(&kept, &(struct kept_answer){.path = "a/1", .etag = "e", .hash = 1});
    kept_gone(&kept, &scope, collect, gone);
    assert_string_equal(gone, "");
    assert_int_equal(fstatat(dir, KEPT_FILE, &before, 0), 0);
    assert_int_equal(kept_finish(&kept, &scope), 0);
    assert_int_equal(fstatat(dir, KEPT_FILE, &after, 0), 0);
    assert_true(before.st_ino == after.st_ino); /* nothing has changed, so nothing is written */
    kept_clear(&kept);
    assert_int_equal(kept_open(&kept, dir, false), 0);
    kept_gone(&kept, &scope, collect, gone);
    assert_string_equal(gone, "a/1 a/ ");
    assert_int_equal(kept_finish(&kept, &scope), 0);
    assert_string_equal(list(), "");
    kept_clear(&kept);
    paths_clear(&scope);
}

static void test_a_dry_run_changes_nothing(void **state)
{
    struct kept kept;
    struct paths scope = paths_of((const char *const[]){"", NULL});
    (void)state;
    set_list("# x\na\nhalf");
    assert_int_equal(kept_open(&kept, dir, true), 0);
    assert_int_equal(kept_add(&kept, "b"), 0);
    assert_int_equal(kept_finish(&kept, &scope), 0);
    assert_string_equal(list(), "a\nhalf");
    kept_clear(&kept);
    paths_clear(&scope);
}

static void test_lines_about_answers(void **state)
{
    static const char *const wrong[] = {"", "a", "a\t1", "a\t1\te"};
    struct kept_answer answer;
    struct kept kept = {.dir = -1, .file = -1};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[20];
        assert_false(kept_read_answer(strcpy(line, wrong[i]), &answer));
    }
    kept_add_answer(&kept, &(struct kept_answer){.path = "a/x", .etag = "W/\"1\"", .hash = UINT64_MAX});
    kept_add_answer(&kept,
                    &(struct kept_answer){.path = "b", .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT", .hash = 7});
    kept_add_answer(&kept, &(struct kept_answer){.path = "c", .etag = "a\tb"});
    kept_add_answer(&kept, &(struct kept_answer){.path = "c", .etag = "a", .last_modified = "a\nb"});
    assert_int_equal(kept.answers_now.n, 2);
    assert_true(kept_read_answer(kept.answers_now.at[0], &answer));
    assert_string_equal(answer.path, "a/x");
    assert_string_equal(answer.etag, "W/\"1\"");
    assert_null(answer.last_modified);
    assert_true(answer.hash == UINT64_MAX);
    assert_true(kept_read_answer(kept.answers_now.at[1], &answer));
    assert_null(answer.etag);
    assert_string_equal(answer.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(answer.hash == 7);
    kept_clear(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_leaves_out_what_is_elsewhere),
        cmocka_unit_test(test_no_list),
        cmocka_unit_test(test_what_is_gone),
        cmocka_unit_test(test_the_whole_tree),
        cmocka_unit_test(test_a_dry_run_changes_nothing),
        cmocka_unit_test(test_lines_about_answers),
    };
    return cmocka_run_group_tests_name("kept", tests, start, stop);
}
