/* SPDX-License-Identifier: MIT */
/* How many copies of the token stand in the program's memory, and where; and how long. */
#include "memory_of.h"

#include <sys/stat.h>

#define FIRST  "4f1c9ab27e5d48038c6e"
#define SECOND "b83d07f65a9142e1bd90"

static char dir[] = "/tmp/melbicomfs-test-secrets-XXXXXX";
static struct fixture f;

/* Whether the memory of the mount can be looked at: root may, and an emulator's memory is not the program's. If not,
 * ends the mount and skips the test. */
static bool can_look(void)
{
    const char *program = strrchr(getenv("MELBICOMFS"), '/');
    char path[64], exe[512] = "/";

    (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)f.mount.pid);
    ssize_t n = readlink(path, exe, sizeof exe - 1);
    if (n > 0 && is_root())
        exe[n] = '\0';
    if (is_root() && strcmp(strrchr(exe, '/'), program) == 0)
        return true;
    fixture_stop(&f);
    print_message("skipped: the memory of the program cannot be read here\n");
    skip();
    return false;
}

static void put_token(const char *token)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/token", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, token, strlen(token)), strlen(token));
    assert_int_equal(close(fd), 0);
}

/* ---- the ways of a token into the program, over HTTP and over TLS ---- */

enum source { ENVIRONMENT, CONFIGURATION, TOKEN_FILE, TOKEN_COMMAND, SOURCES };

static const char *const source_names[] = {"environment", "configuration", "token_file", "token_command"};

/* Mounts with the token FIRST. */
static void start(enum source source, bool tls)
{
    char options[600], cert[128], key[128], config[256], ask[200] = "";
    const char *arguments[] = {"--token", FIRST, tls ? "--tls" : NULL, cert, key, NULL};

    (void)snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    (void)snprintf(key, sizeof key, "%s/key.pem", dir);
    put_token(FIRST);
    simulator_start(&f.sim, arguments);
    (void)snprintf(config, sizeof config, "url = %s\ntoken = " FIRST "\n", f.sim.url);
    if (source == TOKEN_FILE)
        (void)snprintf(ask, sizeof ask, ",token_file=%s/token", dir);
    if (source == TOKEN_COMMAND)
        (void)snprintf(ask, sizeof ask, ",token_command=cat %s/token", dir);
    (void)snprintf(options, sizeof options, "ttl=0,cafile=%s%s", cert, ask);
    mount_start(&f.mount, &f.sim,
                &(struct how){.options = options,
                              .token = source == ENVIRONMENT ? FIRST : "",
                              .config = source == CONFIGURATION ? config : NULL});
}

static void assert_copies(const char *token, unsigned n, const char *when)
{
    struct copies copies = copies_in(f.mount.pid, token);

    if (copies.n != n)
        fail_msg("%s there are %u copies of the token instead of %u:%s", when, copies.n, n, copies.where);
    if (n > 0 && !is_left_out_of_cores(f.mount.pid, copies.first))
        fail_msg("%s a core file would hold the copy:%s", when, copies.where);
}

/* What a mount does: documents, lists, a purge. */
static void use(void)
{
    (void)run_ok(&f.mount, "cat billing/balance services/10421/info.json services/10422/info.json && ls -l "
                           "billing/invoices products/groups && cat all/products.csv && "
                           "echo cdn.example.com >services/10421/cdn/purge");
    let_pass(200); /* with ttl=0 an answer still lives for 100 ms */
}

static void assert_refused(void)
{
    struct ran ran = run(&f.mount, "cat billing/balance");

    assert_int_not_equal(ran.status, 0);
    assert_non_null(strstr(ran.err, "Permission denied"));
}

/* Unmounts, and looks before the memory goes. */
static void assert_none_at_the_end(void)
{
    stop_at_exit(f.mount.pid);
    assert_copies(FIRST, 0, "when main() has returned,");
    assert_copies(SECOND, 0, "when main() has returned,");
    let_go(f.mount.pid);
    fixture_stop(&f);
}

/* One copy, in pages of its own: after the start, after use, after a 401. None at the end. */
static void test_the_token_stands_in_one_place(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++)
        for (enum source source = 0; source < (tls ? 1 : SOURCES); source++) {
            char when[80];
            start(source, tls);
            if (!can_look())
                return;
            (void)snprintf(when, sizeof when, "over %s, from the %s,", tls ? "TLS" : "HTTP", source_names[source]);
            assert_copies(FIRST, 1, when);
            use();
            assert_copies(FIRST, 1, when);
            account_set(&f.sim, "{\"token\":\"" SECOND "\"}");
            assert_refused();
            assert_copies(FIRST, 1, when);
            assert_none_at_the_end();
        }
}

