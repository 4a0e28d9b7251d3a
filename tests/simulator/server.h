/*
 * A listening port: HTTP in, the API or the control out. A thread a connection, so that a stalled request stalls nobody
 * else.
 *
 * Threads:   port_open() and port_close() from main() only.
 * Ownership: the caller's struct port; the certificate and key are borrowed until port_close().
 * Errors:    negative errno; -EIO when the HTTP server will not start, which is a bad certificate or key.
 */
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "sim.h"

#include <stdbool.h>
#include <stdint.h>

struct port {
    struct sim *sim;
    bool control;           /* serves nothing but /_sim/ */
    uint16_t number;        /* 0: any, and the real one after port_open() */
    const char *cert, *key; /* PEM text, or NULL for plain HTTP */
    struct MHD_Daemon *daemon;
};

/* Listens on 127.0.0.1. */
int port_open(struct port *port);

/* Stops listening and ends all connections; whoever could be waiting in one must have been told to give up. */
void port_close(struct port *port);

#endif
