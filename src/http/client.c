/* SPDX-License-Identifier: MIT */
/*
 * The client. client.h says what an exchange does; this is how.
 *
 * Each exchange is in one of five lists, which are its states:
 *
 *      QUEUED   waits for a place
 *      FLYING   an attempt is under way
 *      PAUSED   waits for its next attempt
 *      BARRED   waits for a token command
 *      ENDING   has failed; a task will call on_done
 *
 *      client_start()     --> QUEUED, or ENDING if the host is closed
 *      QUEUED             --a place is free---------------------------> FLYING
 *                         --there is no token, a command is started---> BARRED
 *                         --the token cannot be read------------------> ENDING
 *                         --the host closes before the first attempt--> ENDING
 *      FLYING             --an answer, or a failure that is final-----> on_done
 *                         --a failure that may be retried-------------> PAUSED
 *                         --401, the token has changed----------------> QUEUED
 *                         --401, a command is started-----------------> BARRED
 *      PAUSED             --the pause is over-------------------------> QUEUED
 *                         --the pause is over, the host is closed-----> ENDING, or PAUSED after a Retry-After
 *      BARRED             --the token has changed---------------------> QUEUED
 *                         --the token is the same, or none came-------> ENDING
 *      ENDING             --task--------------------------------------> on_done
 *
 * An exchange has one timer: the end of the pause while PAUSED; the deadline, which ends it with -ETIMEDOUT, while
 * QUEUED, FLYING or BARRED. A pause that would end after the deadline is not begun: the exchange fails at once. An
 * exchange that comes out of PAUSED may become the probe, like a new one. An exchange that has made an attempt joins
 * QUEUED at the head, because it is older than the others there.
 *
 * ENDING exists because on_done must not be called from within client_start(), or while a list is walked. The task ends
 * only the exchanges that were in ENDING when it began. So a user that starts a new exchange from on_done each time
 * cannot hold the loop.
 *
 * The host closes when an exchange ends with a failure of the host, after its retries. A Retry-After closes it at once,
 * even if the exchange goes on. The probe is not retried after a failure of the host without an HTTP status: it has
 * found out what it was sent for.
 *
 * While a token command runs, exchanges that have a token and got no 401 go on with the token there is. If the command
 * brings no new token, the BARRED exchanges end with the 401.
 */
#include "http/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/url.h"
#include "http/attempt.h"
#include "http/bearer.h"
#include "http/host.h"
#include "http/http.h"
#include "http/verdict.h"

#define ATTEMPTS_MAX   4
#define COPY_PAUSE_MAX 1200 /* ms; the longest pause of an exchange whose caller can show an old copy */

/* As drawn above. */
enum state { QUEUED, FLYING, PAUSED, BARRED, ENDING, STATES };

struct client {
    struct loop *loop;
    struct http *http;
    const struct config *config;
    struct metrics *metrics;
    struct client_exchange *lists[STATES];
    unsigned flying;
    struct client_host host;
    struct task ending;
    uint64_t ended; /* how many exchanges have entered ENDING */
    struct client_token token;
};

struct client_exchange {
    struct client *client;
    struct client_exchange *prev, *next;
    enum state state;
    struct client_request request; /* its strings are copies, owned by the exchange */
    char *url;                     /* request.path points to the end of it */
    struct attempt attempt;        /* the last attempt */
    unsigned attempts;
    struct timer timer;
    int64_t started_ns, deadline;
    uint64_t token_serial;  /* serial of the token last sent */
    bool post, token_again; /* token_again: a 401 has led to a look for another token */
    uint64_t ended;         /* in ENDING: client->ended when it entered */
    int error;              /* in ENDING: the result's */
    bool host;
    const char *why; /* in ENDING: the message, a constant string; NULL: the host's message, and no log line */
    char *refusal;   /* the message of the 401 after which the exchange was BARRED, or NULL */
    const char *refusal_advice; /* with refusal: a constant string */
    struct {
        int error; /* -errno, or 0: no attempt has failed */
        bool host;
        char *message;
        const char *advice;
    } failed; /* the last attempt that failed and was to be made again */
};

/* How an exchange ended, on its way to done and the log. */
struct end {
    int error;
    bool host;
    int64_t retry_at;
    const char *message, *advice;
    const struct http_result *http; /* of the attempt that ended the exchange; NULL: no attempt did */
};

static void pump(struct client *client);

/* Lists. */

static void leave(struct client_exchange *x)
{
    DL_DELETE(x->client->lists[x->state], x);
    if (x->state == FLYING)
        x->client->flying--;
}

static void enter(struct client_exchange *x, enum state state)
{
    struct client *client = x->client;

    x->state = state;
    if (state == FLYING)
        client->flying++;
    if (state == QUEUED && x->attempts > 0)
        DL_PREPEND(client->lists[state], x);
    else
        DL_APPEND(client->lists[state], x);
}

