/* SPDX-License-Identifier: MIT */
/*
 * The configuration file, against a second reading of its lines: the same settings and overrides come out, and each line
 * that is wrong is reported once, with its number. No report repeats the value of a token.
 *
 * The input is the file.
 */
#include "fuzz.h"

#include "base/config.h"
#include "command/options.h"
#include "command/profile.h"
#include "command/settings.h"
#include "command/token.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define LINES           4096
#define TOKEN           "S3cr3t-T0k3n-42"

/* What a reading comes to. */
struct outcome {
    struct config config;
    struct token_source top_token, profile_token;
    struct settings_target top, profile;
    bool faults[LINES + 1]; /* by number of the line */
    size_t n_faults;
};

static struct outcome got, expected;
static const char *path;
static bool token_is_key; /* the token stands in the first word of a line, which may be shown */

static void begin(struct outcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    config_init(&outcome->config);
    outcome->top = (struct settings_target){.config = &outcome->config, .token = &outcome->top_token};
    outcome->profile = (struct settings_target){.config = &outcome->config, .token = &outcome->profile_token};
}

static void end(struct outcome *outcome)
{
    config_clear(&outcome->config);
    token_source_clear(&outcome->top_token);
    token_source_clear(&outcome->profile_token);
    free(outcome->top.url);
    free(outcome->profile.url);
}

/* ---- the second reading ---- */

static void fault(unsigned line)
{
    expected.faults[line] = true;
    expected.n_faults++;
}

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r\f\v\n");
    for (len = strlen(text); len > 0 && strchr(" \t\r\f\v\n", text[len - 1]);)
        text[--len] = '\0';
    return text;
}

static void expect_override(char *key, char *value, unsigned line)
{
    char *dot = strchr(key, '.');
    struct config *config = &expected.config;

    if (!dot || dot == key || !dot[1]) {
        fault(line);
        return;
    }
    config->overrides = realloc(config->overrides, (config->n_overrides + 1) * sizeof *config->overrides);
    if (!config->overrides)
        abort();
    config->overrides[config->n_overrides++] =
        (struct config_override){strndup(key, (size_t)(dot - key)), strdup(dot + 1), strdup(value), strdup("")};
}

static void expect_key(const char *section, char *key, char *value, unsigned line)
{
    const struct setting *setting = settings_find(key);
    char reason[SETTINGS_REASON];
    struct outcome spare;

    if (strcmp(section, "endpoints") == 0) {
        expect_override(key, value, line);
        return;
    }
    begin(&spare);
    struct settings_target *target = !*section                      ? &expected.top
                                     : strcmp(section, "work") == 0 ? &expected.profile
                                                                    : &spare.top;
    if (!setting || setting->place == SETTING_OPTION_ONLY ||
        settings_apply(setting, value, "/proc/self/fd", target, reason))
        fault(line);
    end(&spare);
}

/* One line: empty, a comment, a section, or a key with its value. */
static void expect_line(char *line, unsigned number, char section[64])
{
    line = trim(line);
    if (!*line || *line == '#' || *line == ';')
        return;
    if (*line == '[') {
        char *close = strchr(line, ']');
        if (!close || close - line - 1 > 49)
            fault(number);
        /* What follows a name that is too long belongs to no known section. */
        if (close)
            snprintf(section, 64, "%.*s", (int)(close - line - 1), line + 1);
        return;
    }
    char *mark = strpbrk(line, "=:");
    if (!mark) {
        fault(number);
        return;
    }
    *mark = '\0';
    expect_key(section, trim(line), trim(mark + 1), number);
}

/* Returns false for a file that is not compared. */
static bool expect_file(const uint8_t *data, size_t size)
{
    char section[64] = "";
    unsigned number = 0;

    if (size > LINES || memchr(data, '\0', size))
        return false;
    while (size > 0) {
        char *line = fuzz_part(&data, &size, '\n');
        bool mark = number == 0 && strncmp(line, BYTE_ORDER_MARK, 3) == 0;
        char *rest = line + (mark ? 3 : 0);
        /* inih passes over a mark that comes now. */
        bool again = number == 0 && strncmp(rest + strspn(rest, " \t\r\f\v"), BYTE_ORDER_MARK, 3) == 0;
        if (!again)
            expect_line(rest, ++number, section);
        free(line);
        if (again)
            return false;
    }
    return true;
}

