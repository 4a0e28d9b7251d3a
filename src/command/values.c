/* SPDX-License-Identifier: MIT */
#include "command/values.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Reads the digits at the start of `text`; *ret_rest is the text after them. strtoull() alone accepts signs and
 * spaces. */
static int leading_number(const char *text, int base, uint64_t *ret, const char **ret_rest)
{
    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    char *rest = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &rest, base);
    if (errno == ERANGE)
        return -ERANGE;
    if (rest == text)
        return -EINVAL;
    *ret = n;
    *ret_rest = rest;
    return 0;
}

static int in_range(uint64_t n, uint64_t min, uint64_t max, uint64_t *ret)
{
    if (n < min || n > max)
        return -ERANGE;
    *ret = n;
    return 0;
}

int value_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;
    const char *rest = NULL;
    int error = leading_number(text, base, &n, &rest);
    if (error)
        return error;
    if (*rest)
        return -EINVAL;
    return in_range(n, min, max, ret);
}

int value_level(const char *text, uint64_t *ret)
{
    for (unsigned level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        if (strcmp(text, log_level_name((enum log_level)level)) == 0) {
            *ret = level;
            return 0;
        }
    return -EINVAL;
}

int value_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    static const char suffixes[] = "KMGT";
    uint64_t n = 0;
    const char *rest = NULL;
    int error = leading_number(text, 10, &n, &rest);
    if (error)
        return error;
    if (*rest) {
        const char *suffix = strchr(suffixes, toupper((unsigned char)*rest));
        if (!suffix || rest[1])
            return -EINVAL;
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (n > UINT64_MAX >> shift)
            return -ERANGE;
        n <<= shift;
    }
    return in_range(n, min, max, ret);
}

/* Multiplies n by the unit of time that `rest` is: nothing or s, m, h or d. The product is in the range. */
static int in_unit(uint64_t n, const char *rest, uint64_t min, uint64_t max, uint64_t *ret)
{
    static const struct {
        char letter;
        unsigned seconds;
    } units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (*rest == units[i].letter && (!*rest || !rest[1]))
            return n > max / units[i].seconds ? -ERANGE : in_range(n * units[i].seconds, min, max, ret);
    return -EINVAL;
}

int value_time(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;
    const char *rest = NULL;
    int error = leading_number(text, 10, &n, &rest);
    return error ? error : in_unit(n, rest, min, max, ret);
}

int value_seconds(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;
    const char *rest = NULL;
    int error = leading_number(text, 10, &n, &rest);
    if (error)
        return error;
    if (n > max / 1000)
        return -ERANGE;
    n *= 1000;
    if (*rest == '.') {
        /* Not strtod(): in some locales it expects a comma. */
        unsigned weight = 100;
        for (rest++; isdigit((unsigned char)*rest); rest++, weight /= 10)
            if (__builtin_add_overflow(n, weight * (unsigned)(*rest - '0'), &n))
                return -ERANGE;
    }
    return in_unit(n, rest, min, max, ret);
}

int value_bool(const char *text, bool *ret)
{
    static const struct {
        const char *word;
        bool means;
    } words[] = {
        {"1", true},  {"yes", true}, {"true", true},   {"on", true},
        {"0", false}, {"no", false}, {"false", false}, {"off", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcasecmp(text, words[i].word) == 0) {
            *ret = words[i].means;
            return 0;
        }
    return -EINVAL;
}

static bool is_own(const char *directory)
{
    struct stat st;
    return getuid() == 0 || (stat(directory, &st) == 0 && st.st_uid == getuid());
}

int value_home(char **ret)
{
    const char *home = getenv("HOME");
    if (!home || *home != '/' || !is_own(home)) {
        const struct passwd *user = getpwuid(getuid());
        home = user ? user->pw_dir : home;
    }
    if (!home || *home != '/')
        return -EINVAL;
    char *copy = strdup(home);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

int value_path(const char *text, const char *directory, char **ret)
{
    _cleanup_(freep) char *base = NULL;
    if (!*text)
        return -EINVAL;
    if (strncmp(text, "~/", 2) == 0) {
        int error = value_home(&base);
        if (error)
            return error;
        text += 2;
    } else if (*text != '/') {
        base = directory ? strdup(directory) : getcwd(NULL, 0);
        if (!base)
            return -errno;
    }
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", base ? base : "", base ? "/" : "", text) < 0)
        return -ENOMEM;
    *ret = path;
    return 0;
}

int value_url(const char *text, char **ret, const char **ret_why)
{
    bool loopback;
    const char *fault = url_problem(text, &loopback);
    if (!fault && strpbrk(text, "?#"))
        fault = "has a query or fragment; give only the base URL, such as https://api.example.com/api";
    if (fault) {
        *ret_why = fault;
        return -EINVAL;
    }
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '/')
        len--;
    char *copy = strndup(text, len);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

static void free_part(char **part)
{
    curl_free(*part);
}

/* Hides the password of a URL in the log: as it is written there, and without its percent signs. Returns a CURLUcode. */
static CURLUcode hide_password(CURLU *parts)
{
    static const unsigned forms[] = {0, CURLU_URLDECODE};
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        char *password = NULL;
        CURLUcode code = curl_url_get(parts, CURLUPART_PASSWORD, &password, forms[i]);
        log_hide(password);
        curl_free(password);
        if (code == CURLUE_OUT_OF_MEMORY)
            return code;
    }
    return CURLUE_OK;
}

static bool is_proxy(CURLU *parts)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h"};
    _cleanup_(free_part) char *scheme = NULL, *path = NULL, *query = NULL;
    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(parts, CURLUPART_PATH, &path, 0) ||
        strcmp(path, "/") != 0 || curl_url_get(parts, CURLUPART_QUERY, &query, 0) == CURLUE_OK)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (strcmp(scheme, schemes[i]) == 0)
            return true;
    return false;
}

int value_proxy(const char *text, char **ret, const char **ret_why)
{
    CURLU *parts = curl_url();
    if (!parts)
        return -ENOMEM;
    CURLUcode code = strstr(text, "://") ? curl_url_set(parts, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME)
                                         : CURLUE_MALFORMED_INPUT;
    if (code == CURLUE_OK)
        code = is_proxy(parts) ? hide_password(parts) : CURLUE_MALFORMED_INPUT;
    curl_url_cleanup(parts);
    char *copy = code == CURLUE_OK ? strdup(text) : NULL;
    if (code != CURLUE_OK && code != CURLUE_OUT_OF_MEMORY) {
        *ret_why = "must be the URL of a proxy, such as http://proxy.example.com:3128 or socks5://127.0.0.1:1080";
        return -EINVAL;
    }
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}
