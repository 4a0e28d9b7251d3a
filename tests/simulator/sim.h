/* SPDX-License-Identifier: MIT */
/*
 * The simulator as a whole: the account, its journal and rules, and the flags with which its threads signal each other.
 *
 * Threads:   each connection has a thread. `lock` guards all fields but `options`, `started` and `event_fd`, which are
 *            constant.
 * Ownership: main() owns it, from sim_init() to sim_free().
 * Errors:    none.
 */
#ifndef SIMULATOR_SIM_H
#define SIMULATOR_SIM_H

#include "api.h"
#include "journal.h"
#include "options.h"
#include "rules.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sim {
    const struct options *options;
    int64_t started;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* rules were cleared, or one of the flags below changed */

    struct api api;
    struct journal journal;
    struct rules rules;
    long latency_ms;

    bool closing;         /* the API's connections are being closed: a request that waits on one must give up */
    bool quitting;        /* the simulator ends: a request on the control port must give up waiting too */
    bool down, want_down; /* whether the API's port is closed, and whether it shall be; main() makes them equal */
    bool failed;          /* the API's port could not be opened again */
    int event_fd;         /* wakes main() */
};

void sim_init(struct sim *sim, const struct options *options, int event_fd);
void sim_free(struct sim *sim);

/* Milliseconds on a clock that only goes forward. */
int64_t sim_now(void);

/* Waits until sim_now() reaches `until`, or `wake` is signalled; then returns true. Returns false at once if `until`
 * has been reached already. The caller holds the lock before and after. */
bool sim_wait(struct sim *sim, int64_t until);

/* Takes the lock, sets a flag, and wakes all threads that wait in sim_wait(). */
void sim_set(struct sim *sim, bool *flag, bool value);

#endif
