/* SPDX-License-Identifier: MIT */
/*
 * What the end of an attempt means: the two tables, and the advice that depends on the answer.
 */
#include "http/verdict.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "http/http.h"

/* The first row that matches counts. */
static const struct status_row {
    long from, to;
    int error;
    bool again;
    const char *advice;
} statuses[] = {
    {200, 299, 0, false, ""},
    {300, 399, -EIO, false, "redirects are not followed: set url= to the address where the API itself answers"},
    {400, 400, -EINVAL, false, "check what was asked for"},
    {401, 401, -EACCES, false, "check the token"},
    {403, 403, -EACCES, false, "check what the token is allowed to do, and from which addresses"},
    {404, 404, -ENOENT, false, "check the id or name, or the path in [endpoints]"},
    {408, 408, -EIO, true, "try again later"},
    {410, 410, -ENOENT, false, "check the id or name, or the path in [endpoints]"},
    {422, 422, -EINVAL, false, "check what was asked for"},
    {429, 429, -EBUSY, true, "try again later, or lower max_connections"},
    {400, 499, -EIO, false, "check the URL, and the path and parameters in [endpoints]"},
    {500, 599, -EIO, true, "the service is in trouble: try again later"},
};

static const struct failure_row {
    enum http_failure failure;
    enum blame blame;
    bool again;
    const char *advice;
} failures[] = {
    {HTTP_UNRESOLVED, BLAME_HOST, true, "check the network or the URL"},
    {HTTP_CONNECT, BLAME_HOST, true, "check the network or the URL"},
    {HTTP_TLS, BLAME_HOST, false, "check the URL, the clock of this machine, and the certificates (cafile=)"},
    {HTTP_TIMEOUT, BLAME_SILENCE, false, "check the network, or raise timeout="},
    {HTTP_RESET, BLAME_PASSING, true, "check the network, or try again later"},
    {HTTP_NO_DESCRIPTOR, BLAME_SELF, true, "raise the limit of open files (ulimit -n), or lower max_connections"},
    {HTTP_TOO_LARGE, BLAME_NONE, false, "raise max_body="},
    {HTTP_SINK, BLAME_NONE, false, "check that the URL is the API's"},
    {HTTP_BROKEN, BLAME_NONE, false, "check that the URL is the API's"},
};

/* The advice for a failure: the table's, unless the answer itself tells more. */
static const char *advice_for(long status, enum said said, const char *usual)
{
    switch (said) {
    case SAID_PAGE:
        if (status == 401 || status == 403 || (status >= 500 && status <= 599))
            return "something in front of the API answered, perhaps with a challenge or because it blocks this "
                   "address: "
                   "try again later or from another address, or ask the service to let this address in";
        return usual;
    case SAID_LOGIN:
        return "a login page means that the token is missing or not accepted: check the token";
    case SAID_UNCHANGED:
        return "try again later, or check the proxy or cache in front of the API";
    case SAID_NOTHING:
    case SAID_MESSAGE:
    case SAID_TEXT:
    case SAID_REDIRECT:
        break;
    }
    return usual;
}

static struct client_verdict judge_status(const struct http_result *result, enum said said, bool conditional)
{
    struct client_verdict verdict = {.error = -EIO, .advice = "check that the URL is the API's"};
    long status = result->status;

    if (status == 304 && conditional)
        return (struct client_verdict){.advice = ""};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        const struct status_row *row = &statuses[i];

        if (status < row->from || status > row->to)
            continue;
        verdict.error = row->error;
        verdict.again_get = row->again;
        verdict.advice = row->error ? advice_for(status, said, row->advice) : row->advice;
        break;
    }
    if (status == 401 || (status == 429 && result->retry_after_ms > 0))
        verdict.blame = BLAME_HOST;
    else if (verdict.again_get)
        verdict.blame = BLAME_PASSING;
    verdict.again_post = (status == 429 || status == 503) && result->retry_after_ms >= 0;
    return verdict;
}

struct client_verdict client_judge(const struct http_result *result, enum said said, bool conditional, bool left)
{
    struct client_verdict verdict = {.error = result->error, .advice = "check that the URL is the API's"};

    if (result->failure == HTTP_OK)
        return judge_status(result, said, conditional);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].failure != result->failure)
            continue;
        verdict.blame = failures[i].blame;
        verdict.again_get = failures[i].again;
        verdict.advice = failures[i].advice;
    }
    if (result->error == -ENOMEM) {
        verdict.blame = BLAME_SELF;
        verdict.advice = "free memory, or raise the limit of this program's memory";
    }
    /* A connection attempt that has used up its whole timeout would do so again, and the caller has waited enough. */
    if (verdict.error == -ETIMEDOUT)
        verdict.again_get = false;
    verdict.again_post = verdict.again_get && !left;
    return verdict;
}

struct client_verdict client_judge_status(long status)
{
    struct http_result result = {.status = status, .retry_after_ms = -1};

    return client_judge(&result, SAID_MESSAGE, false, true);
}

int64_t client_pause_ms(unsigned attempts, const struct http_result *result)
{
    unsigned base = CLIENT_PAUSE_MS << (attempts - 1);
    int64_t ms = (int64_t)base + arc4random_uniform(base + 1);

    if (result->retry_after_ms <= ms)
        return ms;
    return result->retry_after_ms + arc4random_uniform((uint32_t)result->retry_after_ms / 8 + 1);
}

void client_log_failure(const struct client_request *request, const struct client_result *result, const char *advice)
{
    enum log_level level = result->host ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
    int64_t wait = result->retry_at - clock_ms();
    char status[32] = "", again[64] = "";

    /* "Not found" is an ordinary answer. */
    if (result->error == -ENOENT)
        level = LOG_LEVEL_INFO;
    if (result->status)
        (void)snprintf(status, sizeof(status), "HTTP %ld: ", result->status);
    if (result->retry_at && wait > 0)
        (void)snprintf(again, sizeof(again), "; try again after %lld s", (long long)((wait + 999) / 1000));
    log_line(level, "%s: %s %s: %s%s: %s%s", request->operation, request->method, request->path, status,
             result->message, advice, again);
}
