/* SPDX-License-Identifier: MIT */
/*
 * melbicomfs: a Melbicom account as a directory.
 *
 * The map of src/, from the top down. A file includes headers of its own layer and of the layers below it, and no two
 * files call each other: what a lower file has to tell a higher one goes through a function that it was handed.
 *
 *   main.c       this file: settings, the check before mounting, the mount, the fork, the loop, the end
 *
 *   command/     options.c      makes a struct config of arguments, environment and configuration file
 *                arguments.c    what stands on the command line, and the help
 *                settings.c     the table of settings; values.c reads their values, profile.c the file,
 *                               foreign.c knows the options of mount(8) and libfuse
 *                verbs.c        the arguments that show the account without a mount
 *                mount_helper.c what mount(8) passes to a helper
 *                token.c        reads a token; token_choice.c decides from where
 *                machine.c      whether this machine can mount at all
 *                login.c        --login: prompt.c asks for a token, private_file.c stores it, profile_edit.c puts its
 *                               place into the configuration file
 *                doctor.c       --doctor: doctor_local.c checks this machine, doctor_network.c the way to the API,
 *                               doctor_operations.c each operation; doctor_guess.c finds names that nobody knows;
 *                               doctor_shapes.c prints answers without their values; report.c prints what was found;
 *                               unreached.c says what to do without an answer
 *
 *   mount/       FUSE
 *                library.c      loads libfuse, which nothing else needs
 *                session.c      the mount itself, from mount(2) to its end; context.h is the struct behind it;
 *                               mountpoint.c looks first where it is to be; guard.c is the process that frees the
 *                               mount's users if the program is killed
 *                requests.c     the kernel's requests; directories.c, writes.c likewise
 *                reply.c        what the kernel is told of a node; told.c answers that wait for the pusher
 *                pending.c      requests that wait, and what interrupts them; trace.c prints requests and replies
 *                nodes.c        what the kernel knows: inode -> snapshot; links.c directories of links
 *                push.c         what the kernel is told unasked; ahead.c says what will be read, wake.c what is to be
 *                               checked after the machine has slept
 *
 *   shell/       the same tree without a mount
 *                shell.c        one command; cat.c, list.c, find.c, purge.c and export.c are the commands
 *                patterns.c     expands their operands to paths.c; look.c walks a path and waits for what it shows;
 *                               context.c says what failed
 *                kept.c         what an export has written; copy.c writes it; progress.c says how far it is
 *
 *   tree/        what the user sees
 *                routes.c       the table of paths
 *                place.c        a position in the tree; names.c names from the API as file names
 *                views.c        what a place shows; sources.c the documents behind it
 *                listing.c      what a directory lists; registry.c numbers for names
 *                render.c       prints whole documents as texts, in slices; forms.c is the table of the forms, and each
 *                               form_….c one of them: csv.c and columns.c print rows, elements.c and product_prices.c
 *                               walk through lists inside items, decimal.c and amounts.c add up, text.c appends
 *                purge.c        the one command; purge_handle.c, purge_text.c and purge_log.c are its parts
 *                status.c       this mount's own files, and readme.c; account_metrics.c its gauges of the account, with
 *                               unpaid.c
 *                tree.c         makes and ends all of it; context.h is the struct behind it
 *
 *   api/         what Melbicom offers
 *                endpoints.c    the table of operations; overrides.c what [endpoints] changes in it
 *                documents.c    the cache; fetch.c gets one answer, with its pages
 *                answer.c       makes items of an answer's bytes; fields.c reads what an item is known by, members.c
 *                               finds members by any of their names, renew.c keeps what has not changed
 *                envelope.c     finds the list in whatever lies around it; unwrap.c one object; envelope_names.c knows
 *                               names that mean something
 *                outcome.c      whether an answer says that it is a failure; pages.c where it says that the next page is
 *                problem.c      what is wrong with an answer, in words; answer_log.c writes it to the log
 *                document.c     the data of one answer; groups.c and prices.c find items in it
 *                snapshot.c     bytes that never change
 *
 *   http/        requests and their failures
 *                client.c       exchanges: the queue, retries, deadlines; attempt.c one request of an exchange
 *                host.c         whether the host may be asked; bearer.c the token; verdict.c what a failure means
 *                said.c         a failed answer in words; redirect.c where a redirect leads
 *                http.c         libcurl; request.c headers and policy; head.c and link.c the head of an answer; once.c
 *                               one request without a loop; wiping.c memory for libcurl
 *
 *   json/        stream.c walks through an answer; scan.c finds where values end; text.c prints without loss;
 *                message.c finds what an error says
 *
 *   base/        loop.c log.c line.c metrics.c exposition.c clock.c date.c config.c url.c secret.c; heap.c for large pages,
 *                limits.c for control groups,
 *                closest.c for "did you mean"; file.c writes whole buffers
 *
 * The way of a read, `cat services/10421/info.json`, nothing being known yet:
 *
 *   requests.c   LOOKUP of each name: place.c says by grammar what it would be, nodes.c makes an unbound node
 *   requests.c   GETATTR of the file: the node is not bound, so pending.c keeps the request and asks
 *   views.c      which document can tell; sources.c finds it: the answer to /services/10421
 *   documents.c  the document is not fresh and no fetch is under way: begins one, and keeps the waiter
 *   fetch.c      the path of the first candidate, from endpoints.c
 *   client.c     a place among those in flight, a token from bearer.c; attempt.c sends it through http.c
 *   answer.c     takes the bytes as they arrive: envelope.c finds the service, text.c prints it, a snapshot is made
 *   documents.c  fetch.c is done: the document is fresh for its ttl, and the waiter is called
 *   pending.c    resumes the request: views.c has the snapshot now, nodes.c binds the node to it
 *   reply.c      answers with size and times, which hold for ever
 *   requests.c   READ: the bytes of the snapshot. The kernel keeps them; the next `cat` asks nobody.
 *
 * The way of a purge, `echo cdn.example.com > services/10421/cdn/purge`:
 *
 *   requests.c   LOOKUP: mints a node, with a handle of purge_handle.c
 *   writes.c     SETATTR (the shell truncates the file): answered, nothing happens
 *   writes.c     WRITE: a pending request, handed to purge.c
 *   purge_handle.c, purge_text.c   check the whole text; a fault is refused and nothing is sent
 *   purge.c      a POST for each name through client.c, up to max_connections at a time
 *   purge_log.c  a line for each name as it is answered
 *   purge.c      outcome.c has said which answers are a success. All are answered: calls writes.c, which answers the WRITE with success or the first failure
 *   requests.c   FORGET: the node goes, and the handle with it
 */