static void move(struct client_exchange *x, enum state state)
{
    leave(x);
    enter(x, state);
}

static void exchange_free(struct client_exchange *x)
{
    timer_clear(&x->timer);
    free((void *)(uintptr_t)x->request.body);
    free((void *)(uintptr_t)x->request.etag);
    free((void *)(uintptr_t)x->request.last_modified);
    free(x->url);
    attempt_clear(&x->attempt);
    free(x->refusal);
    free(x->failed.message);
    free(x);
}

/* The end of an exchange. */

static void finish(struct client_exchange *x, const struct end *end)
{
    struct client *client = x->client;
    struct client_result result = {
        .error = end->error,
        .status = end->http ? end->http->status : 0,
        .not_modified = !end->error && end->http && end->http->status == 304,
        .host = end->host,
        .left = attempt_left(&x->attempt),
        .etag = end->http ? end->http->etag : NULL,
        .last_modified = end->http ? end->http->last_modified : NULL,
        .link_next = end->http ? end->http->link_next : NULL,
        .total = end->http ? end->http->total : -1,
        .message = end->error ? end->message : "",
        .retry_at = end->retry_at,
        .ns = clock_ns() - x->started_ns,
    };

    bool sunk = end->http && end->http->failure == HTTP_SINK;
    if (end->error && end->advice && !sunk)
        client_log_failure(&x->request, &result, end->advice);
    client_host_leave(&client->host, x);
    leave(x);
    x->request.on_done(x->request.data, &result);
    exchange_free(x);
    pump(client);
}

/* Ends the exchange on the loop's next turn, for callers that must not run callbacks. `why`: see client_exchange. */
static void end_later(struct client_exchange *x, int error, bool host, const char *why)
{
    x->error = error;
    x->host = host;
    x->why = why;
    x->ended = ++x->client->ended;
    timer_clear(&x->timer);
    move(x, ENDING);
    task_defer(x->client->loop, &x->client->ending);
}

static void end_those_waiting(void *data)
{
    static const struct http_result refused = {.status = 401, .total = -1};
    struct client *client = data;
    uint64_t last = client->ended;
    struct client_exchange *x;

    while ((x = client->lists[ENDING]) && x->ended <= last) {
        struct end end = {
            .error = x->error,
            .host = x->host,
            .retry_at = x->host ? client->host.until : 0,
            .message = x->refusal ? x->refusal
                       : x->why   ? x->why
                                  : client->host.message,
            /* No advice, no log line: the failure that closed the host has been logged. */
            .advice = x->refusal ? x->refusal_advice
                      : x->why   ? "check the token's file, variable or command, and this machine's free memory"
                                 : NULL,
            .http = x->refusal ? &refused : NULL,
        };

        finish(x, &end);
    }
}

/* The host. */

static void host_failed(struct client_exchange *x, int error, int64_t retry_after_ms, const char *message)
{
    struct client *client = x->client;
    struct client_exchange *y, *next;

    (void)client_host_failed(&client->host, x, error, retry_after_ms, message);
    DL_FOREACH_SAFE(client->lists[QUEUED], y, next)
    {
        if (y->attempts == 0 && y != x && y != client->host.probe)
            end_later(y, client->host.error, true, NULL);
    }
}

static void host_answered(struct client_exchange *x)
{
    if (client_host_answered(&x->client->host, x, x->attempt.began_ns))
        log_info("the service answers again");
}

/* The token. */

void client_set_token(struct client *client, const char *token)
{
    client_token_set(&client->token, token);
}

static void token_missing(struct client_exchange *x)
{
    const char *message = x->refusal ? x->refusal : "the token could not be read";

    host_failed(x, -EACCES, -1, message);
    end_later(x, -EACCES, true, message);
}

/* A token command has ended. The list is walked from its end, because each exchange goes to the head of QUEUED. */
static void token_read(void *data)
{
    struct client *client = data;

    while (client->lists[BARRED]) {
        struct client_exchange *x = client->lists[BARRED]->prev;

        if (client->token.serial == x->token_serial) {
            token_missing(x);
            continue;
        }
        free(steal(&x->refusal));
        move(x, QUEUED);
    }
    pump(client);
}

/* ---- attempts ---- */

/*
 * After a 401 the token is read again, once an exchange. It is not read if the token has changed since the exchange was
 * sent (token_serial differs), or if a 401 has closed the host already and the exchange is not the probe.
 */

