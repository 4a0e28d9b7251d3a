/* SPDX-License-Identifier: MIT */
/*
 * The lower layers and the command line, with every allocation failing in turn: the log, URLs, JSON, exchanges over
 * HTTP, the command line with its configuration file, and the sources of the token. test_allocations_tree.c has the
 * layers above.
 */
#include "../unit/stack.h"
#include "scenario.h"

#include "base/url.h"
#include "command/options.h"
#include "command/token.h"
#include "http/said.h"
#include "json/json.h"

#include <fcntl.h>
#include <sys/stat.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* ---- base ---- */

static struct told *diverted;

static void keep_line(void *data, const char *message)
{
    (void)data;
    if (strstr(message, "token-of-the-test"))
        fail_msg("allocation %ld: the log shows the token: %s", scenario_at.n, message);
    if (diverted)
        told_text(diverted, message);
}

static int run_log(void *made, const char *with, struct told *told)
{
    size_t len;

    (void)made;
    log_divert(keep_line, NULL);
    log_hide("token-of-the-test");
    diverted = told;
    log_error("the token is %s, and %s", "token-of-the-test", with);
    diverted = NULL;
    char *recent = log_recent(&len);
    if (recent && strstr(recent, "token-of-the-test"))
        fail_msg("the ring shows the token");
    bool all = recent && strstr(recent, with);
    free(recent);
    log_free();
    return all ? 0 : -ENOMEM;
}

static int run_url(void *made, const char *with, struct told *told)
{
    bool loopback;
    const char *problem = url_problem(with, &loopback);

    (void)made;
    if (problem == url_unchecked)
        return -ENOMEM;
    told_text(told, problem ? problem : "fine");
    told_number(told, problem ? 0 : loopback);
    return 0;
}

static int run_loop(void *made, const char *with, struct told *told)
{
    struct loop *loop = loop_new();
    struct metrics *metrics = metrics_new();
    struct printbuf *out = printbuf_new();
    int r = !loop || !metrics || !out ? -ENOMEM : 0;

    (void)made, (void)with;
    if (r == 0) {
        metrics_http(metrics, "services", 200, 5000);
        metrics_exchange(metrics, "services", true);
        r = metrics_print(metrics, out);
    }
    if (r == 0 && (!strstr(out->buf, "http_requests_total{operation=\"services\",status=\"200\"} 1") ||
                   !strstr(out->buf, "pushed_bytes_total 0")))
        r = -ENOMEM; /* an attempt for which there is no memory is not counted */
    told_number(told, r);
    if (out)
        printbuf_free(out);
    metrics_free(metrics);
    loop_free(loop);
    return r;
}

/* ---- json ---- */

static int run_indent(void *made, const char *with, struct told *told)
{
    struct printbuf *out = printbuf_new(), *scratch = printbuf_new();
    struct json_slice raw = {with, strlen(with)};
    int r = out && scratch ? json_check(raw, scratch) : -ENOMEM;

    (void)made;
    if (r == 0)
        r = json_indent(raw, 2, out);
    if (r == 0)
        r = json_quote(with, out);
    if (r == 0)
        told_add(told, out->buf, (size_t)out->bpos);
    printbuf_free(out);
    printbuf_free(scratch);
    return r;
}

static int run_message(void *made, const char *with, struct told *told)
{
    char *message = json_api_message(with, strlen(with), log_hidden);

    (void)made;
    if (!message)
        return -ENOMEM;
    told_text(told, message);
    free(message);
    return 0;
}

static int begin_all(void *data, const struct json_place *place, char first)
{
    (void)data;
    return place->depth < 2 && (first == '{' || first == '[') ? JSON_ENTER_KEEP : JSON_WHOLE;
}

static int tell_value(void *data, const struct json_place *place, struct json_slice raw)
{
    told_text(data, place->key ? place->key : "-");
    told_add(data, raw.at, raw.len);
    return 0;
}

static int tell_container(void *data, const struct json_place *place, struct json_slice raw)
{
    return raw.at ? tell_value(data, place, raw) : 0;
}

static int run_stream(void *made, const char *with, struct told *told)
{
    static const struct json_visitor visitor = {begin_all, tell_value, tell_container};
    struct json_stream *stream = json_stream_new(&visitor, told);
    int r = stream ? 0 : -ENOMEM;

    (void)made;
    for (const char *p = with; r == 0 && *p; p++)
        r = json_stream_feed(stream, p, 1);
    if (r == 0)
        r = json_stream_end(stream);
    json_stream_free(stream);
    return r;
}

