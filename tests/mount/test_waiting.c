/* SPDX-License-Identifier: MIT */
/*
 * Who waits for what, and what is asked for: a stalled document holds up nobody else, readers share a request, a dead
 * API ends everything quickly, and nothing is fetched that isn't needed.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture fixture;
static struct mount *const mnt = &fixture.mount;
static struct simulator *const sim = &fixture.sim;

static int setup(void **state)
{
    static const char *const options[] = {"--services", "500", "--invoices", "50", NULL};
    (void)state;
    return fixture_start(&fixture, options, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return fixture_stop(&fixture);
}

/* Each test begins with a cold mount. */
static int cold(void **state)
{
    (void)state;
    api_up(sim);
    rules_clear(sim);
    fixture_remount(&fixture, NULL);
    return 0;
}

static void stall_service(unsigned id)
{
    rule(sim, "{\"operation\":\"service\",\"path\":\"%u\",\"stall\":true}", id);
}

/* Says how long something took that must not take long. */
static void soon(const char *what, int64_t start)
{
    int64_t took = now_ms() - start;
    print_message("%s: %d ms\n", what, (int)took);
    if (took >= SOON_MS)
        fail_msg("%s took %d ms", what, (int)took);
}

static void mkdir_is_refused(const char *path)
{
    int64_t start = now_ms();
    assert_int_equal(mkdir(in_mount(mnt, "%s", path), 0700), -1);
    assert_true(errno == EROFS || errno == EACCES);
    soon(path, start);
}

/* ---- one service stalls ---- */

static void test_a_stalled_service_holds_up_nobody_else(void **state)
{
    (void)state;
    struct running stuck[2];
    struct stat st;

    stall_service(10421);
    for (int i = 0; i < 2; i++)
        run_start(&stuck[i], mnt->path, "exec cat services/10421/info.json");
    wait_asked(sim, "service", 1);

    int64_t start = now_ms();
    assert_non_null(strstr(slurp(mnt, "services/10422/info.json", NULL), "10422"));
    soon("cat of a neighbour", start);
    start = now_ms();
    assert_int_equal(stat(in_mount(mnt, "services/10423"), &st), 0);
    soon("stat of another neighbour", start);
    mkdir_is_refused("services/new");
    start = now_ms();
    run_ok(mnt, "ls services >/dev/null");
    soon("ls in its directory", start);
    /* Now that the list says that it exists, its directory opens, too. */
    start = now_ms();
    struct ran ran = run_ok(mnt, "ls services/10421; cat services/10421/cdn/purge.log");
    soon("ls of the stalled service", start);
    assert_non_null(strstr(ran.out, "cdn\ninfo.json\n"));
    mkdir_is_refused("services/10421/new");
    assert_int_equal(access(in_mount(mnt, "services/10421/none"), F_OK), -1);
    assert_int_equal(errno, ENOENT);

    for (int i = 0; i < 2; i++)
        assert_false(run_ended(&stuck[i]));
    rules_clear(sim);
    for (int i = 0; i < 2; i++)
        (void)run_wait(&stuck[i], 10000);
}

/* Only the revalidation of an expired entry waits in LOOKUP, where it holds no lock of the directory. */
static void test_a_stalled_revalidation_holds_up_nobody_else(void **state)
{
    (void)state;
    struct running stuck;
    fixture_remount(&fixture, &(struct how){.options = "ttl=1"});
    run_ok(mnt, "ls services >/dev/null; cat services/10421/info.json services/10422/info.json >/dev/null");
    let_pass(1200);
    journal_clear(sim);
    stall_service(10421);
    run_start(&stuck, mnt->path, "exec cat services/10421/info.json");
    wait_asked(sim, "service", 1);
    int64_t start = now_ms();
    assert_non_null(strstr(slurp(mnt, "services/10422/info.json", NULL), "10422"));
    soon("cat of a neighbour", start);
    mkdir_is_refused("services/new");
    mkdir_is_refused("services/10422/new");
    run_wait_blocked(&stuck, "cat");
    start = now_ms();
    assert_int_equal(kill(stuck.pid, SIGKILL), 0);
    assert_int_equal(run_wait(&stuck, 5000).status, 128 + SIGKILL);
    soon("kill -9", start);
}

