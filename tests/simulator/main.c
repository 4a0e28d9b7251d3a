/* SPDX-License-Identifier: MIT */
/*
 * melbicom-simulator: the Melbicom API, served on 127.0.0.1 from an account made up from a seed. The same options give
 * the same bytes, always. Tests, demonstrations and benchmarks run against it.
 *
 *      main.c        this page, the main thread       server.c    listening, connections, the way of a request
 *      options.c     the command line                 deliver.c   answers going out; ETag, gzip, rules
 *      api.c         what each request is answered    stream.c    bodies cut, trickled, endless
 *      changes.c     purging, and /_sim/set           control.c   /_sim/
 *      operations.c  paths of operations              journal.c   what was asked
 *      catalog.c, prices.c, services.c, invoices.c,   rules.c     what trouble was ordered
 *      invoice.c     the account                      body.c      rendered answers and their cache
 *      overlay.c     what a test changed of it        dress.c       envelopes, pages, names of members
 *      text.c, query.c, chance.c                      bytes, URLs, dice and dates
 *
 * OPTIONS
 *
 *      --port N               listen there; 0, the default: any free port
 *      --services N --invoices N --products N --groups N --seed N      the account; 12, 120, 24, 8, 1
 *      --token T              the bearer token; demo-token
 *      --prefix /api          what paths begin with
 *      --shape S              the envelope of answers, from the list below; bare
 *      --paging P             lists come in pages, in a way from the list below; without, all at once
 *      --page-size N          of so many items, unless limitnum or limit asks for another number; 25
 *      --rename OLD=NEW       a member is named otherwise in all answers, wherever it is; may be repeated
 *      --string-ids           ids are strings
 *      --latency MS           each answer waits so long
 *      --date-skew S          the Date header is S seconds ahead of the time; negative: behind
 *      --limit N              lists are cut at N items, unless limitnum or limit asks for another number;
 *                             limitstart or offset says where to begin; not with --paging
 *      --candidate OP=INDEX   the operation stands at another of its candidates (from 0); all others are 404
 *      --path OP=/PATH        or at none of them; {serviceId} stands for an id
 *      --tls CERT.pem KEY.pem https on the API's port
 *      --no-etag --gzip       no ETags; answers compressed for clients that accept it
 *      --port-file FILE       gets the two lines below, complete from the moment it exists
 *      --exit-with-parent     end when the parent process does
 *
 * Operations: version groups products services service purge pricing invoices balance.
 *
 * SHAPES. X is the bare answer, [...] a bare list; errors, purges and what a test has set stay as they are.
 *
 *      bare           X
 *      data           {"data":X}
 *      value          {"summary":"...","value":X}
 *      named          {"invoices":[...],"totalresults":N}, under the operation's name; objects and prices bare
 *      gaps           {"0":{...},"2":{...},"4":{...}}; a service is a list of one; the rest bare
 *      keyed          {"90001":{"id":90001,...},...}, by the items' ids, products from 1; a service is a list of one;
 *                     the rest bare
 *      keyed-only     {"data":{"90001":{...},...}}, and the id nowhere else; the rest {"data":X}
 *      nested         {"result":"success","totalresults":N,"startnumber":0,"numreturned":n,
 *                     "invoices":{"invoice":[...]}}; objects {"result":"success",...} with their members in it, prices
 *                     under "pricing"
 *      deep           {"result":{"data":{"invoices":[...]}}}, prices under "pricing", objects under "value"
 *      other          {"status":"ok","warnings":[],"links":[{"rel":"self","href":"x"}],"records":[...]}; the rest
 *                     likewise under "record"
 *      bom            a byte order mark before any answer, errors too
 *      single         a list of one is the item itself; the rest bare
 *      empty-null     a list of none is null; the rest bare
 *      empty-object   a list of none is {}; the rest bare
 *      empty-204      a list of none is a 204; the rest bare
 *
 * Where the list would be empty, gaps and keyed have [], as PHP does.
 *
 * PAGING. Pages are asked for by ?page=N, from 1; a page beyond the last is empty. The members go into the envelope of
 * the shape, or into {"data":X,...} where it has none. URL keeps the other parameters of the request.
 *
 *      links          "links":{"next":URL},"meta":{"current_page":1,"last_page":5,"per_page":25,"total":120}; the last
 *                     page's next is null
 *      pages          "meta" only
 *      top            "next_page_url":URL,"total":120
 *      relative       like links; next is "?page=2"
 *      elsewhere      like links; next is at https://elsewhere.example
 *      loop           like links; each page's next is page 2
 *      header         nothing in the body; headers Link: <URL>; rel="next" and X-Total-Count: 120
 *      total          "totalresults":120, in the envelope nested if the shape has none; always the first page
 *      ignored        nothing said; always the first page
 *
 * Once it listens, two lines go to standard output; the second port is plain HTTP always:
 *
 *      http://127.0.0.1:PORT/api
 *      control http://127.0.0.1:PORT2
 *
 * SIGTERM and SIGINT end it with status 0. Status 1 is usage, 2 that it cannot listen.
 *
 * CONTROL, below /_sim/ on the control port (and on the API's), without a token; a change is in force when answered:
 *
 *      GET    /_sim/journal[?operation=OP]   requests to the API as a JSON list, in order of arrival: {"n":1,"ms":since
 *             the start,"operation":"invoices","method":"GET","path":"/api/billing/invoices?status=Paid","status":200,
 *             "bytes":of body sent,"body":of the request,"authorized":true,"conditional":false}; status is 0 until it
 *             is answered; the operation of a path that is nobody's is "unknown"
 *      DELETE /_sim/journal                  empties it
 *      GET    /_sim/count[?operation=OP]     how many there are, as plain text
 *      POST   /_sim/rules                    adds a rule, answers its number; below
 *      DELETE /_sim/rules                    drops all; stalled requests are answered 503, trickles run free
 *      POST   /_sim/set                      changes the account: an object of any of
 *             "balance":"90.00"  "token":"new"  "latency_ms":N  "limit":N
 *             "invoice":{"id":N,...}         sets members of an invoice; an unknown id is a new invoice
 *             "delete_invoice":N  "add_invoices":N
 *             "service":{"id":N,...}         likewise; what only the own answer has stays out of the list
 *             "delete_service":N
 *             "raw_service":{"id":N,"body":"verbatim"}       that service's own answer; null ends it
 *             "raw":{"operation":OP,"body":"verbatim","content_type":"text/html","status":200,"headers":{...}}
 *                                            likewise, of a whole operation
 *      GET, POST /_sim/down                  closes the API's port and all connections to it
 *      POST   /_sim/up                       listens there again
 *
 * RULES. The first that matches and is not used up decides. It matches by "operation" ("*": any), "path" (a part of
 * path and query) and "method"; it lets the first "after" matches pass and is used up after "times". It may say
 *
 *      "status":503, "headers":{"Retry-After":"1"}, "body":"..."      instead of the account's
 *      "latency_ms":N     instead of the general latency
 *      "stall":true       no answer until the rules are cleared, the client hangs up or the API goes down
 *      "reset":true       a reset instead of an answer; with "truncate", after so many bytes
 *      "truncate":N       the whole length is announced, N bytes are sent, the connection is closed
 *      "slow_body_bps":N  the body trickles, so many bytes a second
 *      "garbage":true     200, and no JSON
 *      "huge":N           N bytes of a JSON list of junk, chunked; with --gzip, compressed as it goes
 *      "redirect":"url"   302 (or "status")
 *      "in_band":WAY      200 (or "status"), and the body says that it failed, with "message":M and "code":N (500):
 *                         "result-error"   {"result":"error","message":M}
 *                         "success-false"  {"success":false,"message":M}
 *                         "status-code"    {"status":"error","code":N,"message":M}
 *                         "errors"         {"errors":[M]}
 *
 * In the body and headers of a rule and of "raw", {URL} is the API's base URL.
 *
 * A rule that says only how to deliver (headers, latency, truncate, slow) delivers the account's answer so.
 */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MAX_PEM (1 << 20)

