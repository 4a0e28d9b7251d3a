/* SPDX-License-Identifier: MIT */
/*
 * The values of -o, against a second reading: each setting has the value of the last option that names it, what is
 * libfuse's goes to libfuse as it stands, what is nobody's is refused, and no complaint repeats a value.
 *
 * The input is the text behind -o.
 */
#include "fuzz.h"

#include "base/config.h"
#include "command/options.h"
#include "command/settings.h"
#include "command/token.h"

#include <unistd.h>

static char complaint[1000];

static void take_complaint(void *data, const char *text)
{
    (void)data;
    snprintf(complaint, sizeof complaint, "%s", text);
}

/* Settings of the second reading. */
struct expected {
    struct config config;
    struct token_source token;
    struct settings_target target;
    char *passed; /* to libfuse */
    bool refused;
};

/* Cuts the first item off the list, at a comma without a backslash before it. */
static char *next_item(const char **list)
{
    const char *at = *list;

    while (*at && *at != ',')
        at += at[0] == '\\' && at[1] ? 2 : 1;
    char *item = fuzz_string(*list, (size_t)(at - *list));
    *list = *at ? at + 1 : NULL;
    return item;
}

static bool is_dropped(const char *item)
{
    static const char all[] =
        " defaults rw auto noauto user nouser users nousers owner noowner group nogroup _netdev nofail comment "
        "diratime "
        "nodiratime relatime norelatime strictatime nostrictatime lazytime nolazytime iversion noiversion mand nomand "
        "silent loud symfollow ";
    char *word = NULL;

    if (strncmp(item, "x-", 2) == 0 || strncmp(item, "X-", 2) == 0 || strncmp(item, "user=", 5) == 0 ||
        strncmp(item, "comment=", 8) == 0)
        return true;
    bool dropped = asprintf(&word, " %s ", item) > 0 && !strchr(item, ' ') && strstr(all, word);
    free(word);
    return dropped || !*item;
}

static bool is_passed(const char *item)
{
    static const char all[] =
        " allow_other allow_root auto_unmount default_permissions fsname= subtype= max_read= blkdev "
        "blksize= debug suid nosuid dev nodev exec noexec sync async dirsync atime noatime "
        "nosymfollow context= fscontext= defcontext= rootcontext= ";
    size_t len = strcspn(item, "=");
    char *word = NULL;
    bool passed = asprintf(&word, " %.*s%s ", (int)len, item, item[len] ? "=" : "") > 0 && !memchr(item, ' ', len) &&
                  strstr(all, word);

    free(word);
    return passed;
}

static void pass(struct expected *expected, const char *item)
{
    char *before = expected->passed, *after = NULL;

    if (asprintf(&after, "%s%s%s", before ? before : "", before ? "," : "", item) < 0)
        abort();
    free(before);
    expected->passed = after;
}

static void expect_item(struct expected *expected, char *item)
{
    char *equals = strchr(item, '='), reason[SETTINGS_REASON], *to;
    char *name = fuzz_string(item, equals ? (size_t)(equals - item) : strlen(item));
    const struct setting *setting = settings_find(name);

    free(name);
    if (!setting) {
        if (is_passed(item))
            pass(expected, item);
        else
            expected->refused = !is_dropped(item);
        return;
    }
    to = equals ? equals + 1 : NULL;
    for (const char *from = to; from && *from; from++) {
        from += from[0] == '\\' && from[1];
        *to++ = *from;
    }
    if (to)
        *to = '\0';
    expected->refused = setting->place == SETTING_FILE_ONLY ||
                        settings_apply(setting, equals ? equals + 1 : NULL, NULL, &expected->target, reason) != 0;
}

/* Returns false for a text that names a configuration file: it would be read. */
static bool expect(struct expected *expected, const char *options)
{
    bool file = false;

    config_init(&expected->config);
    expected->target = (struct settings_target){.config = &expected->config, .token = &expected->token};
    while (options && !expected->refused && !file) {
        char *item = next_item(&options);
        file = strncmp(item, "config", 6) == 0 && (item[6] == '=' || item[6] == '\0');
        if (!file)
            expect_item(expected, item);
        free(item);
    }
    while (options && !file) {
        char *item = next_item(&options);
        file = strncmp(item, "config", 6) == 0 && (item[6] == '=' || item[6] == '\0');
        free(item);
    }
    return !file;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void compare(const struct config *a, const struct expected *expected)
{
    const struct config *b = &expected->config;

    CHECK(same_text(a->base_url, expected->target.url ? expected->target.url : "https://api.example.com"), "%s",
          a->base_url);
    CHECK(same_text(a->mount_options, expected->passed), "libfuse gets %s, not %s",
          a->mount_options ? a->mount_options : "-", expected->passed ? expected->passed : "-");
    CHECK(a->ttl_s == b->ttl_s && a->ttl_slow_s == b->ttl_slow_s && a->stale_if_error_s == b->stale_if_error_s &&
              a->timeout_ms == b->timeout_ms && a->connect_timeout_ms == b->connect_timeout_ms &&
              a->timeout_total_ms == b->timeout_total_ms,
          "a time");
    CHECK(a->max_connections == b->max_connections && a->readahead == b->readahead && a->max_pages == b->max_pages &&
              a->max_body == b->max_body && a->cache_size == b->cache_size,
          "a limit");
    CHECK(a->read_only == b->read_only && a->delay_connect == b->delay_connect && a->push == b->push &&
              a->uid == b->uid && a->gid == b->gid && a->umask == b->umask,
          "a flag or number");
    CHECK(same_text(a->ca_file, b->ca_file), "cafile");
    const struct token_source *token = a->read_token_data;
    CHECK(!expected->token.file || same_text(token->file, expected->token.file), "token_file");
    /* The file comes first, if both are given. */
    CHECK(!expected->token.command || expected->token.file || same_text(token->command, expected->token.command),
          "token_command");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char program[] = "melbicomfs", url[] = "https://api.example.com", place[] = "/mnt/melbicom", flag[] = "-o";
    static bool ready;
    struct expected expected = {.passed = NULL};
    enum options_action action = OPTIONS_HELP;
    struct config config;

    if (!ready) {
        settings_divert(take_complaint, NULL);
        clearenv();
        setenv("HOME", "/nowhere", 1);
        setenv("XDG_CONFIG_HOME", "/nowhere", 1);
        ready = true;
    }
    char *options = fuzz_string(data, size), *argv[] = {program, url, place, flag, options, NULL};
    if (expect(&expected, options)) {
        config_init(&config);
        *complaint = '\0';
        settings_divert(take_complaint, NULL);
        int status = options_parse(5, argv, &config, &action, NULL);
        CHECK(status == (expected.refused ? EXIT_USAGE : EXIT_OK), "%s: %d, %s", options, status, complaint);
        if (status == EXIT_OK)
            compare(&config, &expected);
        options_clear(&config);
    }
    config_clear(&expected.config);
    token_source_clear(&expected.token);
    free(expected.target.url);
    free(expected.passed);
    free(options);
    return 0;
}
