/*
 * The client.
 *
 * An exchange stands in one of five lists, and what may happen to it follows from which:
 *
 *      client_start
 *        |  \--host closed------------------------------------> ENDING
 *        v                                                        ^ |
 *      QUEUED --a place--> FLYING --an answer that counts-------- | | --> done
 *        ^                   |\ \--the token can't be had-------> | task
 *        |                   | \--401, a token is on its way--> BARRED --it is no other--> ENDING
 *        +---------it is another one------------------------------+
 *        |                   +--may be tried again--> PAUSED --closed--> ENDING
 *        +------------------------its time has come-----+
 *
 * An exchange has one timer: the end of its pause while PAUSED, its deadline otherwise. A pause that would end after
 * the deadline isn't begun. When the host closes, those in QUEUED that have not been tried go to ENDING. A PAUSED one
 * asks whether the host may be asked when its time has come, like anybody else, and may become the probe. It has its
 * place at the head of the queue then, because it is older than whoever waits there.
 *
 * ENDING exists because done is never called from within client_start(), nor while a list is being walked: a task ends
 * those that were in it when the task began, so that a user who starts anew from done cannot keep the loop here.
 *
 * What closes the host is the end of an exchange, when its retries have been used up; but for a Retry-After, which is
 * the service's own word and holds at once. What opens it is any answer, but for one that was only slower than such a
 * word. The probe gets no retries of its own for failures of the host: it was sent to learn whether there is one.
 *
 * A token_command takes seconds, in which an exchange that got a 401 is BARRED, as is one that has no token to begin
 * with. The rest goes on with the token there is. If no other token comes, what was barred ends as a 401 does.
 */
#include "http/client_private.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "http/verdict.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"

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

void exchange_move(struct client_exchange *x, enum state state)
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
    if (x->said)
        printbuf_free(x->said);
    free(x->refusal);
    free(x);
}

/* The end of an exchange. */

void exchange_finish(struct client_exchange *x, const struct end *end)
{
    struct client *client = x->client;
    struct client_result result = {
        .error = end->error,
        .status = end->http ? end->http->status : 0,
        .not_modified = !end->error && end->http && end->http->status == 304,
        .host = end->host,
        .left = x->left,
        .etag = end->http ? end->http->etag : NULL,
        .last_modified = end->http ? end->http->last_modified : NULL,
        .message = end->error ? end->message : "",
        .retry_at = end->retry_at,
        .ns = clock_ns() - x->started_ns,
    };

    if (end->error && end->advice)
        client_log_failure(&x->request, &result, end->advice);
    client_host_leave(&client->host, x);
    leave(x);
    x->request.on_done(x->request.data, &result);
    exchange_free(x);
    client_pump(client);
}

/* For where done must not be called. */
void exchange_end_later(struct client_exchange *x, int error, bool host, const char *why)
{
    x->error = error;
    x->host = host;
    x->why = why;
    x->ended = ++x->client->ended;
    timer_clear(&x->timer);
    exchange_move(x, ENDING);
    task_defer(x->client->loop, &x->client->ending);
}

static void end_those_waiting(void *data)
{
    static const struct http_result refused = {.status = 401};
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
            /* Without advice it isn't logged: what closed the host was. */
            .advice = x->refusal ? "check the token"
                      : x->why   ? "check the token's source, or the memory of this machine"
                                 : NULL,
            .http = x->refusal ? &refused : NULL,
        };

        exchange_finish(x, &end);
    }
}

/* The host. */

void exchange_host_failed(struct client_exchange *x, int error, int64_t retry_after_ms, const char *message)
{
    struct client *client = x->client;
    struct client_exchange *y, *next;

    (void)client_host_failed(&client->host, x, error, retry_after_ms, message);
    DL_FOREACH_SAFE(client->lists[QUEUED], y, next)
    {
        if (y->attempts == 0 && y != x && y != client->host.probe)
            exchange_end_later(y, client->host.error, true, NULL);
    }
}