/* A PEM file's text, or NULL with the reason said. */
static char *read_pem(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? calloc(1, MAX_PEM) : NULL;

    if (!text)
        fprintf(stderr, "melbicom-simulator: cannot read '%s': %s\n", path, strerror(errno));
    else if (fread(text, 1, MAX_PEM - 1, file) == 0)
        fprintf(stderr, "melbicom-simulator: '%s' is empty or cannot be read\n", path);
    if (file)
        fclose(file);
    return text;
}

/* The two lines that tell where it listens. */
static void print_addresses(const struct port *api, const struct port *control, FILE *out)
{
    const struct options *options = api->sim->options;
    fprintf(out, "%s://127.0.0.1:%u%.*s\n", api->cert ? "https" : "http", api->number, (int)options->prefix_len,
            options->prefix);
    fprintf(out, "control http://127.0.0.1:%u\n", control->number);
}

static bool write_port_file(const struct port *api, const struct port *control, const char *path)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.new", path) < 0)
        abort();
    FILE *file = fopen(temporary, "we");
    bool written = file != NULL;
    if (file) {
        print_addresses(api, control, file);
        written = fclose(file) == 0 && rename(temporary, path) == 0;
    }
    if (!written)
        fprintf(stderr, "melbicom-simulator: cannot write '%s': %s\n", path, strerror(errno));
    free(temporary);
    return written;
}