/* After a 401. True: the exchange has been moved to QUEUED with a token it has not sent yet, or to BARRED. */
static bool another_token(struct client_exchange *x, const struct attempt_end *end)
{
    struct client *client = x->client;
    const struct client_host *host = &client->host;

    if (x->token_again)
        return false;
    x->token_again = true;
    if (client->token.serial == x->token_serial && !(host->closed && host->error == -EACCES && host->probe != x) &&
        client_token_read(&client->token) == 1) {
        x->refusal = strdup(end->message);
        x->refusal_advice = end->verdict.advice;
        move(x, BARRED);
        return true;
    }
    if (client->token.serial == x->token_serial)
        return false;
    move(x, QUEUED);
    return true;
}

/* Keeps why an attempt failed, for the case that the deadline comes during the next one. */
static void remember_failure(struct client_exchange *x, const struct attempt_end *end)
{
    char *message = NULL;
    int r = end->http->status ? asprintf(&message, "HTTP %ld: %s", end->http->status, end->message)
                              : asprintf(&message, "%s", end->message);

    free(x->failed.message);
    x->failed.message = r < 0 ? NULL : message;
    x->failed.error = end->verdict.error;
    x->failed.host = end->verdict.host;
    x->failed.advice = end->verdict.advice;
}

static bool try_again(struct client_exchange *x, const struct attempt_end *end, bool probe)
{
    const struct http_result *result = end->http;
    const struct client_verdict *verdict = &end->verdict;
    int64_t pause;

    if (result->failure == HTTP_OK && result->status == 401 && another_token(x, end))
        return true;
    if (x->attempts >= ATTEMPTS_MAX || !(x->post ? verdict->again_post : verdict->again_get))
        return false;
    if (probe && verdict->host && result->status == 0)
        return false;
    pause = client_pause_ms(x->attempts, result);
    if (clock_ms() + pause >= x->deadline || (x->request.has_copy && pause > COPY_PAUSE_MAX))
        return false;
    remember_failure(x, end);
    move(x, PAUSED);
    timer_set(x->client->loop, &x->timer, clock_ms() + pause);
    return true;
}

static void body_begins(void *data)
{
    const struct client_request *request = &((struct client_exchange *)data)->request;
    if (request->on_start)
        request->on_start(request->data);
}

static int body_goes_on(void *data, const char *bytes, size_t len)
{
    const struct client_request *request = &((struct client_exchange *)data)->request;
    return request->on_body ? request->on_body(request->data, bytes, len) : 0;
}

static void attempt_done(void *data, const struct attempt_end *attempt)
{
    struct client_exchange *x = data;
    struct client *client = x->client;
    const struct client_verdict *verdict = &attempt->verdict;
    const struct http_result *result = attempt->http;
    bool probe = client->host.probe == x, again = verdict->error && try_again(x, attempt, probe);
    struct end end = {.error = verdict->error,
                      .host = verdict->host,
                      .message = attempt->message,
                      .advice = verdict->advice,
                      .http = result};

    if (!verdict->host && (result->status != 0 || probe))
        host_answered(x);
    else if (verdict->host && (!again || result->retry_after_ms > 0) && !(again && result->status == 401))
        host_failed(x, verdict->error, result->retry_after_ms, end.message);
    if (again) {
        pump(client);
        return;
    }
    if (verdict->host)
        end.retry_at = client->host.until;
    else if (verdict->error && result->retry_after_ms > 0)
        end.retry_at = clock_ms() + result->retry_after_ms;
    finish(x, &end);
}

/* Makes the next attempt of an exchange in QUEUED. The exchange always leaves QUEUED. Runs no callbacks. */
static void launch(struct client_exchange *x)
{
    struct client *client = x->client;
    struct http_request request = {
        .method = x->request.method,
        .url = x->url,
        .body = x->request.body,
        .etag = x->request.etag,
        .last_modified = x->request.last_modified,
    };
    int r = client->token.value ? 0 : client_token_read(&client->token);

    if (r < 0)
        token_missing(x);
    else if (r == 1)
        move(x, BARRED);
    if (r != 0)
        return;
    request.token = client->token.value;
    x->token_serial = client->token.serial;
    if (attempt_start(&x->attempt, client->http, &request) < 0) {
        end_later(x, -ENOMEM, false, "out of memory");
        return;
    }
    if (x->attempts++ > 0)
        metrics_count(client->metrics, COUNT_RETRY, 1);
    move(x, FLYING);
}

/* Launches exchanges from QUEUED until all places are taken. Runs no callbacks. */
static void pump(struct client *client)
{
    while (client->lists[QUEUED] && client->flying < client->config->max_connections)
        launch(client->lists[QUEUED]);
}

/* A pause is over. If the host is closed because of a Retry-After, the exchange pauses again if its deadline allows. If
 * the host is closed for another reason, the exchange fails, as a new one would. */
