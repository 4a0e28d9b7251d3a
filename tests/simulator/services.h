/*
 * The account's services. They are generated whenever they are asked for; what a test has changed lies over them.
 *
 * Ids run from 10421 upward. 10421 is an active CDN service and 10422 a suspended storage; the next three have the
 * other statuses, and chance decides from there.
 *
 * Threads:   under the simulator's lock.
 * Ownership: services_free() frees the overlay; answers are appended to the caller's text.
 * Errors:    false for a service that is not there.
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
    const char *product; /* exact name, or NULL */
    const char *status;  /* or NULL: Active and Suspended */
    struct window window;
};

void services_free(struct services *services);

/* Whether `status` is one of the five. */
bool services_know_status(const char *status);

/* Appends the JSON list; returns how many there are, outside the window too. */
size_t services_list(struct services *services, const struct service_filter *filter, struct text *out);

/* Appends one service's own answer; *raw when it is a test's verbatim bytes. */
bool services_single(struct services *services, long id, struct text *out, bool *raw);

/* Whether the service has this CDN resource. */
bool services_has_resource(struct services *services, long id, const char *name, size_t len);

/* Sets members of one service in its own answer and in the list; an id that is not there is a new service. */
void services_change(struct services *services, long id, struct json_object *changes);

void services_delete(struct services *services, long id);

/* Makes these bytes the service's own answer; NULL ends that. */
void services_set_raw(struct services *services, long id, const char *bytes, size_t len);

#endif
