/* SPDX-License-Identifier: MIT */
/*
 * inih parses the file. This module gives inih a handler, which gets section, key and value, and a function that reads
 * lines. The line reader is needed because inih does not tell the handler the line number, and because inih
 *
 *  - takes an indented line for a continuation of the value above it, which would make `  ttl = 60` part of a URL;
 *  - silently cuts section names at 49 bytes and long lines at the size of its buffer;
 *  - does not report a section without keys, which is a valid profile.
 *
 * So the line reader counts lines, removes indentation, notes the sections, and refuses a line that inih would cut.
 */
#include "command/profile.h"

#include "base/cleanup.h"
#include "base/closest.h"
#include "base/config.h"
#include "command/options.h"
#include "command/settings.h"
#include "command/token.h"

#include <errno.h>
#include <ini.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_SIZE = 16384, BUFFER_SIZE = 4096 };

struct reading {
    const struct profile_request *request;
    char *directory; /* the directory of the file; relative paths are below it */
    FILE *file;
    char *buffer; /* of `file`, BUFFER_SIZE bytes, or NULL: a token in the file passes through it, so it is wiped */
    unsigned line;
    bool failed;    /* a fault has been reported */
    bool found;     /* the file has the wanted section */
    bool has_token; /* the file has a key `token` */
    char *profiles; /* the names of all profiles, such as "home, work", or NULL */

    /* The other sections are applied to these, only to check them. */
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
    if (reading->buffer)
        explicit_bzero(reading->buffer, BUFFER_SIZE);
    free(reading->buffer);
}

#define fail_at_line(reading, format, ...)                                                                             \
    fail(reading, "%s:%u: " format, (reading)->request->path, (reading)->line, __VA_ARGS__)

/* Reports a fault, unless another one has been reported and only the first is wanted. */
#define fail(reading, ...)                                                                                             \
    do {                                                                                                               \
        if (!stops(reading))                                                                                           \
            settings_complain(__VA_ARGS__);                                                                            \
        (reading)->failed = true;                                                                                      \
    } while (0)

/* Whether the reading ends here, because a fault has been reported. */
static bool stops(const struct reading *reading)
{
    return reading->failed && !reading->request->every_fault;
}

static bool is_wanted(const struct reading *reading, const char *section)
{
    return reading->request->name && strcmp(section, reading->request->name) == 0;
}