#include "api/documents.h"
#include "api/endpoints.h"
#include "api/outcome.h"
#include "base/cleanup.h"
#include "base/config.h"
#include "base/heap.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "command/doctor.h"
#include "command/login.h"
#include "command/machine.h"
#include "command/options.h"
#include "command/unreached.h"
#include "http/client.h"
#include "http/http.h"
#include "http/redirect.h"
#include "http/said.h"
#include "http/verdict.h"
#include "http/wiping.h"
#include "mount/guard.h"
#include "mount/library.h"
#include "mount/mountpoint.h"
#include "mount/session.h"
#include "shell/shell.h"
#include "tree/tree.h"
#include "json/json.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json_c_version.h>
#include <json-c/printbuf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#ifndef MELBICOMFS_VERSION
#define MELBICOMFS_VERSION "0.1.0"
#endif

/* The program's singletons, in the order in which they are made, and what is kept between the steps of a start. */
struct program {
    struct config config;
    struct endpoints *endpoints;
    struct loop *loop;
    struct metrics *metrics;
    struct http *http;
    struct client *client;
    struct documents *documents;
    struct tree *tree;
    struct session *session;
    char *token;
    char *version; /* the API's answer to the check, of version_len bytes, for the cache; or NULL */
    size_t version_len;
    unsigned version_choice; /* the number of the candidate path that gave this answer */
    int signals;             /* a signalfd, or -1 */
};