void exchange_host_answered(struct client_exchange *x)
{
    if (client_host_answered(&x->client->host, x, x->attempt_ns))
        log_info("the service answers again");
}

/* The token. */

void client_set_token(struct client *client, const char *token)
{
    client_token_set(&client->token, token);
}

void exchange_token_missing(struct client_exchange *x)
{
    const char *message = x->refusal ? x->refusal : "the token could not be read";

    exchange_host_failed(x, -EACCES, -1, message);
    exchange_end_later(x, -EACCES, true, message);
}

/* A reading that took time has ended. From the last to the first, as each goes to the head of the queue. */
static void token_read(void *data)
{
    struct client *client = data;

    while (client->lists[BARRED]) {
        struct client_exchange *x = client->lists[BARRED]->prev;

        if (client->token.serial == x->token_serial) {
            exchange_token_missing(x);
            continue;
        }
        free(steal(&x->refusal));
        exchange_move(x, QUEUED);
    }
    client_pump(client);
}

void client_pump(struct client *client)
{
    while (client->lists[QUEUED] && client->flying < client->config->max_connections)
        exchange_launch(client->lists[QUEUED]);
}

/* A pause is over. The host may have been closed meanwhile, or be closed still with a probe under way: after a
 * Retry-After that is waited for, as was the pause; anything else ends here, as it does for those who come anew. */
static void wake(struct client_exchange *x)
{
    struct client *client = x->client;
    struct client_host *host = &client->host;
    int64_t now = clock_ms(),
            at = (host->until > now ? host->until : now) + BACKOFF_FIRST_MS + arc4random_uniform(BACKOFF_FIRST_MS);

    if (client_host_admits(host, x)) {
        exchange_move(x, QUEUED);
        timer_set(client->loop, &x->timer, x->deadline);
        client_pump(client);
    } else if (host->error == -EBUSY && !x->request.has_copy && at < x->deadline) {
        timer_set(client->loop, &x->timer, at);
    } else {
        exchange_end_later(x, host->error, true, NULL);
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
    /* A host that says nothing at all is the host's failure, even if timeout_total is shorter than timeout. */
    end.host = x->state == FLYING && !x->head;
    end.message = x->state == FLYING   ? "no whole answer within timeout_total"
                  : x->state == BARRED ? "no token within timeout_total"
                                       : "no connection free in timeout_total";
    exchange_abandon(x);
    if (end.host) {
        exchange_host_failed(x, end.error, -1, end.message);
        end.retry_at = client->host.until;
    }
    exchange_finish(x, &end);
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
    x->timer = (struct timer){.fn = time_is_up, .data = x};
    ok = copy_string(&x->request.body, request->body);
    ok = copy_string(&x->request.etag, request->etag) && ok;
    ok = copy_string(&x->request.last_modified, request->last_modified) && ok;
    if (asprintf(&x->url, "%s%s", client->config->base_url, request->path) < 0)
        x->url = NULL;
    if (!ok || !x->url) {
        exchange_free(x);
        return NULL;
    }
    x->request.path = x->url + strlen(client->config->base_url);
    return x;
}

struct client_exchange *client_start(struct client *client, const struct client_request *request)
{
    struct client_exchange *x = exchange_new(client, request);

    if (!x)
        return NULL;
    enter(x, QUEUED);
    if (!client_host_admits(&client->host, x)) {
        exchange_end_later(x, client->host.error, true, NULL);
        return x;
    }
    x->deadline = clock_ms() + client->config->timeout_total_ms;
    timer_set(client->loop, &x->timer, x->deadline);
    client_pump(client);
    return x;
}

static void drop(struct client_exchange *x)
{
    exchange_abandon(x);
    client_host_leave(&x->client->host, x);
    leave(x);
    exchange_free(x);
}

void client_cancel(struct client_exchange *exchange)
{
    struct client *client = exchange->client;

    drop(exchange);
    client_pump(client);
}

bool client_left(const struct client_exchange *exchange)
{
    return exchange->left || (exchange->transfer && http_left(exchange->transfer));
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