/* A token that has been replaced stands nowhere. */
static void test_a_replaced_token_stands_nowhere(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++)
        for (enum source source = TOKEN_FILE; source < (tls ? TOKEN_COMMAND : SOURCES); source++) {
            start(source, tls);
            if (!can_look())
                return;
            use();
            put_token(SECOND);
            account_set(&f.sim, "{\"token\":\"" SECOND "\"}");
            (void)run_ok(&f.mount, "cat billing/balance");
            assert_copies(FIRST, 0, "after it was replaced,");
            use();
            assert_copies(FIRST, 0, "after it was replaced and the other one was used,");
            assert_copies(SECOND, 1, "after it was read again,");
            assert_none_at_the_end();
        }
}

/* While a request is under way, libcurl needs the headers, too. */
static void test_a_request_under_way_has_the_token_in_its_headers(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct running reader;
        start(ENVIRONMENT, tls);
        if (!can_look())
            return;
        rule(&f.sim, "{\"operation\":\"balance\",\"stall\":true}");
        run_start(&reader, f.mount.path, "exec cat billing/balance");
        wait_asked(&f.sim, "balance", 1);
        struct copies copies = copies_in(f.mount.pid, FIRST);
        if (copies.n < 2 || copies.n > 4)
            fail_msg("while a request is under way, there are %u copies of the token:%s", copies.n, copies.where);
        print_message("while a request is under way over %s: %u copies:%s\n", tls ? "TLS" : "HTTP", copies.n,
                      copies.where);
        rules_clear(&f.sim);
        (void)run_wait(&reader, RUN_MS);
        assert_copies(FIRST, 1, "after the request");
        assert_none_at_the_end();
    }
}

/* /proc/PID/environ looks as if nothing had been done, and no program that is started gets the token. */
static void test_the_environment_does_not_show_the_token(void **state)
{
    char path[64];
    size_t len;

    (void)state;
    start(ENVIRONMENT, false);
    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)f.mount.pid);
    char *text = slurp_path(path, &len);
    if (text) { /* root may read it */
        assert_null(memmem(text, len, FIRST, strlen(FIRST)));
        assert_non_null(memmem(text, len, "\0MELBICOM_TOKEN=xxxxxxxxxxxxxxxxxxxx\0", 37));
        assert_non_null(memmem(text, len, "\0XDG_CONFIG_HOME=", 17));
    } else {
        assert_false(is_root());
    }
    (void)run_ok(&f.mount, "cat billing/balance");
    fixture_stop(&f);
}

/* How many descriptors of the mount lead to regular files, without its stdout and stderr, which are the harness's. */
static unsigned files_open(void)
{
    char command[200];

    (void)snprintf(command, sizeof command,
                   "for fd in /proc/%d/fd/*; do case $fd in */[12]) ;; *) test -f $fd && echo $fd;; esac; done | wc -l",
                   (int)f.mount.pid);
    struct running running;
    run_start(&running, "/", "%s", command);
    return (unsigned)atoi(run_wait(&running, RUN_MS).out);
}

/* No file is open, and none is left: not even after everything has been read. */
static void test_nothing_is_kept_on_disk(void **state)
{
    char before[600];

    (void)state;
    start(TOKEN_FILE, false);
    if (!can_look())
        return;
    (void)snprintf(before, sizeof before, "%s",
                   run_ok(&f.mount, "cd $DIR && find . -path ./mnt -prune -o ! -name stderr -print | sort").out);
    (void)run_ok(&f.mount, "cat $(find . -name '*.json' -o -name '*.csv') >/dev/null");
    use();
    assert_int_equal(files_open(), 0);
    struct ran ran = run_ok(&f.mount, "cd $DIR && find . -path ./mnt -prune -o ! -name stderr -print | sort");
    assert_string_equal(ran.out, before);
    fixture_stop(&f);
}

static int make_certificate(void **state)
{
    char command[400];

    (void)state;
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(command, sizeof command,
                   "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out "
                   "cert.pem -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null",
                   dir);
    return system(command);
}

static int remove_certificate(void **state)
{
    char command[100];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_token_stands_in_one_place),
        cmocka_unit_test(test_a_replaced_token_stands_nowhere),
        cmocka_unit_test(test_a_request_under_way_has_the_token_in_its_headers),
        cmocka_unit_test(test_the_environment_does_not_show_the_token),
        cmocka_unit_test(test_nothing_is_kept_on_disk),
    };

    harness_begin();
    unsetenv("MALLOC_PERTURB_"); /* meson sets it: the C library would overwrite freed memory */
    /* The program without sanitizers: these keep freed memory, and what is in it. */
    if (getenv("MELBICOMFS_PLAIN"))
        setenv("MELBICOMFS", getenv("MELBICOMFS_PLAIN"), 1);
    return cmocka_run_group_tests_name("secrets", tests, make_certificate, remove_certificate);
}
