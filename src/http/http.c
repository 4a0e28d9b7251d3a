/* SPDX-License-Identifier: MIT */
/*
 * Transfers over one curl multi handle.
 *
 * http_start() only defers a task, and the task gives the transfer to curl. There are two reasons: http_start() may be
 * called from within a callback of curl, where a multi handle takes no new transfer; and no callback may come from
 * within http_start(). Every transfer ends in finish(), which is never called from within curl:
 *
 *      begun --task--> in curl --curl's message----------> finish: out of curl, on_done, freed
 *        |                |  \--silence for timeout_ms---> finish
 *        +--cannot be sent|------------------------------> finish
 *                         +--http_cancel---------> freed; inside curl: marked, and freed when curl has returned
 *
 * What libcurl leaves to its user:
 *
 *  - If a reused connection turns out to be dead before an answer has begun, libcurl sends the request again by itself,
 *    even a POST. The service may have received the first one. So before_sending(), which libcurl calls before each
 *    sending, lets a POST pass only once. To make this rare, a POST does not reuse a connection that has been idle for
 *    long.
 *  - If a transfer is removed while its host name is being resolved, libcurl waits for the resolver's thread, and the
 *    loop would stand still. CURLOPT_QUICK_EXIT prevents that.
 *  - curl_multi_poll() reports only whether a descriptor is readable or writable. An aborted FUSE descriptor has only
 *    POLLERR. So the loop's descriptors are polled once more with poll(2).
 *  - When memory runs out while libcurl takes the URL apart, it can send the request without the query: all parameters
 *    would be missing, and the answer be a different one. So it is given the path and query as they are to be sent.
 *  - CURLOPT_MAXFILESIZE_LARGE acts at a different moment in each version (8.14: before the head is complete, by bytes
 *    on the wire) and brings its own error message. So max_body is checked here: the length that the head states, and
 *    each byte that comes.
 *  - With CURLOPT_NOSIGNAL, libcurl leaves SIGPIPE to the program.
 */
#include "http/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/url.h"
#include "http/head.h"
#include "http/request.h"
#include "http/wiping.h"

/* Seconds. A request does not reuse a connection that has been idle for longer, because that one may be dead. Others
 * than a POST may be sent again; for them it is libcurl's default. */
#define POST_IDLE_MAX 2L
#define IDLE_MAX      118L

/* By how much CLOCK_BOOTTIME and CLOCK_MONOTONIC come apart if the machine has slept. */
#define SLEPT_MS 1000

/* More descriptors than the loop ever watches (loop_watch()). */
#define WAIT_FDS_MAX 32

struct http {
    struct loop *loop;
    const struct config *config;
    CURLM *multi;
    struct http_transfer *transfers;
    unsigned in_curl; /* transfers added to multi */
    bool inside;      /* curl is on the stack */
    bool marked;      /* a transfer was cancelled inside curl, and must be freed when curl has returned */
    uint64_t token;   /* secret_hash() of the token that was sent last; 0: none was */
    bool outdated;    /* the connections have carried a token that has been replaced, or a certificate was refused */
    struct task renewal;
    int64_t behind_ms; /* how far clock_awake_ms() was behind clock_ms() at the last request */
    int64_t woke_ms;   /* on clock_awake_ms(): the first request after the machine slept */
};

struct http_transfer {
    struct http *http;
    struct http_transfer *prev, *next;
    struct http_request request; /* callbacks and data; its strings are not kept */
    CURL *easy;
    struct curl_slist *headers;
    struct task begin;
    struct timer silence;
    int64_t started_ns, active_ms;
    curl_off_t moved; /* bytes on the wire, both ways, at the last progress() */
    uint64_t bytes;
    long status;
    bool post, added, left, head, cancelled;
    enum http_failure failure; /* set by stop(): replaces curl's code, as do error and why */
    int error;
    const char *why;
    int no_descriptor; /* EMFILE or ENFILE, if there was no descriptor for a connection; else 0 */
    char *link_next;
    char detail[CURL_ERROR_SIZE];
};