static void wake(struct client_exchange *x)
{
    struct client *client = x->client;
    struct client_host *host = &client->host;
    int64_t now = clock_ms(),
            at = (host->until > now ? host->until : now) + CLIENT_PAUSE_MS + arc4random_uniform(CLIENT_PAUSE_MS);

    if (client_host_admits(host, x)) {
        move(x, QUEUED);
        timer_set(client->loop, &x->timer, x->deadline);
        pump(client);
    } else if (host->error == -EBUSY && !x->request.has_copy && at < x->deadline) {
        timer_set(client->loop, &x->timer, at);
    } else {
        end_later(x, host->error, true, NULL);
    }
}

static void time_is_up(void *data)
{
    struct client_exchange *x = data;
    struct client *client = x->client;
    struct end end = {.error = -ETIMEDOUT, .advice = "try again later, or raise timeout_total="};

    if (x->state == PAUSED) {
        wake(x);
        return;
    }
    /* No answer at all counts as a failure of the host, even if timeout_total is shorter than timeout. */
    end.host = x->state == FLYING && !x->attempt.head;
    end.message = x->state == FLYING   ? "no whole answer within timeout_total"
                  : x->state == BARRED ? "no token within timeout_total"
                                       : "no connection became free within timeout_total";
    /* What an earlier attempt met says more than that the time is up. Of a POST, only the last attempt counts: it may have
     * reached the service. */
    if (!x->post && x->failed.message) {
        end.error = x->failed.error;
        end.host = x->failed.host;
        end.message = x->failed.message;
        end.advice = x->failed.advice;
    }
    attempt_abandon(&x->attempt);
    if (end.host) {
        host_failed(x, end.error, -1, end.message);
        end.retry_at = client->host.until;
    }
    finish(x, &end);
}

/* Starting and stopping. */

static bool copy_string(const char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

static struct client_exchange *exchange_new(struct client *client, const struct client_request *request)
{
    struct client_exchange *x = calloc(1, sizeof(*x));
    bool ok;

    if (!x)
        return NULL;
    *x = (struct client_exchange){.client = client, .request = *request, .started_ns = clock_ns()};
    x->post = strcmp(request->method, "POST") == 0;
    x->attempt = (struct attempt){.metrics = client->metrics,
                                  .operation = request->operation,
                                  .on_start = body_begins,
                                  .on_body = body_goes_on,
                                  .on_done = attempt_done,
                                  .data = x};
    x->timer = (struct timer){.fn = time_is_up, .data = x};
    ok = copy_string(&x->request.body, request->body);
    ok = copy_string(&x->request.etag, request->etag) && ok;
    ok = copy_string(&x->request.last_modified, request->last_modified) && ok;
    const char *base = client->config->base_url;
    int base_len = (int)(request->from_root ? url_root_length(base) : strlen(base));
    if (asprintf(&x->url, "%.*s%s", base_len, base, request->path) < 0)
        x->url = NULL;
    if (!ok || !x->url) {
        exchange_free(x);
        return NULL;
    }
    x->request.path = x->url + base_len;
    x->attempt.base = base;
    x->attempt.url = x->url;
    return x;
}

struct client_exchange *client_start(struct client *client, const struct client_request *request)
{
    struct client_exchange *x = exchange_new(client, request);

    if (!x)
        return NULL;
    enter(x, QUEUED);
    if (!client_host_admits(&client->host, x)) {
        end_later(x, client->host.error, true, NULL);
        return x;
    }
    x->deadline = clock_ms() + client->config->timeout_total_ms;
    timer_set(client->loop, &x->timer, x->deadline);
    pump(client);
    return x;
}

static void drop(struct client_exchange *x)
{
    attempt_abandon(&x->attempt);
    client_host_leave(&x->client->host, x);
    leave(x);
    exchange_free(x);
}

void client_cancel(struct client_exchange *exchange)
{
    struct client *client = exchange->client;

    drop(exchange);
    pump(client);
}

bool client_left(const struct client_exchange *exchange)
{
    return attempt_left(&exchange->attempt);
}

int64_t client_closed_until(const struct client *client, int *error)
{
    if (!client->host.closed)
        return 0;
    if (error)
        *error = client->host.error;
    return client->host.until;
}

bool client_busy(const struct client *client)
{
    return client->lists[QUEUED] || client->flying >= client->config->max_connections;
}

struct client *client_new(struct loop *loop, struct http *http, const struct config *config, struct metrics *metrics)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    *client = (struct client){.loop = loop, .http = http, .config = config, .metrics = metrics};
    client->ending = (struct task){.fn = end_those_waiting, .data = client};
    client->token = (struct client_token){.loop = loop, .config = config, .on_read = token_read, .data = client};
    return client;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    for (int state = 0; state < STATES; state++)
        while (client->lists[state])
            drop(client->lists[state]);
    task_cancel(&client->ending);
    client_token_clear(&client->token);
    free(client);
}
