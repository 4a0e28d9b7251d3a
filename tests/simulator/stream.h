/* SPDX-License-Identifier: MIT */
/*
 * Streams: bodies that are cut off, sent slowly, or generated while they are sent.
 *
 * Threads:   the connection's own thread; takes the simulator's lock itself.
 * Ownership: the response that stream_response() returns owns a copy of the stream and the reference to its body.
 * Errors:    stream_response() returns NULL when out of memory; the reference to the body has been given back then.
 */
#ifndef SIMULATOR_STREAM_H
#define SIMULATOR_STREAM_H

#include "sim.h"

#include <microhttpd.h>

struct stream {
    struct sim *sim;
    struct journal_ticket ticket;
    struct MHD_Connection *connection;
    struct body *body; /* NULL: junk is generated */
    const char *bytes; /* the body's bytes, plain or compressed */
    uint64_t total;    /* the length of `bytes`, or of the junk before compression */
    uint64_t end;      /* after so many bytes the connection is broken; UINT64_MAX: all bytes are sent */
    long slow;         /* bytes a second; 0: no limit */
    bool reset;        /* the connection is broken with a TCP reset */
    bool compress;     /* compress the junk */
};

/* Makes a response of the stream. Copies the struct, and takes over the reference to its body. */
struct MHD_Response *stream_response(const struct stream *stream);

#endif