/* Connections. */

static CURLM *new_multi(const struct config *config)
{
    CURLM *multi = curl_multi_init();

    if (!multi)
        return NULL;
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)config->max_connections);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)config->max_connections);
    return multi;
}

/* Closes all connections once no transfer uses them, because the buffers of an HTTP/2 connection keep the headers that
 * were sent last, with a token that has been replaced. The parsed certificate file goes, too, so after a certificate
 * was refused the file is read again. When out of memory, both stay. */
static void renew_connections(void *data)
{
    struct http *http = data;
    CURLM *multi = http->outdated && http->in_curl == 0 ? new_multi(http->config) : NULL;

    if (!multi)
        return;
    (void)curl_multi_cleanup(http->multi);
    http->multi = multi;
    http->outdated = false;
}

static void outdate(struct http *http)
{
    http->outdated = true;
    task_defer(http->loop, &http->renewal);
}

/* Notices that the token is another one than was sent last. */
static void note_token(struct http *http, const char *token)
{
    uint64_t hash = token ? secret_hash(token, strlen(token)) : http->token;

    if (http->token && hash != http->token)
        outdate(http);
    http->token = hash;
}

/* A transfer's end. */

static void detach(struct http_transfer *t)
{
    if (!t->added)
        return;
    t->added = false;
    t->http->in_curl--;
    (void)curl_multi_remove_handle(t->http->multi, t->easy);
    if (t->http->outdated && t->http->in_curl == 0)
        task_defer(t->http->loop, &t->http->renewal);
}

static void transfer_free(struct http_transfer *t)
{
    struct http *http = t->http;

    detach(t);
    task_cancel(&t->begin);
    timer_clear(&t->silence);
    DL_DELETE(http->transfers, t);
    /* No handle is used again, because its send buffer keeps the token, perhaps one that has been replaced. */
    if (t->easy)
        curl_easy_cleanup(t->easy);
    http_headers_free(t->headers);
    free(t->link_next);
    free(t);
}

void http_cancel(struct http_transfer *transfer)
{
    if (transfer->http->inside && transfer->added)
        transfer->cancelled = transfer->http->marked = true;
    else
        transfer_free(transfer);
}

bool http_left(const struct http_transfer *transfer)
{
    return transfer->left;
}

static void finish(struct http_transfer *t, enum http_failure failure, int error)
{
    struct http_result result = http_no_answer(failure, error, failure == HTTP_OK ? "" : t->why ? t->why : t->detail);

    if (failure == HTTP_TLS)
        outdate(t->http);
    detach(t);
    timer_clear(&t->silence);
    result.status = t->status;
    result.ns = clock_ns() - t->started_ns;
    result.bytes = t->bytes;
    result.link_next = t->link_next;
    if (t->head)
        http_head_read(t->easy, &result);
    if (t->left)
        http_connection_read(t->easy, &result);
    t->request.on_done(t->request.data, &result);
    transfer_free(t);
}

/* curl's error codes (libcurl-errors(3)). A code that is not in the table is HTTP_BROKEN. */
static const struct outcome {
    CURLcode code;
    enum http_failure failure;
    int error;
} outcomes[] = {
    {CURLE_OK, HTTP_OK, 0},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_UNRESOLVED, -EHOSTUNREACH},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_UNRESOLVED, -EHOSTUNREACH},
    {CURLE_COULDNT_CONNECT, HTTP_CONNECT, -EHOSTUNREACH},
    {CURLE_PROXY, HTTP_CONNECT, -EHOSTUNREACH},
    {CURLE_OPERATION_TIMEDOUT, HTTP_CONNECT, -ETIMEDOUT},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS, -EIO},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS, -EIO},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS, -EIO},
    {CURLE_SSL_CERTPROBLEM, HTTP_TLS, -EIO},
    {CURLE_SSL_CIPHER, HTTP_TLS, -EIO},
    {CURLE_SSL_CRL_BADFILE, HTTP_TLS, -EIO},
    {CURLE_SSL_ISSUER_ERROR, HTTP_TLS, -EIO},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS, -EIO},
    {CURLE_SSL_ENGINE_INITFAILED, HTTP_TLS, -EIO},
    {CURLE_SSL_CLIENTCERT, HTTP_TLS, -EIO},
    {CURLE_USE_SSL_FAILED, HTTP_TLS, -EIO},
    {CURLE_SEND_ERROR, HTTP_RESET, -EIO},
    {CURLE_RECV_ERROR, HTTP_RESET, -EIO},
    {CURLE_GOT_NOTHING, HTTP_RESET, -EIO},
    {CURLE_PARTIAL_FILE, HTTP_RESET, -EIO},
    {CURLE_HTTP2, HTTP_RESET, -EIO},
    {CURLE_HTTP2_STREAM, HTTP_RESET, -EIO},
    {CURLE_OUT_OF_MEMORY, HTTP_BROKEN, -ENOMEM},
};

