/* SPDX-License-Identifier: MIT */
#include "command/unreached.h"

#include "base/clock.h"
#include "command/report.h"
#include "http/http.h"

#include <string.h>
#include <time.h>

/* What to do about a handshake that failed with this message of libcurl's. */
static char *tls_advice(const char *detail)
{
    char now[64];
    time_t t = clock_wall().tv_sec;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(now, sizeof(now), "%Y-%m-%d %H:%M:%S UTC", &tm))
        now[0] = '\0';
    if (strcasestr(detail, "expired") || strcasestr(detail, "not yet valid"))
        return report_text("this machine's clock says %s: if that is wrong, set it; if it is right, the API's "
                           "certificate has to be renewed",
                           now);
    if (strcasestr(detail, "self-signed") || strcasestr(detail, "self signed") || strcasestr(detail, "issuer") ||
        strcasestr(detail, "unknown"))
        return report_text("update the package ca-certificates; if a proxy or a private authority signs the "
                           "certificates here, name its certificate with -o cafile=PEM");
    if (strcasestr(detail, "match"))
        return report_text("the certificate is for another host; check the URL (url=)");
    return report_text("check the URL (url=), proxies and firewalls between here and the API, and the clock: %s", now);
}

char *unreached_advice(const struct http_result *result)
{
    switch (result->failure) {
    case HTTP_TLS:
        return tls_advice(result->detail);
    case HTTP_UNRESOLVED:
        return report_text("check the host in the URL (url=), and the name servers");
    case HTTP_TIMEOUT:
        return report_text("the API is reached but does not answer; try again later, or with a longer timeout=");
    case HTTP_NO_DESCRIPTOR:
        return report_text("raise the limit of open files (ulimit -n)");
    default:
        return report_text("check the URL (url=), the network, and firewalls between here and the API");
    }
}
