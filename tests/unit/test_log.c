/* SPDX-License-Identifier: MIT */
/* The log: what a line looks like, what it hides, where it is cut, what the ring keeps. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

#define PREFIX sizeof("2026-11-24T03:26:00.123Z") /* and the blank after it */

/* stderr goes to a file in memory, so that what a test logs can be read back. */
static int caught_fd = -1, real_stderr = -1;

static int catch_stderr(void **state)
{
    (void)state;
    (void)fflush(stderr);
    caught_fd = memfd_create("stderr", MFD_CLOEXEC);
    real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    return caught_fd < 0 || real_stderr < 0 || dup2(caught_fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static int release_stderr(void **state)
{
    (void)state;
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    (void)close(caught_fd);
    log_set_level(LOG_LEVEL_INFO);
    log_free();
    return 0;
}

/* What the ring holds; the caller frees it. Checks that it is whole lines. */
static char *ring(void)
{
    size_t len = 99;
    char *text = log_recent(&len);

    assert_non_null(text);
    assert_int_equal(strlen(text), len);
    assert_true(len == 0 || text[len - 1] == '\n');
    return text;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

/* The only line there is, after its time and without its newline, must be `expected`. */
static void assert_line(const char *expected)
{
    char *text = ring();

    assert_int_equal(count_lines(text), 1);
    text[strlen(text) - 1] = '\0';
    assert_true(strlen(text) > PREFIX);
    assert_string_equal(text + PREFIX, expected);
    free(text);
    log_free();
}

static void a_line_has_a_time_and_a_level(void **state)
{
    char before[32], after[32];
    char *text;

    (void)state;
    (void)clock_format(clock_wall(), before, sizeof(before));
    log_error("services: %d of %s", 3, "4");
    (void)clock_format(clock_wall(), after, sizeof(after));
    text = ring();
    assert_true(strncmp(before, text, PREFIX - 1) <= 0);
    assert_true(strncmp(text, after, PREFIX - 1) <= 0);
    free(text);
    assert_line("error services: 3 of 4");
    log_warning("a");
    assert_line("warning a");
    log_info("b");
    assert_line("info b");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("c");
    assert_line("debug c");
}

static void less_important_lines_are_dropped(void **state)
{
    char *text;

    (void)state;
    log_debug("no");
    log_info("yes");
    assert_line("info yes");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("no");
    text = ring();
    assert_string_equal(text, "");
    free(text);
    log_error("yes");
    assert_line("error yes");
}

static void stderr_gets_what_the_ring_keeps(void **state)
{
    char caught[200] = "";
    char *text;

    (void)state;
    log_info("one");
    log_error("two");
    text = ring();
    assert_true(pread(caught_fd, caught, sizeof(caught) - 1, 0) > 0);
    assert_string_equal(caught, text);
    assert_int_equal(count_lines(text), 2);
    free(text);
}

static void errno_is_preserved_and_can_be_said(void **state)
{
    (void)state;
    errno = ENOTTY;
    log_info("x: %m");
    assert_int_equal(errno, ENOTTY);
    assert_line("info x: Inappropriate ioctl for device");
    (void)close(STDERR_FILENO);
    errno = ENOTTY;
    log_info("nowhere to write to");
    assert_int_equal(errno, ENOTTY);
    assert_int_equal(dup2(caught_fd, STDERR_FILENO), STDERR_FILENO);
    assert_line("info nowhere to write to");
    errno = EXDEV;
    log_debug("dropped");
    assert_int_equal(errno, EXDEV);
}

static void one_event_is_one_line_and_drives_no_terminal(void **state)
{
    (void)state;
    log_info("%s", "a\nb\r\t\x1b[2J\x7f");
    assert_line("info a\\x0Ab\\x0D\\x09\\x1B[2J\\x7F");
    log_info("%s", "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x9a\x80");
    assert_line("info caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x9a\x80");
    log_info("%s", "\xc2\x9b"
                   "2J \x9b\xff \xc3");
    assert_line("info \\xC2\\x9B2J \\x9B\\xFF \\xC3");
}

static void secrets_are_hidden(void **state)
{
    (void)state;
    log_hide("s3cret-token");
    log_hide("abc"); /* too short to be one */
    log_hide(NULL);
    log_hide("");
    log_info("Bearer %s, again %s%s; abc", "s3cret-token", "s3cret-token", "s3cret-token");
    assert_line("info Bearer [hidden], again [hidden][hidden]; abc");
    log_hide("s3cret-token");
    log_info("s3cret-toke s3cret-token");
    assert_line("info s3cret-toke [hidden]");
}

static void overlapping_secrets_are_hidden_whole(void **state)
{
    (void)state;
    log_hide("aaaa");
    log_hide("aaaa-bbbb");
    log_hide("bbbb-cccc");
    log_info("x aaaa-bbbb-cccc y aaaa z bbbb aaaa-bbbb");
    assert_line("info x [hidden] y [hidden] z bbbb [hidden]");
}

static void assert_hidden(const char *text, size_t len, const char *expected)
{
    size_t got = 0;
    char *hidden = log_hidden(text, len, &got);

    assert_non_null(hidden);
    assert_int_equal(got, strlen(expected));
    assert_string_equal(hidden, expected);
    free(hidden);
}

static void secrets_are_hidden_in_a_copy(void **state)
{
    static const char full[] = {'a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'};

    (void)state;
    log_hide("abcd");
    log_hide("aaaa");
    log_hide("aaaa-bbbb");
    assert_hidden("", 0, "");
    assert_hidden("x\n", 2, "x\n");
    assert_hidden("x aaaa-bbbb aaaa", 16, "x [hidden] [hidden]");
    assert_hidden(full, sizeof(full), "[hidden][hidden]");
    /* What is beyond the length is not looked at. */
    assert_hidden("x aaaa-bbbb", 7, "x [hidden]-");
    assert_hidden("x aaaa", 5, "x aaa");
}

static void the_oldest_of_nine_secrets_is_forgotten(void **state)
{
    char secret[] = "secret-0";

    (void)state;
    for (char c = '0'; c < '8'; c++) {
        secret[7] = c;
        log_hide(secret);
    }
    log_hide("secret-0"); /* now the newest, so 1 is the oldest */
    for (int i = 0; i < 8; i++)
        log_hide("secret-8"); /* one, however often */
    log_info("secret-0 secret-1 secret-2 secret-8");
    assert_line("info [hidden] secret-1 [hidden] [hidden]");
    log_info("secret-8");
    assert_line("info secret-8"); /* log_free() forgets them all */
}

/* Whatever stands where a line is cut, it is cut between characters, and no part of a secret is left. */
static void a_long_line_is_cut(void **state)
{
    static const char *const pieces[] = {"a", "\xe6\x97\xa5", "\n", "SECRET"};
    char *message = malloc(30000);

    (void)state;
    assert_non_null(message);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        for (size_t shift = 0; shift < 8; shift++) {
            char *text, *end = message + shift;

            log_free();
            log_hide("SECRET");
            memset(message, 'x', shift);
            for (int n = 0; n < 4100; n++)
                end = stpcpy(end, pieces[i]);
            log_info("%s", message);
            text = ring();
            assert_int_equal(count_lines(text), 1);
            assert_in_range(strlen(text), 4001 - 7, 4001);
            assert_string_equal(text + strlen(text) - 4, "…\n");
            assert_null(strstr(text, "SEC"));
            end = strstr(text, "…") - 1;
            assert_true(i == 0 ? *end == 'a' : i == 1 ? *end == '\xa5' : i == 2 ? *end == 'A' : *end == ']');
            free(text);
        }
    free(message);
}

static void a_line_of_4000_bytes_is_not_cut(void **state)
{
    char message[4000];
    size_t fits = 4000 - PREFIX - strlen("info ");
    char *text;

    (void)state;
    memset(message, 'y', sizeof(message));
    log_info("%.*s", (int)fits, message);
    text = ring();
    assert_int_equal(strlen(text), 4001);
    assert_null(strstr(text, "…"));
    free(text);
    log_free();
    log_info("%.*s", (int)fits + 1, message);
    text = ring();
    assert_int_equal(strlen(text), 4001);
    assert_string_equal(text + 3996, "y…\n");
    free(text);
}

static void the_ring_keeps_the_last_thousand_lines(void **state)
{
    char *text, *last;

    (void)state;
    for (int i = 0; i < 2500; i++)
        log_info("number %d.", i);
    text = ring();
    assert_int_equal(count_lines(text), 1000);
    assert_memory_equal(strstr(text, "number "), "number 1500.\n", strlen("number 1500.\n"));
    last = strstr(text, "number 2499.\n");
    assert_non_null(last);
    assert_string_equal(last, "number 2499.\n");
    free(text);
}

static void the_ring_keeps_256_kib_at_most(void **state)
{
    char message[1000];
    char *text;

    (void)state;
    memset(message, 'z', sizeof(message));
    for (int i = 0; i < 600; i++)
        log_info("%d %.*s", i, (int)sizeof(message), message);
    text = ring();
    assert_in_range(strlen(text), 256 * 1024 - 1100, 256 * 1024);
    assert_non_null(strstr(text, "info 599 "));
    assert_null(strstr(text, "info 300 "));
    free(text);
}

static void *log_a_lot(void *name)
{
    for (int i = 0; i < 200; i++)
        log_info("%s%s%s", (char *)name, (char *)name, (char *)name);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    char names[4][2] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    size_t n = 0;
    char *text;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_a_lot, names[i]), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    text = ring();
    assert_int_equal(count_lines(text), 800);
    for (const char *line = text; *line; line += PREFIX + strlen("info aaa\n")) {
        const char *word = line + PREFIX + strlen("info ");

        assert_true(word[0] >= 'a' && word[0] <= 'd' && word[1] == word[0] && word[2] == word[0] && word[3] == '\n');
        n++;
    }
    assert_int_equal(n, 800);
    free(text);
}

static void keep_line(void *data, const char *message)
{
    char **kept = data;

    free(*kept);
    *kept = strdup(message);
}

static void a_caller_may_take_the_lines(void **state)
{
    char caught[2], *kept = NULL;

    (void)state;
    log_hide("secret-token");
    log_divert(keep_line, &kept);
    log_error("x\n secret-token");
    assert_string_equal(kept, "x\\x0A [hidden]");
    assert_int_equal(pread(caught_fd, caught, sizeof(caught), 0), 0);
    log_divert(NULL, NULL);
    log_free();
    log_error("y");
    assert_string_equal(kept, "x\\x0A [hidden]");
    assert_int_equal(pread(caught_fd, caught, sizeof(caught), 0), sizeof(caught));
    assert_line("error y");
    free(kept);
}

/* The start of the program speaks like any other command; the ring keeps its lines as ever. */
static void stderr_may_have_no_time_and_no_level(void **state)
{
    static const char plain[] = "melbicomfs: x\nmelbicomfs: y [hidden]\n";
    char caught[200];
    ssize_t len;

    (void)state;
    log_set_level(LOG_LEVEL_DEBUG);
    log_hide("secret-token");
    log_plain(true);
    log_error("x");
    log_info("y secret-token");
    log_debug("z");
    log_plain(false);
    log_error("w");
    len = pread(caught_fd, caught, sizeof(caught) - 1, 0);
    assert_true(len > 0);
    caught[len] = '\0';
    assert_memory_equal(caught, plain, sizeof(plain) - 1);
    assert_int_equal(count_lines(caught), 4);
    assert_string_equal(strstr(caught, " debug z\n") - PREFIX + 1, strstr(caught, "[hidden]\n") + 9);
    assert_non_null(strstr(caught, " error w\n"));
    char *text = ring();
    assert_int_equal(count_lines(text), 4);
    assert_non_null(strstr(text, " error x\n"));
    free(text);
    log_free();
}

/* Last, for there is no way back. */
static void syslog_takes_the_place_of_stderr(void **state)
{
    char caught[2];

    (void)state;
    log_to_syslog();
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("a line of a test of melbicomfs");
    assert_int_equal(pread(caught_fd, caught, sizeof(caught), 0), 0);
    assert_line("debug a line of a test of melbicomfs");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, catch_stderr, release_stderr)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_has_a_time_and_a_level),
        TEST(less_important_lines_are_dropped),
        TEST(stderr_gets_what_the_ring_keeps),
        TEST(errno_is_preserved_and_can_be_said),
        TEST(one_event_is_one_line_and_drives_no_terminal),
        TEST(secrets_are_hidden),
        TEST(overlapping_secrets_are_hidden_whole),
        TEST(secrets_are_hidden_in_a_copy),
        TEST(the_oldest_of_nine_secrets_is_forgotten),
        TEST(a_long_line_is_cut),
        TEST(a_line_of_4000_bytes_is_not_cut),
        TEST(the_ring_keeps_the_last_thousand_lines),
        TEST(the_ring_keeps_256_kib_at_most),
        TEST(lines_of_threads_do_not_mix),
        TEST(a_caller_may_take_the_lines),
        TEST(stderr_may_have_no_time_and_no_level),
        TEST(syslog_takes_the_place_of_stderr),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