/* ---- http ---- */

struct exchange {
    struct told *told;
    unsigned dones;
    int error;
};

static int take_body(void *data, const char *bytes, size_t len)
{
    struct exchange *exchange = data;

    told_add(exchange->told, bytes, len);
    return 0;
}

static void begin_body(void *data)
{
    struct exchange *exchange = data;

    exchange->told->len = 0;
}

static void end_exchange(void *data, const struct client_result *result)
{
    struct exchange *exchange = data;

    exchange->dones++;
    exchange->error = result->error;
    if (result->error == 0) {
        told_text(exchange->told, result->etag ? result->etag : "-");
        told_number(exchange->told, result->status);
    }
}

static const struct web_answer plain[] = {
    SAYS_AS("200 OK", "Last-Modified: Fri, 27 Nov 2026 10:00:00 GMT\r\n", "[1,2]")};
static const struct web_answer busy[] = {SAYS_AS("400 Bad Request", "", "{\"message\":\"no\"}")};
static const struct web_answer page[] = {SAYS_AS("404 Not Found", "Content-Type: text/html\r\n", "<title>x</title>")};

static void *make_web(const char *with)
{
    log_divert(keep_line, NULL);
    return strstr(with, "plain") ? STACK(plain) : strstr(with, "busy") ? STACK(busy) : STACK(page);
}

static void drop_stack(void *made)
{
    stack_free(made);
}

static int run_exchange(void *made, const char *with, struct told *told)
{
    struct stack *s = made;
    struct exchange exchange = {.told = told};
    bool post = strncmp(with, "POST", 4) == 0;
    struct client_request request = {
        .operation = "services",
        .method = post ? "POST" : "GET",
        .path = "/services?status=Active",
        .body = post ? "{\"a\":1}" : NULL,
        .on_start = begin_body,
        .on_body = take_body,
        .on_done = end_exchange,
        .data = &exchange,
    };
    unsigned before = web_requests(s->web);
    struct client_exchange *x = client_start(s->client, &request);

    if (!x)
        return -ENOMEM;
    await(s, exchange.dones);
    assert_int_equal(exchange.dones, 1);
    web_settle(s->web);
    unsigned sent = web_requests(s->web) - before;
    if (post && (sent > 1 || (exchange.error == 0 && sent != 1)))
        fail_msg("%s: allocation %ld: %u POSTs", with, scenario_at.n, sent);
    for (unsigned i = before; i < before + sent; i++)
        if (!strstr(s->web->requests[i], " /api/services?status=Active HTTP/1.1\r\n") ||
            !strstr(s->web->requests[i], "Authorization: Bearer test-token\r\n") ||
            (post && !strstr(s->web->requests[i], "\r\n\r\n{\"a\":1}")))
            fail_msg("%s: allocation %ld: the request is %s", with, scenario_at.n, s->web->requests[i]);
    web_rewind(s->web);
    return exchange.error;
}

static int run_once(void *made, const char *with, struct told *told)
{
    struct stack *s = made;
    struct http_result result;
    char url[128], *body = NULL;
    size_t len;

    (void)with;
    (void)snprintf(url, sizeof url, "%s/api/version", s->web->url);
    int r = http_once(&s->config, url, "test-token", &result, &body, &len);
    if (r == 0) {
        told_number(told, result.status);
        told_add(told, body, len);
    }
    free(body);
    /* libcurl's connect() code has one error for all that goes wrong there, want of memory too. A client's exchange tries
     * again. */
    const struct allocations *a = allocations_own();
    return r == -EHOSTUNREACH && atomic_load(&a->armed) ? -ENOMEM : r;
}

/* ---- command ---- */

static char directory[] = "/tmp/melbicomfs-allocations-XXXXXX", config_file[128], token_file[128];

static int silence(void)
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)dup2(null, STDERR_FILENO);
    (void)close(null);
    return saved;
}

static void unsilence(int saved)
{
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
}

static void tell_config(const struct config *config, struct told *told)
{
    told_text(told, config->base_url ? config->base_url : "-");
    told_text(told, config->mountpoint ? config->mountpoint : "-");
    told_text(told, config->mount_options ? config->mount_options : "-");
    told_text(told, config->ca_file ? config->ca_file : "-");
    told_number(told, config->ttl_s);
    told_number(told, config->umask);
    for (size_t i = 0; i < config->n_overrides; i++) {
        told_text(told, config->overrides[i].operation);
        told_text(told, config->overrides[i].key);
        told_text(told, config->overrides[i].value);
    }
}

