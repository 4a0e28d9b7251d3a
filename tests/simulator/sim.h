/*
 * The simulator as a whole: the account, its journal and rules, and what its threads tell each other.
 *
 * Threads:   every connection has its own. All fields are under `lock`, except options and started, which are
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

    bool closing;         /* the API's connections are being closed: whoever waits on one gives up */
    bool quitting;        /* so are the control port's */
    bool down, want_down; /* whether the API listens, and whether it should; main() makes them equal */
    bool failed;          /* it could not listen again */
    int event_fd;         /* wakes main() */
};

void sim_init(struct sim *sim, const struct options *options, int event_fd);
void sim_free(struct sim *sim);

/* Milliseconds on a clock that only moves on. */
int64_t sim_now(void);

/* Waits for sim_now() to reach `until` or for `wake`; the lock must be held, and is on return. False once it is time.
 */
bool sim_wait(struct sim *sim, int64_t until);

/* Sets a flag under the lock and wakes everybody. */
void sim_set(struct sim *sim, bool *flag, bool value);

#endif
