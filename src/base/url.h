/* SPDX-License-Identifier: MIT */
/*
 * Which URLs a request may go to: https, or http to this machine; with a host; without a user or password. The URL in
 * the settings is checked before the mount, and the URL of each request before the request is sent.
 *
 * Threads:   any; the module has no state.
 * Ownership: the returned strings are constants.
 * Errors:    none; url_problem() returns the problem in words.
 */
#ifndef MELBICOMFS_BASE_URL_H
#define MELBICOMFS_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Returns NULL if requests may go to `url`. Otherwise returns what is wrong and what to do, as the end of a sentence
 * that begins with "the URL"; url_unchecked when out of memory. The text never repeats the URL, which may
 * contain a password. *loopback is always set. With the result NULL, it is true if the host is this machine:
 * 127.0.0.0/8, [::1] or localhost. With a problem, it means nothing. */
const char *url_problem(const char *url, bool *loopback);

/* The problem of a URL for which there is no memory to check it. */
extern const char url_unchecked[];

/* Returns how many bytes of an absolute URL come before its path: 24 in "https://example.com:8443/api". */
size_t url_root_length(const char *url);

#endif
