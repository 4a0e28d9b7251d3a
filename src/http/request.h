/*
 * How a request goes out: the headers, and what holds for every transfer.
 *
 * Threads:   loop thread only.
 * Ownership: http_headers() gives, http_headers_free() wipes (a token is in them) and takes back.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_HTTP_REQUEST_H
#define MELBICOMFS_HTTP_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct config;
struct http_request;

/* Sets what is the same for every transfer to such a URL; `loopback` as url_problem() said. False when out of
 * memory. */
bool http_set_policy(CURL *easy, const struct config *config, const char *url, bool loopback);

/* The headers of a request. -EINVAL when one has a control byte in it, -ENOMEM. */
int http_headers(const struct http_request *request, struct curl_slist **ret);
void http_headers_free(struct curl_slist *headers);

/* A Retry-After's value, seconds or a date, in milliseconds from now (a week at most); -1 for NULL or neither. */
int64_t http_retry_after_ms(const char *value);

#endif
