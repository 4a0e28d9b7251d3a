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

enum shape {
    SHAPE_BARE,
    SHAPE_DATA,
    SHAPE_VALUE,
    SHAPE_NAMED,
    SHAPE_GAPS,
    SHAPE_KEYED,
    SHAPE_KEYED_ONLY,
    SHAPE_NESTED,
    SHAPE_DEEP,
    SHAPE_OTHER,
    SHAPE_BOM,
    SHAPE_SINGLE,
    SHAPE_EMPTY_NULL,
    SHAPE_EMPTY_OBJECT,
    SHAPE_EMPTY_204
};

enum paging {
    PAGING_NONE,
    PAGING_LINKS,
    PAGING_PAGES,
    PAGING_TOP,
    PAGING_RELATIVE,
    PAGING_HEADER,
    PAGING_TOTAL,
    PAGING_ELSEWHERE,
    PAGING_IGNORED,
    PAGING_LOOP
};

/* A member that is printed under another name. */
struct rename {
    const char *from; /* `len` bytes */
    size_t len;
    const char *to;
};

#define RENAMES_MAX 32

struct options {
    long port; /* 0: any free port */
    long services, invoices, products, groups;
    long seed;
    const char *token;
    const char *prefix; /* prefix_len bytes, without a slash at the end */
    size_t prefix_len;
    enum shape shape;
    enum paging paging;
    long page_size;
    struct rename renames[RENAMES_MAX];
    size_t n_renames;
    bool string_ids;
    long latency_ms;
    long date_skew; /* seconds that the Date header is ahead; 0: as it is */
    long limit;     /* of items in a list; 0: none */
    const char *tls_cert, *tls_key;
    bool etag, gzip, exit_with_parent;
    const char *port_file;
    struct placement placement;
};

/* Fills in all of *options. Returns -1 if the program shall go on, else the exit status with which it shall end. */
int options_parse(struct options *options, int argc, char **argv);

#endif
