/* SPDX-License-Identifier: MIT */
/* What --doctor finds, against an API in each kind of trouble: the one line that names the cause, and the exit status. */
#include "command_line.h"

static struct simulator sim;
static struct place place;

static int set_up_all(void **state)
{
    (void)state;
    simulator_start(&sim, NULL);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    simulator_stop(&sim);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    place_remove(&place);
    rules_clear(&sim);
    return 0;
}

/* Runs `melbicomfs --doctor` with a good token and these further arguments. */
#define DOCTOR(...) program(&place, &sim, HARNESS_TOKEN, "--doctor " __VA_ARGS__)

static void make_file(const char *name, const char *text, mode_t mode)
{
    char path[400];

    (void)snprintf(path, sizeof path, "%s/%s", place.dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

/* Asserts that exactly one line of the report begins with `begin` and contains `what`; that the program ended with
 * `status`; and that nothing was printed beside the report. */
static void assert_line(const struct ran *ran, int status, const char *begin, const char *what)
{
    char *copy = strdup(ran->out), *rest = copy, *line;
    unsigned found = 0;

    assert_non_null(copy);
    while ((line = strsep(&rest, "\n")))
        found += strncmp(line, begin, strlen(begin)) == 0 && strstr(line, what);
    free(copy);
    if (found != 1 || ran->status != status || ran->err[0])
        fail_msg("%u lines '%s … %s', exit status %d instead of %d:\n%s%s", found, begin, what, ran->status, status,
                 ran->out, ran->err);
    assert_null(strstr(ran->out, HARNESS_TOKEN));
}

static void assert_no_line(const struct ran *ran, const char *what)
{
    if (strstr(ran->out, what))
        fail_msg("'%s' is in the report:\n%s", what, ran->out);
}

static void every_wrong_line_of_the_configuration_is_named(void **state)
{
    (void)state;
    journal_clear(&sim);
    make_file("config",
              "tll = 60\nttl = soon\n[work]\njust words\nurl = http://api.example.com\n"
              "[endpoints]\nbalance.route = /x\nbalance = /x\nbalanced.path = /x\n",
              0600);
    struct ran ran = DOCTOR("$URL -o config=config");
    assert_line(&ran, 78, "✗ settings: ", "/config:1: unknown key 'tll'");
    assert_line(&ran, 78, "✗ settings: ", "/config:2: ttl: must be a whole number");
    assert_line(&ran, 78, "✗ settings: ", "/config:4: the line is neither");
    assert_line(&ran, 78, "✗ settings: ", "/config:5: url: must be https");
    assert_line(&ran, 78, "✗ settings: ", "/config:7: balance.route");
    assert_line(&ran, 78, "✗ settings: ", "/config:8: 'balance' is not a key");
    assert_line(&ran, 78, "✗ settings: ", "/config:9: balanced.path");
    /* What could be read may be only a part of what was meant, so nothing is sent. */
    assert_line(&ran, 78, "! api: ", "the settings are wrong");
    assert_int_equal(asked(&sim, NULL), 0);
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("$URL -o ttl=soon,umask=999,config=absent");
    assert_line(&ran, 78, "✗ settings: ", "-o ttl: must be");
    assert_line(&ran, 78, "✗ settings: ", "-o umask: must be");
    assert_line(&ran, 78, "✗ settings: ", "/absent: No such file");
    ran = DOCTOR("nobody");
    assert_line(&ran, 78, "✗ settings: ", "there is no profile 'nobody'");
    setenv("MELBICOM_URL", "http://api.example.com/api", 1);
    ran = DOCTOR("");
    unsetenv("MELBICOM_URL");
    assert_line(&ran, 78, "✗ settings: ", "MELBICOM_URL");
}

static void the_tokens_place_is_named_and_never_the_token(void **state)
{
    (void)state;
    make_file("token", HARNESS_TOKEN "\n", 0644);
    struct ran ran = program(&place, &sim, NULL, "--doctor $URL -o token_file=token");
    assert_line(&ran, 77, "✗ token: ", "(mode 644); run: chmod 600 '");
    make_file("token", HARNESS_TOKEN "\n", 0600);
    ran = program(&place, &sim, NULL, "--doctor $URL -o token_file=token");
    assert_line(&ran, 0, "✓ token: from the file ", "/token (mode 600), named by the command line (-o)");
    ran = program(&place, &sim, NULL, "--doctor $URL");
    assert_line(&ran, 77, "✗ token: no token is configured", "set MELBICOM_TOKEN");
    assert_line(&ran, 77, "! api: ", "there is no token");
    ran = DOCTOR("$URL");
    assert_line(&ran, 0, "✓ token: from the environment variable MELBICOM_TOKEN", "");
    ran = program(&place, &sim, NULL, "--doctor $URL -o token_command='exit 3'");
    assert_line(&ran, 77, "✗ token: token_command ended with status 3", "");
    make_file("config", "[work]\nurl = https://elsewhere.example/api\ntoken = other-token-987\n", 0600);
    ran = program(&place, &sim, NULL, "--doctor work -o config=config,url=$URL");
    assert_line(&ran, 77, "✗ token: ", "is for https://elsewhere.example/api and is sent to no other URL");
    assert_no_line(&ran, "other-token-987");
}

static void fuse_is_looked_at_first(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("$URL");
    assert_ptr_equal(strstr(ran.out, "✓ fuse: /dev/fuse can be opened\n"), ran.out);
    assert_line(&ran, 0, "✓ fusermount3: /", "");
    assert_line(&ran, 0, "✓ settings: there is no file ", "the API is http://127.0.0.1");
}

static void a_dead_mount_is_named(void **state)
{
    char expected[400];
    (void)state;
    assert_int_equal(program(&place, &sim, HARNESS_TOKEN, "$URL $MNT").status, 0);
    assert_int_equal(kill(server_of(place.mnt), SIGKILL), 0);
    assert_true(wait_until(has_no_server, place.mnt, 5000));
    struct ran ran = DOCTOR("$URL");
    (void)snprintf(expected, sizeof expected, "! mounts: the program that served %s has died", place.mnt);
    (void)snprintf(expected + 200, sizeof expected - 200, "run: fusermount3 -u '%.150s'", place.mnt);
    assert_line(&ran, 0, expected, expected + 200);
}

static void json_and_shapes_need_the_doctor(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "$URL $MNT --json");
    assert_fails(&place, &ran, 1, "--json needs --doctor");
    ran = program(&place, &sim, HARNESS_TOKEN, "$URL $MNT --shapes");
    assert_fails(&place, &ran, 1, "--shapes needs --doctor");
    ran = DOCTOR("--frobnicate");
    assert_fails(&place, &ran, 1, "--frobnicate");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_wrong_line_of_the_configuration_is_named),
        TEST(wrong_options_are_named),
        TEST(the_tokens_place_is_named_and_never_the_token),
        TEST(fuse_is_looked_at_first),
        TEST(a_dead_mount_is_named),
        TEST(json_and_shapes_need_the_doctor),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
