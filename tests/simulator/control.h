/* SPDX-License-Identifier: MIT */
/*
 * Control: answers the requests below /_sim/ with which a test looks into and changes the simulator; main.c lists them.
 *
 * Threads:   any; control_answer() takes the simulator's lock itself, and may wait until the API is down or up.
 * Ownership: the caller gets a reference to the answer's body.
 * Errors:    are answers: 400 with a message for a body that is not valid, 404 for an unknown path, 500 if the API
 *            cannot listen again.
 */
#ifndef SIMULATOR_CONTROL_H
#define SIMULATOR_CONTROL_H

#include "sim.h"

struct control_call {
    const char *method, *path, *query; /* path: from /_sim/ on; query: NULL if there is none */
    const struct text *body;
    bool in_band; /* the request came in on the API's port: it cannot wait until that port is closed */
};

/* Does what the request asks for, and makes the answer. */
void control_answer(struct sim *sim, const struct control_call *call, struct answer *ret);

/* Wakes main(), which closes or opens the API's port as ordered. To be called after the answer to an in-band request
 * has been sent. */
void control_follow(const struct sim *sim);

#endif
