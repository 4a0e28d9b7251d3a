/* SPDX-License-Identifier: MIT */
#include "command/settings.h"

#include "base/cleanup.h"
#include "base/closest.h"
#include "base/config.h"
#include "command/token.h"
#include "command/values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define YEAR_S UINT64_C(31536000)
#define KIB    UINT64_C(1024)
#define TIB    (KIB * KIB * KIB * KIB)

/* A value is shown in the reason only up to this length, in bytes. */
enum { TIME_SHOWN = 12 };

#define IN_CONFIG(field) .home = SETTING_IN_CONFIG, .offset = offsetof(struct config, field)
#define IN_TOKEN(field)  .home = SETTING_IN_TOKEN, .offset = offsetof(struct token_source, field)
#define IN_TARGET(field) .home = SETTING_IN_TARGET, .offset = offsetof(struct settings_target, field)

/* clang-format off */
static const struct setting settings[] = {
    {"url", "URL", SETTING_URL, IN_TARGET(url), .initial = CONFIG_DEFAULT_URL,
     .help = "base URL of the API"},
    {"token", "TOKEN", SETTING_TEXT, SETTING_FILE_ONLY, IN_TOKEN(value),
     .help = "the API token; only in the file, readable only by you"},
    {"token_file", "PATH", SETTING_PATH, IN_TOKEN(file),
     .help = "file with the API token; nobody else may read the file"},
    {"token_command", "CMD", SETTING_TEXT, IN_TOKEN(command),
     .help = "shell command that prints the token within 10 s"},
    {"config", "PATH", SETTING_PATH, SETTING_OPTION_ONLY, IN_TARGET(config_path),
     .help = "configuration file to read instead of the usual one"},
    {"ro", NULL, SETTING_FLAG, IN_CONFIG(read_only), .initial = "0",
     .help = "read-only: nothing can be purged"},
    {"delay_connect", NULL, SETTING_FLAG, IN_CONFIG(delay_connect), .initial = "0",
     .help = "mount without asking the API first"},
    {"ttl", "TIME", SETTING_TIME, IN_CONFIG(ttl_s), .max = YEAR_S, .initial = "60",
     .help = "how long an answer counts as fresh"},
    {"ttl_slow", "TIME", SETTING_TIME, IN_CONFIG(ttl_slow_s), .max = YEAR_S, .initial = "3600",
     .help = "the ttl of products, prices, groups and version"},
    {"stale_if_error", "TIME", SETTING_TIME, IN_CONFIG(stale_if_error_s), .max = YEAR_S, .initial = "3600",
     .help = "how long expired answers are used if the API fails"},
    {"timeout", "TIME", SETTING_SECONDS, IN_CONFIG(timeout_ms), .min = 10, .max = 3600000, .initial = "30",
     .help = "longest wait for the next byte of an answer"},
    {"connect_timeout", "TIME", SETTING_SECONDS, IN_CONFIG(connect_timeout_ms), .min = 10, .max = 3600000,
     .initial = "10", .help = "longest wait for a connection"},
    {"timeout_total", "TIME", SETTING_SECONDS, IN_CONFIG(timeout_total_ms), .min = 10, .max = 86400000,
     .initial = "300", .help = "longest time for a request with all its retries"},
    {"max_connections", "N", SETTING_NUMBER, IN_CONFIG(max_connections), .min = 1, .max = 256, .initial = "8",
     .help = "most requests at the same time"},
    {"readahead", "N", SETTING_NUMBER, IN_CONFIG(readahead), .max = 4096, .initial = "64",
     .help = "most documents fetched ahead of a reader"},
    {"push", "0|1", SETTING_FLAG, IN_CONFIG(push), .initial = "1",
     .help = "1: put files into the page cache before they are read"},
    {"max_pages", "N", SETTING_NUMBER, IN_CONFIG(max_pages), .min = 1, .max = 1000000, .initial = "1000",
     .help = "most pages of one list"},
    {"max_body", "SIZE", SETTING_SIZE, IN_CONFIG(max_body), .min = KIB, .max = TIB, .initial = "256M",
     .help = "largest answer, decompressed; up to 4 x in memory"},
    {"cache_size", "SIZE", SETTING_SIZE, IN_CONFIG(cache_size), .min = 64 * KIB, .max = TIB, .initial = "256M",
     .help = "memory for cached answers"},
    {"uid", "N", SETTING_ID, IN_CONFIG(uid), .max = UINT32_MAX - 1,
     .help = "owner of all files (default: you)"},
    {"gid", "N", SETTING_ID, IN_CONFIG(gid), .max = UINT32_MAX - 1,
     .help = "group of all files (default: yours)"},
    {"umask", "OCTAL", SETTING_OCTAL, IN_CONFIG(umask), .max = 0777, .initial = "077",
     .help = "permissions removed from 0755, 0644 and 0444"},
    {"log_level", "LEVEL", SETTING_LEVEL, IN_CONFIG(log_level), .initial = "info",
     .help = "what is logged: error, warning, info or debug"},
    {"cafile", "PATH", SETTING_PATH, IN_CONFIG(ca_file),
     .help = "PEM certificates to trust instead of the system's"},
    {"proxy", "URL", SETTING_PROXY, IN_CONFIG(proxy),
     .help = "http, https, socks5 or socks5h proxy to use"},
};
/* clang-format on */