/* Keeps the token out of core files and away from debuggers. LeakSanitizer attaches like a debugger, so builds with
 * AddressSanitizer stay dumpable. */
static void guard_memory(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return;
#endif
#endif
    (void)prctl(PR_SET_DUMPABLE, 0);
    limits_keep_below_group(); /* AddressSanitizer takes more than any limit */
#endif
}

/* ---- the check before detaching ---- */

/* Says in one line why the API was not reached. */
static int unreached(const struct http_result *result, const char *url)
{
    _cleanup_(freep) char *advice = NULL;

    if (result->error == -ENOMEM) {
        log_error("cannot ask the API: out of memory; free memory, or raise the limit of this program's memory");
        return EXIT_UNREACHABLE;
    }
    advice = unreached_advice(result);
    log_error("%s: cannot reach the API: %s; %s, or mount with -o delay_connect", url, result->detail, advice);
    return EXIT_UNREACHABLE;
}

/* Says in one line what the API answered instead of a success. */
static int refused(const struct program *program, const struct http_result *result, const char *url, const char *body,
                   size_t len)
{
    _cleanup_(freep) char *words = NULL, *advice = NULL;
    enum said said = said_of(result, body, len, &words);
    struct client_verdict verdict = client_judge(result, said, false, true);
    bool token = said == SAID_LOGIN || (verdict.error == -EACCES && said != SAID_PAGE);
    bool passes = verdict.again_get || (verdict.error == -EACCES && !token);

    if (said == SAID_REDIRECT && result->location)
        advice = redirect_advice(program->config.base_url, url, result->location);
    log_error("%s: HTTP %ld%s%s; %s%s", url, result->status, words ? ": " : " without a message", words ? words : "",
              advice ? advice : verdict.advice, passes ? ", or mount with -o delay_connect" : "");
    return token ? EXIT_TOKEN : EXIT_UNREACHABLE;
}

/* Whether the status is about the whole API, so that no other path needs to be asked. */
static bool concerns_all_paths(long status)
{
    return (status >= 300 && status < 400) || status == 401 || status == 403 || status == 408 || status == 429 ||
           status >= 500;
}

/* Whether a body begins like JSON, unlike a web page for example. The body may be only the beginning of a long
 * answer. */
static bool looks_like_json(const char *body, size_t len)
{
    const char *at = body + utf8_mark(body, len);

    at += strspn(at, " \t\r\n");
    return *at && (strchr("{[\"0123456789", *at) || strncmp(at, "null", 4) == 0);
}

/* The HTTP status that an answer with the status 200 carries in its body, if it reports a failure there; else 200. */
static long status_inside(const char *body, size_t len)
{
    int status;

    return outcome_of(json_trimmed((struct json_slice){body, len}), &status) == OUTCOME_FAILURE && status ? status
                                                                                                          : 200;
}

/* Why the answer is not the API's, malloc'd; NULL if it is the API's, or when out of memory. */
static char *what_is_missing(const struct http_result *result, const char *body, size_t len)
{
    _cleanup_(freep) char *words = NULL;
    char *reason = NULL;
    int r = 0;

    if (result->status >= 400) {
        (void)said_of(result, body, len, &words);
        r = asprintf(&reason, "HTTP %ld%s%s", result->status, words ? ": " : "", words ? words : "");
    } else if (result->status == 200 &&
               outcome_of(json_trimmed((struct json_slice){body, len}), NULL) == OUTCOME_FAILURE) {
        (void)said_of(result, body, len, &words);
        r = asprintf(&reason, "the answer reports a failure: %s", words ? words : "it gives no reason");
    } else if (result->status == 200 && !looks_like_json(body, len)) {
        (void)said_of(result, body, len, &words);
        r = asprintf(&reason, "the answer is not JSON but %s", words ? words : "empty");
    }
    return r < 0 ? NULL : reason;
}

/* Sends one request. Returns EXIT_OK or the exit status, after a message. With EXIT_OK, *missing is NULL if the API
 * answered, else the reason why the answer is not the API's, malloc'd; what it was before is freed. */
