/* SPDX-License-Identifier: MIT */
/* Many mounts of one account behind the caching proxy of src/data/nginx.conf, with its addresses changed. */
#include "harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOUNTS 10

static char dir[] = "/tmp/melbicomfs-test-fleet-XXXXXX";
static struct simulator sim;
static struct mount mounts[MOUNTS];
static struct running nginx;
static uint16_t port;
static char url[64];

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

/* Without TLS, on 127.0.0.1, and with all files below `dir`. */
static void write_configuration(void)
{
    char command[2000];

    (void)snprintf(command, sizeof command,
                   "cd %s && mkdir cache && { echo 'pid %s/pid; error_log stderr; events {} http { access_log off; "
                   "client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; "
                   "scgi_temp_path t5;'; "
                   "sed -e 's#/run/melbicom-cache#%s/cache#' -e 's#listen 443 ssl#listen 127.0.0.1:%u#' "
                   "-e '/ssl_certificate/d' -e 's#proxy_pass https://[^;]*#proxy_pass http://127.0.0.1:%u#' "
                   "\"$TESTS/../../src/data/nginx.conf\"; echo '}'; } >nginx.conf && chmod -R a+rwX .",
                   dir, dir, dir, port, sim.port);
    assert_int_equal(system(command), 0);
}

static bool answers(void *unused)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    bool yes = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    (void)unused;
    (void)close(fd);
    return yes;
}

static int set_up(void **state)
{
    static const char *const account[] = {"--invoices", "10000", NULL};

    (void)state;
    assert_non_null(mkdtemp(dir));
    simulator_start(&sim, account);
    port = free_port();
    write_configuration();
    run_start(&nginx, dir, "PATH=$PATH:/usr/sbin; exec nginx -p %s -e stderr -c %s/nginx.conf -g 'daemon off;' >&2",
              dir, dir);
    assert_true(wait_until(answers, NULL, 10000));
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/api", port);
    for (unsigned i = 0; i < MOUNTS; i++)
        mount_start(&mounts[i], &sim, &(struct how){.source = url});
    journal_clear(&sim);
    return 0;
}

static int tear_down(void **state)
{
    char command[100];

    (void)state;
    for (unsigned i = 0; i < MOUNTS; i++)
        mount_stop(&mounts[i]);
    (void)kill(nginx.pid, SIGTERM);
    (void)run_wait(&nginx, 10000);
    simulator_stop(&sim);
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

/* Runs a command in all mounts at once, and fails unless each ends with 0 and prints `out`. */
static void in_all(const char *command, const char *out)
{
    struct running running[MOUNTS];

    for (unsigned i = 0; i < MOUNTS; i++)
        run_start(&running[i], mounts[i].path, "%s", command);
    for (unsigned i = 0; i < MOUNTS; i++) {
        struct ran ran = run_wait(&running[i], 60000);
        assert_string_equal(ran.err, "");
        assert_string_equal(ran.out, out);
        assert_int_equal(ran.status, 0);
    }
}

static void ten_mounts_search_10000_invoices_with_one_request(void **state)
{
    (void)state;
    char *found =
        run_ok(&mounts[0],
               "curl -sf -H 'Authorization: Bearer " HARNESS_TOKEN "' http://127.0.0.1:%u/api/billing/invoices | "
               "grep -o '\"status\":\"Unpaid\"' | wc -l",
               sim.port)
            .out;
    assert_true(atoi(found) > 100);
    journal_clear(&sim);
    in_all("grep -rl '\"Unpaid\"' billing/invoices | wc -l", found);
    assert_int_equal(asked(&sim, "invoices"), 1);
    assert_int_equal(asked(&sim, NULL), 1);
}

static void each_purge_passes_through(void **state)
{
    (void)state;
    in_all("echo cdn.example.com >services/10421/cdn/purge", "");
    assert_int_equal(asked(&sim, "purge"), MOUNTS);
}

static void a_token_is_never_given_the_answer_for_another(void **state)
{
    char *body;

    (void)state;
    in_all("cat billing/balance", "100.00 EUR\n");
    assert_int_equal(asked(&sim, "balance"), 1);
    static const struct {
        const char *header;
        int status;
    } tokens[] = {
        {"Authorization: Bearer " HARNESS_TOKEN "\r\n", 200}, {"Authorization: Bearer other\r\n", 401}, {"", 401}};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(http_ask(port, "GET", "/api/billing/creditbalance", tokens[i].header, NULL, &body),
                         tokens[i].status);
    assert_null(strstr(body, "100.00"));
}

/* Reads a list in all mounts at once, with a rule. The API itself says how many elements it has. The journal has only
 * what comes after that. */
static void list_in_all(const char *list, const char *how)
{
    char command[40];
    char out[20];
    struct ran ran = run_ok(&mounts[0],
                            "curl -sf -H 'Authorization: Bearer " HARNESS_TOKEN "' http://127.0.0.1:%u/api/%s | "
                            "jq length",
                            sim.port, list);

    (void)snprintf(command, sizeof command, "tail -n +2 all/%s.csv | wc -l", list);
    (void)snprintf(out, sizeof out, "%s", ran.out);
    journal_clear(&sim);
    rule(&sim, "%s", how);
    in_all(command, out);
    rules_clear(&sim);
}

/* The first mount is told to wait, the others get the same answer from the cache, and all succeed in the end. */
static void the_api_is_given_the_pause_that_it_asks_for(void **state)
{
    (void)state;
    list_in_all("services",
                "{\"operation\":\"services\",\"status\":429,\"headers\":{\"Retry-After\":\"2\"},\"times\":1}");
    assert_int_equal(asked(&sim, "services"), 2);
}

/* However slow the API is, and although the proxy has an answer that is too old: the 429. */
static void an_old_answer_is_renewed_with_one_request(void **state)
{
    char *body;

    (void)state;
    rule(&sim, "{\"operation\":\"products\",\"status\":429,\"headers\":{\"Retry-After\":\"2\"},\"times\":1}");
    assert_int_equal(http_ask(port, "GET", "/api/products", "Authorization: Bearer " HARNESS_TOKEN "\r\n", NULL, &body),
                     429);
    (void)usleep(3200000);
    list_in_all("products", "{\"operation\":\"products\",\"latency_ms\":1500}");
    assert_int_equal(asked(&sim, "products"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_mounts_search_10000_invoices_with_one_request),
        cmocka_unit_test(each_purge_passes_through),
        cmocka_unit_test(a_token_is_never_given_the_answer_for_another),
        cmocka_unit_test(the_api_is_given_the_pause_that_it_asks_for),
        cmocka_unit_test(an_old_answer_is_renewed_with_one_request),
    };

    harness_begin();
    return cmocka_run_group_tests_name("fleet", tests, set_up, tear_down);
}
