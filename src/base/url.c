/* SPDX-License-Identifier: MIT */
#include "base/url.h"

#include "base/config.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

const char url_unchecked[] = "cannot be checked: out of memory";

/* `host` comes from curl_url_get(), which has already turned 127.1 into 127.0.0.1. 127.example.com is a name. */
static bool is_loopback(const char *host)
{
    char bare[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    size_t len = strlen(host);

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (len < 3 || host[0] != '[' || len - 2 >= sizeof(bare))
        return false;
    memcpy(bare, host + 1, len - 2);
    bare[len - 2] = '\0';
    return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Whether the URL has a user or a password. */
static CURLUcode find_user(CURLU *parts, bool *ret)
{
    static const CURLUPart which[] = {CURLUPART_USER, CURLUPART_PASSWORD};

    *ret = false;
    for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
        char *part = NULL;
        CURLUcode code = curl_url_get(parts, which[i], &part, 0);

        curl_free(part);
        if (code == CURLUE_OUT_OF_MEMORY)
            return code;
        *ret = *ret || code == CURLUE_OK;
    }
    return CURLUE_OK;
}

static const char *parts_problem(CURLU *parts, bool *loopback)
{
    char *scheme = NULL, *host = NULL;
    const char *problem = NULL;
    bool has_user = false;
    CURLUcode code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);

    if (code == CURLUE_OK)
        code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OUT_OF_MEMORY || find_user(parts, &has_user) == CURLUE_OUT_OF_MEMORY)
        problem = url_unchecked;
    else if (code != CURLUE_OK || !*host)
        problem = "names no host; a URL looks like https://api.example.com/api";
    else if (has_user)
        problem = "holds a user or password; remove it, and give the token by token_file= or MELBICOM_TOKEN";
    else if ((*loopback = is_loopback(host)), strcmp(scheme, "https") != 0 && !(*loopback && !strcmp(scheme, "http")))
        problem =
            "must be https (http only to 127.0.0.1, [::1] or localhost), because http would send the token unencrypted";
    curl_free(scheme);
    curl_free(host);
    return problem;
}

/* Takes a URL apart. When memory runs out on the way, libcurl can say that the URL is malformed. So a URL that is not
 * malformed is tried, too, and then the first one again. The other one gets a handle of its own: `parts` would take the
 * first one for relative to it. */
static CURLUcode take_apart(CURLU *parts, const char *url)
{
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);

    if (code == CURLUE_OK || code == CURLUE_OUT_OF_MEMORY)
        return code;
    CURLU *good = curl_url();
    CURLUcode memory = good ? curl_url_set(good, CURLUPART_URL, CONFIG_DEFAULT_URL, 0) : CURLUE_OUT_OF_MEMORY;
    curl_url_cleanup(good);
    if (memory != CURLUE_OK)
        return CURLUE_OUT_OF_MEMORY;
    return curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
}

const char *url_problem(const char *url, bool *loopback)
{
    static const char *const no_url = "is not a URL; one looks like https://api.example.com/api";
    const char *colon = strchr(url, ':'), *problem = no_url;
    CURLU *parts;

    *loopback = false;
    /* curl also accepts one slash or three, and would then take the beginning of the path as the host. */
    if (!colon || colon == url || strncmp(colon, "://", 3) != 0)
        return no_url;
    if (colon[3] == '/' || colon[3] == '\0')
        return "names no host; a URL looks like https://api.example.com/api";
    parts = curl_url();
    if (!parts)
        return url_unchecked;
    CURLUcode code = take_apart(parts, url);
    if (code == CURLUE_OK)
        problem = parts_problem(parts, loopback);
    else if (code == CURLUE_OUT_OF_MEMORY)
        problem = url_unchecked;
    curl_url_cleanup(parts);
    return problem;
}

size_t url_root_length(const char *url)
{
    const char *host = strstr(url, "://");
    size_t scheme = host ? (size_t)(host - url) + 3 : 0;

    return scheme + strcspn(url + scheme, "/?#");
}