static int ask_once(struct program *program, enum operation operation, unsigned choice, char **missing)
{
    struct query query = {.operation = operation};
    struct printbuf *path = printbuf_new();
    _cleanup_(freep) char *url = NULL, *body = NULL;
    struct http_result result = {0};
    size_t len = 0;

    free(steal(missing));
    if (!path || endpoints_path(program->endpoints, &query, choice, 0, path) < 0 ||
        asprintf(&url, "%s%s", program->config.base_url, path->buf) < 0) {
        if (path)
            printbuf_free(path);
        log_error("cannot ask the API: out of memory");
        return EXIT_UNREACHABLE;
    }
    printbuf_free(path);
    if (http_once(&program->config, url, program->token, &result, &body, &len) < 0)
        return unreached(&result, url);
    if (result.status == 200)
        result.status = status_inside(body, len);
    if (concerns_all_paths(result.status))
        return refused(program, &result, url, body, len);
    *missing = what_is_missing(&result, body, len);
    if (operation == OP_VERSION && result.status == 200 && !*missing) {
        program->version = steal(&body);
        program->version_len = len;
    }
    return EXIT_OK;
}

/* Checks before the mount that the API answers and takes the token, so that a wrong URL or token is one message and not
 * an error in every file. Asks for the version, at each candidate path; if the API has it at none, asks for the
 * services. */
static int check(struct program *program)
{
    _cleanup_(freep) char *missing = NULL;
    int status;
    do
        status = ask_once(program, OP_VERSION, program->version_choice, &missing);
    while (status == EXIT_OK && missing && endpoints_next(program->endpoints, OP_VERSION, &program->version_choice));
    if (status == EXIT_OK && missing) {
        status = ask_once(program, OP_SERVICES, endpoints_first(program->endpoints, OP_SERVICES), &missing);
        if (status == EXIT_OK && missing) {
            log_error("%s: no Melbicom API found there (%s); check the URL", program->config.base_url, missing);
            status = EXIT_UNREACHABLE;
        }
    }
    return status;
}

/* Only warnings and errors: the paths that the check tries would be noise on the terminal. */
static int check_quietly(struct program *program)
{
    int level = program->config.log_level;
    log_set_level(level == LOG_LEVEL_INFO ? LOG_LEVEL_WARNING : (enum log_level)level);
    int status = check(program);
    log_set_level((enum log_level)level);
    return status;
}

/* Checks for the login whether the API takes this token. */
static int check_token(void *data, const char *token)
{
    struct program *program = data;
    program->token = strdup(token);
    if (!program->token) {
        log_error("cannot ask the API: out of memory");
        return EXIT_UNREACHABLE;
    }
    return check_quietly(program);
}

/* ---- building up and taking down ---- */

/* Makes everything up to the tree. */
static int build_tree(struct program *program)
{
    struct config *config = &program->config;
    if (!(program->loop = loop_new()) || !(program->metrics = metrics_new()) ||
        !(program->http = http_new(program->loop, config)) ||
        !(program->client = client_new(program->loop, program->http, config, program->metrics)) ||
        !(program->documents =
              documents_new(program->loop, program->client, program->endpoints, config, program->metrics)) ||
        !(program->tree = tree_new(program->loop, program->documents, program->endpoints, program->client, config,
                                   program->metrics)) ||
        client_set_token(program->client, program->token) < 0) {
        log_error("cannot start: out of memory or file descriptors; free memory, or raise the limit with ulimit -n");
        return EXIT_MOUNT;
    }
    secret_wipe(&program->token);
    return EXIT_OK;
}

static int build(struct program *program)
{
    int status = build_tree(program);
    if (status != EXIT_OK)
        return status;
    program->session = session_new(program->loop, program->tree, &program->config, program->metrics);
    if (!program->session) {
        log_error("cannot start: out of memory or file descriptors; free memory, or raise the limit with ulimit -n");
        return EXIT_MOUNT;
    }
    if (program->version) {
        struct query query = {.operation = OP_VERSION};
        struct document *document = documents_get(program->documents, &query);
        if (document && document_seed(document, program->version, program->version_len) == 0)
            endpoints_settle(program->endpoints, OP_VERSION, program->version_choice);
    }
    return EXIT_OK;
}

