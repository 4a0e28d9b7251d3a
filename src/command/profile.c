/*
 * inih reads the lines, and this module judges them: a handler that gets section, key and value, and a line reader
 * below inih, because the handler isn't told line numbers and because inih by itself
 *
 *  - takes an indented line for the continuation of the value above it, which would make `  ttl = 60` part of a URL;
 *  - cuts section names at 49 bytes and long lines at its buffer, without a word;
 *  - says nothing of a section without keys, which is a profile all the same.
 *
 * So the reader counts, takes off indentation, notes sections and refuses what would be cut.
 */
#include "command/profile.h"

#include "base/cleanup.h"
#include "base/config.h"
#include "command/options.h"
#include "command/settings.h"
#include "command/token.h"

#include <errno.h>
#include <ini.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_SIZE = 16384, SECTION_MAX = 49 };

struct reading {
    const struct profile_request *request;
    char *directory; /* of the file */
    FILE *file;
    unsigned line;
    bool failed; /* and said so */
    bool found;  /* the wanted section is there */
    bool has_token;
    char *profiles; /* "home, work", or NULL */

    /* Sections that are not wanted are checked by applying them to these. */
    struct config spare_config;
    struct token_source spare_token;
    struct settings_target spare;
};

static void reading_clear(struct reading *reading)
{
    free(reading->directory);
    free(reading->profiles);
    config_clear(&reading->spare_config);
    token_source_clear(&reading->spare_token);
    free(reading->spare.url);
    if (reading->file)
        (void)fclose(reading->file);
}

#define fail_at_line(reading, format, ...)                                                                             \
    fail(reading, "%s:%u: " format, (reading)->request->path, (reading)->line, __VA_ARGS__)

/* Only the first fault is told, but all lines up to it were fine. */
#define fail(reading, ...)                                                                                             \
    do {                                                                                                               \
        if (!(reading)->failed)                                                                                        \
            settings_complain(__VA_ARGS__);                                                                            \
        (reading)->failed = true;                                                                                      \
    } while (0)

static bool is_wanted(const struct reading *reading, const char *section)
{
    return reading->request->name && strcmp(section, reading->request->name) == 0;
}

static void note_section(struct reading *reading, const char *line)
{
    size_t len = strcspn(++line, "]");
    _cleanup_(freep) char *name = strndup(line, len);
    _cleanup_(freep) char *before = steal(&reading->profiles);
    if (len > SECTION_MAX) {
        fail_at_line(reading, "the name of a section is longer than %d bytes; choose a shorter one", SECTION_MAX);
        return;
    }
    if (!name || asprintf(&reading->profiles, "%s%s%s", before ? before : "", before ? ", " : "", name) < 0) {
        reading->profiles = NULL;
        fail_at_line(reading, "%s", "out of memory");
        return;
    }
    if (is_wanted(reading, name))
        reading->found = true;
}

