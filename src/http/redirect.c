/* SPDX-License-Identifier: MIT */
#include "http/redirect.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/line.h"
#include "base/log.h"
#include "base/url.h"

#define TARGET_MAX 200

/* Takes a part out of a URL, or a URL without its user, password, query and fragment (CURLUPART_URL). malloc'd; NULL if
 * there is none. */
static char *part_of(const char *url, CURLUPart which)
{
    static const CURLUPart private[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                                        CURLUPART_FRAGMENT};
    CURLU *parts = curl_url();
    char *part = NULL, *copy = NULL;

    if (parts && curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
            (void)curl_url_set(parts, private[i], NULL, 0);
        if (curl_url_get(parts, which, &part, 0) == CURLUE_OK)
            copy = strdup(part);
        curl_free(part);
    }
    curl_url_cleanup(parts);
    return copy;
}

char *redirect_target(const char *location)
{
    _cleanup_(freep) char *url = part_of(location, CURLUPART_URL);
    size_t len = url ? strlen(url) : 0;
    _cleanup_(freep) char *hidden = url ? log_hidden(url, len, &len) : NULL;

    return hidden ? line_of(hidden, len, TARGET_MAX, NULL) : NULL;
}

bool redirect_is_login(const char *location)
{
    static const char *const words[] = {"login", "log-in", "signin", "sign-in", "sign_in", "auth", "sso"};
    _cleanup_(freep) char *path = part_of(location, CURLUPART_PATH);
    size_t len = path ? strlen(path) : 0;

    while (len > 0 && path[len - 1] == '/')
        path[--len] = '\0';
    const char *last = path ? strrchr(path, '/') : NULL;
    for (size_t i = 0; last && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(last, words[i]))
            return true;
    return false;
}

/* The target without the path below the base URL that the request has, if the target ends with it. */
static char *other_base(const char *base, const char *url, const char *target)
{
    const char *path = url + strlen(base);
    size_t path_len = strcspn(path, "?"), len = strlen(target);

    if (path_len == 0 || path_len >= len || strncmp(target + len - path_len, path, path_len) != 0)
        return NULL;
    return strndup(target, len - path_len);
}

char *redirect_advice(const char *base, const char *url, const char *location)
{
    _cleanup_(freep) char *target = part_of(location, CURLUPART_URL), *host = part_of(location, CURLUPART_HOST),
                          *asked = part_of(base, CURLUPART_HOST), *other = NULL;
    char *advice = NULL;
    bool loopback;

    if (target)
        other = other_base(base, url, target);
    if (!other || !host || !asked || strcmp(other, base) == 0 || url_problem(other, &loopback))
        return NULL;
    if (asprintf(&advice, "redirects are not followed: set url=%s%s", other,
                 strcasecmp(host, asked) == 0 ? "" : ", if that host is the service's") < 0)
        return NULL;
    return advice;
}
