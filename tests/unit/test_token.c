/* SPDX-License-Identifier: MIT */
/* Every source of a token, what is refused, and that no message ever holds what was read. */
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "command/token.h"
#include "time_scale.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET "s3cr3t-t0ken"

static char directory[] = "/tmp/test-token-XXXXXX";
static char path[64];

static void write_file(const char *bytes, size_t len, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* Since the last log_free(). */
static void assert_logged(const char *text, bool expected)
{
    size_t len = 0;
    char *lines = log_recent(&len);
    assert_non_null(lines);
    bool found = memmem(lines, len, text, strlen(text)) != NULL;
    if (found != expected)
        fail_msg("'%s' is %sin the log: %.*s", text, found ? "" : "not ", (int)len, lines);
    free(lines);
}

static void assert_token(struct token_source *source, const char *expected)
{
    char *token = NULL;
    assert_int_equal(token_read(source, &token), 0);
    assert_string_equal(token, expected);
    free(token);
}

/* Fails with `error`, one log line that holds `text`, no word of SECRET, and leaves the result alone. */
static void assert_refused(struct token_source *source, int error, const char *text)
{
    char untouched, *token = &untouched;
    log_free();
    assert_int_equal(token_read(source, &token), error);
    assert_ptr_equal(token, &untouched);
    assert_logged("error token: ", true);
    assert_logged(text, true);
    assert_logged("s3cr3t", false);
    assert_logged("[hidden]", false);
}

static void file_is_read(void **state)
{
    struct token_source source = {.file = path};
    (void)state;
    write_file(SECRET, strlen(SECRET), 0600);
    assert_token(&source, SECRET);
    write_file(" \r\n\t" SECRET " \r\n\n", strlen(SECRET) + 8, 0400);
    assert_token(&source, SECRET);
    write_file("other\n", 6, 0600);
    assert_token(&source, "other");
}

static void file_that_others_read_is_refused(void **state)
{
    struct token_source source = {.file = path};
    static const mode_t modes[] = {0640, 0604, 0644, 0440, 0777};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file(SECRET, strlen(SECRET), modes[i]);
        assert_refused(&source, -EACCES, "can be read by others");
        assert_logged(path, true);
        assert_logged("chmod 600", true);
    }
}

