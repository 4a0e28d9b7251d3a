/* SPDX-License-Identifier: MIT */
#include "http/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#define TROUBLE      8  /* failures that may pass, in a row, after which none is retried */
#define FAILURES_MAX 64 /* ... and after which the operation closes */

/* Milliseconds: how long a gate closes at first, and at most. */
#define PAUSE_FIRST   2000
#define PAUSE_MAX     30000
#define TROUBLE_FIRST 250
#define TROUBLE_MAX   2000

struct health_operation *health_operation(struct health *health, const char *name)
{
    struct health_operation *operation = health->operations;

    while (operation && strcmp(operation->name, name) != 0)
        operation = operation->next;
    if (operation || !(operation = calloc(1, sizeof(*operation))))
        return operation;
    operation->name = name;
    operation->next = health->operations;
    health->operations = operation;
    return operation;
}

void health_clear(struct health *health)
{
    while (health->operations) {
        struct health_operation *operation = health->operations;

        health->operations = operation->next;
        free(operation);
    }
}

const struct gate *health_bars(struct health *health, struct health_operation *operation, const void *who)
{
    if (!gate_admits(&health->host, who))
        return &health->host;
    if (gate_admits(&operation->gate, who))
        return NULL;
    gate_leave(&health->host, who);
    return &operation->gate;
}

void health_heard(struct health *health)
{
    health->heard_ns = clock_ns();
}

bool health_in_trouble(const struct health_operation *operation)
{
    return operation->failures >= TROUBLE;
}

void health_leave(struct health *health, struct health_operation *operation, const void *who)
{
    gate_leave(&health->host, who);
    gate_leave(&operation->gate, who);
}

static const struct gate *close_gate(struct gate *gate, const void *who, const struct health_end *end, int64_t first_ms,
                                     int64_t max_ms)
{
    struct gate_failure failure = {.error = end->error,
                                   .message = end->message,
                                   .retry_after_ms = end->retry_after_ms,
                                   .first_ms = first_ms,
                                   .max_ms = max_ms};

    gate_close(gate, who, &failure);
    return gate;
}

static void host_answered(struct health *health, const void *who, int64_t sent_ns)
{
    if (gate_open(&health->host, who, sent_ns))
        log_info("the service answers again");
}

static void operation_answered(struct health_operation *operation, const void *who, int64_t sent_ns)
{
    if (gate_open(&operation->gate, who, sent_ns))
        log_info("%s: the service answers again", operation->name);
}

static void succeeded(struct health_operation *operation, const void *who, int64_t sent_ns)
{
    bool was_closed = operation->gate.closed;

    operation_answered(operation, who, sent_ns);
    if (health_in_trouble(operation) && !was_closed)
        log_info("%s: the service answers again", operation->name);
    operation->failures = 0;
}

/* The operation has fallen silent. The host has, too, if it has answered nobody while this request waited, nor since
 * another operation fell silent. */
static const struct gate *fell_silent(struct health *health, struct health_operation *operation, const void *who,
                                      const struct health_end *end)
{
    bool host = !end->heard && health->quiet && health->quiet != operation && health->heard_ns < health->quiet_ns &&
                health->heard_ns < end->began_ns;

    health->quiet = operation;
    health->quiet_ns = clock_ns();
    (void)close_gate(&operation->gate, who, end, PAUSE_FIRST, PAUSE_MAX);
    if (host || health->host.closed)
        return close_gate(&health->host, who, end, PAUSE_FIRST, PAUSE_MAX);
    return &operation->gate;
}

/* A failure that may pass. */
static const struct gate *stumbled(struct health_operation *operation, const void *who, const struct health_end *end)
{
    operation->failures++;
    if (operation->failures == TROUBLE)
        log_warning("%s: %d failures in a row: no request is repeated until one succeeds", operation->name, TROUBLE);
    if (end->retry_after_ms > 0 || operation->failures >= FAILURES_MAX)
        return close_gate(&operation->gate, who, end, TROUBLE_FIRST, TROUBLE_MAX);
    if (end->heard)
        operation_answered(operation, who, end->began_ns);
    return NULL;
}

const struct gate *health_ended(struct health *health, struct health_operation *operation, const void *who,
                                const struct health_end *end)
{
    if (end->heard)
        health_heard(health);
    if (end->blame == BLAME_SELF)
        return NULL;
    if (end->blame != BLAME_HOST && (end->heard || (health->host.probe == who && end->blame != BLAME_SILENCE)))
        host_answered(health, who, end->began_ns);
    switch (end->blame) {
    case BLAME_HOST:
        return end->final ? close_gate(&health->host, who, end, PAUSE_FIRST, PAUSE_MAX) : NULL;
    case BLAME_SILENCE:
        return fell_silent(health, operation, who, end);
    case BLAME_PASSING:
        return stumbled(operation, who, end);
    case BLAME_SELF:
        break;
    case BLAME_NONE:
        succeeded(operation, who, end->began_ns);
        break;
    }
    return NULL;
}
