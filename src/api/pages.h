/* SPDX-License-Identifier: MIT */
/*
 * Pages: what an answer says about how many items there are and where the next ones are.
 *
 * An API that pages its lists says so beside the list, in one of many ways: a total, a page number and a number of pages,
 * the next page's URL, or in the headers Link and X-Total-Count. The reference documents none, so all are read.
 *
 * Threads:   any; nothing is kept.
 * Ownership: pages_free() frees what pages_read() has put into a struct pages.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_API_PAGES_H
#define MELBICOMFS_API_PAGES_H

#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

/* What an answer says. Zero-initialise before pages_read(). */
struct pages {
    bool has_total;
    int64_t total;       /* how many items there are in all */
    int64_t current;     /* number of this page, from 1; 0: not said */
    int64_t last;        /* number of the last page; 0: not said */
    char *next;          /* the next page's URL, path or query, as the API wrote it; malloc'd; NULL: none named */
    int64_t next_number; /* the number of the next page, where the API names only that; 0: not said */
    bool next_named;     /* there is a member for the next page, even if it is null */
    bool more;           /* the answer says that more follows, but not where (has_more, a cursor) */
};

/* Reads `beside`, the members that stood beside a list (envelope_beside()), and what is in its members meta, links,
 * pagination and the like. Returns 0 or -ENOMEM. */
int pages_read(struct json_slice beside, struct pages *pages);

/* True if a member with this name may say something about pages. */
bool pages_has_name(const char *name);

/* Frees pages->next. */
void pages_free(struct pages *pages);

/*
 * Resolves the reference `next` (RFC 3986) against the URL of the page that named it, and compares it with `base_url`.
 * Returns 0 and the path and query in *ret_path, malloc'd for the caller, to be sent to the same scheme, host and port as
 * base_url: relative to the server's root, not to the base URL's path. -EXDEV if the next page is on another host, port or
 * scheme; -EINVAL if it is no URL; -ENOMEM. *ret_path is untouched on failure.
 */
int pages_resolve(const char *base_url, const char *page_url, const char *next, char **ret_path);

/* Replaces the parameter `name` in a path and query by a number, or adds it. Returns a malloc'd string; NULL when out of
 * memory. */
char *pages_numbered(const char *path, const char *name, int64_t number);

#endif
