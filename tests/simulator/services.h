/* SPDX-License-Identifier: MIT */
/*
 * The account's services. They are generated each time they are asked for. The changes that a test has made are kept in
 * an overlay and win over the generated services.
 *
 * Ids run from 10421 upward. 10421 is an active CDN service and 10422 a suspended storage service. The next three have
 * the other three statuses. The statuses of all others are random.
 *
 * Threads:   the caller holds the simulator's lock.
 * Ownership: services_free() frees the overlay; answers are appended to the caller's text.
 * Errors:    false for a service that does not exist.
 */
#ifndef SIMULATOR_SERVICES_H
#define SIMULATOR_SERVICES_H

#include "catalog.h"
#include "overlay.h"

#include <stdbool.h>
#include <stdint.h>

#define FIRST_SERVICE 10421

struct services {
    uint64_t seed;
    long count;
    bool string_ids;
    struct overlay overlay;
};

struct service_filter {
    const char *product; /* the exact name; NULL: any */
    const char *status;  /* NULL: Active and Suspended */
    struct window window;
};

void services_free(struct services *services);

/* Whether `status` is one of the five that a service can have. */
bool services_know_status(const char *status);

/* Appends the JSON list of the services that match, and returns how many match, including those outside the window. */
size_t services_list(struct services *services, const struct service_filter *filter, struct text *out);

/* Appends one service's own answer. *raw is true if the answer is bytes from services_set_raw(). */
bool services_single(struct services *services, long id, struct text *out, bool *raw);

/* Whether the service has a CDN resource with this name, of `len` bytes. */
bool services_has_resource(struct services *services, long id, const char *name, size_t len);

/* Sets members of one service in its own answer and in the list. A member that only the own answer has is not added to
 * the list. An unknown id makes a new service. */
void services_change(struct services *services, long id, struct json_object *changes);

/* Removes a service from the account. */
void services_delete(struct services *services, long id);

/* Makes these bytes the service's own answer; NULL: the answer is the account's again. */
void services_set_raw(struct services *services, long id, const char *bytes, size_t len);

#endif
