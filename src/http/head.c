/* SPDX-License-Identifier: MIT */
#include "http/head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/date.h"
#include "http/http.h"
#include "http/link.h"
#include "http/request.h"

struct http_result http_no_answer(enum http_failure failure, int error, const char *detail)
{
    return (struct http_result){.failure = failure,
                                .error = error,
                                .detail = detail,
                                .total = -1,
                                .retry_after_ms = -1,
                                .date = -1,
                                .certificate_expires = -1};
}

const char *http_header(CURL *easy, const char *name, size_t n)
{
    struct curl_header *header;

    return curl_easy_header(easy, name, n, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

int http_head_link(CURL *easy, const char *rel, char **ret)
{
    const char *value, *target = NULL;
    size_t len = 0;

    for (size_t n = 0; !target && (value = http_header(easy, "Link", n)); n++)
        target = link_find(value, rel, &len);
    if (!target) {
        *ret = NULL;
        return 0;
    }
    char *copy = strndup(target, len);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

/* A number of items; -1 if the header is absent, no whole number or too large. */
static int64_t read_count(const char *value)
{
    if (!value || !*value || strlen(value) > 18 || value[strspn(value, "0123456789")])
        return -1;
    return strtoll(value, NULL, 10);
}

static time_t read_date(const char *value)
{
    return value ? curl_getdate(value, NULL) : -1;
}

void http_head_read(CURL *easy, struct http_result *result)
{
    char *location = NULL;

    /* libcurl makes it absolute. Other answers, such as a 201, may have a Location too. */
    if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location) == CURLE_OK)
        result->location = location;
    result->etag = http_header(easy, "ETag", 0);
    result->last_modified = http_header(easy, "Last-Modified", 0);
    result->content_type = http_header(easy, "Content-Type", 0);
    result->retry_after_ms = http_retry_after_ms(http_header(easy, "Retry-After", 0));
    result->date = read_date(http_header(easy, "Date", 0));
    result->total = read_count(http_header(easy, "X-Total-Count", 0));
    if (result->total < 0)
        result->total = read_count(http_header(easy, "X-Total", 0));
}

static const char *version_name(long version)
{
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return "1.0";
    case CURL_HTTP_VERSION_1_1:
        return "1.1";
    case CURL_HTTP_VERSION_2_0:
        return "2";
    case CURL_HTTP_VERSION_3:
        return "3";
    default:
        return NULL;
    }
}

/* A time_t of 32 bits ends in 2038, which certificates outlast. So neither timegm() nor curl_getdate() will do. */
int64_t http_certificate_date(const char *text)
{
    static const char *const formats[] = {"%b %e %H:%M:%S %Y GMT", "%Y-%m-%d %H:%M:%S GMT"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, formats[i], &tm);
        if (!end || *end)
            continue;
        int64_t days = date_days((struct date){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday});
        return days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    }
    return -1;
}

/* The value of the line "NAME:VALUE", or NULL. */
static const char *certificate_field(const struct curl_slist *lines, const char *name)
{
    size_t len = strlen(name);

    for (; lines; lines = lines->next)
        if (strncasecmp(lines->data, name, len) == 0 && lines->data[len] == ':')
            return lines->data + len + 1;
    return NULL;
}

/* The server's own certificate is the first of the chain. */
static void read_certificate(CURL *easy, struct http_result *result)
{
    struct curl_certinfo *chain = NULL;
    const char *expires;

    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
        return;
    result->certificate_issuer = certificate_field(chain->certinfo[0], "Issuer");
    expires = certificate_field(chain->certinfo[0], "Expire date");
    if (expires)
        result->certificate_expires = http_certificate_date(expires);
}

void http_connection_read(CURL *easy, struct http_result *result)
{
    long made = 0, version = 0;
    char *ip = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
    result->reused = made == 0;
    if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip && *ip)
        result->ip = ip;
    if (result->status && curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK)
        result->version = version_name(version);
    read_certificate(easy, result);
}