static void ends_both(int number)
{
    struct running stuck[2];
    for (int i = 0; i < 2; i++)
        run_start(&stuck[i], mnt->path, "exec cat services/10421/info.json");
    wait_asked(sim, "service", 1);
    for (int i = 0; i < 2; i++)
        run_wait_blocked(&stuck[i], "cat");
    int64_t start = now_ms();
    for (int i = 0; i < 2; i++)
        assert_int_equal(kill(stuck[i].pid, number), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(run_wait(&stuck[i], 5000).status, 128 + number);
    soon(strsignal(number), start);
}

static void test_both_readers_of_a_stalled_name_die_at_once(void **state)
{
    (void)state;
    stall_service(10421);
    ends_both(SIGKILL);
    ends_both(SIGINT);
    /* The list known: they wait for the file itself, and not for its directory. */
    run_ok(mnt, "ls services >/dev/null");
    ends_both(SIGKILL);
    ends_both(SIGINT);
    assert_int_equal(asked(sim, "service"), 1);
}

static void test_the_fetch_goes_on_when_its_first_reader_dies(void **state)
{
    (void)state;
    struct running first, second;
    rule(sim, "{\"operation\":\"service\",\"latency_ms\":%d}", 1000 * time_scale());
    run_start(&first, mnt->path, "exec cat services/10421/info.json");
    wait_asked(sim, "service", 1);
    run_wait_blocked(&first, "cat");
    run_start(&second, mnt->path, "exec cat services/10421/info.json");
    run_wait_blocked(&second, "cat");
    kill(first.pid, SIGKILL);
    assert_int_equal(run_wait(&first, 5000).status, 128 + SIGKILL);
    struct ran ran = run_wait(&second, 5000);
    assert_int_equal(ran.status, 0);
    assert_non_null(strstr(ran.out, "10421"));
    assert_int_equal(asked(sim, "service"), 1);
}

/* ---- timers ---- */

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void set_timer(void)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 10000}, {0, 10000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
}

static int exit_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_a_reader_with_a_timer_gets_its_bytes(void **state)
{
    (void)state;
    char *path = in_mount(mnt, "services/10421/info.json"), buf[4096];
    rule(sim, "{\"operation\":\"service\",\"latency_ms\":700}");
    pid_t pid = fork();
    if (pid == 0) {
        set_timer();
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf);
        _exit(n < 0 ? errno : signals == 0 ? 250 : n > 100 ? 0 : 251);
    }
    assert_int_equal(exit_of(pid), 0);
    assert_int_equal(asked(sim, "service"), 1);
}

static void test_a_purging_writer_with_a_timer_sends_one_post(void **state)
{
    (void)state;
    char *path = in_mount(mnt, "services/10421/cdn/purge");
    rule(sim, "{\"operation\":\"purge\",\"latency_ms\":700}");
    pid_t pid = fork();
    if (pid == 0) {
        set_timer();
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : write(fd, "cdn.example.com\n", 16);
        _exit(n < 0 ? errno : signals == 0 ? 250 : n == 16 ? 0 : 251);
    }
    assert_int_equal(exit_of(pid), 0);
    assert_int_equal(asked(sim, "purge"), 1);
}

/* ---- single flight ---- */

/* Two hundred processes read at once, half of them each path. */
static void read_together(const char *one, const char *other)
{
    run_ok(mnt,
           "i=0; while [ $i -lt 100 ]; do i=$((i+1)); cat %s >$DIR/one.$i & cat %s >$DIR/other.$i & done; wait; "
           "for i in $DIR/one.*; do cmp $DIR/one.1 $i || exit 1; done; "
           "for i in $DIR/other.*; do cmp $DIR/other.1 $i || exit 1; done; test -s $DIR/one.1 && test -s $DIR/other.1",
           one, other);
}

static void test_200_readers_of_one_file_share_a_request(void **state)
{
    (void)state;
    rule(sim, "{\"operation\":\"service\",\"latency_ms\":800}");
    read_together("services/10421/info.json", "services/10421/info.json");
    assert_int_equal(asked(sim, NULL), 1);
    run_ok(mnt, "cmp $DIR/one.1 $DIR/other.1 && grep -q 10421 $DIR/one.1");
}

