/* SPDX-License-Identifier: MIT */
/*
 * The command line, as a struct.
 *
 * Threads:   the struct is filled before the first thread starts, and constant afterwards.
 * Ownership: strings point into argv.
 * Errors:    options_parse() prints what is wrong on stderr.
 */
#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include "operations.h"

#include <stdbool.h>
#include <stdint.h>

enum shape { SHAPE_BARE, SHAPE_DATA, SHAPE_VALUE, SHAPE_NAMED };

struct options {
    long port; /* 0: any free port */
    long services, invoices, products, groups;
    long seed;
    const char *token;
    const char *prefix; /* prefix_len bytes, without a slash at the end */
    size_t prefix_len;
    enum shape shape;
    bool string_ids;
    long latency_ms;
    long limit; /* of items in a list; 0: none */
    const char *tls_cert, *tls_key;
    bool etag, gzip, exit_with_parent;
    const char *port_file;
    struct placement placement;
};

/* Fills in all of *options. Returns -1 if the program shall go on, else the exit status with which it shall end. */
int options_parse(struct options *options, int argc, char **argv);

#endif
