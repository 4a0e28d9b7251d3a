/* SPDX-License-Identifier: MIT */
/*
 * URLs: a request may leave only for where the settings say. Which URLs are allowed is decided a second time, from the
 * text; the next page is always at the same scheme, host and port; the target of a redirect is shown without secrets.
 *
 * The input: a URL, what an answer says about the next page, and the target of a redirect, a line each.
 */
#include "fuzz.h"

#include "api/pages.h"
#include "base/log.h"
#include "base/url.h"
#include "base/utf8.h"
#include "http/redirect.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <strings.h>

#define TOKEN "S3cr3t-T0k3n-42"
#define BASE  "https://api.example.com:8443/api"

/* A part of a URL as libcurl will use it; NULL: there is none. */
static char *part_of(const char *url, CURLUPart which)
{
    CURLU *parts = curl_url();
    char *part = NULL;

    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK ||
        curl_url_get(parts, which, &part, which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) != CURLUE_OK)
        part = NULL;
    curl_url_cleanup(parts);
    return part;
}

static bool is_this_machine(const char *host)
{
    unsigned char v6[16];
    char bare[64];
    struct in_addr v4;

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_aton(host, &v4))
        return ntohl(v4.s_addr) >> 24 == 127;
    if (sscanf(host, "[%63[0-9a-fA-F:.]]", bare) != 1 || inet_pton(AF_INET6, bare, v6) != 1)
        return false;
    for (int i = 0; i < 15; i++)
        if (v6[i] != 0)
            return false;
    return v6[15] == 1;
}

static void check_problem(const char *url)
{
    bool loopback = true;
    const char *problem = url_problem(url, &loopback);
    size_t root = url_root_length(url);

    CHECK(root <= strlen(url), "%s", url);
    if (problem) {
        CHECK(strlen(problem) > 10 && !strchr(problem, '\n'), "%s", problem);
        return;
    }
    const char *host_at = strstr(url, "://") + 3, *end = url + root;
    size_t authority = strcspn(host_at, "/?#");
    char *host = part_of(url, CURLUPART_HOST), *user = part_of(url, CURLUPART_USER);
    CHECK(host_at > url + 3 && authority > 0 && end == host_at + authority, "%s", url);
    CHECK(host && *host && !user, "%s", url);
    CHECK(!memchr(host_at, '@', authority), "%s has a user", url);
    CHECK(loopback == is_this_machine(host), "%s: %s", url, host);
    CHECK(strncasecmp(url, "https://", 8) == 0 || (strncasecmp(url, "http://", 7) == 0 && loopback), "%s is allowed",
          url);
    curl_free(host);
    curl_free(user);
}

/* ---- the next page ---- */

static bool same_part(const char *a, const char *b, CURLUPart which)
{
    char *x = part_of(a, which), *y = part_of(b, which);
    bool same = x && y && strcasecmp(x, y) == 0;

    curl_free(x);
    curl_free(y);
    return same;
}

/* An absolute URL that is followed is at the API's own place. */
static void check_place(const char *next)
{
    const char *host = strstr(next, "://");

    CHECK(!host || !memchr(host + 3, '@', strcspn(host + 3, "/?#")), "%s is followed", next);
    CHECK(same_part(next, BASE, CURLUPART_SCHEME) && same_part(next, BASE, CURLUPART_HOST) &&
              same_part(next, BASE, CURLUPART_PORT),
          "%s is followed", next);
}

