/* SPDX-License-Identifier: MIT */
/*
 * The -o options are read twice. The first round only looks for config=, which names the file to read. Then all places
 * are applied from the weakest to the strongest, and each overwrites the settings of the places before it:
 *
 *      defaults < top of the file < profile in the file < MELBICOM_URL < SOURCE as a URL < -o
 *
 * The token has an order of its own (token.h), and a token in the file may go only to the URL that the file gives for
 * it. So the tokens and URLs of all places are collected first, and the token and the URL of the mount are chosen at
 * the end.
 */
#include "command/options.h"

#include "base/cleanup.h"
#include "base/closest.h"
#include "base/config.h"
#include "base/log.h"
#include "command/arguments.h"
#include "command/foreign.h"
#include "command/mount_helper.h"
#include "command/profile.h"
#include "command/settings.h"
#include "command/token.h"
#include "command/token_choice.h"
#include "command/values.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HINT "; melbicomfs -h tells more"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

const char *options_system_file = "/etc/melbicomfs/config";

struct command_line {
    struct arguments given;

    /* The settings of each place. `option` also has the URL of MELBICOM_URL and of SOURCE. */
    struct token_source option_token, profile_token, top_token;
    struct settings_target option, profile, top;
    char *config_path; /* the configuration file, absolute; NULL: there is no home directory */
};

static void command_line_clear(struct command_line *line)
{
    token_source_clear(&line->option_token);
    token_source_clear(&line->profile_token);
    token_source_clear(&line->top_token);
    free(line->option.url);
    free(line->profile.url);
    free(line->top.url);
    free(line->option.config_path);
    free(line->config_path);
    free(line->given.options);
}

static int out_of_memory(void)
{
    settings_complain("out of memory");
    return EXIT_CONFIG;
}

/* Cuts the next item off *list, still escaped; NULL at the end. */
static char *next_item(char **list)
{
    char *item = *list;
    if (!item)
        return NULL;
    char *end = item;
    while (*end && *end != ',')
        end += *end == '\\' && end[1] ? 2 : 1;
    *list = *end ? end + 1 : NULL;
    *end = '\0';
    return item;
}

static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
}

/* Splits an item `name=value` in place and unescapes the value. Returns the setting, with its value or NULL in
 * *ret_value. Returns NULL and leaves the item whole if there is no setting of this name. */
static const struct setting *split_item(char *item, char **ret_value)
{
    char *equals = strchr(item, '=');
    if (equals)
        *equals = '\0';
    const struct setting *setting = settings_find(item);
    if (!setting) {
        if (equals)
            *equals = '=';
        return NULL;
    }
    if (equals)
        unescape(equals + 1);
    *ret_value = equals ? equals + 1 : NULL;
    return setting;
}