static void take_down(struct program *program)
{
    session_free(program->session);
    tree_free(program->tree);
    documents_free(program->documents);
    client_free(program->client);
    http_free(program->http);
    metrics_free(program->metrics);
    if (program->signals >= 0) {
        loop_unwatch(program->loop, program->signals);
        close(program->signals);
    }
    loop_free(program->loop);
    endpoints_free(program->endpoints);
    secret_wipe(&program->token);
    free(program->version);
    options_clear(&program->config);
    curl_global_cleanup();
    log_free();
}

/* ---- serving ---- */

static void on_signal(void *data, short revents)
{
    (void)revents;
    struct program *program = data;
    struct signalfd_siginfo info;
    if (read(program->signals, &info, sizeof info) == sizeof info) {
        log_info("%s: unmounting (%s)", program->config.mountpoint, strsignal((int)info.ssi_signo));
        loop_quit(program->loop, EXIT_OK);
    }
}

/* Whether SIGHUP is ignored, as under nohup: then the program outlives the terminal. */
static bool ignores_hangups(void)
{
    struct sigaction action;
    return sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int watch_signals(struct program *program)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (!ignores_hangups())
        sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    program->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return program->signals < 0 ? -errno : loop_watch(program->loop, program->signals, POLLIN, on_signal, program);
}

/* Waits in the parent until the child writes a byte to `reports` (it serves: EXIT_OK) or ends (its exit status). */
static int await_child(pid_t pid, int reports)
{
    char byte;
    int status;
    ssize_t n;

    do
        n = read(reports, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        return EXIT_OK;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_MOUNT;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_MOUNT;
}

/* Forks. The child returns, with *report to be closed by the caller, and keeps the terminal for error messages. The
 * parent never returns: it exits when the child has written to *report or ended, because scripts use the mount as soon
 * as the first process has exited with 0. */
static int detach(int *report)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    fflush(NULL);
    pid_t pid = fork();
    if (pid > 0) {
        close(ends[1]);
        _exit(await_child(pid, ends[0]));
    }
    int r = pid < 0 || setsid() < 0 || chdir("/") < 0 ? -errno : 0;
    close(ends[0]);
    *report = ends[1];
    return r;
}

/* Gives up the terminal when nothing has failed: messages go to syslog from now on. Then lets the parent exit. */
static int leave_terminal(int report)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    close(null);
    log_to_syslog();
    return write(report, "", 1) == 1 ? 0 : -errno;
}

static int start(struct program *program)
{
    _cleanup_(closep) int report = -1;
    int r = program->config.foreground ? 0 : detach(&report);
    if (r == 0)
        r = session_start(program->session);
    if (r == 0)
        log_plain(false); /* from now on the program has a log, and nobody who waits for it */
    if (r == 0 && report >= 0)
        r = leave_terminal(report);
    return r;
}

static int serve(struct program *program)
{
    int r = watch_signals(program);
    int mounted = r == 0 ? session_mount(program->session) : 0;
    if (mounted < 0)
        return mounted == -EINVAL ? EXIT_USAGE : EXIT_MOUNT;
    if (r == 0)
        r = start(program);
    if (r < 0) {
        log_error("%s: cannot start: %s", program->config.mountpoint, strerror(-r));
        return EXIT_MOUNT;
    }
    (void)sd_notifyf(0, "READY=1\nSTATUS=Mounted %s at %s", program->config.base_url, program->config.mountpoint);
    log_info("%s: mounted %s", program->config.mountpoint, program->config.base_url);
    r = loop_run(program->loop);
    (void)sd_notify(0, "STOPPING=1");
    return r < 0 ? EXIT_MOUNT : r;
}

static int read_token(struct program *program)
{
    struct config *config = &program->config;
    int r = config->read_token ? config->read_token(config->read_token_data, &program->token) : -ENOKEY;
    if (r == -ENOMEM) {
        log_error("cannot read the token: out of memory");
        return EXIT_MOUNT;
    }
    if (r < 0)
        return EXIT_TOKEN;
    log_hide(program->token);
    return EXIT_OK;
}