/* Finds out whether the token stands where a key does. */
static bool has_token_as_key(const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;

    while (at < end && (at = memmem(at, (size_t)(end - at), TOKEN, strlen(TOKEN)))) {
        const uint8_t *token = at++, *word = token;
        while (word > data && !memchr(" \t\r\f\v\n", word[-1], 6))
            word--;
        if (memchr(word, '=', (size_t)(token - word)) || memchr(word, ':', (size_t)(token - word)))
            continue;
        while (word > data && memchr(" \t\r\f\v", word[-1], 5))
            word--;
        if (word == data || word[-1] == '\n')
            return true;
    }
    return false;
}

/* ---- the comparison ---- */

static void take_complaint(void *data, const char *complaint)
{
    size_t len = strlen(path);
    unsigned line = 0;

    (void)data;
    CHECK(token_is_key || !strstr(complaint, TOKEN), "the token is shown: %s", complaint);
    got.n_faults++;
    if (strncmp(complaint, path, len) == 0 && sscanf(complaint + len, ":%u: ", &line) == 1 && line <= LINES) {
        CHECK(!got.faults[line], "line %u is reported twice: %s", line, complaint);
        got.faults[line] = true;
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void compare_tokens(const struct token_source *a, const struct token_source *b)
{
    CHECK(same_text(a->value, b->value) && same_text(a->file, b->file) && same_text(a->command, b->command),
          "the token comes from elsewhere");
}

static void compare(void)
{
    const struct config *a = &got.config, *b = &expected.config;

    CHECK(same_text(got.top.url, expected.top.url) && same_text(got.profile.url, expected.profile.url), "url");
    compare_tokens(&got.top_token, &expected.top_token);
    compare_tokens(&got.profile_token, &expected.profile_token);
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
    CHECK(a->n_overrides == b->n_overrides, "%zu overrides, not %zu", a->n_overrides, b->n_overrides);
    for (size_t i = 0; i < a->n_overrides; i++)
        CHECK(same_text(a->overrides[i].operation, b->overrides[i].operation) &&
                  same_text(a->overrides[i].key, b->overrides[i].key) &&
                  same_text(a->overrides[i].value, b->overrides[i].value),
              "%s.%s = %s", a->overrides[i].operation, a->overrides[i].key, a->overrides[i].value);
    for (unsigned i = 0; i <= LINES; i++)
        CHECK(got.faults[i] == expected.faults[i], "line %u is %s", i, got.faults[i] ? "refused" : "accepted");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[40];
    static int file = -1;

    if (file < 0) {
        /* Nobody else can read it, so it may contain a token. */
        file = memfd_create("config", MFD_CLOEXEC);
        CHECK(file >= 0 && fchmod(file, 0600) == 0, "memfd_create()");
        snprintf(name, sizeof name, "/proc/self/fd/%d", file);
        path = name;
        settings_divert(take_complaint, NULL);
        setenv("HOME", "/home/fuzz", 1);
    }
    CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size, "pwrite()");
    token_is_key = has_token_as_key(data, size);
    begin(&got);
    begin(&expected);
    struct profile_request request = {.path = path,
                                      .required = true,
                                      .name = "work",
                                      .optional = true,
                                      .every_fault = true,
                                      .top = &got.top,
                                      .profile = &got.profile};
    int status = profile_read(&request);
    CHECK(status == (got.n_faults > 0 ? EXIT_CONFIG : EXIT_OK), "%d with %zu faults", status, got.n_faults);
    if (expect_file(data, size))
        compare();
    end(&got);
    end(&expected);
    return 0;
}
