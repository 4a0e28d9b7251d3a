/*
 * Which URLs may be asked: https, or http to this machine, with a host and without a user or password. What the user
 * gives is checked by it before the mount, and each request before it is sent.
 *
 * Threads:   any; nothing is kept.
 * Ownership: strings are constant.
 * Errors:    none; see url_problem().
 */
#ifndef MELBICOMFS_BASE_URL_H
#define MELBICOMFS_BASE_URL_H

#include <stdbool.h>

/* What is wrong with a URL and what to do about it, to be put behind "the URL", or NULL. Has nothing of the URL in it,
 * which may hold a password. *loopback says whether the host is this machine: 127.0.0.0/8, [::1] or localhost. */
const char *url_problem(const char *url, bool *loopback);

#endif
