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
 *      client_start()     --> QUEUED; if a gate bars it: ENDING, or PAUSED (client_request.turn)
 *      QUEUED             --a place is free---------------------------> FLYING
 *                         --there is no token, a command is started---> BARRED
 *                         --the token cannot be read------------------> ENDING
 *                         --a gate closes before the first attempt----> ENDING, or PAUSED
 *      FLYING             --an answer, or a failure that is final-----> on_done
 *                         --a failure that may be retried-------------> PAUSED
 *                         --401, the token has changed----------------> QUEUED
 *                         --401, a command is started-----------------> BARRED
 *      PAUSED             --the pause is over-------------------------> QUEUED
 *                         --the pause is over, a gate bars it---------> ENDING, or PAUSED after a Retry-After
 *                         --the pause is over, the operation is in
 *                           trouble-----------------------------------> on_done, with the last attempt's failure
 *      BARRED             --the token has changed---------------------> QUEUED
 *                         --the token is the same, or none came-------> ENDING
 *      ENDING             --task--------------------------------------> on_done
 *
 * An exchange has one timer: the end of the pause while PAUSED; the deadline, which ends it with -ETIMEDOUT, while
 * QUEUED, FLYING or BARRED. A pause that would end after the deadline is not begun: the exchange fails at once. An
 * exchange that comes out of PAUSED may become the probe, like a new one. An exchange that has made an attempt joins
 * QUEUED at the head, because it is older than the others there.
 *
 * The last free place is for an operation that has no exchange in flight. So one operation that does not answer cannot
 * keep the others waiting.
 *
 * ENDING exists because on_done must not be called from within client_start(), or while a list is walked. The task ends
 * only the exchanges that were in ENDING when it began. So a user that starts a new exchange from on_done each time
 * cannot hold the loop.
 *
 * A gate closes when an exchange ends with the failure, after its retries. A Retry-After closes it at once, even if the
 * exchange goes on. The probe is not retried after a failure of the host without an HTTP status: it has found out what it
 * was sent for.
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
#include "http/gate.h"
#include "http/health.h"
#include "http/http.h"
#include "http/verdict.h"

#define ATTEMPTS_MAX   4
#define SHORTAGE_MS    1000 /* how long fewer exchanges are in flight after there was no file descriptor for one */
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
    unsigned places;     /* until `short_until`: how many exchanges there are file descriptors for */
    int64_t short_until; /* clock_ms(); 0: never */
    struct health health;
    struct task ending;
    uint64_t ended; /* how many exchanges have entered ENDING */
    struct client_token token;
};

struct client_exchange {
    struct client *client;
    struct health_operation *operation;
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
    bool once;              /* sent past a closed gate: it is not retried */
    uint64_t ended;         /* in ENDING: client->ended when it entered */
    int error;              /* in ENDING: the result's */
    bool host;
    int64_t retry_at;
    const char *why; /* in ENDING: the message; a constant string, or the copy below */
    char *copy;
    const char *advice;         /* in ENDING: a constant string; NULL: no log line */
    char *refusal;              /* the message of the 401 after which the exchange was BARRED, or NULL */
    const char *refusal_advice; /* with refusal: a constant string */
    struct {
        int error; /* -errno, or 0: no attempt has failed */
        enum blame blame;
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
    if (x->state == FLYING) {
        x->client->flying--;
        x->operation->flying--;
    }
}

static void enter(struct client_exchange *x, enum state state)
{
    struct client *client = x->client;

    x->state = state;
    if (state == FLYING) {
        client->flying++;
        x->operation->flying++;
    }
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
    free(x->copy);
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
    health_leave(&client->health, x->operation, x);
    leave(x);
    x->request.on_done(x->request.data, &result);
    exchange_free(x);
    pump(client);
}

/* Ends the exchange on the loop's next turn, for callers that must not run callbacks. */
static void end_later(struct client_exchange *x, int error, const char *why, const char *advice)
{
    x->error = error;
    x->why = why;
    x->advice = advice;
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
            .retry_at = x->retry_at,
            .message = x->refusal ? x->refusal : x->why,
            .advice = x->refusal ? x->refusal_advice : x->advice,
            .http = x->refusal ? &refused : NULL,
        };