/* Takes a line with its newline off what inih cannot handle; NULL to stop. */
static const char *prepare_line(struct reading *reading, const char *line, size_t room)
{
    if (++reading->line == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    line += strspn(line, " \t\r\f\v");
    if (strlen(line) >= room)
        fail_at_line(reading, "the line is longer than %zu bytes", room - 3);
    else if (*line == '[' && strncmp(line, "[endpoints]", 11) != 0)
        note_section(reading, line);
    return reading->failed ? NULL : line;
}

/* fgets() for inih. */
static char *read_line(char *buffer, int size, void *data)
{
    struct reading *reading = data;
    char *line = NULL;
    size_t allocated = 0;
    if (getline(&line, &allocated, reading->file) < 0) {
        if (ferror(reading->file))
            fail(reading, "cannot read %s: %s", reading->request->path, strerror(errno));
        free(line);
        return NULL;
    }
    const char *prepared = prepare_line(reading, line, (size_t)size);
    if (prepared)
        memcpy(buffer, prepared, strlen(prepared) + 1);
    explicit_bzero(line, allocated);
    free(line);
    return prepared ? buffer : NULL;
}

static void add_override(struct reading *reading, const char *name, const char *value)
{
    struct config *config = reading->request->top->config;
    const char *dot = strchr(name, '.');
    if (!dot || dot == name || !dot[1]) {
        fail_at_line(reading, "%s: a key in [endpoints] is operation.key, such as balance.path", name);
        return;
    }
    struct config_override *grown =
        reallocarray(config->overrides, config->n_overrides + 1, sizeof(*config->overrides));
    if (!grown) {
        fail_at_line(reading, "%s", "out of memory");
        return;
    }
    config->overrides = grown;
    struct config_override *override = &grown[config->n_overrides++];
    *override = (struct config_override){
        .operation = strndup(name, (size_t)(dot - name)),
        .key = strdup(dot + 1),
        .value = strdup(value),
    };
    if (asprintf(&override->origin, "%s:%u", reading->request->path, reading->line) < 0)
        override->origin = NULL;
    if (!override->operation || !override->key || !override->value || !override->origin)
        fail_at_line(reading, "%s", "out of memory");
}

static void apply_key(struct reading *reading, const char *section, const char *name, const char *value)
{
    const struct setting *setting = settings_find(name);
    char reason[SETTINGS_REASON];
    if (!setting) {
        fail_at_line(reading, "unknown key '%s'; melbicomfs -h lists them all", name);
        return;
    }
    if (setting->place == SETTING_OPTION_ONLY) {
        fail_at_line(reading, "'%s' is for the command line; take it out of the file", name);
        return;
    }
    if (strcmp(name, "token") == 0)
        reading->has_token = true;

    struct settings_target *target = &reading->spare;
    if (*section == '\0')
        target = reading->request->top;
    else if (is_wanted(reading, section))
        target = reading->request->profile;
    if (settings_apply(setting, value, reading->directory, target, reason))
        fail_at_line(reading, "%s: %s", name, reason);
}

static int handle(void *data, const char *section, const char *name, const char *value)
{
    struct reading *reading = data;
    if (strcmp(section, "endpoints") == 0)
        add_override(reading, name, value);
    else
        apply_key(reading, section, name, value);
    return !reading->failed;
}

static void parse(struct reading *reading)
{
    ini_max_line = LINE_SIZE;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    int line = ini_parse_stream(read_line, reading, handle, reading);
    if (line > 0)
        fail(reading, "%s:%d: neither 'key = value' nor a [section]; put # before a comment", reading->request->path,
             line);
}

/* Opened first and asked afterwards: the answer is about the file that is read. */
static void check_secrecy(struct reading *reading)
{
    struct stat st;
    if (!reading->has_token)
        return;
    if (fstat(fileno(reading->file), &st) < 0 || (st.st_mode & (S_IRGRP | S_IROTH)))
        fail(reading, "%s holds a token and others can read it; run: chmod 600 '%s'", reading->request->path,
             reading->request->path);
}

static int check_profile(struct reading *reading)
{
    const struct profile_request *request = reading->request;
    if (!request->name || request->optional || reading->found || reading->failed)
        return reading->failed ? EXIT_CONFIG : EXIT_OK;
    if (!reading->file)
        settings_complain("there is no profile '%s', as there is no %s; write one, or give a URL (https://…)",
                          request->name, request->path);
    else if (reading->profiles)
        settings_complain("there is no profile '%s' in %s; it has: %s", request->name, request->path,
                          reading->profiles);
    else
        settings_complain("there is no profile '%s' in %s, nor any other; add a section [%s]", request->name,
                          request->path, request->name);
    return EXIT_CONFIG;
}

static int reading_init(struct reading *reading)
{
    const char *path = reading->request->path;
    const char *slash = strrchr(path, '/');
    config_init(&reading->spare_config);
    reading->spare.config = &reading->spare_config;
    reading->spare.token = &reading->spare_token;
    reading->directory = strndup(path, (size_t)(slash - path));
    if (!reading->directory)
        return -ENOMEM;
    reading->file = fopen(path, "re");
    return reading->file ? 0 : -errno;
}

int profile_read(const struct profile_request *request)
{
    _cleanup_(reading_clear) struct reading reading = {.request = request};
    int error = reading_init(&reading);
    if (error && (error != -ENOENT || request->required)) {
        settings_complain("cannot read the configuration file %s: %s", request->path, strerror(-error));
        return EXIT_CONFIG;
    }
    if (!error) {
        parse(&reading);
        check_secrecy(&reading);
    }
    return check_profile(&reading);
}
