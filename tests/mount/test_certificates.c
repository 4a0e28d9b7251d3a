/* SPDX-License-Identifier: MIT */
/* cafile= while mounted: the certificate of the API changes, and the file with it. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/melbicomfs-test-certificates-XXXXXX";
static struct fixture f;

/* Runs a command in the directory of the certificates; $NAME is `name`. */
static void shell(const char *name, const char *command)
{
    char line[600];

    setenv("NAME", name, 1);
    (void)snprintf(line, sizeof line, "cd %s && { %s; }", dir, command);
    assert_int_equal(system(line), 0);
}

/* Starts the API at its old port, with the certificate `name`. */
static void serve(const char *name)
{
    char cert[128], key[128], port[16];
    const char *options[] = {"--tls", cert, key, "--port", port, NULL};

    (void)snprintf(port, sizeof port, "%u", f.sim.port);
    (void)snprintf(cert, sizeof cert, "%s/%s.pem", dir, name);
    (void)snprintf(key, sizeof key, "%s/%s.key", dir, name);
    simulator_start(&f.sim, options);
}

/* Puts the certificate `name` into the place of the file that the mount trusts. */
static void trust(const char *name)
{
    shell(name, "cp $NAME.pem file && mv file trusted.pem");
}

static bool works(void *unused)
{
    (void)unused;
    return run(&f.mount, "exec cat billing/balance").status == 0;
}

static int set_up(void **state)
{
    static const char make[] = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $NAME.key "
                               "-out $NAME.pem -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 "
                               "2>/dev/null";
    char options[200];

    (void)state;
    assert_non_null(mkdtemp(dir));
    shell("old", make);
    shell("new", make);
    trust("old");
    serve("old");
    (void)snprintf(options, sizeof options, "ttl=0,stale_if_error=0,timeout_total=%d,cafile=%s/trusted.pem",
                   5 * time_scale(), dir);
    mount_start(&f.mount, &f.sim, &(struct how){.options = options});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shell("", "rm -r $PWD");
    return fixture_stop(&f);
}

/* A refused certificate is one failure; once the file holds the new certificate, the next request to the API works. The
 * service is asked again at most 30 s after a failure. */
static void test_a_replaced_ca_file_is_used_after_the_next_failure(void **state)
{
    (void)state;
    assert_true(works(NULL));
    let_pass(200); /* with ttl=0 an answer still lives for 100 ms */
    simulator_stop(&f.sim);
    serve("new");
    struct ran ran = run(&f.mount, "exec cat billing/balance");
    assert_int_not_equal(ran.status, 0);
    assert_non_null(strstr(ran.err, "Input/output error"));
    assert_non_null(strstr(mount_log(&f.mount), "certificate"));
    trust("new");
    assert_true(wait_until(works, NULL, 40000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_replaced_ca_file_is_used_after_the_next_failure, set_up, tear_down),
    };

    harness_begin();
    return cmocka_run_group_tests_name("certificates", tests, NULL, NULL);
}
