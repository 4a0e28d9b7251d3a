/* SPDX-License-Identifier: MIT */
/* --login: where a token is taken from, that it is tried, where it is stored, and that a mount then just works. */
#include "command_fixture.h"

#include <poll.h>
#include <pty.h>
#include <termios.h>

#define WRONG "wrong-secret-987"

/* The path DIR/melbicomfs/NAME, where the program keeps its files. */
static const char *path_of(const char *name)
{
    static char paths[4][400];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/melbicomfs/%s", place.dir, name);
    return path;
}

static void assert_file(const char *name, const char *text, mode_t mode)
{
    struct stat st;
    char *got = slurp_path(path_of(name), NULL);

    if (!got)
        fail_msg("%s does not exist", path_of(name));
    assert_string_equal(got, text);
    assert_int_equal(stat(path_of(name), &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void assert_no_file(const char *name)
{
    assert_int_equal(access(path_of(name), F_OK), -1);
}

static void make_file(const char *name, const char *text, mode_t mode)
{
    char directory[400];

    (void)snprintf(directory, sizeof directory, "%s/melbicomfs", place.dir);
    (void)mkdir(directory, 0700);
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

/* The text with the simulator's URL in place of its `%s`. */
static char *with_url(const char *text)
{
    static char made[1024];
    const char *at = strstr(text, "%s");

    assert_non_null(at);
    (void)snprintf(made, sizeof made, "%.*s%s%s", (int)(at - text), text, sim.url, at + 2);
    return made;
}

/* Runs the login with a token on standard input. The configuration file gives the simulator's URL. */
static struct ran log_in(const char *token, const char *arguments)
{
    setenv("TOKEN", token, 1);
    struct ran ran = program(&place, &sim, NULL, "--login %s <<END\n$TOKEN\nEND", arguments);
    unsetenv("TOKEN");
    assert_null(strstr(ran.out, HARNESS_TOKEN));
    assert_null(strstr(ran.err, HARNESS_TOKEN));
    assert_null(strstr(ran.err, WRONG));
    return ran;
}

static void assert_logged_in(const struct ran *ran)
{
    if (ran->status != 0)
        fail_msg("exit status %d: %s", ran->status, ran->err);
    assert_string_equal(ran->err, "");
    assert_non_null(strstr(ran->out, "balance is 100.00 EUR."));
}

/* Mounts with these arguments and nothing else that names a token, reads the balance, and unmounts. */
static void assert_mounts(const char *arguments)
{
    struct ran ran = program(&place, &sim, NULL, "%s", arguments);
    char path[400];

    if (ran.status != 0)
        fail_msg("exit status %d: %s", ran.status, ran.err);
    (void)snprintf(path, sizeof path, "%s/billing/balance", place.mnt);
    char *balance = slurp_path(path, NULL);
    assert_non_null(balance);
    assert_string_equal(balance, "100.00 EUR\n");
    (void)snprintf(path, sizeof path, "fusermount3 -u '%s'", place.mnt);
    assert_int_equal(system(path), 0);
    assert_true(wait_until(has_no_server, place.mnt, 10000));
}

static void a_login_is_all_that_a_mount_needs(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n"), 0644);
    struct ran ran = log_in(HARNESS_TOKEN, "");
    assert_logged_in(&ran);
    assert_non_null(strstr(ran.out, "run: melbicomfs MOUNTPOINT\n"));
    assert_file("token", HARNESS_TOKEN "\n", 0600);
    assert_file("config", with_url("url = %s\n"), 0644);
    assert_mounts("$MNT");
}

/* The directory is made, and with a URL of its own the account becomes [default]. */
static void a_login_elsewhere_names_the_url(void **state)
{
    struct stat st;
    (void)state;
    struct ran ran = log_in(HARNESS_TOKEN, "-o url=$URL");
    assert_logged_in(&ran);
    assert_file("token", HARNESS_TOKEN "\n", 0600);
    assert_file("config", with_url("[default]\nurl = %s\ntoken_file = token\n"), 0600);
    assert_int_equal(stat(path_of("."), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_mounts("$MNT");
}

static void a_profile_is_added_to_the_file(void **state)
{
    char expected[1024];
    (void)state;
    make_file("config", with_url("# mine\r\nttl=5\n\n[home]\n  url : %s\n; end"), 0640);
    struct ran ran = log_in(HARNESS_TOKEN, "work -o url=$URL");
    assert_logged_in(&ran);
    assert_non_null(strstr(ran.out, "run: melbicomfs work MOUNTPOINT\n"));
    (void)snprintf(expected, sizeof expected, "# mine\r\nttl=5\n\n[home]\n  url : %s\n; end\n\n[work]\nurl = %s\n%s",
                   sim.url, sim.url, "token_file = work.token\n");
    assert_file("config", expected, 0640);
    assert_file("work.token", HARNESS_TOKEN "\n", 0600);
    assert_no_file("token");
    assert_mounts("work $MNT");
    ran = log_in(HARNESS_TOKEN, "home");
    assert_logged_in(&ran);
    assert_mounts("home $MNT");
    assert_mounts("work $MNT");
}

static void a_profile_keeps_what_is_in_it(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n[work]\n# fast\nttl = 5\ntoken_command = false\n[other]\ntoken = x\n"),
              0600);
    struct ran ran = log_in(HARNESS_TOKEN, "work");
    assert_fails(&place, &ran, 1, "already has a token; to write another one for [work], add --force");
    assert_no_file("work.token");
    ran = log_in(HARNESS_TOKEN, "work --force");
    assert_logged_in(&ran);
    assert_file("config", with_url("url = %s\n[work]\ntoken_file = work.token\n# fast\nttl = 5\n[other]\ntoken = x\n"),
                0600);
    assert_mounts("work $MNT");
}

/* A section that already names a file is left alone, and the file gets the token. */
static void a_named_file_gets_the_token(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n[work]\ntoken_file = mine\n"), 0600);
    struct ran ran = log_in(HARNESS_TOKEN, "work");
    assert_logged_in(&ran);
    assert_file("mine", HARNESS_TOKEN "\n", 0600);
    assert_file("config", with_url("url = %s\n[work]\ntoken_file = mine\n"), 0600);
    assert_mounts("work $MNT");
}

static void a_file_named_by_option_is_the_one(void **state)
{
    (void)state;
    struct ran ran = log_in(HARNESS_TOKEN, "-o config=own.conf,url=$URL");
    assert_logged_in(&ran);
    assert_non_null(strstr(ran.out, "own.conf'"));
    assert_int_equal(access(path_of(""), F_OK), -1);
    assert_mounts("$MNT -o config=own.conf");
}

static void nothing_is_replaced_unasked(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    make_file("token", "old-token\n", 0644);
    struct ran ran = log_in(HARNESS_TOKEN, "");
    assert_fails(&place, &ran, 1, "/melbicomfs/token exists already; to replace the token in it, add --force");
    assert_file("token", "old-token\n", 0644);
    ran = log_in(HARNESS_TOKEN, "--force");
    assert_logged_in(&ran);
    assert_file("token", HARNESS_TOKEN "\n", 0600);
    assert_mounts("$MNT");
}

/* A link stays a link: people keep such files elsewhere. */
static void a_link_is_followed(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    make_file("real", "old-token\n", 0600);
    assert_int_equal(symlink("real", path_of("token")), 0);
    struct ran ran = log_in(HARNESS_TOKEN, "--force");
    assert_logged_in(&ran);
    assert_file("real", HARNESS_TOKEN "\n", 0600);
    struct stat st;
    assert_int_equal(lstat(path_of("token"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void a_refused_token_is_not_written(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    struct ran ran = log_in(WRONG, "");
    assert_fails(&place, &ran, 77, "HTTP 401");
    assert_no_file("token");
    /* The version may be had without a token. */
    rule(&sim, "{\"operation\":\"balance\",\"status\":401,\"body\":\"{\\\"message\\\":\\\"Unauthenticated.\\\"}\"}");
    rule(&sim, "{\"operation\":\"services\",\"status\":401,\"body\":\"{\\\"message\\\":\\\"Unauthenticated.\\\"}\"}");
    ran = log_in(HARNESS_TOKEN, "");
    assert_fails(&place, &ran, 77, "the API refuses the token for /billing/creditbalance: HTTP 401, Unauthenticated.");
    assert_no_file("token");
}

/* A token that may see the services is good, though it may not see the balance. */
static void a_token_without_the_balance_is_good(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    rule(&sim, "{\"operation\":\"balance\",\"status\":403,\"body\":\"{\\\"message\\\":\\\"No.\\\"}\"}");
    struct ran ran = log_in(HARNESS_TOKEN, "");
    assert_int_equal(ran.status, 0);
    assert_non_null(strstr(ran.out, "accepts the token, but does not show it the balance."));
    assert_file("token", HARNESS_TOKEN "\n", 0600);
}

static void an_api_that_is_not_there_is_69(void **state)
{
    (void)state;
    make_file("config", "url = http://127.0.0.1:1/api\n", 0600);
    struct ran ran = log_in(HARNESS_TOKEN, "");
    assert_fails(&place, &ran, 69, "http://127.0.0.1:1/api/utility/version: cannot reach the API");
    assert_null(strstr(ran.err, "delay_connect"));
    assert_no_file("token");
    make_file("config", with_url("url = %s\n"), 0600);
    rule(&sim, "{\"operation\":\"balance\",\"status\":500}");
    rule(&sim, "{\"operation\":\"services\",\"status\":500}");
    ran = log_in(HARNESS_TOKEN, "");
    assert_fails(&place, &ran, 69, "the token could not be tried");
    assert_no_file("token");
}

static void what_is_no_token_is_refused(void **state)
{
    static const char *const inputs[] = {"", "   ", "two words", "one\ntwo"};
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct ran ran = log_in(inputs[i], "");
        assert_fails(&place, &ran, 77, "the token from standard input ");
    }
    assert_no_file("token");
}

static void wrong_uses_are_told(void **state)
{
    static const struct {
        const char *arguments, *says;
        int status;
    } cases[] = {
        {"$URL", "give the URL with -o url=URL", 1},
        {"endpoints", "cannot be the name of a profile", 1},
        {"../x", "cannot be the name of a profile", 1},
        {"work $MNT", "one argument too many", 1},
        {"-o token_command=x", "token_command= does not go with it", 1},
        {"-o config=melbicomfs/broken", "broken:1: ttl: must be", 78},
    };
    (void)state;
    make_file("broken", "ttl = x\n", 0600);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ran ran = program(&place, &sim, NULL, "--login %s </dev/null", cases[i].arguments);
        assert_fails(&place, &ran, cases[i].status, cases[i].says);
    }
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "--force $URL $MNT");
    assert_fails(&place, &ran, 1, "--force needs --login");
}

static void a_file_that_cannot_be_written_is_78(void **state)
{
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    assert_int_equal(mkdir(path_of("token"), 0700), 0);
    struct ran ran = log_in(HARNESS_TOKEN, "--force");
    assert_fails(&place, &ran, 78, "cannot write ");
    assert_int_equal(rmdir(path_of("token")), 0);
}

/* ---- at a terminal ---- */

struct terminal {
    pid_t pid;
    int fd;
    char shown[8192]; /* what the program has printed there */
    size_t len, seen;
};

/* Runs a script at a terminal of its own, in a shell with job control. */
static void terminal_start(struct terminal *terminal, const char *script)
{
    *terminal = (struct terminal){.fd = -1};
    setenv("XDG_CONFIG_HOME", place.dir, 1);
    unsetenv("MELBICOM_TOKEN");
    terminal->pid = forkpty(&terminal->fd, NULL, NULL, NULL);
    assert_true(terminal->pid >= 0);
    if (terminal->pid == 0) {
        (void)execl("/bin/sh", "sh", "-mc", script, (char *)NULL);
        _exit(127);
    }
}

/* Reads what the program prints until it has printed `text` since the last call, or until it closes the terminal if
 * `text` is NULL. */
static void terminal_read(struct terminal *terminal, const char *text)
{
    int64_t end = now_ms() + 20000 * (int64_t)time_scale();

    const char *found = NULL;

    while (!text || !(found = strstr(terminal->shown + terminal->seen, text))) {
        struct pollfd fd = {.fd = terminal->fd, .events = POLLIN};
        if (now_ms() >= end)
            fail_msg("'%s' was not printed, but: %s", text ? text : "the end", terminal->shown);
        if (poll(&fd, 1, 100) <= 0)
            continue;
        ssize_t n = read(terminal->fd, terminal->shown + terminal->len, sizeof terminal->shown - 1 - terminal->len);
        if (n <= 0 && !text)
            return;
        if (n <= 0)
            fail_msg("'%s' was not printed, but: %s", text, terminal->shown);
        terminal->len += (size_t)n;
        terminal->shown[terminal->len] = '\0';
    }
    terminal->seen = (size_t)(found - terminal->shown) + strlen(text);
}

static int terminal_end(struct terminal *terminal)
{
    int status = -1;

    assert_int_equal(waitpid(terminal->pid, &status, 0), terminal->pid);
    (void)close(terminal->fd);
    return status;
}

static bool echoes(const struct terminal *terminal)
{
    struct termios settings;

    assert_int_equal(tcgetattr(terminal->fd, &settings), 0);
    return settings.c_lflag & ECHO;
}

static void a_terminal_does_not_show_the_token(void **state)
{
    struct terminal terminal;
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    terminal_start(&terminal, "exec \"$MELBICOMFS\" --login");
    terminal_read(&terminal, "Token: ");
    assert_non_null(strstr(terminal.shown, "in the Melbicom panel"));
    assert_false(echoes(&terminal));
    assert_int_equal(write(terminal.fd, HARNESS_TOKEN "\n", strlen(HARNESS_TOKEN) + 1), strlen(HARNESS_TOKEN) + 1);
    terminal_read(&terminal, "MOUNTPOINT");
    assert_true(echoes(&terminal));
    terminal_read(&terminal, NULL);
    assert_int_equal(terminal_end(&terminal), 0);
    assert_non_null(strstr(terminal.shown, "balance is 100.00 EUR."));
    assert_null(strstr(terminal.shown, HARNESS_TOKEN));
    assert_file("token", HARNESS_TOKEN "\n", 0600);
    assert_mounts("$MNT");
}

/* Ctrl-C, a SIGTERM and a hang-up leave a terminal that shows what is typed, and write nothing. */
static void a_signal_restores_the_terminal(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct terminal terminal;
        terminal_start(&terminal, "exec \"$MELBICOMFS\" --login");
        /* A terminal is hung up when nobody has it open, and its settings are lost with it. */
        int slave = open(ptsname(terminal.fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(slave >= 0);
        terminal_read(&terminal, "Token: ");
        assert_false(echoes(&terminal));
        if (signals[i] == SIGINT)
            assert_int_equal(write(terminal.fd, "half\x03", 5), 5);
        else
            assert_int_equal(kill(terminal.pid, signals[i]), 0);
        int status = -1;
        assert_int_equal(waitpid(terminal.pid, &status, 0), terminal.pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_true(echoes(&terminal));
        (void)close(slave);
        (void)close(terminal.fd);
    }
    assert_no_file("token");
}

/* Ctrl-Z gives the shell a terminal that shows what is typed; afterwards the question is asked again. */
static void a_stopped_login_asks_again(void **state)
{
    struct terminal terminal;
    (void)state;
    make_file("config", with_url("url = %s\n"), 0600);
    terminal_start(&terminal, "\"$MELBICOMFS\" --login; stty -a; echo stopped; fg");
    terminal_read(&terminal, "Token: ");
    assert_int_equal(write(terminal.fd, "half\x1a", 5), 5);
    terminal_read(&terminal, "stopped");
    assert_non_null(strstr(terminal.shown, " echo "));
    terminal_read(&terminal, "Token: ");
    assert_false(echoes(&terminal));
    assert_int_equal(write(terminal.fd, HARNESS_TOKEN "\n", strlen(HARNESS_TOKEN) + 1), strlen(HARNESS_TOKEN) + 1);
    terminal_read(&terminal, "MOUNTPOINT");
    terminal_read(&terminal, NULL);
    assert_int_equal(terminal_end(&terminal), 0);
    assert_file("token", HARNESS_TOKEN "\n", 0600);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_login_is_all_that_a_mount_needs),
        TEST(a_login_elsewhere_names_the_url),
        TEST(a_profile_is_added_to_the_file),
        TEST(a_profile_keeps_what_is_in_it),
        TEST(a_named_file_gets_the_token),
        TEST(a_file_named_by_option_is_the_one),
        TEST(nothing_is_replaced_unasked),
        TEST(a_link_is_followed),
        TEST(a_refused_token_is_not_written),
        TEST(a_token_without_the_balance_is_good),
        TEST(an_api_that_is_not_there_is_69),
        TEST(what_is_no_token_is_refused),
        TEST(wrong_uses_are_told),
        TEST(a_file_that_cannot_be_written_is_78),
        TEST(a_terminal_does_not_show_the_token),
        TEST(a_signal_restores_the_terminal),
        TEST(a_stopped_login_asks_again),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