static int apply_setting(struct command_line *line, const struct setting *setting, const char *value)
{
    char reason[SETTINGS_REASON];
    if (setting->place == SETTING_FILE_ONLY) {
        settings_complain("-o %s= would show the token to everybody who runs ps; use token_file=PATH" HINT,
                          setting->name);
        return EXIT_USAGE;
    }
    if (settings_apply(setting, value, NULL, &line->option, reason)) {
        settings_complain("-o %s: %s" HINT, setting->name, reason);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

/* The value of an unknown option is not shown: it may be a token. */
static int refuse_option(const char *item)
{
    struct closest closest = {.word = item, .len = strcspn(item, "=")};
    settings_try(&closest, true);
    foreign_try(&closest);
    const struct setting *setting = closest.name ? settings_find(closest.name) : NULL;
    if (closest.name)
        settings_complain("unknown option -o %.*s; did you mean -o %s%s? All are listed by melbicomfs -h",
                          (int)closest.len, item, closest.name, setting && setting->argument ? "=" : "");
    else
        settings_complain("unknown option -o %.*s" HINT, (int)closest.len, item);
    return EXIT_USAGE;
}

static int pass_on(struct command_line *line, const char *item)
{
    return foreign_is_passed(item) ? arguments_join(&line->given.config->mount_options, item) : refuse_option(item);
}

/* Whether a step with this status is the last one. The doctor reports all faults, so it goes on after each. */
static bool stops(const struct command_line *line, int status)
{
    return status != EXIT_OK && line->given.action != OPTIONS_DOCTOR;
}

/* Applies the -o options: in the first round only config=, in the second round all the others. */
static int apply_options(struct command_line *line, bool first_round)
{
    if (!line->given.options)
        return EXIT_OK;
    _cleanup_(freep) char *list = strdup(line->given.options);
    if (!list)
        return out_of_memory();
    char *rest = list, *item, *value = NULL;
    while ((item = next_item(&rest))) {
        int status = EXIT_OK;
        const struct setting *setting = split_item(item, &value);
        if (first_round != (setting && setting->place == SETTING_OPTION_ONLY))
            continue;
        if (setting)
            status = apply_setting(line, setting, value);
        else if (*item && !foreign_is_dropped(item))
            status = pass_on(line, item);
        if (stops(line, status))
            return status;
    }
    return EXIT_OK;
}

/* The path of a file in the user's own directory, such as ~/.config/melbicomfs/config. Leaves *ret untouched if there
 * is no home directory. */
static int own_path(const char *name, char **ret)
{
    const char *directory = getenv("XDG_CONFIG_HOME");
    _cleanup_(freep) char *home = NULL;
    char *path = NULL;
    int n;
    if (directory && *directory == '/') {
        n = asprintf(&path, "%s/melbicomfs/%s", directory, name);
    } else {
        int error = value_home(&home);
        if (error == -EINVAL)
            return 0;
        n = error ? -1 : asprintf(&path, "%s/.config/melbicomfs/%s", home, name);
    }
    if (n < 0)
        return -ENOMEM;
    *ret = path;
    return 0;
}

static bool is_url(const char *source)
{
    return source && strstr(source, "://");
}

/* The profile to use, or NULL. If SOURCE is a URL, no profile is used, not even [default]: its settings may be for
 * another account. */
static const char *profile_name(const struct command_line *line)
{
    return !line->given.source ? "default" : is_url(line->given.source) ? NULL : line->given.source;
}

/* Whether the machine's file is read, and not the user's own one, whose path is `own` (NULL: there is no home
 * directory). Without SOURCE it is root's only: its [default] is for the machine's account, not for a user's. */
static bool wants_system_file(const struct command_line *line, const char *own)
{
    const char *name = line->given.source ? profile_name(line) : NULL;
    if (line->given.action == OPTIONS_LOGIN || access(options_system_file, R_OK) < 0)
        return false;
    if (name)
        return profile_has(options_system_file, name) && !(own && profile_has(own, name));
    return getuid() == 0 && !(own && access(own, F_OK) == 0);
}

/* Decides which file is read. */
static int choose_file(struct command_line *line)
{
    const char *given = line->option.config_path;
    if (given ? !(line->config_path = strdup(given)) : own_path("config", &line->config_path) < 0)
        return out_of_memory();
    if (!given && wants_system_file(line, line->config_path)) {
        free(line->config_path);
        line->config_path = strdup(options_system_file);
        return line->config_path ? EXIT_OK : out_of_memory();
    }
    return EXIT_OK;
}

static int apply_file(struct command_line *line)
{
    struct profile_request request = {
        .required = line->option.config_path && line->given.action != OPTIONS_LOGIN,
        .name = profile_name(line),
        .optional = !line->given.source || line->given.action == OPTIONS_LOGIN,
        .every_fault = line->given.action == OPTIONS_DOCTOR,
        .top = &line->top,
        .profile = &line->profile,
    };
    if (choose_file(line))
        return EXIT_CONFIG;
    request.path = line->config_path;
    if (line->given.action == OPTIONS_DOCTOR && request.path && !(line->given.notes->path = strdup(request.path)))
        return out_of_memory();
    if (request.path)
        return profile_read(&request);
    if (!request.name || request.optional)
        return EXIT_OK;
    settings_complain("cannot look for the profile '%s': there is no home directory; name the file with -o config=PATH",
                      request.name);
    return EXIT_CONFIG;
}

/* Stores a URL from SOURCE or MELBICOM_URL. Messages do not repeat the URL, because it may contain a password. */
static int apply_url(struct command_line *line, const char *where, const char *url, int status)
{
    char reason[SETTINGS_REASON];
    if (settings_apply(settings_find("url"), url, NULL, &line->option, reason)) {
        settings_complain("%s %s" HINT, where, reason);
        return status;
    }
    return EXIT_OK;
}

static const char *get_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Applies the places, from the weakest to the strongest. */
static int apply_places(struct command_line *line)
{
    const char *url = get_environment("MELBICOM_URL");
    int status = apply_options(line, true);
    if (!stops(line, status))
        status = apply_file(line);
    if (!stops(line, status) && url)
        status = apply_url(line, "the URL in MELBICOM_URL", url, EXIT_CONFIG);
    if (!stops(line, status) && is_url(line->given.source))
        status = apply_url(line, "the URL", line->given.source, EXIT_USAGE);
    if (!stops(line, status))
        status = apply_options(line, false);
    return stops(line, status) ? status : EXIT_OK;
}

/* The URL to which the token at the top of the file may go. */
static const char *top_url(const struct command_line *line)
{
    return line->top.url ? line->top.url : CONFIG_DEFAULT_URL;
}

/* The URL to which the profile's token may go. */
static const char *profile_url(const struct command_line *line)
{
    return line->profile.url ? line->profile.url : top_url(line);
}

static int choose_url(struct command_line *line)
{
    line->given.config->base_url = strdup(line->option.url ? line->option.url : profile_url(line));
    return line->given.config->base_url ? EXIT_OK : out_of_memory();
}

static int choose_token(struct command_line *line)
{
    _cleanup_(freep) char *own = NULL;
    if (own_path("token", &own))
        return out_of_memory();
    struct token_places places = {
        .option = &line->option_token,
        .profile = &line->profile_token,
        .top = &line->top_token,
        .profile_url = profile_url(line),
        .top_url = top_url(line),
        .named = line->given.source != NULL,
        .own = own,
        .profile_name = profile_name(line),
        .config = line->config_path,
        .is_usual = !line->option.config_path,
    };
    struct token_source *source = calloc(1, sizeof(*source));
    if (!source)
        return out_of_memory();
    line->given.config->read_token = token_read;
    line->given.config->read_token_data = source;
    if (token_choose(&places, line->given.config->base_url, source))
        return out_of_memory();
    if (source->command) {
        line->given.config->start_token = token_start;
        line->given.config->ask_token = token_ask;
        line->given.config->drop_token = token_drop;
    }
    return EXIT_OK;
}

/* Notes what the configuration file says about the token of the profile, before choose_token() takes it. */
static int note_login(struct command_line *line)
{
    struct options_login *login = &line->given.notes->login;
    const struct token_source *own = &line->profile_token, *top = &line->top_token;
    bool from_top = !line->given.source && !own->value && !own->file && !own->command;
    const struct token_source *source = from_top ? top : own;
    if (!line->config_path) {
        settings_complain("there is no home directory; name the configuration file with -o config=PATH");
        return EXIT_CONFIG;
    }
    if (line->option_token.command) {
        settings_complain("--login stores a token in a file, so -o token_command= does not go with it" HINT);
        return EXIT_USAGE;
    }
    login->is_usual = !line->option.config_path;
    login->has_token = source->value || (source->command && !source->file);
    login->has_url = line->profile.url;
    login->config = strdup(line->config_path);
    login->file_url = strdup(profile_url(line));
    if (!login->config || !login->file_url || (line->given.source && !(login->profile = strdup(line->given.source))) ||
        (source->file && !login->has_token && !(login->file = strdup(source->file))) ||
        (line->option_token.file && !(login->given_file = strdup(line->option_token.file))))
        return out_of_memory();
    return EXIT_OK;
}

/* The path as /proc/mounts will show it. realpath() fails for a path that does not exist and for a mount whose server
 * has died, which this program may be about to replace. Then only the path of the parent directory is resolved. */
static char *canonical(const char *path)
{
    char *whole = realpath(path, NULL);
    if (whole)
        return whole;
    _cleanup_(freep) char *absolute = NULL, *copy = NULL, *parent = NULL;
    if (value_path(path, NULL, &absolute))
        return NULL;
    size_t len = strlen(absolute);
    while (len > 1 && absolute[len - 1] == '/')
        absolute[--len] = '\0';
    copy = strdup(absolute);
    parent = copy ? realpath(dirname(copy), NULL) : NULL;
    if (!parent)
        return steal(&absolute);
    const char *separator = strcmp(parent, "/") == 0 ? "" : "/";
    return asprintf(&whole, "%s%s%s", parent, separator, strrchr(absolute, '/') + 1) < 0 ? NULL : whole;
}

static int keep_operands(struct command_line *line)
{
    struct config *config = line->given.config;
    if (line->given.source && !(config->source = strdup(line->given.source)))
        return out_of_memory();
    if (line->given.mountpoint && !(config->mountpoint = canonical(line->given.mountpoint)))
        return out_of_memory();
    return EXIT_OK;
}

/* Keeps a complaint for the doctor. Complaints that do not fit into memory are printed. */
static void take_complaint(void *data, const char *complaint)
{
    struct options_notes *notes = data;
    char *copy = strdup(complaint);
    char **grown = copy ? reallocarray(notes->faults, notes->n_faults + 1, sizeof(*grown)) : NULL;
    if (!grown) {
        free(copy);
        fprintf(stderr, "melbicomfs: %s\n", complaint);
        return;
    }
    notes->faults = grown;
    notes->faults[notes->n_faults++] = copy;
}

static int apply_all(struct command_line *line)
{
    if (line->given.action == OPTIONS_DOCTOR)
        settings_divert(take_complaint, line->given.notes);
    int status = apply_places(line);
    if (!status)
        status = choose_url(line);
    if (!status && line->given.action == OPTIONS_LOGIN)
        status = note_login(line);
    if (!status)
        status = choose_token(line);
    if (!status)
        status = keep_operands(line);
    if (line->given.config->debug)
        line->given.config->log_level = LOG_LEVEL_DEBUG;
    settings_divert(NULL, NULL);
    return status;
}

int options_parse(int argc, char **argv, struct config *config, enum options_action *action,
                  struct options_notes *notes)
{
    struct options_notes unused = {0};
    _cleanup_(command_line_clear) struct command_line line = {.given = {.config = config, .action = OPTIONS_MOUNT}};
    line.given.notes = notes ? notes : &unused;
    line.option = (struct settings_target){.config = config, .token = &line.option_token};
    line.profile = (struct settings_target){.config = config, .token = &line.profile_token};
    line.top = (struct settings_target){.config = config, .token = &line.top_token};

    bool fake;
    argc = mount_helper_arguments(argc, argv, &fake);
    int status = arguments_take(&line.given, argc, argv);
    if (!status && line.given.action != OPTIONS_HELP && line.given.action != OPTIONS_VERSION)
        status = apply_all(&line);
    options_notes_clear(&unused);
    if (!status)
        *action = fake && line.given.action == OPTIONS_MOUNT ? OPTIONS_FAKE : line.given.action;
    return status;
}

void options_notes_clear(struct options_notes *notes)
{
    for (size_t i = 0; i < notes->n_faults; i++)
        free(notes->faults[i]);
    free(notes->faults);
    free(notes->path);
    free(notes->shell.operands);
    free(notes->login.profile);
    free(notes->login.config);
    free(notes->login.given_file);
    free(notes->login.file);
    free(notes->login.file_url);
    *notes = (struct options_notes){0};
}

void options_clear(struct config *config)
{
    struct token_source *source = config->read_token == token_read ? config->read_token_data : NULL;
    if (source)
        token_source_clear(source);
    free(source);
    config_clear(config);
}
