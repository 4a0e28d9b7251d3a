/* SPDX-License-Identifier: MIT */
/*
 * Link headers (RFC 8288): <https://api.example.com/invoices?page=2>; rel="next", </invoices>; rel=first
 *
 * Threads:   any; nothing is kept.
 * Ownership: the returned bytes are part of the caller's string.
 * Errors:    none; from a fault on, the rest of a header counts as absent.
 */
#ifndef MELBICOMFS_HTTP_LINK_H
#define MELBICOMFS_HTTP_LINK_H

#include <stddef.h>

/*
 * Returns the target of the first link in `value`, a Link header's value, that has the relation type `rel`, and its
 * length in bytes in *ret_len; NULL if there is none. The target is what stands between < and >, without surrounding
 * spaces; an empty target counts as none.
 *
 * Relation types and names of parameters are compared in any case. Of several rel parameters of a link the first counts,
 * and it may hold several types. A link with an anchor parameter is passed over, because it belongs to another document.
 */
const char *link_find(const char *value, const char *rel, size_t *ret_len);

#endif