        finish(x, &end);
    }
}

/* Closed gates. */

/* Ends an exchange that a gate bars, without a log line: the failure that closed the gate has been logged. */
static void end_barred(struct client_exchange *x, const struct gate *gate)
{
    free(x->copy);
    x->copy = strdup(gate->message);
    x->host = gate == &x->client->health.host;
    x->retry_at = gate->until;
    end_later(x, gate->error, x->copy ? x->copy : "out of memory", NULL);
}

/* Ends an exchange that waits for its turn, because the service has asked for a longer pause than its time allows. */
static void end_too_late(struct client_exchange *x, const struct gate *gate)
{
    char when[32];

    free(x->copy);
    if (asprintf(&x->copy, "not sent: the service asks for a pause until %s (%s)",
                 clock_format(clock_wall_at(gate->until), when, sizeof(when)), gate->message) < 0)
        x->copy = NULL;
    x->host = gate == &x->client->health.host;
    x->retry_at = gate->until;
    end_later(x, -EBUSY, x->copy ? x->copy : "out of memory", "try again then");
}

/* A time shortly after the gate's retry time. */
static int64_t shortly_after(const struct gate *gate)
{
    int64_t now = clock_ms();

    return (gate->until > now ? gate->until : now) + CLIENT_PAUSE_MS + arc4random_uniform(CLIENT_PAUSE_MS);
}

/* What becomes of an exchange that a gate bars, by its turn. Returns true if the exchange is to be sent all the same;
 * otherwise it has been moved to PAUSED or ENDING. */
static bool pass_gate(struct client_exchange *x, const struct gate *gate)
{
    int64_t at = shortly_after(gate);
    bool waits = x->request.turn == TURN_WAITS || (gate->asked && x->attempts > 0 && !x->request.has_copy);

    if (x->request.turn == TURN_NOW && !gate->asked)
        return x->once = true;
    if (waits && at < x->deadline && (gate->until > clock_ms() || x->request.turn == TURN_YIELDS)) {
        move(x, PAUSED);
        timer_set(x->client->loop, &x->timer, at);
    } else if (x->request.turn != TURN_WAITS) {
        end_barred(x, gate);
    } else if (gate->asked && at >= x->deadline) {
        end_too_late(x, gate);
    } else {
        return x->once = true;
    }
    return false;
}

/* A gate has closed: those that wait for their first place behind it. */
static void clear_queue(struct client *client, const struct client_exchange *cause, const struct gate *gate)
{
    struct client_exchange *y, *next;

    DL_FOREACH_SAFE(client->lists[QUEUED], y, next)
    {
        if (y->attempts == 0 && y != cause && y != gate->probe && !y->once &&
            (gate == &client->health.host || gate == &y->operation->gate))
            (void)pass_gate(y, gate);
    }
}

static const struct gate *attempt_ended(struct client_exchange *x, const struct health_end *end)
{
    struct client *client = x->client;
    const struct gate *gate = health_ended(&client->health, x->operation, x, end);

    if (gate)
        clear_queue(client, x, gate);
    return gate;
}

/* The token. */

int client_set_token(struct client *client, const char *token)
{
    return client_token_set(&client->token, token);
}

static void token_missing(struct client_exchange *x)
{
    const char *message = x->refusal ? x->refusal : "the token could not be read";

    const struct gate *gate = attempt_ended(
        x, &(struct health_end){
               .blame = BLAME_HOST, .final = true, .error = -EACCES, .message = message, .retry_after_ms = -1});

    x->host = true;
    x->retry_at = gate->until;
    end_later(x, -EACCES, message, "check the token's file, variable or command");
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
    const struct gate *host = &client->health.host;

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
    x->failed.blame = end->verdict.blame;
    x->failed.advice = end->verdict.advice;
}

