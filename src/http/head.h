/* SPDX-License-Identifier: MIT */
/*
 * What the head of an answer and its connection say, taken from a curl handle into a struct http_result.
 *
 * Threads:   loop thread only.
 * Ownership: strings belong to the handle, and are valid until its next transfer or reset. http_head_link() makes one for
 *            the caller.
 * Errors:    -ENOMEM. A header that cannot be read counts as absent.
 */
#ifndef MELBICOMFS_HTTP_HEAD_H
#define MELBICOMFS_HTTP_HEAD_H

#include <curl/curl.h>
#include <stddef.h>
#include <time.h>

struct http_result;

/* The value of the answer's n-th header of that name (n from 0), or NULL. */
const char *http_header(CURL *easy, const char *name, size_t n);

/* Finds the link with relation `rel` in the answer's Link headers. Returns 0, with *ret malloc'd for the caller, or NULL
 * if there is none; or -ENOMEM, with *ret untouched. */
int http_head_link(CURL *easy, const char *rel, char **ret);

/* Fills the fields of the result that come from the head, except status and link_next. The head must be complete. */
void http_head_read(CURL *easy, struct http_result *result);

/* Fills the fields of the result that come from the connection. */
void http_connection_read(CURL *easy, struct http_result *result);

/* The date in a certificate as libcurl prints it: "Nov 27 15:45:54 2027 GMT" with OpenSSL, "2027-11-27 15:45:54 GMT" with
 * GnuTLS; -1 if it is neither. */
time_t http_certificate_date(const char *text);

#endif
