/* SPDX-License-Identifier: MIT */
/*
 * Redirects: what the target of a redirect tells a person. The client never follows a redirect, because the token goes
 * to the configured host only.
 *
 * Threads:   any; nothing is kept.
 * Ownership: the caller frees what is returned.
 * Errors:    NULL.
 */
#ifndef MELBICOMFS_HTTP_REDIRECT_H
#define MELBICOMFS_HTTP_REDIRECT_H

#include <stdbool.h>

/* Returns the target in a form that may be shown: without user, password, query and fragment, on one line, at most 200
 * bytes, with secrets replaced. NULL if `location` is not a URL, or when out of memory. */
char *redirect_target(const char *location);

/* Returns whether the target looks like a login page: the last part of its path contains login, signin, auth, sso or
 * the like. */
bool redirect_is_login(const char *location);

/* The request for `url`, which begins with `base`, was redirected to `location`. If the target has the same path as
 * `url` below another base URL, returns an advice that names that base URL: "redirects are not followed: set url=…".
 * Otherwise NULL, and also when out of memory. */
char *redirect_advice(const char *base, const char *url, const char *location);

#endif
