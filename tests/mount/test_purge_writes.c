/* SPDX-License-Identifier: MIT */
/* Purging by plain system calls: where names are cut, what is refused, and that a refused write sends nothing. */
#include "purge_posts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

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

static int open_purge(int flags)
{
    int fd = open(in_mount(&f.mount, PURGE), flags | O_CLOEXEC);
    if (fd < 0)
        fail_msg("open: %s", strerror(errno));
    return fd;
}

/* All of it in one call: 0 or the errno. */
static int put_at(int fd, const char *bytes, size_t len, off_t offset)
{
    ssize_t n = pwrite(fd, bytes, len, offset);
    if (n >= 0)
        assert_int_equal(n, len);
    return n < 0 ? errno : 0;
}

/* As programs do: what was not written is written again, until an error. */
static int put_all(int fd, const char *bytes, size_t len, off_t offset)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, offset);
        if (n < 0)
            return errno;
        bytes += n;
        len -= (size_t)n;
        offset += n;
    }
    return 0;
}

/* Opens, writes and closes. */
static int put(const char *bytes, size_t len)
{
    int fd = open_purge(O_WRONLY), error = put_at(fd, bytes, len, 0);
    assert_int_equal(close(fd), 0);
    return error;
}

/* A page of 16-byte names that ends in the first `head` bytes of `name`, preceded by a newline. */
static void make_page(char *page, const char *name, size_t head)
{
    size_t body = PAGE - head, at = 0;

    for (unsigned i = 0; at + 32 <= body; i++)
        at += (size_t)sprintf(page + at, "n%04u.example.c\n", i);
    memset(page + at, 'x', body - at - 1);
    page[body - 1] = '\n';
    memcpy(page + body, name, head);
}

static void names_that_straddle_a_page_boundary_are_put_together(void **state)
{
    static const char name[] = "caf\xc3\xa9.example.com\n";
    char page[PAGE];

    (void)state;
    for (size_t head = 0; head < sizeof name; head++) {
        int fd = open_purge(O_WRONLY);

        make_page(page, name, head);
        assert_int_equal(put_at(fd, page, PAGE, 0), 0);
        journal_clear(&f.sim);
        if (head < sizeof name - 1)
            assert_int_equal(put_at(fd, name + head, sizeof name - 1 - head, PAGE), 0);
        assert_int_equal(put_at(fd, "next\n", 5, PAGE + (off_t)(sizeof name - 1 - head)), 0);
        if (head < sizeof name - 1)
            assert_posts(&f.sim, "caf\xc3\xa9.example.com", "next");
        else
            assert_posts(&f.sim, "next");
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(logged(&f.mount, "Invalid argument", NULL), 0);
}

static void writes_of_any_size_around_page_boundaries(void **state)
{
    static const size_t sizes[] = {4095, 4096, 4097, 8193, 12288};
    static const off_t offsets[] = {0, 1, 4095};
    size_t len;
    char *text = numbered_names(600, &len);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t k = 0; k < sizeof offsets / sizeof *offsets; k++) {
            int fd = open_purge(O_WRONLY);
            size_t size = sizes[i];
            bool whole = text[size - 1] == '\n' || ((size_t)offsets[k] + size) % PAGE == 0;
            char *part = strndup(text, whole ? len : size);
            assert_int_equal(put_all(fd, text, size, offsets[k]), whole ? 0 : EINVAL);
            if (whole)
                assert_int_equal(put_all(fd, text + size, len - size, offsets[k] + (off_t)size), 0);
            assert_whole_names(&f.mount, &f.sim, part, !whole);
            free(part);
            journal_clear(&f.sim);
            assert_int_equal(close(fd), 0);
        }
    }
    free(text);
}

static void at_any_offset_a_line_is_one_post(void **state)
{
    (void)state;
    int fd = open_purge(O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "a\n", 2), 2);
    assert_int_equal(write(fd, "b\n", 2), 2);
    assert_int_equal(close(fd), 0);
    fd = open_purge(O_RDWR);
    assert_int_equal(put_at(fd, "c\n", 2, 12345), 0);
    assert_int_equal(put_at(fd, "d\n", 2, (off_t)1 << 40), 0);
    assert_int_equal(put_at(fd, "e\n", 2, 3), 0);
    assert_int_equal(write(fd, "", 0), 0);
    char buf[8];
    assert_int_equal(pread(fd, buf, sizeof buf, 0), 0);
    assert_int_equal(close(fd), 0);
    assert_posts(&f.sim, "a", "b", "c", "d", "e");
}

