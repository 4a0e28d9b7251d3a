/* SPDX-License-Identifier: MIT */
/*
 * Redirects in words. They are never followed, because the token goes to the configured host only; but where they lead
 * tells what is wrong.
 *
 * Threads:   any; nothing is kept.
 * Ownership: the caller frees what is returned.
 * Errors:    NULL.
 */
#ifndef MELBICOMFS_HTTP_REDIRECT_H
#define MELBICOMFS_HTTP_REDIRECT_H

#include <stdbool.h>

/* Returns the target as it may be shown: without user, password, query and fragment, on one line, at most 200 bytes,
 * secrets replaced. NULL if it is no URL, or when out of memory. */
char *redirect_target(const char *location);

/* Whether the target looks like a login page: the last part of its path contains login, signin, auth or sso. */
bool redirect_is_login(const char *location);

/* Returns which url= to set, if that can be told from where the request for `url` was sent: the target has the same path
 * below another base URL than `base`, with which `url` begins. Otherwise NULL, and also when out of memory. */
char *redirect_advice(const char *base, const char *url, const char *location);

#endif
