/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include <time.h>

void sim_init(struct sim *sim, const struct options *options, int event_fd)
{
    pthread_condattr_t attributes;

    *sim = (struct sim){.options = options, .event_fd = event_fd, .latency_ms = options->latency_ms};
    sim->started = sim_now();
    pthread_mutex_init(&sim->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sim->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    api_init(&sim->api, options);
}

void sim_free(struct sim *sim)
{
    api_free(&sim->api);
    journal_clear(&sim->journal);
    rules_clear(&sim->rules);
    pthread_cond_destroy(&sim->wake);
    pthread_mutex_destroy(&sim->lock);
}

int64_t sim_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool sim_wait(struct sim *sim, int64_t until)
{
    struct timespec at = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000 * 1000000)};
    if (sim_now() >= until)
        return false;
    pthread_cond_timedwait(&sim->wake, &sim->lock, &at);
    return true;
}

void sim_set(struct sim *sim, bool *flag, bool value)
{
    pthread_mutex_lock(&sim->lock);
    *flag = value;
    pthread_cond_broadcast(&sim->wake);
    pthread_mutex_unlock(&sim->lock);
}
