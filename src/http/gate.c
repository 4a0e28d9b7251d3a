/* SPDX-License-Identifier: MIT */
#include "http/gate.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"

bool gate_admits(struct gate *gate, const void *who)
{
    if (!gate->closed || gate->probe == who)
        return true;
    if (gate->probe || clock_ms() < gate->until)
        return false;
    gate->probe = who;
    return true;
}

/* Sets the retry time. Returns false if an earlier failure has set it and it stays. */
static bool pause_for(struct gate *gate, const void *who, const struct gate_failure *failure)
{
    int64_t now = clock_ms();

    if (!gate->closed || gate->probe == who) {
        gate->pause_ms = gate->closed ? gate->pause_ms * 2 : failure->first_ms;
        if (gate->pause_ms > failure->max_ms)
            gate->pause_ms = failure->max_ms;
        gate->until = now + (failure->retry_after_ms > 0 ? failure->retry_after_ms : gate->pause_ms);
        gate->probe = NULL;
        return true;
    }
    if (failure->retry_after_ms <= 0 || now + failure->retry_after_ms <= gate->until)
        return false;
    gate->until = now + failure->retry_after_ms;
    return true;
}

void gate_close(struct gate *gate, const void *who, const struct gate_failure *failure)
{
    if (!pause_for(gate, who, failure))
        return;
    gate->closed = true;
    gate->asked = failure->retry_after_ms > 0;
    gate->said_ns = gate->asked || failure->error == -EACCES ? clock_ns() : 0;
    gate->error = failure->error;
    (void)snprintf(gate->message, sizeof(gate->message), "%s", failure->message);
}

bool gate_open(struct gate *gate, const void *who, int64_t sent_ns)
{
    bool was_closed = gate->closed;

    if (was_closed && gate->probe != who && sent_ns <= gate->said_ns)
        return false;
    gate->closed = gate->asked = false;
    gate->probe = NULL;
    return was_closed;
}

void gate_leave(struct gate *gate, const void *who)
{
    if (gate->probe == who)
        gate->probe = NULL;
}
