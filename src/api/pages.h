/* SPDX-License-Identifier: MIT */
/*
 * Pages: what an answer says about how many items there are and where the next ones are.
 *
 * An API that sends a list in pages says so in one of many ways: beside the list, with a total, with a page number and
 * a number of pages, or with the next page's URL; or in the headers Link and X-Total-Count (http/http.h). The API's
 * reference documents none of them, so all are read.
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
    int64_t total;       /* how many items all pages have; only with has_total */
    int64_t current;     /* this page's number, counted from 1; 0: not said */
    int64_t last;        /* the last page's number; 0: not said */
    char *next;          /* the next page's URL, path or query, as the API wrote it; malloc'd; NULL: not said */
    int64_t next_number; /* the next page's number, if the API gives the number instead of a URL; 0: not said */
    bool next_named;     /* the answer has a member for the next page, which may be null */
    bool more;           /* the answer says that more follows, but gives no URL or number (has_more, a cursor) */
};

/* Reads `beside`, the members that stand beside a list (envelope_beside()), and the members of its objects meta, links,
 * pagination and the like. Returns 0 or -ENOMEM. */
int pages_read(struct json_slice beside, struct pages *pages);

/* True if a member with this name may say something about pages. */
bool pages_has_name(const char *name);

/* Frees pages->next. */
void pages_free(struct pages *pages);

/*
 * Finds out where the next page is: resolves the reference `next` (RFC 3986) against `page_url`, the URL of the page
 * that named it. Only the API itself may get the request, so the result must have the scheme, host and port of
 * `base_url`.
 *
 * Returns 0 and the next page's path and query in *ret_path, malloc'd for the caller; the path begins at the server's
 * root, not below the base URL. Returns -EXDEV if the scheme, host or port is another one, or if the URL has a user;
 * -EINVAL if `next` is not a URL; -ENOMEM. *ret_path is untouched on failure.
 */
int pages_resolve(const char *base_url, const char *page_url, const char *next, char **ret_path);

/* Returns a path and query in which the parameter `name` has the value `number`: replaced if `path` has the parameter,
 * else added. Malloc'd; NULL when out of memory. */
char *pages_numbered(const char *path, const char *name, int64_t number);

#endif
