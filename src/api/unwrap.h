/* SPDX-License-Identifier: MIT */
/*
 * Unwrapping: finds the object or map that was asked for in a complete answer, and collects the members that stand
 * beside it. envelope.h says which forms are accepted; lists are not this file's business.
 *
 * Threads:   any; nothing is kept.
 * Ownership: slices point into the answer, or to a constant.
 * Errors:    -ENOENT: the answer does not contain the object or map. -ENOMEM.
 */
#ifndef MELBICOMFS_API_UNWRAP_H
#define MELBICOMFS_API_UNWRAP_H

#include "api/wanted.h"
#include "json/json.h"

struct printbuf;

/*
 * Finds the object or map that `wanted` describes in `raw`, a valid JSON value. Returns 0 with
 *
 *      *ret            the object or map; for a map that the answer writes as [] or null, the constant {}
 *      *ret_form       its form
 *      path            its dotted path has been appended
 *      beside          the members of the answer that do not hold it have been appended (beside_append())
 *
 * or an error, with *ret and *ret_form untouched. On -ENOENT all members of the answer have been appended to `beside`.
 */
int unwrap(const struct wanted *wanted, struct json_slice raw, struct printbuf *path, struct printbuf *beside,
           struct json_slice *ret, enum form *ret_form);

/*
 * These write the members that stand beside something as the text of one object: beside_open() begins the object,
 * beside_append() adds a member, beside_close() ends the object. `key` is a decoded key, `raw` the member's value. A
 * member that would make the text longer than 64 KiB is left out. Each returns 0 or -ENOMEM.
 */
int beside_open(struct printbuf *beside);
int beside_append(struct printbuf *beside, const char *key, struct json_slice raw);
int beside_close(struct printbuf *beside);

#endif
