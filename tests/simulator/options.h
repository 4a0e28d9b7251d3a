/*
 * The command line, as a struct.
 *
 * Threads:   filled before the first thread starts, constant afterwards.
 * Ownership: strings point into argv.
 * Errors:    options_parse() says on stderr what is wrong.
 */
#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include "operations.h"

#include <stdbool.h>
#include <stdint.h>

enum shape { SHAPE_BARE, SHAPE_DATA, SHAPE_VALUE, SHAPE_NAMED };

struct options {
    long port; /* 0: any */
    long services, invoices, products, groups;
    long seed;
    const char *token;
    const char *prefix; /* of prefix_len bytes; no slash at its end */
    size_t prefix_len;
    enum shape shape;
    bool string_ids;
    long latency_ms;
    long limit; /* 0: none */
    const char *tls_cert, *tls_key;
    bool etag, gzip, exit_with_parent;
    const char *port_file;
    struct placement placement;
};

/* Fills *options, defaults included. -1 when the program should go on, else its exit status. */
int options_parse(struct options *options, int argc, char **argv);

#endif
