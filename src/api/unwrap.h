/* SPDX-License-Identifier: MIT */
/*
 * Unwrapping: finds the object or map that was asked for in a complete answer, and collects what stands beside it.
 *
 * Threads:   any; nothing is kept.
 * Ownership: slices point into the answer.
 * Errors:    -ENOENT: the answer does not contain it; -EBADMSG: no valid JSON; -ENOMEM.
 */
#ifndef MELBICOMFS_API_UNWRAP_H
#define MELBICOMFS_API_UNWRAP_H

#include "api/wanted.h"
#include "json/json.h"

struct printbuf;

/* Finds what is wanted (an object or a map) in `raw`, a valid JSON value. Returns 0, with the object or map in *ret, its
 * form in *ret_form, its dotted path appended to `path`, and what stands beside it appended to `beside` (beside_append());
 * or an error, with *ret and *ret_form untouched. What stands beside it is appended also on -ENOENT. */
int unwrap(const struct wanted *wanted, struct json_slice raw, struct printbuf *path, struct printbuf *beside,
           struct json_slice *ret, enum form *ret_form);

/*
 * Collecting the members that stand beside something, as the text of an object: beside_open() begins it, beside_append()
 * adds a member, beside_close() ends it. `key` is a decoded key. A member that would make the text longer than 64 KiB is
 * left out. Each returns 0 or -ENOMEM.
 */
int beside_open(struct printbuf *beside);
int beside_append(struct printbuf *beside, const char *key, struct json_slice raw);
int beside_close(struct printbuf *beside);

#endif