static int open_port(struct port *port)
{
    int error = port_open(port);
    if (error == -EIO && port->cert)
        fputs("melbicom-simulator: cannot start: check the certificate and the key\n", stderr);
    else if (error)
        fprintf(stderr, "melbicom-simulator: cannot listen on port %u: %s\n", port->number, strerror(-error));
    return error;
}

/* Opens the API's port, and tells the API where it is reached now, before anybody else can know. */
static int open_api(struct port *port)
{
    int error = open_port(port);
    if (!error)
        api_listens(&port->sim->api, port->cert ? "https" : "http", port->number);
    return error;
}

/* Makes the API's port as the control wants it. */
static void follow(struct sim *sim, struct port *api)
{
    pthread_mutex_lock(&sim->lock);
    bool want_down = sim->want_down, down = sim->down;
    pthread_mutex_unlock(&sim->lock);
    if (want_down == down)
        return;
    if (want_down) {
        sim_set(sim, &sim->closing, true);
        port_close(api);
    } else {
        sim_set(sim, &sim->closing, false);
        if (open_port(api)) {
            sim_set(sim, &sim->failed, true);
            return;
        }
    }
    sim_set(sim, &sim->down, want_down);
}

/* The main thread's life: wait for a signal to end, or for the control to want the port opened or closed. */
static void run(struct sim *sim, struct port *api, int signal_fd)
{
    struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN}, {.fd = sim->event_fd, .events = POLLIN}};
    uint64_t count;

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[0].revents)
            return;
        if (fds[1].revents && read(sim->event_fd, &count, sizeof(count)) > 0)
            follow(sim, api);
    }
}

/* Blocks the signals that end the program, for the threads to come too; they are read from the descriptor. */
static int block_signals(void)
{
    sigset_t set;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static int serve(struct sim *sim, struct port *api, int signal_fd)
{
    const struct options *options = sim->options;
    struct port control = {.sim = sim, .control = true};
    int status = 2;

    if (!open_port(&control) && !open_api(api) &&
        (!options->port_file || write_port_file(api, &control, options->port_file))) {
        print_addresses(api, &control, stdout);
        fflush(stdout);
        run(sim, api, signal_fd);
        status = 0;
    }
    sim_set(sim, &sim->closing, true);
    sim_set(sim, &sim->quitting, true);
    port_close(api);
    port_close(&control);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    pid_t parent = getppid();
    int status = options_parse(&options, argc, argv);

    if (status >= 0)
        return status;
    int signal_fd = block_signals(), event_fd = eventfd(0, EFD_CLOEXEC);
    /* The parent may have ended before the wish to follow it was known. */
    if (options.exit_with_parent && (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent))
        return 0;

    struct sim sim;
    char *cert = options.tls_cert ? read_pem(options.tls_cert) : NULL;
    char *key = options.tls_key ? read_pem(options.tls_key) : NULL;
    struct port api = {.sim = &sim, .number = (uint16_t)options.port, .cert = cert, .key = key};
    sim_init(&sim, &options, event_fd);
    status = 2;
    if (!options.tls_cert || (cert && key)) {
        api_warm(&sim.api);
        status = serve(&sim, &api, signal_fd);
    }
    sim_free(&sim);
    free(cert);
    free(key);
    close(signal_fd);
    close(event_fd);
    return status;
}