/* Waits for a file descriptor: an exchange that could not get one pauses, and fewer are in flight for a while. That is
 * no attempt. False if the exchange has no time left. */
static bool wait_for_descriptor(struct client_exchange *x, const struct attempt_end *end)
{
    struct client *client = x->client;
    int64_t now = clock_ms();

    if (now + CLIENT_PAUSE_MS >= x->deadline)
        return false;
    if (now >= client->short_until)
        log_warning("%s; %s. Requests wait for one", end->message, end->verdict.advice);
    remember_failure(x, end);
    x->attempts--;
    move(x, PAUSED);
    client->places = client->flying > 1 ? client->flying : 1;
    client->short_until = now + SHORTAGE_MS;
    timer_set(client->loop, &x->timer, now + CLIENT_PAUSE_MS);
    return true;
}

static bool try_again(struct client_exchange *x, const struct attempt_end *end, bool probe)
{
    const struct http_result *result = end->http;
    const struct client_verdict *verdict = &end->verdict;
    int64_t pause;

    if (result->failure == HTTP_OK && result->status == 401 && another_token(x, end))
        return true;
    if (result->failure == HTTP_NO_DESCRIPTOR)
        return wait_for_descriptor(x, end);
    if (x->attempts >= ATTEMPTS_MAX || x->once || !(x->post ? verdict->again_post : verdict->again_get))
        return false;
    if (probe && verdict->blame == BLAME_HOST && result->status == 0)
        return false;
    if (verdict->blame == BLAME_PASSING && health_in_trouble(x->operation) && result->retry_after_ms <= 0)
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
    const struct client_exchange *x = data;
    const struct client_request *request = &x->request;

    health_heard(&x->client->health);
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
    bool again = verdict->error && try_again(x, attempt, client->health.host.probe == x);
    bool heard = result->status != 0 || x->attempt.head;
    bool final = !again || (result->retry_after_ms > 0 && result->status != 401);
    const struct gate *gate = attempt_ended(x, &(struct health_end){.blame = verdict->blame,
                                                                    .heard = heard,
                                                                    .final = final,
                                                                    .error = verdict->error,
                                                                    .message = attempt->message,
                                                                    .retry_after_ms = result->retry_after_ms,
                                                                    .began_ns = x->attempt.began_ns});

    if (again) {
        pump(client);
        return;
    }
    struct end end = {.error = verdict->error,
                      .host = verdict->blame == BLAME_HOST || gate == &client->health.host,
                      .retry_at = gate ? gate->until : 0,
                      .message = attempt->message,
                      .advice = verdict->advice,
                      .http = result};
    if (!gate && verdict->error && result->retry_after_ms > 0)
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

    if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
        end_later(x, r, r == -ENOMEM ? "out of memory" : "no file descriptor is left to read the token",
                  "check this machine's free memory, and the limit of open files (ulimit -n)");
    else if (r < 0)
        token_missing(x);
    else if (r == 1)
        move(x, BARRED);
    if (r != 0)
        return;
    request.token = client->token.value;
    x->token_serial = client->token.serial;
    if (attempt_start(&x->attempt, client->http, &request) < 0) {
        end_later(x, -ENOMEM, "out of memory", "check this machine's free memory");
        return;
    }
    if (x->attempts++ > 0)
        metrics_count(client->metrics, COUNT_RETRY, 1);
    move(x, FLYING);
}

/* How many exchanges may be in flight now. */
static unsigned places_of(const struct client *client)
{
    unsigned most = client->config->max_connections;

    return client->short_until > clock_ms() && client->places < most ? client->places : most;
}

/* The first exchange in QUEUED that may have a place now, or NULL. */
static struct client_exchange *next_to_launch(const struct client *client)
{
    unsigned places = places_of(client);
    struct client_exchange *x = client->lists[QUEUED];

    if (client->flying >= places)
        return NULL;
    while (x && places - client->flying == 1 && x->operation->flying > 0)
        x = x->next;
    return x;
}