static void test_200_readers_of_an_expired_file_share_a_request(void **state)
{
    (void)state;
    const int ttl_s = 5;
    fixture_remount(&fixture, &(struct how){.options = scaled_times("ttl=5")});
    slurp(mnt, "services/10421/info.json", NULL);
    let_expire(ttl_s);
    journal_clear(sim);
    rule(sim, "{\"operation\":\"service\",\"latency_ms\":800}");
    int64_t began = now_ms();
    read_together("services/10421/info.json", "services/10421/info.json");
    /* One request, and another for each ttl that the 200 processes take, which is none unless the machine is very busy. */
    int64_t lives = (now_ms() - began) / (ttl_s * 1000 * time_scale());
    assert_in_range(asked(sim, NULL), 1, 1 + lives);
}

static void test_readers_by_two_paths_share_a_request(void **state)
{
    (void)state;
    rule(sim, "{\"operation\":\"balance\",\"latency_ms\":800}");
    read_together("billing/balance", "billing/balance.json");
    assert_int_equal(asked(sim, NULL), 1);
    run_ok(mnt, "test \"$(cat $DIR/one.1)\" = '100.00 EUR' && jq -e . <$DIR/other.1 >/dev/null");
}

static void test_readers_of_one_list_share_a_request(void **state)
{
    (void)state;
    rule(sim, "{\"operation\":\"invoices\",\"latency_ms\":800}");
    read_together("all/invoices.json", "all/invoices.csv");
    assert_int_equal(asked(sim, NULL), 1);
}

/* ---- reading ahead ---- */

/* bash goes through a glob from its last directory to its first, dash the other way; and once more, when all has
 * expired. */
static void test_a_glob_is_read_ahead_in_either_direction_and_again(void **state)
{
    (void)state;
    static const char *const shells[] = {"sh", "bash"};
    int latency = 100 * time_scale();
    for (size_t i = 0; i < 2; i++) {
        fixture_remount(&fixture, &(struct how){.options = scaled_times("ttl=2")});
        int n = atoi(run_ok(mnt, "ls -d services/104[2-7]* | wc -l").out);
        assert_true(n > 20);
        account_set(sim, "{\"latency_ms\":%d}", latency);
        for (int turn = 0; turn < 2; turn++) {
            struct ran ran = run_ok(mnt, "%s -c 'cat services/104[2-7]*/info.json >/dev/null'", shells[i]);
            print_message("%s, %s: %d services in %d ms\n", shells[i], turn ? "expired" : "cold", n, (int)ran.ms);
            assert_true(ran.ms < n * latency / 2);
            let_expire(2);
        }
        account_set(sim, "{\"latency_ms\":0}");
    }
}

/* ---- the API is down ---- */

#define HOST_RETRY_MS 2000

static double attempts(void)
{
    return metric(mnt, "melbicomfs_http_requests_total{operation=\"service\",status=\"0\"}") +
           metric(mnt, "melbicomfs_http_requests_total{operation=\"services\",status=\"0\"}");
}

/* The most attempts within `ms` of trouble: the first exchange with its three retries, those that were read ahead
 * beside it, and a probe at the end of each pause. Each pause is twice as long as the one before. */
static unsigned most_attempts(int64_t ms)
{
    unsigned probes = 0;

    for (int64_t pause = HOST_RETRY_MS; ms > 0; pause *= 2, probes++)
        ms -= pause;
    return 11 + (probes > 2 ? probes - 1 : 1);
}

static void test_grep_over_200_services_with_the_api_down_ends_soon(void **state)
{
    (void)state;
    run_ok(mnt, "ls services >/dev/null");
    double before = attempts();
    api_down(sim);
    struct ran ran = run(mnt, "grep -r x $(ls -d services/1* | head -200 | sed 's,$,/info.json,')");
    double n = attempts() - before;
    print_message("grep over 200 services ended after %d ms and %.0f attempts\n", (int)ran.ms, n);
    assert_int_equal(ran.status, 2);
    assert_non_null(strstr(ran.err, "No route to host"));
    assert_true(ran.ms < (HOST_RETRY_MS + 1000) * time_scale());
    assert_true(n >= 1 && n <= most_attempts(ran.ms));
}

static void test_grep_over_everything_with_the_api_down_ends_soon(void **state)
{
    (void)state;
    api_down(sim);
    struct ran ran = run(mnt, "grep -r x services");
    print_message("grep -r of services ended after %d ms and %.0f attempts\n", (int)ran.ms, attempts());
    assert_int_equal(ran.status, 2);
    assert_true(ran.ms < (HOST_RETRY_MS + 1000) * time_scale());
    assert_true(attempts() <= most_attempts(ran.ms));
}

