/* SPDX-License-Identifier: MIT */
/* proxy=: it is used, its password is shown nowhere, and this machine is asked without it. */
#include "command_line.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define PASSWORD "pass-word-987"

static struct simulator sim;
static struct place place;
static pid_t proxy;
static uint16_t port;

/* A proxy that writes the head of each request into the file `heads`, and lets nobody through. */
static void serve(int listener)
{
    int heads = open("heads", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    for (;;) {
        static const char answer[] = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        char head[4096] = "";
        size_t len = 0;
        int fd = accept(listener, NULL, NULL);
        ssize_t n = 1;
        while (fd >= 0 && n > 0 && !strstr(head, "\r\n\r\n") && len + 1 < sizeof head) {
            n = read(fd, head + len, sizeof head - 1 - len);
            len += n > 0 ? (size_t)n : 0;
        }
        (void)write(heads, head, len);
        (void)write(fd, answer, sizeof answer - 1);
        (void)close(fd);
    }
}

static int set_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    (void)state;
    simulator_start(&sim, NULL);
    place_make(&place);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    proxy = fork();
    assert_true(proxy >= 0);
    if (proxy == 0) {
        if (chdir(place.dir) < 0)
            _exit(1);
        serve(listener);
    }
    (void)close(listener);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)kill(proxy, SIGKILL);
    (void)waitpid(proxy, NULL, 0);
    place_remove(&place);
    simulator_stop(&sim);
    return 0;
}

/* The heads of the requests that the proxy got, or "". */
static const char *heads(void)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/heads", place.dir);
    char *text = slurp_path(path, NULL);
    return text ? text : "";
}

static void assert_hidden(const struct ran *ran)
{
    assert_null(strstr(ran->out, PASSWORD));
    assert_null(strstr(ran->err, PASSWORD));
}

static void requests_go_through_the_proxy(void **state)
{
    (void)state;
    setenv("no_proxy", "*", 1); /* the option says which proxy, and the environment does not undo it */
    struct ran ran =
        program(&place, NULL, HARNESS_TOKEN,
                "https://api.example.invalid/api $MNT -d -o proxy=http://me:" PASSWORD "@127.0.0.1:%u", port);
    assert_int_equal(ran.status, 69);
    assert_hidden(&ran);
    assert_non_null(strstr(heads(), "CONNECT api.example.invalid:443 HTTP/1.1\r\n"));
    assert_non_null(strstr(heads(), "Proxy-Authorization: Basic bWU6cGFzcy13b3JkLTk4Nw==\r\n"));
    assert_null(strstr(heads(), HARNESS_TOKEN));
    ran = program(&place, NULL, HARNESS_TOKEN,
                  "--doctor https://api.example.invalid/api -o proxy=http://me:" PASSWORD "@127.0.0.1:%u", port);
    assert_int_equal(ran.status, 69);
    assert_hidden(&ran);
    assert_non_null(strstr(ran.out, "is looked up by the proxy that proxy= names"));
    unsetenv("no_proxy");
}

static void a_wrong_proxy_is_told_without_its_password(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "$URL $MNT -o proxy=ftp://me:" PASSWORD "@h");
    assert_fails(&place, &ran, 1, "-o proxy: must be the URL of a proxy, such as http://proxy.example.com:3128");
    assert_hidden(&ran);
    ran = program(&place, NULL, HARNESS_TOKEN,
                  "https://api.example.invalid/api $MNT -o proxy=http://me:" PASSWORD "@127.0.0.1:1");
    assert_int_equal(ran.status, 69);
    assert_hidden(&ran);
}

static void this_machine_is_asked_without_it(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "--doctor $URL -o proxy=http://127.0.0.1:%u", port);
    assert_int_equal(ran.status, 0);
    assert_string_equal(heads(), "");
}

static void the_environment_still_counts(void **state)
{
    (void)state;
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    setenv("https_proxy", url, 1);
    struct ran ran = program(&place, NULL, HARNESS_TOKEN, "https://api.example.invalid/api $MNT");
    unsetenv("https_proxy");
    assert_int_equal(ran.status, 69);
    assert_non_null(strstr(heads(), "CONNECT api.example.invalid:443"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_go_through_the_proxy),
        TEST(a_wrong_proxy_is_told_without_its_password),
        TEST(this_machine_is_asked_without_it),
        TEST(the_environment_still_counts),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