const struct setting *settings_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

const struct setting *settings_at(size_t i)
{
    return i < ARRAY_SIZE(settings) ? &settings[i] : NULL;
}

void settings_try(struct closest *closest, bool as_option)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        if (settings[i].place != (as_option ? SETTING_FILE_ONLY : SETTING_OPTION_ONLY))
            closest_try(closest, settings[i].name);
}

static void *place_of(const struct setting *setting, struct settings_target *target)
{
    char *home = (char *)target;
    if (setting->home == SETTING_IN_CONFIG)
        home = (char *)target->config;
    else if (setting->home == SETTING_IN_TOKEN)
        home = (char *)target->token;
    return home + setting->offset;
}

/* Adds ", not '2x'" to the reason, if the value looks like a time that was meant. Others may be secrets. */
static void quote_time(const char *value, char *reason)
{
    size_t len = strlen(reason), shown = strspn(value, "0123456789.,abcdefghijklmnopqrstuvwxyz");
    if (isdigit((unsigned char)*value) && !value[shown] && shown <= TIME_SHOWN)
        snprintf(reason + len, SETTINGS_REASON - len, ", not '%s'", value);
}

/* Writes what the value must be. The limits come from the row, so that the message always agrees with the check. */
static void explain(const struct setting *setting, const char *value, char *reason)
{
    uint64_t min = setting->min, max = setting->max;
    switch (setting->type) {
    case SETTING_FLAG:
        snprintf(reason, SETTINGS_REASON, "must be 0 or 1 (or no, yes)");
        break;
    case SETTING_OCTAL:
        snprintf(reason, SETTINGS_REASON, "must be octal digits from 0 to %" PRIo64 ", such as 022", max);
        break;
    case SETTING_SECONDS:
        snprintf(reason, SETTINGS_REASON,
                 "must be seconds from %" PRIu64 ".%02u to %" PRIu64
                 ", such as 30 or 0.5, or a time such as 30s, 2m or 1h",
                 min / 1000, (unsigned)(min % 1000 / 10), max / 1000);
        quote_time(value, reason);
        break;
    case SETTING_TIME:
        snprintf(reason, SETTINGS_REASON,
                 "must be whole seconds from %" PRIu64 " to %" PRIu64
                 ", such as 90, or a time such as 30s, 2m, 1h or 1d",
                 min, max);
        quote_time(value, reason);
        break;
    case SETTING_LEVEL:
        snprintf(reason, SETTINGS_REASON, "must be error, warning, info or debug");
        break;
    case SETTING_SIZE:
        snprintf(reason, SETTINGS_REASON, "must be a size from %" PRIu64 "K to %" PRIu64 "T, such as 64M (K, M, G, T)",
                 min / KIB, max / TIB);
        break;
    default:
        snprintf(reason, SETTINGS_REASON, "must be a whole number from %" PRIu64 " to %" PRIu64, min, max);
        break;
    }
}

