/* SPDX-License-Identifier: MIT */
#include "command/token_choice.h"

#include "base/cleanup.h"
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
    if (strcmp(place_url, url) == 0)
        take(from, place, into);
    else if (is_chosen(from) && !into->elsewhere && !(into->elsewhere = strdup(place_url)))
        return -ENOMEM;
    return 0;
}

static const char *get_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int take_from_environment(struct token_source *into)
{
    const char *value = get_environment("MELBICOM_TOKEN");
    const char *directory = get_environment("CREDENTIALS_DIRECTORY");
    if (value) {
        into->place = "the environment variable MELBICOM_TOKEN";
        return (into->value = strdup(value)) ? 0 : -ENOMEM;
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

/* A profile that SOURCE names was chosen for this mount, so it comes before the environment. [default] and the top of
 * the file are for every mount, so they come after the environment. */
int token_choose(const struct token_places *places, const char *url, struct token_source *source)
{
    int error = 0;
    take(places->option, "the command line (-o)", source);
    if (!is_chosen(source) && places->named)
        error = take_from_file(places->profile, "the profile that SOURCE names", places->profile_url, url, source);
    if (!error && !is_chosen(source))
        error = take_from_environment(source);
    if (!error && !is_chosen(source) && !places->named)
        error = take_from_file(places->profile, "the profile [default]", places->profile_url, url, source);
    if (!error && !is_chosen(source))
        error = take_from_file(places->top, "the top of the configuration file", places->top_url, url, source);
    return error;
}
