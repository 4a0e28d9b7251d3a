/*
 * Delivery: an answer on its way out, whole and at once, or as a rule spoils it.
 *
 * Threads:   the connection's own; takes the simulator's lock itself.
 * Ownership: both take over the reference to the answer's body; the rule is borrowed.
 * Errors:    MHD_NO closes the connection.
 */
#ifndef SIMULATOR_DELIVER_H
#define SIMULATOR_DELIVER_H

#include "sim.h"

#include <microhttpd.h>

struct delivery {
    struct sim *sim;
    struct MHD_Connection *connection;
    struct journal_ticket ticket;
    const struct rule *rule; /* or NULL */
    struct answer answer;
};

/* Sends delivery->answer, under the rule if there is one; 304 and compression are decided
 * here. */
enum MHD_Result deliver(struct delivery *delivery);

/* Sends an answer just so, as the control port does. */
enum MHD_Result deliver_plain(struct MHD_Connection *connection, const struct answer *answer);

/* Ends the connection with a reset instead of an orderly close. */
void deliver_reset(struct MHD_Connection *connection);

#endif
