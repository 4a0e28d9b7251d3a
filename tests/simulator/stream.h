/*
 * Streams: bodies that are cut, trickled or made up while they go out.
 *
 * Threads:   the connection's own; takes the simulator's lock itself.
 * Ownership: a stream belongs to the response that stream_response() gives, and counts its body and rule.
 * Errors:    stream_response() gives NULL when out of memory, and has freed the stream then.
 */
#ifndef SIMULATOR_STREAM_H
#define SIMULATOR_STREAM_H

#include "sim.h"

#include <microhttpd.h>

struct stream {
    struct sim *sim;
    struct journal_ticket ticket;
    struct MHD_Connection *connection;
    struct body *body; /* what is sent, or NULL: junk */
    const char *bytes; /* the body's, compressed or not */
    uint64_t total;    /* its length, or the junk's before compression */
    uint64_t end;      /* so much goes out before the connection breaks; UINT64_MAX: all */
    long slow;         /* bytes a second, or 0 */
    bool reset;        /* it breaks with a reset */
    bool compress;     /* junk only */
};

/* Makes a response of the stream, which is copied; the body's reference goes with it. */
struct MHD_Response *stream_response(const struct stream *stream);

#endif
