/* SPDX-License-Identifier: MIT */
/*
 * Delivery: sends an answer, normally or in the way that a rule orders (late, cut, slow, …).
 *
 * Threads:   the connection's own thread; the functions take the simulator's lock themselves.
 * Ownership: deliver() and deliver_plain() take over the reference to the answer's body. The rule is borrowed.
 * Errors:    MHD_NO, which makes libmicrohttpd close the connection.
 */
#ifndef SIMULATOR_DELIVER_H
#define SIMULATOR_DELIVER_H

#include "sim.h"

#include <microhttpd.h>

struct delivery {
    struct sim *sim;
    struct MHD_Connection *connection;
    struct journal_ticket ticket;
    const struct rule *rule; /* NULL: no rule matches */
    struct answer answer;
};

/* Sends delivery->answer in the way that the rule orders. Decides on 304 and on compression. */
enum MHD_Result deliver(struct delivery *delivery);

/* Sends an answer as it is, without rules, 304 or compression, for the control port. */
enum MHD_Result deliver_plain(struct MHD_Connection *connection, const struct answer *answer);

/* Ends the connection with a TCP reset. */
void deliver_reset(struct MHD_Connection *connection);

#endif