static void file_that_is_no_file_is_refused(void **state)
{
    struct token_source missing = {.file = path}, folder = {.file = directory};
    (void)state;
    assert_refused(&missing, -EACCES, "No such file");
    assert_logged(path, true);
    assert_refused(&folder, -EINVAL, "not a regular file");
    /* Opening a FIFO nobody writes to must not wait. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(&missing, -EINVAL, "not a regular file");
}

static void credentials_need_no_mode(void **state)
{
    struct token_source source = {.credentials = path};
    (void)state;
    write_file(SECRET "\n", strlen(SECRET) + 1, 0444);
    assert_token(&source, SECRET);
}

static void malformed_tokens(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *fault;
    } cases[] = {
        {"", 0, "is empty"},
        {" \n\t\r\n", 5, "is empty"},
        {"s3cr3t with a space", 19, "contains a space"},
        {"s3cr3t\nsecond", 13, "contains a space"},
        {"s3cr3t\0x", 8, "contains a space"},
        {"s3cr3t\x01x", 8, "contains a space"},
        {"s3cr3t\x7fx", 8, "contains a space"},
        {"s3cr3t\xc3\xa9", 8, "contains a space"},
    };
    struct token_source file = {.file = path};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(cases[i].bytes, cases[i].len, 0600);
        assert_refused(&file, -EINVAL, cases[i].fault);
    }
}

static void length_is_bounded(void **state)
{
    static char bytes[20000];
    struct token_source file = {.file = path};
    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    write_file(bytes, 4097, 0600);
    assert_refused(&file, -EINVAL, "longer than 4096");
    write_file(bytes, sizeof(bytes), 0600);
    assert_refused(&file, -EINVAL, "longer than 4096");
    write_file(bytes, 4096, 0600);
    bytes[4096] = '\0';
    assert_token(&file, bytes);
}

/* A value is given once; a refused one is kept. */
static void value_is_checked(void **state)
{
    char bad[] = "s3cr3t s3cr3t", untouched, *token = &untouched;
    struct token_source source = {.value = strdup(" " SECRET "\n")}, malformed = {.value = bad};
    (void)state;
    assert_token(&source, SECRET);
    assert_null(source.value);
    log_free();
    assert_int_equal(token_read(&source, &token), -EALREADY);
    assert_ptr_equal(token, &untouched);
    assert_logged("token", false);
    assert_refused(&malformed, -EINVAL, "the configuration");
    assert_refused(&malformed, -EINVAL, "the configuration");
}

static void nothing_is_configured(void **state)
{
    char places[] = "looked at a, b; run: melbicomfs --login";
    struct token_source source = {.missing = places};
    (void)state;
    assert_refused(&source, -ENOKEY, "no token is configured; looked at a, b; run: melbicomfs --login");
    /* One that was passed over is told, or the user would look for a fault in the file. */
    char url[] = "https://elsewhere";
    source.elsewhere = url;
    source.place = "the profile [default]";
    assert_refused(&source, -ENOKEY, "the token from the profile [default] is for https://elsewhere and is sent to no");
    assert_logged("token_file=PATH", true);
}

static void first_source_is_asked(void **state)
{
    char command[] = "echo from-command", value[] = "from-value", missing[] = "/nonexistent/token";
    struct token_source source = {
        .file = path, .command = command, .value = strdup("from-value"), .credentials = missing};
    (void)state;
    write_file("from-file", 9, 0600);
    assert_token(&source, "from-file");
    source.file = NULL;
    assert_token(&source, "from-command");
    source.command = NULL;
    assert_token(&source, "from-value");
    source.given = false;
    assert_refused(&source, -EACCES, "/nonexistent/token");
    /* One that fails is not passed over: the user meant it. */
    source.file = missing;
    source.value = value;
    assert_refused(&source, -EACCES, "/nonexistent/token");
}

static void command_gives_its_first_line(void **state)
{
    char one[] = "echo " SECRET, many[] = "printf '  " SECRET "  \\nuser: a b\\n'";
    char talkative[] = "echo " SECRET "; yes | head -c 200000", input[] = "cat; echo " SECRET;
    struct token_source source = {.command = one};
    (void)state;
    assert_token(&source, SECRET);
    source.command = many;
    assert_token(&source, SECRET);
    source.command = talkative;
    assert_token(&source, SECRET);
    /* There is nobody to type. */
    source.command = input;
    assert_token(&source, SECRET);
}

/* The shell's end counts, not that of what it leaves behind with the pipe still open. */
static void command_may_leave_a_daemon(void **state)
{
    char command[256];
    struct token_source source = {.command = command};
    (void)state;
    snprintf(command, sizeof(command), "sleep 1000 & echo $! >%s; echo " SECRET, path);
    int64_t start = clock_ms();
    assert_token(&source, SECRET);
    assert_true(clock_ms() - start < token_command_limit_ms);
    FILE *file = fopen(path, "r");
    int pid = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void command_fails(void **state)
{
    char status[] = "echo " SECRET "; exit 3", signal[] = "kill -9 $$", silent[] = "true", odd[] = "echo s3cr3t s3cr3t";
    char nul[] = "printf 's3cr3t\\0x\\n'";
    struct token_source source = {.command = status};
    (void)state;
    assert_refused(&source, -EIO, "status 3");
    source.command = signal;
    assert_refused(&source, -EIO, "signal 9");
    source.command = silent;
    assert_refused(&source, -EINVAL, "is empty");
    source.command = odd;
    assert_refused(&source, -EINVAL, "contains a space");
    source.command = nul;
    assert_refused(&source, -EINVAL, "contains a space");
}

/* Reads the pid that a command wrote to path, and waits until there is no such process any more (a zombie counts: its
 * new parent may be slow). */
static void assert_gone(void)
{
    int pid = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    for (int64_t deadline = clock_ms() + 10000 * time_scale(); kill(pid, 0) == 0;) {
        char name[64], state = 'Z';
        snprintf(name, sizeof(name), "/proc/%d/stat", pid);
        FILE *stat = fopen(name, "r");
        if (stat && fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
            state = 'Z';
        if (stat)
            fclose(stat);
        if (state == 'Z')
            return;
        assert_true(clock_ms() < deadline);
    }
}

static void command_times_out(void **state)
{
    char command[256], endless[] = "echo " SECRET "; yes s3cr3t", within[32];
    struct token_source source = {.command = command};
    int limit = 300 * time_scale();
    (void)state;
    token_command_limit_ms = limit;
    snprintf(within, sizeof(within), "within %d ms", limit);
    snprintf(command, sizeof(command), "echo " SECRET "; sleep 1000 & echo $! >%s; wait", path);
    int64_t start = clock_ms();
    assert_refused(&source, -ETIMEDOUT, within);
    assert_true(clock_ms() - start >= limit);
    assert_gone();
    source.command = endless;
    assert_refused(&source, -ETIMEDOUT, "run it by hand");
}

static bool is_readable(const struct token_reading *reading, int ms)
{
    struct pollfd fd = {.fd = reading->fd, .events = POLLIN};

    return poll(&fd, 1, ms) == 1;
}

/* In the loop nobody waits: neither the start nor a question too many, and the descriptor tells when it is time. */
static void command_is_not_waited_for(void **state)
{
    char command[64];
    struct token_source source = {.command = command};
    struct token_reading *reading = NULL;
    char *token = NULL;

    (void)state;
    snprintf(command, sizeof(command), "echo " SECRET "; exec >&-; sleep %d", time_scale());
    int64_t start = clock_ms();
    assert_int_equal(token_start(&source, &reading), 0);
    assert_in_range(reading->deadline, start + token_command_limit_ms, clock_ms() + token_command_limit_ms);
    for (int i = 0; i < 100; i++)
        assert_int_equal(token_ask(reading, &token), 1);
    assert_true(clock_ms() - start < 900 * time_scale());
    /* Its output, the end of that, and its own end: it wakes nobody up for nothing. */
    unsigned wakes = 0;
    do
        assert_true(is_readable(reading, 10000 * time_scale()));
    while (++wakes < 10 && token_ask(reading, &token) == 1);
    assert_in_range(wakes, 1, 3);
    assert_string_equal(token, SECRET);
    free(token);
}

static void command_can_be_dropped(void **state)
{
    char command[256];
    struct token_source source = {.command = command};
    struct token_reading *reading = NULL;
    char *token = NULL;

    (void)state;
    snprintf(command, sizeof(command), "sleep 1000 & echo $! >%s; echo; wait", path);
    assert_int_equal(token_start(&source, &reading), 0);
    assert_true(is_readable(reading, 10000 * time_scale()));
    assert_int_equal(token_ask(reading, &token), 1);
    token_drop(reading);
    assert_gone();
}

/* The mount blocks signals and ignores SIGPIPE; a command must find them as in a shell. (Signals 32 and
 * 33, the 8 in the mask, belong to the C library.) */
static void command_has_ordinary_signals(void **state)
{
    char command[] = "grep -cE '^Sig(Blk|Ign):.*[08]0{7}$' /proc/self/status";
    struct token_source source = {.command = command};
    sigset_t all, before;
    (void)state;
    sigfillset(&all);
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
    char *token = NULL;
    int error = token_read(&source, &token);
    sigprocmask(SIG_SETMASK, &before, NULL);
    (void)signal(SIGPIPE, old);
    assert_int_equal(error, 0);
    assert_string_equal(token, "2");
    free(token);
}

/* Whoever logs a token by mistake later on finds it hidden. */
static void token_is_hidden_from_then_on(void **state)
{
    struct token_source source = {.value = strdup(SECRET)};
    (void)state;
    log_free();
    assert_token(&source, SECRET);
    log_info("careless: %s", SECRET);
    assert_logged("careless: [hidden]", true);
    assert_logged("s3cr3t", false);
}

static void clear_leaves_nothing(void **state)
{
    struct token_source source = {.file = strdup("f"),
                                  .command = strdup("c"),
                                  .value = strdup("v"),
                                  .credentials = strdup("d"),
                                  .elsewhere = strdup("e"),
                                  .missing = strdup("m")};
    (void)state;
    token_source_clear(&source);
    assert_null(source.file);
    assert_null(source.command);
    assert_null(source.value);
    assert_null(source.credentials);
    assert_null(source.elsewhere);
    assert_null(source.missing);
    token_source_clear(&source);
}

static int tear_down(void **state)
{
    (void)state;
    token_command_limit_ms = 10000 * time_scale();
    log_free();
    (void)unlink(path);
    return 0;
}

static int set_up_group(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/token", directory);
    token_command_limit_ms = 10000 * time_scale();
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    return rmdir(directory);
}

#define test(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {test(file_is_read),
                                       test(file_that_others_read_is_refused),
                                       test(file_that_is_no_file_is_refused),
                                       test(credentials_need_no_mode),
                                       test(malformed_tokens),
                                       test(length_is_bounded),
                                       test(value_is_checked),
                                       test(nothing_is_configured),
                                       test(first_source_is_asked),
                                       test(command_gives_its_first_line),
                                       test(command_may_leave_a_daemon),
                                       test(command_fails),
                                       test(command_times_out),
                                       test(command_is_not_waited_for),
                                       test(command_can_be_dropped),
                                       test(command_has_ordinary_signals),
                                       test(token_is_hidden_from_then_on),
                                       test(clear_leaves_nothing)};
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