/* The parameter is what follows `melbicomfs -o config=FILE`. */
static int run_options(void *made, const char *with, struct told *told)
{
    char name[] = "melbicomfs", words[512], *argv[16] = {name}, *rest = words;
    int argc = 1, saved = silence();
    struct config config;
    enum options_action action = OPTIONS_MOUNT;
    struct options_notes notes = {0};

    (void)made;
    (void)snprintf(words, sizeof words, "-o config=%s%s", config_file, with);
    while (argc < 15 && (argv[argc] = strsep(&rest, " ")))
        argc++;
    config_init(&config);
    int status = options_parse(argc, argv, &config, &action, &notes);
    unsilence(saved);
    if (status == EXIT_OK && action == OPTIONS_MOUNT)
        tell_config(&config, told);
    options_notes_clear(&notes);
    options_clear(&config);
    /* A failure has said what is wrong, and the program ends. */
    const struct allocations *a = allocations_own();
    if (status != EXIT_OK && atomic_load(&a->armed) && atomic_load(&a->failed) > 0)
        return -ENOMEM;
    told_number(told, status);
    return 0;
}

static int run_token(void *made, const char *with, struct told *told)
{
    struct token_source source = {0};
    char *token = NULL, text[160];
    int saved = silence();

    (void)made;
    (void)snprintf(text, sizeof text, "%s", strcmp(with, "file") == 0 ? token_file : "echo token-from-command");
    source.file = strcmp(with, "file") == 0 ? text : NULL;
    source.command = strcmp(with, "command") == 0 ? text : NULL;
    int r = token_read(&source, &token);
    unsilence(saved);
    if (r == 0)
        told_text(told, token);
    free(token);
    return r;
}

static const char json[] =
    "{\"id\":1,\"a\\u0062\":[1e400,-0,\"caf\\u00e9 \\/ \\u0001\"],\"c\":{\"d\":null,\"e\":[]},\"f\":"
    "\"a text that is longer than the buffers of json-c are at first, and then some\"}";

#define EXCHANGE(with)                                                                                                 \
    {                                                                                                                  \
        "exchange", with, make_web, run_exchange, drop_stack                                                           \
    }

static const struct scenario all[] = {
    {"log", "a line of the log", NULL, run_log, NULL},
    {"url", "https://api.example.com/api", NULL, run_url, NULL},
    {"url", "https://user:secret@example.com/", NULL, run_url, NULL},
    {"url", "http://127.0.0.1:8080/api", NULL, run_url, NULL},
    {"loop", NULL, NULL, run_loop, NULL},
    {"indent", json, NULL, run_indent, NULL},
    {"stream", json, NULL, run_stream, NULL},
    {"message", "{\"errors\":[{\"message\":\"the quick brown fox jumps over the lazy dog\"}]}", NULL, run_message,
     NULL},
    EXCHANGE("GET plain"),
    EXCHANGE("POST plain"),
    EXCHANGE("GET busy"),
    EXCHANGE("GET page"),
    {"once", "plain", make_web, run_once, drop_stack},
    {"options", ",allow_other,ttl=5 work /tmp", NULL, run_options, NULL},
    {"options", " -o umask=022 https://api.example.com/api /tmp", NULL, run_options, NULL},
    {"options", " nowhere /tmp", NULL, run_options, NULL},
    {"options", ",ttl=x work /tmp", NULL, run_options, NULL},
    {"token", "file", NULL, run_token, NULL},
    {"token", "command", NULL, run_token, NULL},
};

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    unsetenv("MELBICOM_TOKEN");
    unsetenv("MELBICOM_URL");
    unsetenv("CREDENTIALS_DIRECTORY");
    (void)snprintf(config_file, sizeof config_file, "%s/config", directory);
    (void)snprintf(token_file, sizeof token_file, "%s/token", directory);
    write_file(token_file, "token-from-file\n");
    write_file(config_file, "ttl = 120\ntoken = top-token\n\n[work]\nurl = https://work.example.com/api\n"
                            "token_file = /nowhere/token\numask = 077\n\n[endpoints]\ninvoices.page_size = 100\n"
                            "balance.path = /billing/credit\n");
    int failed = scenarios("base, json, http and command", all, COUNT(all));
    (void)unlink(config_file);
    (void)unlink(token_file);
    (void)rmdir(directory);
    return failed;
}