static void note_section(struct reading *reading, const char *line)
{
    size_t len = strcspn(++line, "]");
    _cleanup_(freep) char *name = strndup(line, len);
    _cleanup_(freep) char *before = steal(&reading->profiles);
    if (len > PROFILE_NAME_MAX) {
        fail_at_line(reading, "the name of a section is longer than %d bytes; choose a shorter one", PROFILE_NAME_MAX);
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

/* Whether inih can make nothing of the line. inih reports the first such line only. */
static bool is_malformed(const char *line)
{
    return *line == '[' ? !strchr(line, ']') : *line && !strchr("#;\n", *line) && !strpbrk(line, "=:");
}

/* Returns the line without its indentation and byte order mark, or NULL if the reading ends here. A line with a fault
 * that does not end the reading is returned as an empty one. `room` is the size of inih's buffer in bytes. */
static const char *prepare_line(struct reading *reading, const char *line, size_t room)
{
    if (++reading->line == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    line += strspn(line, " \t\r\f\v");
    if (strlen(line) >= room) {
        fail_at_line(reading, "the line is longer than %zu bytes; shorten it", room - 3);
        line = "\n";
    } else if (is_malformed(line)) {
        fail_at_line(reading, "%s", "the line is neither 'key = value' nor a [section]; put # before a comment");
        line = "\n";
    } else if (*line == '[' && strncmp(line, "[endpoints]", 11) != 0) {
        note_section(reading, line);
    }
    return stops(reading) ? NULL : line;
}

/* What inih calls instead of fgets(). */
static char *read_line(char *buffer, int size, void *data)
{
    struct reading *reading = data;
    char *line = NULL;
    size_t allocated = 0;
    if (getline(&line, &allocated, reading->file) < 0) {
        /* getline() also fails for want of memory, and the rest of the file would seem not to be there. */
        if (!feof(reading->file))
            fail(reading, "cannot read %s: %s", reading->request->path, strerror(errno));
        free(line);
        explicit_bzero(buffer, (size_t)size); /* inih frees it, and does not wipe it */
        return NULL;
    }
    const char *prepared = prepare_line(reading, line, (size_t)size);
    if (prepared)
        memcpy(buffer, prepared, strlen(prepared) + 1);
    explicit_bzero(line, allocated);
    free(line);
    return prepared ? buffer : NULL;
}

/* The length of the part of a key that is shown: up to the first space. No key has one, but a line such as "token abc==",
 * whose writer has forgotten a `=`, has the token behind it. */
static int shown_length(const char *key)
{
    return (int)strcspn(key, " \t\r\f\v");
}

static void add_override(struct reading *reading, const char *name, const char *value)
{
    struct config *config = reading->request->top->config;
    const char *dot = strchr(name, '.');
    if (!dot || dot == name || !dot[1]) {
        fail_at_line(reading, "'%.*s' is not a key of [endpoints]; write operation.key, such as balance.path",
                     shown_length(name), name);
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

static void refuse_key(struct reading *reading, const char *name)
{
    struct closest closest = {.word = name, .len = (size_t)shown_length(name)};
    settings_try(&closest, false);
    if (closest.name && closest.distance > 0)
        fail_at_line(reading, "unknown key '%.*s'; did you mean '%s'? All keys are listed by melbicomfs -h",
                     shown_length(name), name, closest.name);
    else
        fail_at_line(reading, "unknown key '%.*s'; melbicomfs -h lists all keys", shown_length(name), name);
}

static void apply_key(struct reading *reading, const char *section, const char *name, const char *value)
{
    const struct setting *setting = settings_find(name);
    char reason[SETTINGS_REASON];
    if (!setting) {
        refuse_key(reading, name);
        return;
    }
    if (setting->place == SETTING_OPTION_ONLY) {
        fail_at_line(reading, "'%s' is only for the command line; remove it from the file", name);
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
    return !stops(reading);
}

static void parse(struct reading *reading)
{
    ini_max_line = LINE_SIZE;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    int line = ini_parse_stream(read_line, reading, handle, reading);
    if (line < 0 && !reading->failed)
        fail(reading, "cannot read %s: out of memory", reading->request->path);
    if (line > 0 && !reading->failed)
        fail(reading, "%s:%d: the line is neither 'key = value' nor a [section]; put # before a comment",
             reading->request->path, line);
}

/* fstat() of the open file: the mode is certain to be that of the file that was read. */
static void check_secrecy(struct reading *reading)
{
    struct stat st;
    if (!reading->has_token)
        return;
    if (fstat(fileno(reading->file), &st) < 0 || (st.st_mode & (S_IRGRP | S_IROTH)))
        fail(reading, "%s contains a token, but others can read it; run: chmod 600 '%s'", reading->request->path,
             reading->request->path);
}

/* The profile of the file that resembles the wanted one; malloc'd, or NULL. */
static char *closest_profile(const struct reading *reading)
{
    struct closest closest = {.word = reading->request->name};
    _cleanup_(freep) char *names = reading->profiles ? strdup(reading->profiles) : NULL;
    char *rest = names, *name;
    while ((name = strsep(&rest, ", ")))
        closest_try(&closest, name);
    return closest.name ? strdup(closest.name) : NULL;
}

static int check_profile(struct reading *reading)
{
    const struct profile_request *request = reading->request;
    if (!request->name || request->optional || reading->found || stops(reading))
        return reading->failed ? EXIT_CONFIG : EXIT_OK;
    _cleanup_(freep) char *meant = closest_profile(reading);
    if (!reading->file)
        settings_complain("there is no profile '%s': the file %s does not exist; create it, or give a URL (https://…)",
                          request->name, request->path);
    else if (meant)
        settings_complain("there is no profile '%s' in %s; did you mean '%s'? Its profiles: %s", request->name,
                          request->path, meant, reading->profiles);
    else if (reading->profiles)
        settings_complain("there is no profile '%s' in %s; use one of its profiles: %s", request->name, request->path,
                          reading->profiles);
    else
        settings_complain("there is no profile '%s' in %s; add a section [%s]", request->name, request->path,
                          request->name);
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
    if (!reading->file)
        return -errno;
    reading->buffer = malloc(BUFFER_SIZE);
    if (!reading->buffer)
        return -ENOMEM;
    (void)setvbuf(reading->file, reading->buffer, _IOFBF, BUFFER_SIZE);
    return 0;
}

bool profile_has(const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0, len = strlen(name);
    bool found = false;
    if (!file)
        return false;
    (void)setvbuf(file, NULL, _IONBF, 0); /* the file may hold a token, and a buffer would keep it */
    while (!found && getline(&line, &room, file) >= 0) {
        const char *text = strncmp(line, "\xEF\xBB\xBF", 3) == 0 ? line + 3 : line;
        text += strspn(text, " \t\r\f\v");
        found = *text == '[' && strncmp(text + 1, name, len) == 0 && text[1 + len] == ']';
    }
    if (line)
        explicit_bzero(line, room);
    free(line);
    (void)fclose(file);
    return found;
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