static void check_next(const char *next)
{
    static const char page[] = BASE "/billing/invoices?status=Paid&page=2";
    char *path = NULL, *url = NULL;
    size_t scheme = strspn(next, "abcdefghijklmnopqrstuvwxyz");
    int r = pages_resolve(BASE, page, next, &path);

    CHECK(r == 0 || r == -EXDEV || r == -EINVAL, "%s: %d", next, r);
    CHECK((r == 0) == (path != NULL), "%s: %d", next, r);
    if (r != 0)
        return;
    /* What the client will ask for. */
    CHECK(*path == '/', "%s: %s", next, path);
    CHECK(asprintf(&url, "%.*s%s", (int)url_root_length(BASE), BASE, path) > 0, "asprintf()");
    CHECK(same_part(url, BASE, CURLUPART_SCHEME) && same_part(url, BASE, CURLUPART_HOST) &&
              same_part(url, BASE, CURLUPART_PORT),
          "%s leads to %s", next, url);
    for (const char *at = path; *at; at++)
        CHECK((unsigned char)*at > ' ' && *at != 0x7f, "%s has a space or control character", path);
    if (strncmp(next, "//", 2) == 0) {
        free(url);
        CHECK(asprintf(&url, "https:%s", next) > 0, "asprintf()");
        check_place(url);
    } else if (scheme > 0 && scheme < 20 && next[scheme] == ':') {
        /* What is longer is the beginning of a path to libcurl. */
        check_place(next);
    }
    free(url);
    free(path);
}

static void check_number(const char *path)
{
    char *numbered = pages_numbered(path, "page", 17), *again = pages_numbered(numbered, "page", 17);

    const char *query = strchr(numbered, '?');
    CHECK(query && (strstr(query, "?page=17") || strstr(query, "&page=17")), "%s", numbered);
    CHECK(strncmp(numbered, path, strcspn(path, "?")) == 0, "%s: %s", path, numbered);
    CHECK(strcmp(numbered, again) == 0, "%s, then %s", numbered, again);
    free(numbered);
    free(again);
}

/* ---- redirects ---- */

static bool is_ascii(const char *text)
{
    while ((unsigned char)*text - 1U < 0x7f)
        text++;
    return *text == '\0';
}

static void check_redirect(const char *location)
{
    char *target = redirect_target(location), *advice = redirect_advice(BASE, BASE "/services?id=1", location);
    bool loopback;

    (void)redirect_is_login(location);
    if (target) {
        CHECK(strlen(target) <= 200 && *target, "%s", target);
        CHECK(!strchr(target, '#') && !strstr(target, TOKEN), "%s is shown", target);
        /* A byte that is not UTF-8 is shown as a question mark. An escape in the host may be such a byte. */
        CHECK(!strchr(target, '?') || !is_ascii(location) || strchr(location, '%'), "%s is shown", target);
        const char *host = strstr(target, "://");
        /* file:@//x has no user: libcurl takes what follows file: for a path. */
        CHECK(!host || !memchr(host + 3, '@', strcspn(host + 3, "/")) || strncasecmp(target, "file:", 5) == 0,
              "%s is shown", target);
        for (size_t i = 0, n; target[i]; i += n) {
            n = utf8_length(target + i, strlen(target + i));
            CHECK(n > 0 && !utf8_is_control(target + i, n), "byte %zu of %s", i, target);
        }
    }
    if (advice) {
        char *url = strdup(strstr(advice, "url=") + 4);
        CHECK(strncmp(advice, "redirects are not followed: set url=", 36) == 0, "%s", advice);
        /* The base URL may contain a comma, but the sentence goes on with exactly this. */
        char *rest = strstr(url, ", if that host is the service's");
        if (rest)
            *rest = '\0';
        CHECK(!url_problem(url, &loopback), "%s", advice);
        CHECK(rest || same_part(url, BASE, CURLUPART_HOST), "%s", advice);
        free(url);
    }
    free(target);
    free(advice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;

    if (!ready)
        log_hide(TOKEN);
    ready = true;
    char *url = fuzz_part(&data, &size, '\n'), *next = fuzz_part(&data, &size, '\n'),
         *location = fuzz_part(&data, &size, '\n');
    check_problem(url);
    check_next(next);
    check_number(next);
    check_redirect(location);
    free(url);
    free(next);
    free(location);
    return 0;
}
