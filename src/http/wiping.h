/* SPDX-License-Identifier: MIT */
/*
 * libcurl, with memory that is wiped when it is freed: libcurl copies the headers of each request, with the token in
 * them, into buffers, and frees those as they are. So does nghttp2, with which libcurl speaks HTTP/2.
 *
 * Threads:   wiping_init() from the main thread, before other threads exist. libcurl calls the allocator from any
 *            thread.
 * Ownership: of malloc(3): the allocator's blocks may be freed with free(3), too.
 * Errors:    as the functions say.
 */
#ifndef MELBICOMFS_HTTP_WIPING_H
#define MELBICOMFS_HTTP_WIPING_H

#include <stdbool.h>

/* Calls curl_global_init_mem(3). Only the first initialisation of libcurl in a program sets the allocator; the others
 * are counted. Each success needs one curl_global_cleanup(3). False when libcurl cannot be initialised. */
bool wiping_init(void);

#endif