static void test_grep_over_200_services_with_a_silent_api_ends_soon(void **state)
{
    (void)state;
    fixture_remount(&fixture, &(struct how){.options = scaled_times("timeout=1")});
    run_ok(mnt, "ls services >/dev/null");
    journal_clear(sim);
    rule(sim, "{\"operation\":\"*\",\"stall\":true}");
    struct ran ran = run(mnt, "grep -r x $(ls -d services/1* | head -200 | sed 's,$,/info.json,')");
    unsigned n = asked(sim, NULL);
    print_message("grep over 200 silent services ended after %d ms and %u requests\n", (int)ran.ms, n);
    assert_int_equal(ran.status, 2);
    assert_non_null(strstr(ran.err, "timed out"));
    assert_true(ran.ms < (1000 + HOST_RETRY_MS + 1000) * time_scale());
    assert_true(n >= 1 && n <= most_attempts(ran.ms));
    rules_clear(sim);
}

/* ---- nothing is fetched that isn't needed ---- */

static void test_cat_of_one_service_is_one_request(void **state)
{
    (void)state;
    run_ok(mnt, "cat services/10421/info.json >/dev/null");
    assert_int_equal(asked(sim, "service"), 1);
    assert_int_equal(asked(sim, NULL), 1);
}

static void test_ls_R_of_500_services_is_one_request(void **state)
{
    (void)state;
    run_ok(mnt, "ls -R services >$DIR/listing && test $(wc -l <$DIR/listing) -gt 1000");
    if (asked(sim, "services") != 1 || asked(sim, NULL) != 1)
        fail_msg("ls -R services asked: %s", journal(sim, NULL));
}

/* The unfiltered list has the services that are Active or Suspended; the other three are asked for, each once. */
static void test_ls_R_of_services_by_status_is_one_request_a_list(void **state)
{
    (void)state;
    static const char *const others[] = {"Pending", "Cancelled", "Terminated"};
    run_ok(mnt, "ls services >/dev/null; ls -R by/service-status >$DIR/listing");
    const char *text = journal(sim, NULL);
    if (asked(sim, "services") != 4 || asked(sim, NULL) != 4)
        fail_msg("ls -R by/service-status asked: %s", text);
    assert_non_null(strstr(text, "/services\","));
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(text, others[i]));
    assert_null(strstr(text, "Active"));
    assert_null(strstr(text, "Suspended"));
}

static void test_looking_at_the_root_asks_nothing(void **state)
{
    (void)state;
    run_ok(mnt, "ls -la --color=always >/dev/null");
    run_ok(mnt, "df . >/dev/null; df -i . >/dev/null");
    run_ok(mnt, "stat . >/dev/null; cat README >/dev/null; ls products domains billing all >/dev/null");
    assert_int_not_equal(run(mnt, "stat services/.git").status, 0);
    assert_int_not_equal(run(mnt, "ls .git autorun.inf services/007 billing/invoices/1").status, 0);
    run_ok(mnt, "ls .melbicomfs >/dev/null; cat .melbicomfs/* >/dev/null");
    if (asked(sim, NULL) != 0)
        fail_msg("asked: %s", journal(sim, NULL));
}

/* ---- searching ---- */

/* The names of the unpaid invoices, sorted, as `grep -l` in their directory would say them. */
static char *unpaid(struct simulator *many)
{
    struct json_object *list = json_tokener_parse(api_get(many, "/billing/invoices"));
    assert_non_null(list);
    size_t n = json_object_array_length(list), len = 0;
    char *names = calloc(n, 40);
    assert_non_null(names);
    for (size_t i = 0; i < n; i++) {
        struct json_object *invoice = json_object_array_get_idx(list, i);
        if (strcmp(json_object_get_string(json_object_object_get(invoice, "status")), "Unpaid") == 0)
            len += (size_t)sprintf(names + len, "billing/invoices/%s.json\n",
                                   json_object_get_string(json_object_object_get(invoice, "id")));
    }
    json_object_put(list);
    return names;
}

