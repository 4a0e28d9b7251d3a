/* SPDX-License-Identifier: MIT */
/*
 * Link headers (RFC 8288), such as: <https://api.example.com/invoices?page=2>; rel="next", </invoices>; rel=first
 *
 * Threads:   any; nothing is kept.
 * Ownership: the returned bytes are part of the caller's string.
 * Errors:    none. A header that is malformed is read up to the fault.
 */
#ifndef MELBICOMFS_HTTP_LINK_H
#define MELBICOMFS_HTTP_LINK_H

#include <stddef.h>

/*
 * Finds the first link with the relation type `rel` in `value`, the value of a Link header. Returns the link's target,
 * and the target's length in bytes in *ret_len; NULL if there is no such link. The target is the text between < and >,
 * without the spaces around it; a link whose target is empty is passed over.
 *
 * Upper and lower case are the same in relation types and in names of parameters. If a link has several rel parameters,
 * the first counts; it may list several types. A link with an anchor parameter is passed over, because it belongs to
 * another document.
 */
const char *link_find(const char *value, const char *rel, size_t *ret_len);

#endif