/* Launches exchanges from QUEUED until all places are taken. Runs no callbacks. */
static void pump(struct client *client)
{
    struct client_exchange *x;

    while ((x = next_to_launch(client)))
        launch(x);
}

/* Ends an exchange whose pause is over with the failure of its last attempt. */
static void end_as_failed(struct client_exchange *x)
{
    struct end end = {.error = x->failed.error,
                      .message = x->failed.message ? x->failed.message : "out of memory",
                      .advice = x->failed.advice};

    finish(x, &end);
}

/* A pause is over. */
static void wake(struct client_exchange *x)
{
    struct client *client = x->client;
    const struct gate *gate;

    if (x->attempts > 0 && x->failed.blame == BLAME_PASSING && health_in_trouble(x->operation) &&
        !x->operation->gate.asked) {
        end_as_failed(x);
        return;
    }
    gate = health_bars(&client->health, x->operation, x);
    if (gate && !pass_gate(x, gate))
        return;
    move(x, QUEUED);
    timer_set(client->loop, &x->timer, x->deadline);
    pump(client);
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
    end.message = x->state == FLYING   ? "no whole answer within timeout_total"
                  : x->state == BARRED ? "no token within timeout_total"
                                       : "no connection became free within timeout_total";
    /* No answer at all counts as silence, even if timeout_total is shorter than timeout. */
    enum blame blame = x->state == FLYING ? BLAME_SILENCE : BLAME_NONE;
    bool heard = x->attempt.head;
    /* What an earlier attempt met says more than that the time is up. Of a POST, only the last attempt counts: it may have
     * reached the service. */
    if (!x->post && x->failed.message) {
        end.error = x->failed.error;
        end.message = x->failed.message;
        end.advice = x->failed.advice;
        blame = x->failed.blame == BLAME_HOST ? BLAME_HOST : BLAME_NONE;
    }
    attempt_abandon(&x->attempt);
    if (blame == BLAME_HOST || (blame == BLAME_SILENCE && !heard)) {
        const struct gate *gate = attempt_ended(x, &(struct health_end){.blame = blame,
                                                                        .final = true,
                                                                        .error = end.error,
                                                                        .message = end.message,
                                                                        .retry_after_ms = -1,
                                                                        .began_ns = x->attempt.began_ns});
        end.host = gate == &client->health.host;
        end.retry_at = gate->until;
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
    x->operation = health_operation(&client->health, request->operation);
    if (!ok || !x->url || !x->operation) {
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
    x->deadline = clock_ms() + client->config->timeout_total_ms;
    enter(x, QUEUED);
    const struct gate *gate = health_bars(&client->health, x->operation, x);
    if (!gate || pass_gate(x, gate)) {
        timer_set(client->loop, &x->timer, x->deadline);
        pump(client);
    }
    return x;
}

static void drop(struct client_exchange *x)
{
    attempt_abandon(&x->attempt);
    health_leave(&x->client->health, x->operation, x);
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
    const struct gate *host = &client->health.host;

    if (!host->closed)
        return 0;
    if (error)
        *error = host->error;
    return host->until;
}

void client_each(const struct client *client, void (*fn)(void *data, const struct client_operation *operation),
                 void *data)
{
    for (const struct health_operation *it = client->health.operations; it; it = it->next) {
        struct client_operation operation = {.name = it->name,
                                             .closed_until = it->gate.closed ? it->gate.until : 0,
                                             .error = it->gate.closed ? it->gate.error : 0,
                                             .failures = it->failures};
        fn(data, &operation);
    }
}

bool client_ready(struct client *client, const char *name)
{
    const struct health_operation *operation = health_operation(&client->health, name);
    int64_t now = clock_ms();
    unsigned places = places_of(client);

    if (!operation || client->lists[QUEUED] || client->flying >= places)
        return false;
    if (places - client->flying == 1 && operation->flying > 0)
        return false;
    return !(client->health.host.closed && now < client->health.host.until) &&
           !(operation->gate.closed && now < operation->gate.until);
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
    health_clear(&client->health);
    free(client);
}