static void test_grep_over_10000_invoices_names_the_unpaid_for_one_request(void **state)
{
    (void)state;
    static const char *const options[] = {"--invoices", "10000", NULL};
    struct fixture many;
    fixture_start(&many, options, NULL);
    char *want = unpaid(&many.sim);
    journal_clear(&many.sim);
    struct ran ran = run_ok(&many.mount, "grep -rl '\"Unpaid\"' billing/invoices | sort | tee $DIR/first");
    if (strcmp(ran.out, want) != 0)
        fail_msg("grep names %.3000s\nnot %.3000s", ran.out, want);
    assert_int_equal(asked(&many.sim, "invoices"), 1);
    struct ran again =
        run_ok(&many.mount, "for i in 1 2 3 4 5 6 7 8 9 10; do grep -rl '\"Unpaid\"' billing/invoices | sort | "
                            "cmp - $DIR/first || exit 1; done");
    print_message("10,000 invoices: the first grep took %d ms, ten more %d ms\n", (int)ran.ms, (int)again.ms);
    assert_int_equal(asked(&many.sim, NULL), 1);
    free(want);
    mount_stop(&many.mount);
    simulator_stop(&many.sim);
}

/* ---- a token that takes its time ---- */

static bool is_there(void *path)
{
    return access(path, F_OK) == 0;
}

static void soon_by_shell(const char *command)
{
    int64_t start = now_ms();
    run_ok(mnt, "%s", command);
    soon(command, start);
}

static void test_a_slow_token_command_holds_up_only_who_was_refused(void **state)
{
    (void)state;
    char options[1024], mark[300];
    struct running refused[2];

    (void)snprintf(mark, sizeof mark, "%s/asked", sim->dir);
    (void)snprintf(options, sizeof options,
                   "token_command=if [ -e %s ]; then echo > %s-again; sleep 8; fi; "
                   "echo > %s; echo " HARNESS_TOKEN,
                   mark, mark, mark);
    fixture_remount(&fixture, &(struct how){.options = options, .token = ""});
    run_ok(mnt, "ls services; cat billing/balance");
    rule(sim, "{\"operation\":\"invoices\",\"status\":401}");
    for (int i = 0; i < 2; i++) {
        run_start(&refused[i], mnt->path, "exec cat all/invoices.json");
        run_wait_blocked(&refused[i], "cat");
    }
    (void)snprintf(mark, sizeof mark, "%s/asked-again", sim->dir);
    assert_true(wait_until(is_there, mark, 10000));
    soon_by_shell(
        "ls products/groups"); /* first, since it needs the API, which is left alone after the command's end */
    soon_by_shell("cat billing/balance");
    soon_by_shell("ls services");
    soon_by_shell("cat .melbicomfs/status.json");
    int64_t start = now_ms();
    kill(-refused[0].pid, SIGKILL);
    run_wait(&refused[0], 5000);
    soon("kill -9", start);
    start = now_ms();
    mount_stop(mnt);
    assert_in_range(now_ms() - start, 0, 4000 * time_scale());
    assert_int_not_equal(run_wait(&refused[1], 5000).status, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, cold)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_stalled_service_holds_up_nobody_else),
        TEST(test_a_stalled_revalidation_holds_up_nobody_else),
        TEST(test_both_readers_of_a_stalled_name_die_at_once),
        TEST(test_the_fetch_goes_on_when_its_first_reader_dies),
        TEST(test_a_reader_with_a_timer_gets_its_bytes),
        TEST(test_a_purging_writer_with_a_timer_sends_one_post),
        TEST(test_200_readers_of_one_file_share_a_request),
        TEST(test_200_readers_of_an_expired_file_share_a_request),
        TEST(test_readers_by_two_paths_share_a_request),
        TEST(test_readers_of_one_list_share_a_request),
        TEST(test_a_glob_is_read_ahead_in_either_direction_and_again),
        TEST(test_grep_over_200_services_with_the_api_down_ends_soon),
        TEST(test_grep_over_everything_with_the_api_down_ends_soon),
        TEST(test_grep_over_200_services_with_a_silent_api_ends_soon),
        TEST(test_cat_of_one_service_is_one_request),
        TEST(test_ls_R_of_500_services_is_one_request),
        TEST(test_ls_R_of_services_by_status_is_one_request_a_list),
        TEST(test_looking_at_the_root_asks_nothing),
        TEST(test_a_slow_token_command_holds_up_only_who_was_refused),
        cmocka_unit_test(test_grep_over_10000_invoices_names_the_unpaid_for_one_request),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
