/* SPDX-License-Identifier: MIT */
/* Purges that fail, are slow, or whose writer goes away: nothing is sent twice, and the log says what came of each. */
#include "purge_posts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, NULL, NULL);
    journal_clear(&f.sim);
    return 0;
}

static int set_up_hasty(void **state)
{
    (void)state;
    fixture_start(&f, NULL, &(struct how){.options = scaled_times("timeout=0.5")});
    journal_clear(&f.sim);
    return 0;
}

static int set_up_narrow(void **state)
{
    (void)state;
    fixture_start(&f, NULL, &(struct how){.options = scaled_times("max_connections=1,timeout_total=1.5")});
    journal_clear(&f.sim);
    return 0;
}

static int set_up_single(void **state)
{
    (void)state;
    fixture_start(&f, NULL, &(struct how){.options = "max_connections=1"});
    journal_clear(&f.sim);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Purges names in one write: 0 or the errno. */
static int purge(const char *names)
{
    int fd = open(in_mount(&f.mount, PURGE), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("open: %s", strerror(errno));
    int error = write(fd, names, strlen(names)) < 0 ? errno : 0;
    assert_int_equal(close(fd), 0);
    return error;
}

/* The API answers purges so, `times` times (-1: always). */
static void answer_with(int times, const char *how)
{
    rules_clear(&f.sim);
    if (times < 0)
        rule(&f.sim, "{\"operation\":\"purge\",%s}", how);
    else
        rule(&f.sim, "{\"operation\":\"purge\",\"times\":%d,%s}", times, how);
    journal_clear(&f.sim);
}

static void each_answer_has_its_errno_and_is_one_post(void **state)
{
    static const struct {
        const char *how;
        int error;
        const char *logged;
    } rows[] = {
        {"\"status\":200,\"body\":\"{\\\"status\\\":\\\"error\\\",\\\"message\\\":\\\"quota\\\"}\"", EIO,
         "\t200\tquota\t"},
        {"\"status\":200,\"body\":\"{\\\"status\\\":null}\"", EIO, "\t200\t"},
        {"\"garbage\":true", EIO, "not JSON"},
        {"\"redirect\":\"http://127.0.0.1:1/\"", EIO, "\t302\t"},
        {"\"status\":400,\"body\":\"{\\\"message\\\":\\\"bad name\\\"}\"", EINVAL, "\t400\tbad name\t"},
        {"\"status\":403", EACCES, "\t403\t"},
        {"\"status\":404", ENOENT, "\t404\t"},
        {"\"status\":422", EINVAL, "\t422\t"},
        {"\"status\":429", EBUSY, "\t429\t"},
        {"\"status\":500", EIO, "\t500\t"},
        {"\"status\":503", EIO, "\t503\t"},
        {"\"reset\":true", EIO, GOOD "\t-\t"},
        {"\"truncate\":3", EIO, GOOD "\t"},
        {"\"status\":200,\"body\":\"\"", EIO, "\t200\tthe API did not confirm the purge\t"},
        {"\"status\":200,\"body\":\"{\\\"success\\\":true}\"", 0, "\tok\t"},
        {"\"status\":204,\"body\":\"\"", 0, "\tok\t"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        answer_with(-1, rows[i].how);
        int error = purge(GOOD "\n");
        if (error != rows[i].error || asked(&f.sim, "purge") != 1)
            fail_msg("%s: errno %d (%s) after %u POSTs", rows[i].how, error, strerror(error), asked(&f.sim, "purge"));
        const char *log = purge_log(&f.mount), *last = log + strlen(log) - 1;
        while (last > log && last[-1] != '\n')
            last--;
        if (!strstr(last, rows[i].logged))
            fail_msg("%s: the log ends in %s", rows[i].how, last);
        if (error && !strstr(mount_log(&f.mount), "services/10421"))
            fail_msg("%s: nothing in the program's log", rows[i].how);
    }
    assert_int_equal(logged(&f.mount, NULL, NULL), sizeof rows / sizeof *rows);
}

static void a_401_is_not_repeated_with_the_same_token(void **state)
{
    (void)state;
    answer_with(-1, "\"status\":401");
    assert_int_equal(purge(GOOD "\n"), EACCES);
    assert_int_equal(asked(&f.sim, "purge"), 1);
}

static void only_what_provably_did_not_reach_the_service_is_repeated(void **state)
{
    static const char *const rows[] = {"\"status\":503,\"headers\":{\"Retry-After\":\"0\"}",
                                       "\"status\":503,\"headers\":{\"Retry-After\":\"1\"}",
                                       "\"status\":429,\"headers\":{\"Retry-After\":\"1\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t start = now_ms();
        answer_with(1, rows[i]);
        assert_int_equal(purge(GOOD "\n"), 0);
        assert_int_equal(asked(&f.sim, "purge"), 2);
        if (i > 0)
            assert_true(now_ms() - start >= 1000);
    }
    assert_int_equal(logged(&f.mount, "ok", GOOD), 3);
    assert_int_equal(logged(&f.mount, NULL, NULL), 3);
}

static void a_refused_connection_is_no_route_to_host(void **state)
{
    (void)state;
    int fd = open(in_mount(&f.mount, PURGE), O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    api_down(&f.sim);
    assert_int_equal(write(fd, GOOD "\n", strlen(GOOD) + 1), -1);
    assert_int_equal(errno, EHOSTUNREACH);
    assert_int_equal(close(fd), 0);
    api_up(&f.sim);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    assert_int_equal(logged(&f.mount, "No route to host", GOOD), 1);
}

static void a_stalled_post_times_out_and_is_not_repeated(void **state)
{
    int64_t start = now_ms();

    (void)state;
    answer_with(-1, "\"stall\":true");
    assert_int_equal(purge(GOOD "\n"), ETIMEDOUT);
    assert_in_range(now_ms() - start, 400, 20000 * time_scale());
    assert_int_equal(asked(&f.sim, "purge"), 1);
    assert_int_equal(logged(&f.mount, "Connection timed out", GOOD), 1);
}

static void what_timeout_total_leaves_unsent_is_recorded(void **state)
{
    char how[128];

    (void)state;
    take_any_name(&f.sim);
    (void)snprintf(how, sizeof how, "\"latency_ms\":%d,\"status\":200,\"body\":\"{\\\"status\\\":\\\"success\\\"}\"",
                   400 * time_scale());
    answer_with(-1, how);
    assert_int_equal(purge("a\nb\nc\nd\ne\nf\ng\nh\n"), ETIMEDOUT);
    unsigned sent = asked(&f.sim, "purge"), unsent = 0;
    struct json_object *list = posts(&f.sim);
    assert_in_range(sent, 1, 5);
    for (char name[2] = "a"; name[0] <= 'h'; name[0]++) {
        if (times_posted(list, name) == 0) {
            assert_int_equal(logged(&f.mount, "Connection timed out", name), 1);
            unsent++;
        }
        assert_int_equal(logged(&f.mount, NULL, name), 1);
    }
    json_object_put(list);
    assert_int_equal(sent + unsent, 8);
    assert_logs(&f.mount, "not sent");
}

static void the_others_of_a_write_go_out_when_one_fails(void **state)
{
    (void)state;
    assert_int_equal(purge(GOOD "\nnope.example.com\nstatic.example.com\n"), ENOENT);
    assert_posts(&f.sim, GOOD, "nope.example.com", "static.example.com");
    assert_int_equal(logged(&f.mount, "ok", NULL), 2);
    assert_int_equal(logged(&f.mount, "No such file or directory", "nope.example.com"), 1);
}

static bool is_logged(void *line)
{
    return strstr(purge_log(&f.mount), line) != NULL;
}

/* A writer in the background, with its POST in flight for two seconds, or longer where programs run slowly. */
static void start_writer(struct running *writer, const char *command)
{
    char how[64];

    (void)snprintf(how, sizeof how, "\"latency_ms\":%d", 2000 * time_scale());
    answer_with(-1, how);
    run_start(writer, f.mount.path, "%s", command);
    wait_asked(&f.sim, "purge", 1);
}

#define ECHO "exec /bin/echo " GOOD " > " PURGE

static void end_a_writer_in_flight(int signal)
{
    struct running writer;

    start_writer(&writer, ECHO);
    assert_int_equal(kill(writer.pid, signal), 0);
    struct ran ran = run_wait(&writer, 5000);
    assert_int_equal(ran.status, 128 + signal);
    /* It did not wait for the answer, */
    assert_int_equal(logged(&f.mount, NULL, GOOD), 0);
    /* which is recorded all the same. */
    assert_true(wait_until(is_logged, (char[]){"\tok\t" GOOD "\t200\t"}, 5000));
    assert_int_equal(logged(&f.mount, NULL, NULL), 1);
    assert_int_equal(asked(&f.sim, "purge"), 1);
}

static void a_writer_killed_in_flight_is_recorded_and_nothing_sent_again(void **state)
{
    (void)state;
    end_a_writer_in_flight(SIGKILL);
}

static void a_writer_interrupted_in_flight_is_recorded_and_nothing_sent_again(void **state)
{
    (void)state;
    if (getenv("MELBICOMFS_EMULATED")) {
        print_message("skipped: QEMU handles SIGINT itself, so that its program is one that lives on\n");
        skip();
    }
    end_a_writer_in_flight(SIGINT);
}

/* A program that lives on must not be told that it was interrupted, and try again: it waits for the answer. */
static void a_handled_sigint_in_flight_waits_for_the_answer(void **state)
{
    struct running writer;

    (void)state;
    start_writer(&writer, "exec bash -c 'trap : INT; echo " GOOD " > " PURGE "'");
    int64_t interrupted = now_ms();
    assert_int_equal(kill(writer.pid, SIGINT), 0);
    assert_int_equal(run_wait(&writer, 5000).status, 0);
    assert_true(now_ms() - interrupted > 300);
    assert_int_equal(logged(&f.mount, "ok", GOOD), 1);
    assert_int_equal(asked(&f.sim, "purge"), 1);
}

static bool has_pending(void *data)
{
    (void)data;
    return strstr(slurp(&f.mount, ".melbicomfs/status.json", NULL), "\"purges_pending\": 1") != NULL;
}

static void sigint_before_the_post_has_left_sends_none(void **state)
{
    struct running reader, writer;

    (void)state;
    run_ok(&f.mount, "cat services/10421/info.json");
    rule(&f.sim, "{\"operation\":\"balance\",\"stall\":true}");
    run_start(&reader, f.mount.path, "exec cat billing/balance");
    wait_asked(&f.sim, "balance", 1);
    run_start(&writer, f.mount.path, "exec /bin/echo " GOOD " > " PURGE);
    assert_true(wait_until(has_pending, NULL, 5000));
    assert_int_equal(kill(writer.pid, SIGINT), 0);
    struct ran ran = run_wait(&writer, 5000);
    assert_int_not_equal(ran.status, 0);
    /* The balance still takes the only connection. */
    assert_false(run_ended(&reader));
    rules_clear(&f.sim);
    (void)run_wait(&reader, 5000);
    assert_int_equal(run(&f.mount, "cat billing/balance").status, 0);
    assert_int_equal(asked(&f.sim, "purge"), 0);
    assert_logs(&f.mount, "\tInterrupted system call\t" GOOD "\t-\tnot sent");
}

/* The program ends while purges are under way: their writers hear of it, and nothing hangs. */
static void unmounting_with_a_purge_in_flight(void **state)
{
    struct running writer;

    (void)state;
    start_writer(&writer, ECHO);
    mount_stop(&f.mount);
    struct ran ran = run_wait(&writer, 5000);
    assert_int_not_equal(ran.status, 0);
    assert_int_equal(asked(&f.sim, "purge"), 1);
}

int main(void)
{
#define TEST(name, up) cmocka_unit_test_setup_teardown(name, up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_answer_has_its_errno_and_is_one_post, set_up),
        TEST(a_401_is_not_repeated_with_the_same_token, set_up),
        TEST(only_what_provably_did_not_reach_the_service_is_repeated, set_up),
        TEST(a_refused_connection_is_no_route_to_host, set_up),
        TEST(a_stalled_post_times_out_and_is_not_repeated, set_up_hasty),
        TEST(what_timeout_total_leaves_unsent_is_recorded, set_up_narrow),
        TEST(the_others_of_a_write_go_out_when_one_fails, set_up),
        TEST(a_writer_killed_in_flight_is_recorded_and_nothing_sent_again, set_up),
        TEST(a_writer_interrupted_in_flight_is_recorded_and_nothing_sent_again, set_up),
        TEST(a_handled_sigint_in_flight_waits_for_the_answer, set_up),
        TEST(sigint_before_the_post_has_left_sends_none, set_up_single),
        TEST(unmounting_with_a_purge_in_flight, set_up),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
