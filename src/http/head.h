/* SPDX-License-Identifier: MIT */
/*
 * Heads: copy what a curl handle knows of an answer's head, and of the connection, into a struct http_result.
 *
 * Threads:   loop thread only.
 * Ownership: strings belong to the handle, and are valid until its next transfer or reset. Only the string that
 *            http_head_link() returns belongs to the caller.
 * Errors:    -ENOMEM. A header that cannot be read counts as absent.
 */
#ifndef MELBICOMFS_HTTP_HEAD_H
#define MELBICOMFS_HTTP_HEAD_H

#include <curl/curl.h>
#include <stddef.h>
#include <time.h>

struct http_result;

/* Returns the value of the answer's n-th header called `name` (n from 0), or NULL. */
const char *http_header(CURL *easy, const char *name, size_t n);

/* Finds the first link with relation `rel` in the answer's Link headers (link.h). Returns 0 with the link's target in
 * *ret, malloc'd for the caller; 0 with NULL in *ret if there is no such link; or -ENOMEM, with *ret untouched. */
int http_head_link(CURL *easy, const char *rel, char **ret);

/* Fills the fields of the result that come from the head, except status and link_next. The head must be complete. */
void http_head_read(CURL *easy, struct http_result *result);

/* Fills the fields of the result that come from the connection. */
void http_connection_read(CURL *easy, struct http_result *result);

/* Returns the seconds since 1970 of a certificate's date as libcurl prints it: "Nov 27 15:45:54 2027 GMT" with OpenSSL,
 * "2027-11-27 15:45:54 GMT" with GnuTLS. Returns -1 for any other text. */
int64_t http_certificate_date(const char *text);

#endif
