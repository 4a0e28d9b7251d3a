/* SPDX-License-Identifier: MIT */
/*
 * A listening port: receives HTTP requests and passes them to the API or to the control. Each connection has a thread
 * of its own, so that a stalled request does not hold up the others.
 *
 * Threads:   port_open() and port_close() from main() only.
 * Ownership: the caller owns the struct port. The certificate and key are borrowed until port_close().
 * Errors:    negative errno; -EIO if the HTTP server does not start, which means a bad certificate or key.
 */
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "sim.h"

#include <stdbool.h>
#include <stdint.h>

struct port {
    struct sim *sim;
    bool control;           /* serves only /_sim/ */
    uint16_t number;        /* 0: any free port; port_open() sets the real number */
    const char *cert, *key; /* PEM text, or NULL for plain HTTP */
    struct MHD_Daemon *daemon;
    int reserved; /* while it is closed: a socket that keeps the number from others, and does not listen; or 0 */
};

/* Listens on 127.0.0.1. Returns 0 or a negative errno. */
int port_open(struct port *port);

/* Stops listening and ends all connections. The caller must have set `closing` or `quitting` (sim.h) before, so that no
 * thread of a connection goes on waiting. */
void port_close(struct port *port);

#endif
