/* SPDX-License-Identifier: MIT */
#include "command/doctor_network.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/url.h"
#include "command/doctor_api.h"
#include "command/options.h"
#include "command/report.h"
#include "command/unreached.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

/* A clock that is off by more than this is worth a warning, in seconds. */
#define SKEW_MAX 60

/* A certificate that expires within this many days is worth a warning. */
#define DAYS_MIN 14

#define ADDRESSES_MAX 4
#define DAY_S         86400

static bool is_https(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

/* What names a proxy for the URL, or NULL: the setting, or an environment variable; see libcurl-env(3). */
static const char *proxy_source(const struct config *config)
{
    const char *url = config->base_url;
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    static const char *const variables[] = {"$https_proxy", "$HTTPS_PROXY", "$all_proxy", "$ALL_PROXY"};
    bool loopback = false;
    (void)url_problem(url, &loopback);
    if (!loopback && config->proxy)
        return "proxy=";
    for (size_t i = 0; !loopback && i < sizeof(names) / sizeof(names[0]); i++)
        if (getenv(names[i]) && *getenv(names[i]))
            return variables[i];
    return NULL;
}

/* ---- the name ---- */

static char *part_of(const char *url, CURLUPart which)
{
    CURLU *parts = report_owned(curl_url());
    char *part = NULL, *copy = NULL;
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, which, &part, CURLU_DEFAULT_PORT) == CURLUE_OK)
        copy = report_text("%s", part);
    curl_free(part);
    curl_url_cleanup(parts);
    return copy ? copy : report_text("%s", "");
}

/* Whether a list of texts with ", " between them has this text. */
static bool has_text(const char *list, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = strstr(list, text); at; at = strstr(at + len, text))
        if ((at == list || at[-1] == ' ') && (at[len] == ',' || !at[len]))
            return true;
    return false;
}

/* The addresses, each once, with commas between them. */
static char *list_addresses(const struct addrinfo *all)
{
    char *list = report_text("%s", ""), text[NI_MAXHOST];
    unsigned n = 0;
    for (const struct addrinfo *at = all; at && n < ADDRESSES_MAX; at = at->ai_next) {
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) ||
            has_text(list, text))
            continue;
        char *longer = report_text("%s%s%s", list, n++ ? ", " : "", text);
        free(list);
        list = longer;
    }
    return list;
}

bool doctor_name(const struct doctor_api *api)
{
    const char *url = api->config->base_url, *proxy = proxy_source(api->config);
    _cleanup_(freep) char *host = part_of(url, CURLUPART_HOST);
    _cleanup_(freep) char *port = part_of(url, CURLUPART_PORT);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    if (proxy) {
        report_good(api->report, "name", "%s is looked up by the proxy that %s names", host, proxy);
        return true;
    }
    /* An IPv6 address stands in brackets. */
    size_t len = strlen(host);
    bool bracketed = *host == '[' && host[len - 1] == ']';
    _cleanup_(freep) char *bare = report_text("%.*s", (int)(bracketed ? len - 2 : len), host + bracketed);
    int error = getaddrinfo(bare, port, &hints, &all);
    if (error) {
        report_bad(api->report, "name", EXIT_UNREACHABLE,
                   "check the host in the URL (url=), and the name servers with: getent hosts HOST",
                   "%s has no address: %s", bare, gai_strerror(error));
        return false;
    }
    _cleanup_(freep) char *addresses = list_addresses(all);
    freeaddrinfo(all);
    if (strcmp(addresses, bare) == 0)
        report_good(api->report, "name", "%s is an address", bare);
    else
        report_good(api->report, "name", "%s is %s", bare, addresses);
    return true;
}

/* ---- the connection ---- */

/* Writes the time t in UTC, such as 2026-11-27 16:02:31 UTC. */
static const char *utc(time_t t, char *buf, size_t size)
{
    struct tm tm;
    return gmtime_r(&t, &tm) && strftime(buf, size, "%Y-%m-%d %H:%M:%S UTC", &tm) ? buf : "?";
}

static void tell_failure(const struct doctor_api *api, const struct doctor_answer *answer)
{
    const struct http_result *result = &answer->result;
    _cleanup_(freep) char *advice = unreached_advice(result);
    const char *check = result->failure == HTTP_TLS          ? "tls"
                        : result->failure == HTTP_UNRESOLVED ? "name"
                                                             : "connection";
    report_bad(api->report, check, EXIT_UNREACHABLE, advice, "%s: %s", api->config->base_url, result->detail);
}

static void tell_certificate(const struct doctor_api *api, const struct http_result *result)
{
    char until[64];
    if (!is_https(api->config->base_url)) {
        report_good(api->report, "tls", "none: %s is on this machine", api->config->base_url);
        return;
    }
    if (result->certificate_expires == -1) {
        report_good(api->report, "tls", "the certificate is accepted");
        return;
    }
    long long left = (result->certificate_expires - clock_wall().tv_sec) / DAY_S;
    const char *issuer = result->certificate_issuer ? result->certificate_issuer : "an unnamed issuer";
    (void)utc((time_t)result->certificate_expires, until, sizeof(until));
    struct json_object *finding =
        left < DAYS_MIN
            ? report_warn(api->report, "tls",
                          "its owner should have renewed it by now; if nobody does, each request fails from then on",
                          "the certificate of %s expires in %lld days, on %s", issuer, left, until)
            : report_good(api->report, "tls", "the certificate of %s is valid for %lld more days", issuer, left);
    json_object_object_add(finding, "days_left", report_owned(json_object_new_int64(left)));
}

static void tell_clock(const struct doctor_api *api, const struct http_result *result)
{
    long long ahead = result->date == (time_t)-1 ? 0 : (long long)clock_wall().tv_sec - result->date;
    long long off = ahead < 0 ? -ahead : ahead;
    if (result->date == (time_t)-1)
        report_good(api->report, "clock", "not compared: the answer has no Date");
    else if (off > SKEW_MAX)
        report_warn(api->report, "clock", "set this machine's clock (timedatectl set-ntp true)",
                    "this machine's clock is %lld s %s the API's", off, ahead > 0 ? "ahead of" : "behind");
    else
        report_good(api->report, "clock", "agrees with the API's");
}

bool doctor_connection(const struct doctor_api *api, const struct doctor_answer *answer)
{
    if (answer->result.error && answer->result.status == 0) {
        tell_failure(api, answer);
        return false;
    }
    tell_certificate(api, &answer->result);
    tell_clock(api, &answer->result);
    return true;
}
