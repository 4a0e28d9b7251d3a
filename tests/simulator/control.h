/*
 * Control: what a test may ask and order below /_sim/; main.c lists it.
 *
 * Threads:   any; control_answer() takes the simulator's lock itself, and may wait for the API to go down or come up.
 * Ownership: the answer's body is the caller's reference.
 * Errors:    are answers: 400 with a message for what is not understood, 404, 500 when the API cannot listen again.
 */
#ifndef SIMULATOR_CONTROL_H
#define SIMULATOR_CONTROL_H

#include "sim.h"

struct control_call {
    const char *method, *path, *query; /* the path from /_sim/ on, the query or NULL */
    const struct text *body;
    bool in_band; /* it came in on the API's own port, which therefore cannot wait for its own end */
};

void control_answer(struct sim *sim, const struct control_call *call, struct answer *ret);

/* Lets main() see to what was ordered; to be called when an in-band request is over, its answer sent. */
void control_follow(const struct sim *sim);

#endif
