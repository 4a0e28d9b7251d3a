/* SPDX-License-Identifier: MIT */
/*
 * The host's state: open, or closed until a retry time.
 */
#include "http/host.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"

#define PAUSE_FIRST_MS 2000
#define PAUSE_MAX_MS   30000

bool client_host_admits(struct client_host *host, const void *who)
{
    if (!host->closed)
        return true;
    if (host->probe || clock_ms() < host->until)
        return false;
    host->probe = who;
    return true;
}

bool client_host_failed(struct client_host *host, const void *who, int error, int64_t retry_after_ms,
                        const char *message)
{
    bool was_open = !host->closed, probe = host->closed && host->probe == who;
    int64_t now = clock_ms();

    if (was_open || probe) {
        host->pause_ms = was_open ? PAUSE_FIRST_MS : host->pause_ms * 2;
        if (host->pause_ms > PAUSE_MAX_MS)
            host->pause_ms = PAUSE_MAX_MS;
        host->until = now + (retry_after_ms > 0 ? retry_after_ms : host->pause_ms);
        host->probe = NULL;
    } else if (retry_after_ms > 0 && now + retry_after_ms > host->until) {
        host->until = now + retry_after_ms;
    } else {
        return false;
    }
    host->said_ns = retry_after_ms > 0 || error == -EACCES ? clock_ns() : 0;
    host->closed = true;
    host->error = error;
    (void)snprintf(host->message, sizeof(host->message), "%s", message);
    return was_open;
}

bool client_host_answered(struct client_host *host, const void *who, int64_t sent_ns)
{
    bool was_closed = host->closed;

    if (was_closed && host->probe != who && sent_ns <= host->said_ns)
        return false;
    host->closed = false;
    host->probe = NULL;
    return was_closed;
}

void client_host_leave(struct client_host *host, const void *who)
{
    if (host->probe == who)
        host->probe = NULL;
}
