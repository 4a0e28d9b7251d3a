/* SPDX-License-Identifier: MIT */
/*
 * Requests: the headers of a request, the curl options that are the same for every transfer, and the Retry-After of an
 * answer.
 *
 * Threads:   loop thread only.
 * Ownership: http_headers() creates a list, http_headers_free() wipes it (it contains the token) and frees it.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_HTTP_REQUEST_H
#define MELBICOMFS_HTTP_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct config;
struct http_request;

/* Sets the options of `easy` that are the same for every transfer: protocols, TLS, HTTP version, proxy, connect
 * timeout. `loopback` is url_problem()'s answer for the URL. False when out of memory. */
bool http_set_policy(CURL *easy, const struct config *config, const char *url, bool loopback);

/* Makes the headers of a request: 0 and *ret; -EINVAL when a value contains a control byte; -ENOMEM. On failure *ret is
 * untouched. http_headers_free(NULL) is fine. */
int http_headers(const struct http_request *request, struct curl_slist **ret);
void http_headers_free(struct curl_slist *headers);

/* The value of a Retry-After header, a number of seconds or an HTTP date, as milliseconds from now: 0 for a date that
 * has passed, at most one week. -1 for NULL or any other value. */
int64_t http_retry_after_ms(const char *value);

#endif
