/*
 * One attempt of an exchange: it is launched, its answer is passed on or kept, and its end is judged. What follows from
 * that is the end of the exchange, a pause before another attempt, or another one at once with a token that is new.
 *
 * A 401 is answered by reading the token again, unless another exchange has done so since this one's request was made
 * (token_serial tells), or the host is closed by a 401 already. If that takes time, the exchange is BARRED meanwhile.
 */
#include "http/client_private.h"

#include <errno.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/verdict.h"
#include "json/json.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/metrics.h"

#define ATTEMPTS_MAX   4
#define ERROR_BODY_MAX 65536 /* frameworks add a trace of where it happened */
#define COPY_PAUSE_MAX 1200  /* the pause that is worth it when there is a copy to show */

void exchange_abandon(struct client_exchange *x)
{
    struct http_transfer *transfer = steal(&x->transfer);

    if (!transfer)
        return;
    if (http_left(transfer)) {
        x->left = true;
        metrics_http(x->client->metrics, x->request.operation, 0, clock_ns() - x->attempt_ns);
    }
    http_cancel(transfer);
}

/* After a 401: whether there is a token that this exchange has not sent yet, or will be. */
static bool another_token(struct client_exchange *x, const char *message)
{
    struct client *client = x->client;
    const struct client_host *host = &client->host;

    if (x->token_again)
        return false;
    x->token_again = true;
    if (client->token.serial == x->token_serial && !(host->closed && host->error == -EACCES && host->probe != x) &&
        client_token_read(&client->token) == 1) {
        x->refusal = strdup(message);
        exchange_move(x, BARRED);
        return true;
    }
    if (client->token.serial == x->token_serial)
        return false;
    exchange_move(x, QUEUED);
    return true;
}

static void answer_begins(void *data, long status)
{
    struct client_exchange *x = data;

    x->head = true;
    x->streaming = status >= 200 && status < 300;
    if (x->streaming && x->request.on_start)
        x->request.on_start(x->request.data);
}

static int answer_goes_on(void *data, const char *bytes, size_t len)
{
    struct client_exchange *x = data;
    size_t room;

    if (x->streaming)
        return x->request.on_body ? x->request.on_body(x->request.data, bytes, len) : 0;
    if (!x->said && !(x->said = printbuf_new()))
        return 0;
    room = ERROR_BODY_MAX - (size_t)printbuf_length(x->said);
    (void)printbuf_memappend(x->said, bytes, (int)(len < room ? len : room));
    return 0;
}

/* What to say of a failure: the API's own words, ours, or the number. */
static char *failure_message(const struct client_exchange *x, const struct http_result *result)
{
    char *message = NULL;

    if (result->failure != HTTP_OK)
        return strdup(result->detail);
    if (x->said)
        message = json_api_message(x->said->buf, (size_t)printbuf_length(x->said));
    if (!message && asprintf(&message, "HTTP status %ld without a message", result->status) < 0)
        message = NULL;
    return message;
}

/* The pause before the next attempt: 100 to 200 ms, doubling, or what the service asks for if that is longer, and then
 * up to an eighth more, so that not all who were told the same come at once. */
static int64_t pause_ms(const struct client_exchange *x, const struct http_result *result)
{
    unsigned base = BACKOFF_FIRST_MS << (x->attempts - 1);
    int64_t ms = (int64_t)base + arc4random_uniform(base + 1);

    if (result->retry_after_ms <= ms)
        return ms;
    return result->retry_after_ms + arc4random_uniform((uint32_t)result->retry_after_ms / 8 + 1);
}

static bool try_again(struct client_exchange *x, const struct http_result *result, const struct client_verdict *verdict,
                      bool probe, const char *message)
{
    int64_t pause;

    if (result->failure == HTTP_OK && result->status == 401 && another_token(x, message))
        return true;
    if (x->attempts >= ATTEMPTS_MAX || !(x->post ? verdict->again_post : verdict->again_get))
        return false;
    if (probe && verdict->host && result->status == 0)
        return false;
    pause = pause_ms(x, result);
    if (clock_ms() + pause >= x->deadline || (x->request.has_copy && pause > COPY_PAUSE_MAX))
        return false;
    exchange_move(x, PAUSED);
    timer_set(x->client->loop, &x->timer, clock_ms() + pause);
    return true;
}

static void attempt_done(void *data, const struct http_result *result)
{
    struct client_exchange *x = data;
    struct client *client = x->client;
    bool left = http_left(x->transfer), probe = client->host.probe == x;
    bool conditional = x->request.etag || x->request.last_modified;
    struct client_verdict verdict = client_judge(result, conditional, left);
    _cleanup_(freep) char *message = verdict.error ? failure_message(x, result) : NULL;
    struct end end = {.error = verdict.error, .host = verdict.host, .advice = verdict.advice, .http = result};
    bool again;

    x->transfer = NULL;
    x->left = x->left || left;
    end.message = message ? message : "";
    metrics_http(client->metrics, x->request.operation, result->failure == HTTP_OK ? result->status : 0, result->ns);
    metrics_count(client->metrics, COUNT_HTTP_BYTES, result->bytes);
    again = verdict.error && try_again(x, result, &verdict, probe, end.message);
    if (!verdict.host && (result->status != 0 || probe))
        exchange_host_answered(x);
    else if (verdict.host && (!again || result->retry_after_ms > 0) && !(again && result->status == 401))
        exchange_host_failed(x, verdict.error, result->retry_after_ms, end.message);
    if (again) {
        client_pump(client);
        return;
    }
    if (verdict.host)
        end.retry_at = client->host.until;
    else if (verdict.error && result->retry_after_ms > 0)
        end.retry_at = clock_ms() + result->retry_after_ms;
    exchange_finish(x, &end);
}

void exchange_launch(struct client_exchange *x)
{
    struct client *client = x->client;
    struct http_request request = {
        .method = x->request.method,
        .url = x->url,
        .body = x->request.body,
        .etag = x->request.etag,
        .last_modified = x->request.last_modified,
        .on_head = answer_begins,
        .on_body = answer_goes_on,
        .on_done = attempt_done,
        .data = x,
    };
    int r = client->token.value ? 0 : client_token_read(&client->token);

    if (r < 0)
        exchange_token_missing(x);
    else if (r == 1)
        exchange_move(x, BARRED);
    if (r != 0)
        return;
    request.token = client->token.value;
    x->token_serial = client->token.serial;
    x->head = x->streaming = false;
    if (x->said)
        printbuf_reset(x->said);
    x->attempt_ns = clock_ns();
    x->transfer = http_start(client->http, &request);
    if (!x->transfer) {
        exchange_end_later(x, -ENOMEM, false, "out of memory");
        return;
    }
    if (x->attempts++ > 0)
        metrics_count(client->metrics, COUNT_RETRY, 1);
    exchange_move(x, FLYING);
}