/* How long an answer holds while a command shows the tree without a mount: as long as the command runs, so that it shows
 * one state of the account, with the least requests. */
#define SHELL_TTL_S 86400

/* Shows the tree without a mount. */
static int show_account(struct program *program, const struct options_notes *notes)
{
    static const enum shell_verb verbs[] = {[VERB_LS] = SHELL_LS,
                                            [VERB_CAT] = SHELL_CAT,
                                            [VERB_FIND] = SHELL_FIND,
                                            [VERB_PURGE] = SHELL_PURGE,
                                            [VERB_EXPORT] = SHELL_EXPORT};
    struct config *config = &program->config;
    const struct options_shell *shell = &notes->shell;
    struct shell_command command = {
        .verb = verbs[shell->verb],
        .operands = shell->operands,
        .n = shell->n,
        .details = shell->details,
        .json = notes->json,
        .copies = shell->copies,
        .dry_run = shell->dry_run,
    };
    int status = read_token(program);

    config->ttl_s = config->ttl_slow_s = SHELL_TTL_S;
    if (config->log_level == LOG_LEVEL_INFO)
        log_set_level(LOG_LEVEL_WARNING);
    if (status == EXIT_OK)
        status = build_tree(program);
    return status == EXIT_OK ? shell_run(program->loop, program->tree, &command) : status;
}

static int mount_account(struct program *program)
{
    struct config *config = &program->config;
    struct machine_fault fault;
    if (mountpoint_check(config->mountpoint, false) < 0)
        return EXIT_MOUNT;
    if (machine_cannot_mount(config, &fault)) {
        log_error("%s; %s", fault.what, fault.advice);
        return EXIT_MOUNT;
    }
    int status = library_load() < 0 ? EXIT_MOUNT : read_token(program);
    if (status == EXIT_OK && !config->delay_connect)
        status = check_quietly(program);
    if (status == EXIT_OK)
        status = build(program);
    return status == EXIT_OK ? serve(program) : status;
}

static int run(struct program *program, int argc, char **argv)
{
    enum options_action action;
    _cleanup_(options_notes_clear) struct options_notes notes = {0};
    int status = options_parse(argc, argv, &program->config, &action, &notes);
    if (status != EXIT_OK || action == OPTIONS_HELP || action == OPTIONS_FAKE)
        return status;
    if (action == OPTIONS_VERSION) {
        printf("melbicomfs " MELBICOMFS_VERSION "\n%s, json-c %s, libfuse %s\n", curl_version(), json_c_version(),
               library_version());
        return EXIT_OK;
    }
    if (action == OPTIONS_DOCTOR)
        return doctor_run(&program->config, &notes, mountpoint_check, stdout);
    log_set_level((enum log_level)program->config.log_level);
    program->endpoints = endpoints_new(&program->config);
    if (!program->endpoints)
        return EXIT_CONFIG;
    if (action == OPTIONS_ENDPOINTS) {
        endpoints_print(program->endpoints, stdout);
        return EXIT_OK;
    }
    if (action == OPTIONS_LOGIN)
        return login_run(&program->config, &notes.login, program->endpoints, check_token, program);
    return action == OPTIONS_SHELL ? show_account(program, &notes) : mount_account(program);
}

/* Opens /dev/null for each standard stream that the caller has closed. Otherwise a file or socket that is opened later
 * could get number 0, 1 or 2: messages would be written to it, and detaching would replace it by /dev/null. */
static bool have_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

int main(int argc, char **argv)
{
    struct program program = {.signals = -1};

    if (guard_is(argc, argv))
        return guard_main(argv);
    if (!have_standard_streams()) {
        fputs("melbicomfs: /dev/null cannot be opened; it is missing in /dev, or the limit of open files is too low\n",
              stderr);
        return EXIT_MOUNT;
    }
    guard_memory();
    heap_init();
    if (!wiping_init())
        return EXIT_MOUNT;
    config_init(&program.config);
    log_plain(true);
    int status = run(&program, argc, argv);
    take_down(&program);
    return status;
}
