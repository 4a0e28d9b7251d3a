/* SPDX-License-Identifier: MIT */
#include "command/token_choice.h"

#include "base/cleanup.h"
#include "base/secret.h"
#include "command/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_chosen(const struct token_source *source)
{
    return source->file || source->command || source->value || source->credentials;
}

/* If a place has several keys, the most direct one is taken: the token, then its file, then the command. */
static void take(struct token_source *from, const char *place, struct token_source *into)
{
    if (is_chosen(from))
        into->place = place;
    if (from->value)
        into->value = steal(&from->value);
    else if (from->file)
        into->file = steal(&from->file);
    else if (from->command)
        into->command = steal(&from->command);
}

/* Takes the token of a place in the configuration file, but only if the mount's URL is `place_url`. */
static int take_from_file(struct token_source *from, const char *place, const char *place_url, const char *url,
                          struct token_source *into)
{
    if (strcmp(place_url, url) == 0) {
        take(from, place, into);
    } else if (is_chosen(from) && !into->elsewhere) {
        into->place = place;
        into->elsewhere = strdup(place_url);
        return into->elsewhere ? 0 : -ENOMEM;
    }
    return 0;
}

static const char *get_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Takes MELBICOM_TOKEN out of the environment: *ret is a copy, or NULL if the variable is not set or empty. Overwrites
 * the text that the kernel shows (see token_choice.h), also of a variable that is given twice. Returns 0 or -ENOMEM. */
static int take_variable(char **ret)
{
    static const char name[] = "MELBICOM_TOKEN=";
    const char *value = get_environment("MELBICOM_TOKEN");
    char *copy = value ? strdup(value) : NULL;
    if (value && !copy)
        return -ENOMEM;
    for (char **variable = environ; *variable; variable++)
        if (strncmp(*variable, name, sizeof(name) - 1) == 0)
            for (char *byte = *variable + sizeof(name) - 1; *byte; byte++)
                *(volatile char *)byte = 'x';
    (void)unsetenv("MELBICOM_TOKEN");
    *ret = copy;
    return 0;
}

static int take_from_environment(char **variable, struct token_source *into)
{
    const char *directory = get_environment("CREDENTIALS_DIRECTORY");
    if (*variable) {
        into->place = "the environment variable MELBICOM_TOKEN";
        into->value = steal(variable);
        return 0;
    }
    char *path = NULL;
    if (!directory)
        return 0;
    if (asprintf(&path, "%s/melbicom-token", directory) < 0)
        return -ENOMEM;
    if (access(path, F_OK) == 0) {
        into->place = "systemd's credential melbicom-token";
        into->credentials = steal(&path);
    }
    free(path);
    return 0;
}

/* Takes the user's own token file if it exists. A file that only cannot be looked at is taken too, so that its reader
 * says why it cannot be read. */
static int take_own_file(const struct token_places *places, const char *url, struct token_source *into)
{
    struct token_source own = {.file = NULL};
    if (!places->own || (access(places->own, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)))
        return 0;
    own.file = strdup(places->own);
    if (!own.file)
        return -ENOMEM;
    int error = take_from_file(&own, "the user's own token file", places->named ? places->top_url : places->profile_url,
                               url, into);
    token_source_clear(&own);
    return error;
}

/* Writes the places of the configuration file: all those of token.h that exist for this mount. */
static void list_config(FILE *out, const struct token_places *places)
{
    if (!places->config)
        return;
    if (places->profile_name)
        fprintf(out, ", the profile [%s] and the keys before the first section", places->profile_name);
    else
        fprintf(out, ", the keys before the first section");
    fprintf(out, " of %s", places->config);
    if (places->own)
        fprintf(out, ", %s", places->own);
}

/* Says where a token was looked for, and which command puts one there. */
static int describe_missing(const struct token_places *places, const char *url, struct token_source *into)
{
    size_t len = 0;
    FILE *out = open_memstream(&into->missing, &len);
    if (!out)
        return -ENOMEM;
    fprintf(out, "looked at -o token_file= and token_command=, MELBICOM_TOKEN, systemd's credential melbicom-token");
    list_config(out, places);
    fprintf(out, "; run: melbicomfs --login");
    if (places->named && places->profile_name)
        fprintf(out, " %s", places->profile_name);
    if (places->config && !places->is_usual)
        fprintf(out, " -o config='%s'", places->config);
    if (!places->profile_name && strcmp(url, places->top_url) != 0)
        fprintf(out, " NAME -o url=%s, and mount the profile NAME", url);
    bool is_whole = !ferror(out);
    return fclose(out) == 0 && is_whole ? 0 : -ENOMEM;
}

/* A profile that SOURCE names was chosen for this mount, so it comes before the environment. [default] and the top of
 * the file are for every mount, so they come after the environment. */
int token_choose(const struct token_places *places, const char *url, struct token_source *source)
{
    _cleanup_(secret_wipe) char *variable = NULL;
    int error = take_variable(&variable);
    take(places->option, "the command line (-o)", source);
    if (!error && !is_chosen(source) && places->named)
        error = take_from_file(places->profile, "the profile that SOURCE names", places->profile_url, url, source);
    if (!error && !is_chosen(source))
        error = take_from_environment(&variable, source);
    if (!error && !is_chosen(source) && !places->named)
        error = take_from_file(places->profile, "the profile [default]", places->profile_url, url, source);
    if (!error && !is_chosen(source))
        error = take_from_file(places->top, "the top of the configuration file", places->top_url, url, source);
    if (!error && !is_chosen(source))
        error = take_own_file(places, url, source);
    if (!error && !is_chosen(source))
        error = describe_missing(places, url, source);
    return error;
}