static int parse_scalar(const struct setting *setting, const char *value, uint64_t *ret)
{
    bool flag = false;
    int error;
    switch (setting->type) {
    case SETTING_FLAG:
        error = value_bool(value, &flag);
        if (!error)
            *ret = flag;
        return error;
    case SETTING_LEVEL:
        return value_level(value, ret);
    case SETTING_SECONDS:
        return value_seconds(value, setting->min, setting->max, ret);
    case SETTING_TIME:
        return value_time(value, setting->min, setting->max, ret);
    case SETTING_SIZE:
        return value_size(value, setting->min, setting->max, ret);
    default:
        return value_number(value, setting->type == SETTING_OCTAL ? 8 : 10, setting->min, setting->max, ret);
    }
}

static int apply_scalar(const struct setting *setting, const char *value, void *place, char *reason)
{
    uint64_t n = 0;
    if (parse_scalar(setting, value, &n)) {
        explain(setting, value, reason);
        return -EINVAL;
    }
    switch (setting->type) {
    case SETTING_FLAG:
        *(bool *)place = n != 0;
        break;
    case SETTING_LEVEL:
        *(int *)place = (int)n;
        break;
    case SETTING_SIZE:
        *(uint64_t *)place = n;
        break;
    case SETTING_ID:
        *(uid_t *)place = (uid_t)n;
        break;
    case SETTING_OCTAL:
        *(mode_t *)place = (mode_t)n;
        break;
    default:
        *(unsigned *)place = (unsigned)n;
        break;
    }
    return 0;
}

static int apply_string(const struct setting *setting, const char *value, const char *directory, char **place,
                        char *reason)
{
    char *text = NULL;
    const char *why = NULL;
    int error = *value ? 0 : -EINVAL;
    if (!error && setting->type == SETTING_URL)
        error = value_url(value, &text, &why);
    else if (!error && setting->type == SETTING_PROXY)
        error = value_proxy(value, &text, &why);
    else if (!error && setting->type == SETTING_PATH)
        error = value_path(value, directory, &text);
    else if (!error && !(text = strdup(value)))
        error = -ENOMEM;
    if (!error) {
        if (*place)
            explicit_bzero(*place, strlen(*place)); /* it may be a token */
        free(*place);
        *place = text;
    } else if (why) {
        snprintf(reason, SETTINGS_REASON, "%s", why);
    } else if (error == -EINVAL && *value == '\0') {
        snprintf(reason, SETTINGS_REASON, "must not be empty");
    } else {
        snprintf(reason, SETTINGS_REASON, "cannot be used: %s", strerror(-error));
    }
    return error;
}

int settings_apply(const struct setting *setting, const char *value, const char *directory,
                   struct settings_target *target, char *reason)
{
    void *place = place_of(setting, target);
    if (!value && setting->type != SETTING_FLAG) {
        snprintf(reason, SETTINGS_REASON, "needs a value, as in %s=%s", setting->name, setting->argument);
        return -EINVAL;
    }
    if (setting->type >= SETTING_TEXT)
        return apply_string(setting, value, directory, place, reason);
    return apply_scalar(setting, value ? value : "1", place, reason);
}

static struct {
    void (*fn)(void *data, const char *complaint);
    void *data;
} taker;

void settings_divert(void (*fn)(void *data, const char *complaint), void *data)
{
    taker.fn = fn;
    taker.data = data;
}

void settings_complain(const char *format, ...)
{
    _cleanup_(freep) char *complaint = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&complaint, format, arguments) < 0)
        complaint = NULL;
    va_end(arguments);
    const char *text = complaint ? complaint : "out of memory";
    if (taker.fn)
        taker.fn(taker.data, text);
    else
        fprintf(stderr, "melbicomfs: %s\n", text);
}

void settings_print(FILE *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        const struct setting *setting = &settings[i];
        char usage[64];
        snprintf(usage, sizeof(usage), "%s%s%s", setting->name, setting->argument ? "=" : "",
                 setting->argument ? setting->argument : "");
        fprintf(out, "    %-4s%-24s%s", setting->place == SETTING_FILE_ONLY ? "" : "-o", usage, setting->help);
        if (setting->initial && setting->argument)
            fprintf(out, " (%s)", setting->initial);
        fputc('\n', out);
    }
}