static void each_open_has_a_node_of_its_own(void **state)
{
    struct stat a, b;

    (void)state;
    int one = open_purge(O_WRONLY), two = open_purge(O_WRONLY);
    assert_int_equal(fstat(one, &a) | fstat(two, &b), 0);
    /* Under one number, for `cp` takes a file whose number changed between stat and open for another. */
    assert_int_equal(a.st_ino, b.st_ino);
    assert_int_equal(a.st_size | b.st_size, 0);
    char page[PAGE];
    make_page(page, "cut", 3);
    assert_int_equal(put_at(one, page, PAGE, 0), 0);
    journal_clear(&f.sim);
    /* What one of them keeps is not put before what the other writes. */
    assert_int_equal(put_at(two, "whole\n", 6, PAGE), 0);
    assert_posts(&f.sim, "whole");
    assert_int_equal(close(one) | close(two), 0);
}

static void what_is_refused_sends_nothing(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *why;
    } rows[] = {
        {"\n", 1, "an empty name"},
        {"a\n\nb\n", 5, "an empty name"},
        {"a\nb\001c\n", 6, "control character"},
        {"a\nb\0c\n", 6, "control character"},
        {"a\tb\n", 4, "tab"},
        {"#a\n", 3, "begin with #"},
        {"a\nb\xff\n", 5, "not UTF-8"},
        {"a\r\nb\r\n", 6, "dos2unix"},
        {"a\nb", 3, "newline"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(put(rows[i].bytes, rows[i].len), EINVAL);
        assert_logs(&f.mount, rows[i].why);
        assert_non_null(strstr(mount_log(&f.mount), rows[i].why));
    }
    assert_int_equal(asked(&f.sim, "purge"), 0);
    assert_int_equal(logged(&f.mount, "ok", NULL), 0);
    /* And the mount goes on. */
    assert_int_equal(put("good\n", 5), 0);
    assert_posts(&f.sim, "good");
}

/* The shell goes on after a refused write, and the file's offset has not moved. */
static void the_rest_of_a_refused_name_is_refused_too(void **state)
{
    (void)state;
    take_any_name(&f.sim);
    (void)run(&f.mount, "(printf static.; printf 'example.com\\n') > " PURGE);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    run_ok(&f.mount, "grep -q 'only the beginning of a name' " PURGE_LOG
                     " && grep -q 'may begin with the rest of a name' " PURGE_LOG);
    run_ok(&f.mount, "echo static.example.com > " PURGE);
    assert_int_equal(asked(&f.sim, "purge"), 1);
}

static void a_thousand_names_in_a_write_are_taken_and_one_more_refused(void **state)
{
    size_t len;
    char *text = numbered_names(1001, &len);

    (void)state;
    assert_int_equal(put(text, len), EINVAL);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    assert_logs(&f.mount, "more than 1,000 names");
    assert_whole_names(&f.mount, &f.sim, text, true);
    text[len - 1] = '\0';
    *(strrchr(text, '\n') + 1) = '\0';
    assert_int_equal(put(text, strlen(text)), 0);
    assert_whole_names(&f.mount, &f.sim, text, false);
    free(text);
}

static void binary_data_is_refused(void **state)
{
    static char bytes[300000];

    (void)state;
    srand(7);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)rand();
    assert_int_equal(put(bytes, sizeof bytes), EINVAL);
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(put(bytes, sizeof bytes), EINVAL);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(put(bytes, sizeof bytes), EINVAL);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    /* The log stays one that can be read. */
    for (const char *p = purge_log(&f.mount); *p; p++)
        assert_true(*p == '\n' || *p == '\t' || (unsigned char)*p >= ' ');
}

/* In a process of its own, since touching a page beyond the file's end ends it. */
static int write_through_mmap(void)
{
    char page[PAGE];
    int fd = open(in_mount(&f.mount, PURGE), O_RDWR | O_CLOEXEC);

    make_page(page, "", 0);
    if (fd < 0 || pwrite(fd, page, PAGE, 0) != PAGE)
        return 1;
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return 2;
    memcpy(map, "mapped\nmapped\n", 14);
    return msync(map, PAGE, MS_SYNC) < 0 ? 3 : 4;
}

static void a_write_through_mmap_is_refused(void **state)
{
    int status = 0;

    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(write_through_mmap());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 3);
    else
        assert_int_equal(WTERMSIG(status), SIGBUS);
    struct json_object *list = posts(&f.sim);
    assert_int_equal(times_posted(list, "mapped"), 0);
    assert_in_range(json_object_array_length(list), 200, 300);
    json_object_put(list);
    if (WIFEXITED(status))
        assert_non_null(strstr(mount_log(&f.mount), "mmap"));
    assert_int_equal(put("good\n", 5), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_that_straddle_a_page_boundary_are_put_together),
        TEST(writes_of_any_size_around_page_boundaries),
        TEST(at_any_offset_a_line_is_one_post),
        TEST(each_open_has_a_node_of_its_own),
        TEST(what_is_refused_sends_nothing),
        TEST(the_rest_of_a_refused_name_is_refused_too),
        TEST(a_thousand_names_in_a_write_are_taken_and_one_more_refused),
        TEST(binary_data_is_refused),
        TEST(a_write_through_mmap_is_refused),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