/* Returns EMFILE or ENFILE if no file descriptor can be had, else 0. */
static int descriptors_missing(void)
{
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), error = fd < 0 ? errno : 0;

    if (fd >= 0)
        (void)close(fd);
    return error == EMFILE || error == ENFILE ? error : 0;
}

/* Whether want of a file descriptor explains an attempt that was not sent: for a connection, for the resolver, or for
 * the file of certificates. libcurl's code is one that blames the host, or none in particular. */
static int explained_by_descriptors(const struct http_transfer *t, CURLcode code)
{
    static const CURLcode codes[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_SSL_CACERT_BADFILE,
                                     CURLE_OUT_OF_MEMORY};

    if (t->left || t->no_descriptor)
        return t->left ? 0 : t->no_descriptor;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == code)
            return descriptors_missing();
    return 0;
}

static struct outcome classify(const struct http_transfer *t, CURLcode code)
{
    struct outcome out = {code, HTTP_BROKEN, -EIO};
    int missing = code == CURLE_OK ? 0 : explained_by_descriptors(t, code);

    if (missing)
        return (struct outcome){code, HTTP_NO_DESCRIPTOR, -missing};

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
        if (outcomes[i].code == code)
            out = outcomes[i];
    if (out.failure == HTTP_OK)
        return out;
    if (!t->left) {
        curl_off_t resolved = 0;

        (void)curl_easy_getinfo(t->easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
        if (code == CURLE_OPERATION_TIMEDOUT && resolved == 0)
            out.failure = HTTP_UNRESOLVED;
        else if (out.failure == HTTP_RESET)
            out = (struct outcome){code, HTTP_CONNECT, -EHOSTUNREACH};
    } else if (out.failure == HTTP_UNRESOLVED || out.failure == HTTP_CONNECT || out.failure == HTTP_TLS) {
        /* The request was sent on a reused connection that broke, and the new connection failed. */
        out = (struct outcome){code, HTTP_RESET, -EIO};
    }
    return out;
}

static void ended(struct http_transfer *t, CURLcode code)
{
    struct outcome out = classify(t, code);

    if (t->failure != HTTP_OK)
        out = (struct outcome){code, t->failure, t->error};
    else if (out.failure == HTTP_NO_DESCRIPTOR)
        (void)snprintf(t->detail, sizeof(t->detail), "no file descriptor is left for a connection");
    else if (t->detail[0] == '\0')
        (void)snprintf(t->detail, sizeof(t->detail), "%s", curl_easy_strerror(code));
    finish(t, out.failure, out.error);
}

static void stop(struct http_transfer *t, enum http_failure failure, int error, const char *why)
{
    t->failure = failure;
    t->error = error;
    t->why = why;
}

static void stop_too_large(struct http_transfer *t)
{
    stop(t, HTTP_TOO_LARGE, -EIO, "the answer is larger than max_body");
}

/* Callbacks of curl. A transfer must not be removed from curl within them. */

/* Opens the socket of a connection. One more descriptor has to be free: for the file of certificates, and for what the
 * rest of the program opens now and then. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *t = data;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    int error = fd < 0 ? errno : descriptors_missing();

    (void)purpose;
    t->no_descriptor = error == EMFILE || error == ENFILE ? error : 0;
    if (fd >= 0 && t->no_descriptor) {
        (void)close(fd);
        fd = -1;
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int before_sending(void *data, char *peer, char *local, int peer_port, int local_port)
{
    struct http_transfer *t = data;

    (void)peer, (void)local, (void)peer_port, (void)local_port;
    if (t->cancelled)
        return CURL_PREREQFUNC_ABORT;
    if (t->left && t->post) {
        stop(t, HTTP_RESET, -EIO, "the connection was closed before an answer came, and the request may have arrived");
        return CURL_PREREQFUNC_ABORT;
    }
    t->left = true;
    t->active_ms = clock_awake_ms();
    return CURL_PREREQFUNC_OK;
}

/* True if the head states a body longer than max_body. A 204 or 304 has no body, even if it states a length. */
static bool states_too_much(const struct http_transfer *t)
{
    const char *length = http_header(t->easy, "Content-Length", 0);

    return length && t->status != 204 && t->status != 304 && strtoull(length, NULL, 10) > t->http->config->max_body;
}

static size_t take_header(char *line, size_t size, size_t n, void *data)
{
    struct http_transfer *t = data;
    long status = 0;

    t->active_ms = clock_awake_ms();
    /* The head ends with an empty line, which also ends each 1xx before it and the trailers after the body. */
    if (t->head || (line[0] != '\r' && line[0] != '\n'))
        return size * n;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200)
        return size * n;
    t->head = true;
    t->status = status;
    if (http_head_link(t->easy, "next", &t->link_next) < 0) {
        stop(t, HTTP_BROKEN, -ENOMEM, "out of memory");
        return CURL_WRITEFUNC_ERROR;
    }
    if (t->request.on_head && !t->cancelled)
        t->request.on_head(t->request.data, status);
    if (!t->cancelled && states_too_much(t)) {
        stop_too_large(t);
        return CURL_WRITEFUNC_ERROR;
    }
    return t->cancelled ? CURL_WRITEFUNC_ERROR : size * n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
    struct http_transfer *t = data;
    size_t len = size * n;
    int r = 0;

