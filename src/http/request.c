/* SPDX-License-Identifier: MIT */
/*
 * Headers and curl options of a request.
 */
#include "http/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/secret.h"
#include "http/http.h"

#ifndef MELBICOMFS_VERSION
#define MELBICOMFS_VERSION "0.1.0"
#endif

/* Bytes. Measured on answers of 10 MB: curl passes on 16 KiB at a time with any buffer, and no larger one was
 * faster. */
#define BUFFER_SIZE (64 * 1024L)

/* Seconds for which libcurl may use a certificate file as it was read. Without a cache it would be read for
 * each connection, and the system's holds more than a hundred certificates. */
#define CA_CACHE_S 60L

/* A longer Retry-After is cut to this. */
#define RETRY_AFTER_MAX_S (7 * 24 * 3600LL)

void http_headers_free(struct curl_slist *headers)
{
    for (struct curl_slist *h = headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(headers);
}

static int add_header(struct curl_slist **headers, const char *name, const char *value)
{
    _cleanup_(secret_wipe) char *line = NULL;
    struct curl_slist *longer;

    if (!value)
        return 0;
    /* A control byte could end the line and begin another header. */
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return -EINVAL;
    /* asprintf(3) would leave a copy of the token in memory that it frees. */
    line = malloc(strlen(name) + strlen(value) + 1);
    if (!line)
        return -ENOMEM;
    (void)stpcpy(stpcpy(line, name), value);
    longer = curl_slist_append(*headers, line);
    if (!longer)
        return -ENOMEM;
    *headers = longer;
    return 0;
}

int http_headers(const struct http_request *request, struct curl_slist **ret)
{
    const struct {
        const char *name, *value;
    } lines[] = {
        {"Accept: ", "application/json"},
        {"Authorization: Bearer ", request->token},
        {"If-None-Match: ", request->etag},
        {"If-Modified-Since: ", request->last_modified},
        {"Content-Type: ", request->body ? "application/json" : NULL},
        /* Without this, curl sends "Expect: 100-continue" before a long body, and waits up to a second for the
         * answer. */
        {"Expect:", request->body ? "" : NULL},
    };
    struct curl_slist *headers = NULL;
    int r = 0;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && r == 0; i++)
        r = add_header(&headers, lines[i].name, lines[i].value);
    if (r < 0)
        http_headers_free(headers);
    else
        *ret = headers;
    return r;
}

bool http_set_policy(CURL *easy, const struct config *config, const char *url, bool loopback)
{
    bool tls = strncasecmp(url, "https:", 6) == 0;
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https");
    bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    /* With PIPEWAIT, transfers wait to learn whether a new connection can be shared. TLS says so in the handshake
     * (ALPN); without TLS all transfers would wait for the first answer. */
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    bad |= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    /* May fail on a handle that still has the buffer of its last transfer; that buffer has this size already. */
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
    bad |= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "melbicomfs/" MELBICOMFS_VERSION);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    /* An empty string turns the proxy off; NULL lets curl use the environment's https_proxy, and its no_proxy. */
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, loopback ? "" : config->proxy);
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, config->proxy ? "" : NULL);
    if (config->ca_file) {
        /* Only libraries that speak TLS to a proxy have this option. */
        (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, config->ca_file);
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
        /* Otherwise curl would also trust the system's directory of certificates, if it was built with one. */
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    /* A new connection trusts what the file says now: libcurl keeps the parsed file for a day by default, and a resumed
     * TLS session would not look at it at all. Not every TLS library has such a cache. */
    (void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    return bad == 0;
}

int64_t http_retry_after_ms(const char *value)
{
    long long s;

    if (!value || !*value)
        return -1;
    if (value[strspn(value, "0123456789")] == '\0') {
        s = strlen(value) > 9 ? RETRY_AFTER_MAX_S : strtoll(value, NULL, 10);
    } else {
        time_t date = curl_getdate(value, NULL);

        if (date == -1)
            return -1;
        s = (long long)date - clock_wall().tv_sec;
    }
    if (s < 0)
        s = 0;
    return (s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : s) * 1000;
}