    if (t->cancelled)
        return CURL_WRITEFUNC_ERROR;
    t->active_ms = clock_awake_ms();
    t->bytes += len;
    if (t->bytes > t->http->config->max_body) {
        stop_too_large(t);
        return CURL_WRITEFUNC_ERROR;
    }
    if (t->request.on_body && len > 0)
        r = t->request.on_body(t->request.data, bytes, len);
    if (r == -EFBIG && !t->cancelled)
        stop(t, HTTP_TOO_LARGE, -EIO, "the answer takes more memory than max_body allows for");
    else if (r < 0 && !t->cancelled)
        stop(t, HTTP_SINK, r, "the answer was not accepted");
    return r < 0 || t->cancelled ? CURL_WRITEFUNC_ERROR : len;
}

/* Notices bytes that take_header() and take_body() do not see: bytes sent, and compressed bytes that yield no body
 * yet. */
static int progress(void *data, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total, curl_off_t ul)
{
    struct http_transfer *t = data;

    (void)dl_total, (void)ul_total;
    if (dl + ul != t->moved) {
        t->moved = dl + ul;
        t->active_ms = clock_awake_ms();
    }
    return t->cancelled ? 1 : 0;
}

/* A transfer's start. */

/* Each byte only sets active_ms, which is cheap. The timer compares it when it fires, and is set again if needed. While
 * the machine sleeps nothing can come, so that time is no silence. */
static void silent(void *data)
{
    struct http_transfer *t = data;
    int64_t left = t->active_ms + t->http->config->timeout_ms - clock_awake_ms();

    if (left > 0) {
        timer_set(t->http->loop, &t->silence, clock_ms() + left);
        return;
    }
    (void)snprintf(t->detail, sizeof(t->detail), "%s for %u.%03u s",
                   !t->left  ? "no connection"
                   : t->head ? "nothing came"
                             : "no answer",
                   t->http->config->timeout_ms / 1000, t->http->config->timeout_ms % 1000);
    finish(t, t->left ? HTTP_TIMEOUT : HTTP_CONNECT, -ETIMEDOUT);
}

/* How many seconds a connection may have been idle that a request uses. One that was idle while the machine slept is
 * probably dead on the other side, and libcurl's clock stood still meanwhile. */
static long idle_max(struct http *http, bool post)
{
    int64_t awake = clock_awake_ms(), behind = clock_ms() - awake;
    long max = post ? POST_IDLE_MAX : IDLE_MAX;

    if (behind > http->behind_ms + SLEPT_MS)
        http->woke_ms = awake;
    http->behind_ms = behind;
    int64_t since = (awake - http->woke_ms) / 1000;
    if (since >= max)
        return max;
    return since > 0 ? (long)since : 1;
}

static bool set_request(struct http_transfer *t, const struct http_request *request)
{
    const char *target = request->url + url_root_length(request->url);
    unsigned bad = 0;

    bad |= curl_easy_setopt(t->easy, CURLOPT_URL, request->url);
    bad |= curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET, *target == '/' ? target : NULL);
    if (t->post) {
        const char *body = request->body ? request->body : "";

        bad |= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        bad |= curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, body);
    }
    bad |= curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN, idle_max(t->http, t->post));
    bad |= curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    bad |= curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->detail);
    bad |= curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    bad |= curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
    bad |= curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, before_sending);
    bad |= curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
    bad |= curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
    bad |= curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    bad |= curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
    bad |= curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    bad |= curl_easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, progress);
    bad |= curl_easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
    bad |= curl_easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
    /* Not every TLS library can tell. */
    if (request->want_certificate)
        (void)curl_easy_setopt(t->easy, CURLOPT_CERTINFO, 1L);
    return bad == 0;
}

static void begin(void *data)
{
    struct http_transfer *t = data;

    if (t->failure != HTTP_OK) {
        finish(t, t->failure, t->error);
        return;
    }
    t->active_ms = clock_awake_ms();
    if (curl_multi_add_handle(t->http->multi, t->easy) != CURLM_OK) {
        stop(t, HTTP_BROKEN, -ENOMEM, "out of memory");
        finish(t, t->failure, t->error);
        return;
    }
    t->added = true;
    t->http->in_curl++;
    timer_set(t->http->loop, &t->silence, clock_ms() + t->http->config->timeout_ms);
}

struct http_transfer *http_start(struct http *http, const struct http_request *request)
{
    struct http_transfer *t = calloc(1, sizeof(*t));
    bool loopback = false;
    const char *problem;
    int r;

    if (!t)
        return NULL;
    *t = (struct http_transfer){.http = http, .request = *request, .started_ns = clock_ns()};
    t->post = strcmp(request->method, "POST") == 0;
    t->begin = (struct task){.fn = begin, .data = t};
    t->silence = (struct timer){.fn = silent, .data = t};
    t->easy = curl_easy_init();
    DL_APPEND(http->transfers, t);
    note_token(http, request->token);
    problem = url_problem(request->url, &loopback);
    if (!t->easy || !http_set_policy(t->easy, http->config, request->url, loopback) || !set_request(t, request)) {
        transfer_free(t);
        return NULL;
    }
    r = http_headers(request, &t->headers);
    if (r == -ENOMEM || curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) != CURLE_OK) {
        transfer_free(t);
        return NULL;
    }
    if (problem)
        stop(t, HTTP_BROKEN, problem == url_unchecked ? -ENOMEM : -EINVAL, problem);
    else if (r < 0)
        stop(t, HTTP_BROKEN, r, "the token or a validator contains a control byte and cannot be sent");
    task_defer(http->loop, &t->begin);
    return t;
}

/* The loop's wait. */

static int http_wait(void *data, struct pollfd *fds, unsigned n, int timeout_ms)
{
    struct http *http = data;
    struct curl_waitfd extra[WAIT_FDS_MAX];
    int ready = 0;

    /* Without transfers curl has nothing to wait for: it checks an idle connection when it is about to reuse it. */
    if (http->in_curl == 0)
        return poll(fds, n, timeout_ms) < 0 ? -errno : 0;
    if (n > WAIT_FDS_MAX)
        return -EINVAL;
    for (unsigned i = 0; i < n; i++) {
        extra[i] = (struct curl_waitfd){.fd = fds[i].fd};
        extra[i].events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                  (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0) |
                                  (fds[i].events & POLLPRI ? CURL_WAIT_POLLPRI : 0));
    }
    /* curl_multi_poll() returns early when one of curl's own timers is due (curl_multi_timeout()). */
    if (curl_multi_poll(http->multi, extra, n, timeout_ms, &ready) != CURLM_OK) {
        /* Probably out of memory, which may pass. The mount must go on, but without a busy loop. */
        (void)poll(NULL, 0, timeout_ms < 10 ? timeout_ms : 10);
        ready = 1;
    }
    if (ready > 0 && n > 0 && poll(fds, n, 0) < 0)
        return -errno;
    return 0;
}

static void sweep(struct http *http)
{
    struct http_transfer *t, *next;

    http->marked = false;
    DL_FOREACH_SAFE(http->transfers, t, next)
    {
        if (t->cancelled)
            transfer_free(t);
    }
}

static void http_run(void *data)
{
    struct http *http = data;
    CURLMsg *message;
    int n;

    if (http->in_curl == 0)
        return;
    http->inside = true;
    (void)curl_multi_perform(http->multi, &n);
    http->inside = false;
    if (http->marked)
        sweep(http);
    while ((message = curl_multi_info_read(http->multi, &n))) {
        CURLcode code = message->data.result;
        char *t = NULL;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        ended((struct http_transfer *)(void *)t, code);
    }
}

void http_log(const char *operation, const char *method, const char *where, const struct http_result *result,
              unsigned attempt)
{
    char status[32] = "", number[32] = "";

    if (!log_takes(LOG_LEVEL_DEBUG))
        return;
    if (result->status)
        (void)snprintf(status, sizeof(status), "%ld%s", result->status, result->failure == HTTP_OK ? "" : ", ");
    if (attempt)
        (void)snprintf(number, sizeof(number), ", attempt %u", attempt);
    log_debug("%s: %s %s -> %s%s%s, %" PRIu64 " bytes, %.1f ms, %s connection%s", operation, method, where, status,
              result->failure == HTTP_OK ? "" : "failed: ", result->failure == HTTP_OK ? "" : result->detail,
              result->bytes, (double)result->ns / 1e6,
              result->reused ? "reused"
              : result->ip   ? "new"
                             : "no",
              number);
}

struct http *http_new(struct loop *loop, const struct config *config)
{
    struct http *http = calloc(1, sizeof(*http));
    struct sigaction action;

    if (!http)
        return NULL;
    http->loop = loop;
    http->config = config;
    http->behind_ms = clock_ms() - clock_awake_ms();
    if (!wiping_init()) {
        free(http);
        return NULL;
    }
    http->renewal = (struct task){.fn = renew_connections, .data = http};
    http->multi = new_multi(config);
    if (!http->multi) {
        http_free(http);
        return NULL;
    }
    /* OpenSSL writes without MSG_NOSIGNAL, so a connection that the peer has closed would raise SIGPIPE. */
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
    loop_lend_wait(loop, http_wait, http_run, http);
    return http;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    loop_lend_wait(http->loop, NULL, NULL, NULL);
    while (http->transfers)
        transfer_free(http->transfers);
    task_cancel(&http->renewal);
    if (http->multi)
        (void)curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    free(http);
}
