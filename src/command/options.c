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
#include "command/foreign.h"
#include "command/mount_helper.h"
#include "command/profile.h"
#include "command/settings.h"
#include "command/token.h"
#include "command/token_choice.h"
#include "command/values.h"
#include "command/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HINT "; melbicomfs -h tells more"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

const char *options_system_file = "/etc/melbicomfs/config";

struct command_line {
    struct config *config;
    enum options_action action;
    char *source; /* source and mountpoint are borrowed from argv, or NULL */
    char *mountpoint;
    char *options;               /* the values of all -o, joined with commas, still escaped; or NULL */
    struct options_notes *notes; /* with OPTIONS_DOCTOR; otherwise only its flags are set */

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
    free(line->options);
}

static void print_help(void)
{
    puts("usage: melbicomfs [SOURCE] MOUNTPOINT [-o opt[,opt...]] [-f] [-d]\n"
         "       melbicomfs [SOURCE] --ls [-l] [--json] [PATH...]\n"
         "       melbicomfs [SOURCE] --cat PATH...\n"
         "       melbicomfs [SOURCE] --find [PATH...]\n"
         "       melbicomfs [SOURCE] --purge [-n] [--json] SERVICE [NAME...]\n"
         "       melbicomfs [SOURCE] --export [-L] [-n] DIR [PATH...]\n"
         "       melbicomfs --doctor [SOURCE] [MOUNTPOINT] [-o opt[,opt...]] [--json | --shapes]\n"
         "       melbicomfs --login [PROFILE] [-o opt[,opt...]] [--force]\n\n"
         "Mounts a Melbicom account as a directory. Services, products, domain prices,\n"
         "invoices and the balance are files to read. To purge a CDN resource, write its\n"
         "name to the file `purge` of the service.\n"
         "Unmount with: fusermount3 -u MOUNTPOINT\n\n"
         "SOURCE is the base URL of the API or the name of a profile. A profile is a\n"
         "[section] of the configuration file. Without SOURCE, the profile [default] is\n"
         "used if it exists.\n\n"
         "The token comes from the first of these places that gives one:\n"
         "    1. -o token_file= or -o token_command=\n"
         "    2. the profile that SOURCE names\n"
         "    3. the environment variable MELBICOM_TOKEN\n"
         "    4. systemd's credential melbicom-token\n"
         "    5. the profile [default], if SOURCE is not given\n"
         "    6. the configuration file, before its first [section]\n"
         "    7. the file ~/.config/melbicomfs/token (or below $XDG_CONFIG_HOME)\n"
         "A token in these files is sent only to the URL that the configuration file gives\n"
         "for it. MELBICOM_URL replaces the URL of the configuration file.\n\n"
         "    -f                          stay in the foreground and log to stderr\n"
         "    -d                          like -f -o log_level=debug: a line for each request of\n"
         "                                the kernel and each request to the API\n"
         "    -s                          accepted, but changes nothing\n"
         "    -o opt[,opt...]             settings, see below; write \\, for a comma in a value\n"
         "    --login                     ask for the API token, try it, and store it where a\n"
         "                                mount of the PROFILE, or any mount, finds it\n"
         "    --login --force             replace the token that is stored there\n"
         "    --ls [PATH...]              list PATHs of the account without a mount\n"
         "    --cat PATH...               print the files at these PATHs without a mount\n"
         "    --find [PATH...]            print all paths below these PATHs without a mount\n"
         "    --purge SERVICE [NAME...]   purge these NAMEs from the CDN without a mount; without\n"
         "                                NAME, read them from the standard input, one per line\n"
         "    --export DIR [PATH...]      write these PATHs to the directory DIR without a mount;\n"
         "                                again, it writes only what has changed\n"
         "    -L                          with --export: copy what links lead to\n"
         "    -n, --dry-run               with --purge and --export: print what would be done, and\n"
         "                                do nothing\n"
         "    -l                          with --ls: print sizes, times and targets of links\n"
         "    --endpoints                 print the table of API operations in use\n"
         "    --doctor                    check this machine, the settings, the network and each\n"
         "                                API operation, and say what to do; mounts nothing\n"
         "    --json                      with --doctor, --ls, --purge: the same for programs\n"
         "    --doctor --shapes           print keys and types of the API's answers without any\n"
         "                                value, for a bug report\n"
         "    -h, --help                  print this help\n"
         "    -V, --version               print the version\n\n"
         "Settings, with their defaults in parentheses. All of them except config= can also\n"
         "be set in the configuration file, one per line, as in: ttl = 60\n"
         "A TIME is a number of seconds, or has a unit: 30s, 2m, 1h, 1d.\n"
         "The file is $XDG_CONFIG_HOME/melbicomfs/config or ~/.config/melbicomfs/config.\n"
         "A profile that it does not have may stand in /etc/melbicomfs/config. Root reads\n"
         "that file also if there is no other.\n");
    settings_print(stdout);
    puts("\n"
         "Other options (allow_other, nosuid, noatime, ...) are passed to libfuse. Options of\n"
         "fstab (noauto, user, _netdev, nofail, x-...) are accepted and ignored.\n\n"
         "Exit status: 0 success, 1 wrong usage or a PATH failed, 32 cannot mount,\n"
         "69 API unreachable, 75 export not whole, 77 token missing or refused, 78 wrong\n"
         "configuration.");
}

static int out_of_memory(void)
{
    settings_complain("out of memory");
    return EXIT_CONFIG;
}

/* Appends `item` to the comma-separated *list. */
static int append(char **list, const char *item)
{
    char *joined = NULL;
    if (asprintf(&joined, "%s%s%s", *list ? *list : "", *list ? "," : "", item) < 0)
        return out_of_memory();
    free(*list);
    *list = joined;
    return EXIT_OK;
}

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"endpoints", no_argument, NULL, 'E'},
    {"doctor", no_argument, NULL, 'D'},
    {"login", no_argument, NULL, 'G'},
    {"force", no_argument, NULL, 'F'},
    {"json", no_argument, NULL, 'J'},
    {"shapes", no_argument, NULL, 'S'},
    {"dry-run", no_argument, NULL, 'n'},
    {"ls", no_argument, NULL, VERBS_FIRST + VERB_LS},
    {"cat", no_argument, NULL, VERBS_FIRST + VERB_CAT},
    {"find", no_argument, NULL, VERBS_FIRST + VERB_FIND},
    {"purge", no_argument, NULL, VERBS_FIRST + VERB_PURGE},
    {"export", no_argument, NULL, VERBS_FIRST + VERB_EXPORT},
    {NULL, 0, NULL, 0},
};

/* `word` is the argument as it was given, such as --doctr or --ttl=5. Its value is not shown: it may be a token. */
static int refuse_long_option(const char *word)
{
    struct closest closest = {.word = word + 2, .len = strcspn(word + 2, "=")}, own = closest;
    int shown = (int)closest.len + 2;
    for (const struct option *option = long_options; option->name; option++)
        closest_try(&own, option->name);
    settings_try(&closest, true);
    if (own.name && (!closest.name || own.distance <= closest.distance))
        settings_complain("unknown option %.*s; did you mean --%s? All are listed by melbicomfs -h", shown, word,
                          own.name);
    else if (closest.name)
        settings_complain("unknown option %.*s; did you mean -o %s%s? All are listed by melbicomfs -h", shown, word,
                          closest.name, settings_find(closest.name)->argument ? "=" : "");
    else
        settings_complain("unknown option %.*s" HINT, shown, word);
    return EXIT_USAGE;
}

/* Says what is wrong with the argument `word`, in which getopt_long() has stopped. */
static int refuse_flag(const char *word)
{
    if (!optopt)
        return refuse_long_option(word);
    if (strncmp(word, "--", 2) == 0)
        settings_complain("%.*s takes no value" HINT, (int)strcspn(word, "="), word);
    else
        settings_complain("unknown option -%c" HINT, optopt);
    return EXIT_USAGE;
}

static int take_verb(struct command_line *line, int flag)
{
    line->action = OPTIONS_SHELL;
    return verbs_take(&line->notes->shell, flag);
}

static int take_flag(struct command_line *line, int flag, char **argv)
{
    switch (flag) {
    case 1:
        return verbs_take_operand(&line->notes->shell, optarg);
    case 'l':
    case 'L':
    case 'n':
        verbs_take_flag(&line->notes->shell, flag);
        return EXIT_OK;
    case 'f':
        line->config->foreground = true;
        return EXIT_OK;
    case 'd':
        line->config->foreground = line->config->debug = true;
        return EXIT_OK;
    case 's':
        return EXIT_OK;
    case 'o':
        return append(&line->options, optarg);
    case 'h':
        line->action = OPTIONS_HELP;
        return EXIT_OK;
    case 'V':
        line->action = OPTIONS_VERSION;
        return EXIT_OK;
    case 'E':
        line->action = OPTIONS_ENDPOINTS;
        return EXIT_OK;
    case 'D':
        line->action = OPTIONS_DOCTOR;
        return EXIT_OK;
    case 'G':
        line->action = OPTIONS_LOGIN;
        return EXIT_OK;
    case 'F':
        line->notes->login.force = true;
        return EXIT_OK;
    case 'J':
        line->notes->json = true;
        return EXIT_OK;
    case 'S':
        line->notes->shapes = true;
        return EXIT_OK;
    case ':':
        settings_complain("-%c needs a value, as in -o ttl=60" HINT, optopt);
        return EXIT_USAGE;
    default:
        return flag >= VERBS_FIRST ? take_verb(line, flag) : refuse_flag(argv[optind - 1]);
    }
}

/* Checks that no flag is given that does not go with the others. */
static int check_flags(const struct command_line *line)
{
    bool json = line->notes->json && line->action != OPTIONS_SHELL;
    if (line->action != OPTIONS_DOCTOR && (json || line->notes->shapes)) {
        settings_complain("--%s needs --doctor" HINT, json ? "json" : "shapes");
        return EXIT_USAGE;
    }
    if (line->action != OPTIONS_LOGIN && line->notes->login.force) {
        settings_complain("--force needs --login" HINT);
        return EXIT_USAGE;
    }
    return verbs_check_flags(&line->notes->shell, line->notes->json);
}

/* All arguments that are no flags are collected. -h and -V end the reading, so that mistakes after them do not count. */
static int take_flags(struct command_line *line, int argc, char **argv)
{
    optind = 0;
    opterr = 0;
    int flag;
    while ((flag = getopt_long(argc, argv, "-:o:fdshVlLn", long_options, NULL)) != -1) {
        int status = take_flag(line, flag, argv);
        if (status || line->action == OPTIONS_HELP || line->action == OPTIONS_VERSION)
            return status;
    }
    while (optind < argc) {
        int status = verbs_take_operand(&line->notes->shell, argv[optind++]);
        if (status)
            return status;
    }
    return check_flags(line);
}
/* Whether the command mounts nothing, so that no mount point is needed. */
static bool mounts_nothing(const struct command_line *line)
{
    return line->action == OPTIONS_ENDPOINTS || line->action == OPTIONS_DOCTOR || line->action == OPTIONS_LOGIN;
}

/* Checks PROFILE, of which --login makes the name of a section and of a file. */
static int check_profile_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (strstr(name, "://")) {
        settings_complain("--login takes the name of a profile; give the URL with -o url=URL" HINT);
        return EXIT_USAGE;
    }
    if (!*name || *name == '.' || name[strspn(name, allowed)] || strlen(name) > PROFILE_NAME_MAX ||
        strcmp(name, "endpoints") == 0) {
        settings_complain("'%s' cannot be the name of a profile; use up to %d letters, digits, '.', '_' and '-'" HINT,
                          name, PROFILE_NAME_MAX);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static int take_operands(struct command_line *line)
{
    int n = (int)line->notes->shell.n;
    char **operands = line->notes->shell.operands;
    if (line->action == OPTIONS_SHELL)
        return verbs_split(&line->notes->shell, &line->source);
    if (line->action == OPTIONS_LOGIN && n == 1) {
        int status = check_profile_name(operands[0]);
        if (status)
            return status;
    }
    if (line->action == OPTIONS_LOGIN && n > 1) {
        settings_complain("one argument too many: '%s'; --login takes only the name of a profile" HINT, operands[1]);
        return EXIT_USAGE;
    }
    if (n > 2) {
        settings_complain("one argument too many: '%s'; give at most SOURCE and MOUNTPOINT" HINT, operands[2]);
        return EXIT_USAGE;
    }
    /* A lone argument is the mount point. With --endpoints and --doctor, which mount nothing, it is SOURCE, unless it is
     * plainly a path. */
    bool path = n == 1 && strchr(operands[0], '/') && !strstr(operands[0], "://");
    if (n == 2 || (n == 1 && mounts_nothing(line) && !path))
        line->source = operands[0];
    if (line->action == OPTIONS_DOCTOR && (n == 2 || path))
        line->mountpoint = operands[n - 1];
    if (mounts_nothing(line))
        return EXIT_OK;
    if (n > 0)
        line->mountpoint = operands[n - 1];
    if (n == 1 && strstr(operands[0], "://"))
        line->mountpoint = NULL;
    if (!line->mountpoint || !*line->mountpoint) {
        settings_complain("no mount point is given; run: melbicomfs %s" HINT,
                          n == 1 ? "URL MOUNTPOINT" : "[SOURCE] MOUNTPOINT");
        return EXIT_USAGE;
    }
    return EXIT_OK;
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
    return foreign_is_passed(item) ? append(&line->config->mount_options, item) : refuse_option(item);
}

/* Whether a step with this status is the last one. The doctor reports all faults, so it goes on after each. */
static bool stops(const struct command_line *line, int status)
{
    return status != EXIT_OK && line->action != OPTIONS_DOCTOR;
}

/* Applies the -o options: in the first round only config=, in the second round all the others. */
static int apply_options(struct command_line *line, bool first_round)
{
    if (!line->options)
        return EXIT_OK;
    _cleanup_(freep) char *list = strdup(line->options);
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
    return !line->source ? "default" : is_url(line->source) ? NULL : line->source;
}

/* Whether the machine's file is read, and not the user's own one, whose path is `own` (NULL: there is no home
 * directory). Without SOURCE it is root's only: its [default] is for the machine's account, not for a user's. */
static bool wants_system_file(const struct command_line *line, const char *own)
{
    const char *name = line->source ? profile_name(line) : NULL;
    if (line->action == OPTIONS_LOGIN || access(options_system_file, R_OK) < 0)
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
        .required = line->option.config_path && line->action != OPTIONS_LOGIN,
        .name = profile_name(line),
        .optional = !line->source || line->action == OPTIONS_LOGIN,
        .every_fault = line->action == OPTIONS_DOCTOR,
        .top = &line->top,
        .profile = &line->profile,
    };
    if (choose_file(line))
        return EXIT_CONFIG;
    request.path = line->config_path;
    if (line->action == OPTIONS_DOCTOR && request.path && !(line->notes->path = strdup(request.path)))
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
    if (!stops(line, status) && is_url(line->source))
        status = apply_url(line, "the URL", line->source, EXIT_USAGE);
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
    line->config->base_url = strdup(line->option.url ? line->option.url : profile_url(line));
    return line->config->base_url ? EXIT_OK : out_of_memory();
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
        .named = line->source != NULL,
        .own = own,
        .profile_name = profile_name(line),
        .config = line->config_path,
        .is_usual = !line->option.config_path,
    };
    struct token_source *source = calloc(1, sizeof(*source));
    if (!source)
        return out_of_memory();
    line->config->read_token = token_read;
    line->config->read_token_data = source;
    if (token_choose(&places, line->config->base_url, source))
        return out_of_memory();
    if (source->command) {
        line->config->start_token = token_start;
        line->config->ask_token = token_ask;
        line->config->drop_token = token_drop;
    }
    return EXIT_OK;
}

/* Notes what the configuration file says about the token of the profile, before choose_token() takes it. */
static int note_login(struct command_line *line)
{
    struct options_login *login = &line->notes->login;
    const struct token_source *own = &line->profile_token, *top = &line->top_token;
    bool from_top = !line->source && !own->value && !own->file && !own->command;
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
    if (!login->config || !login->file_url || (line->source && !(login->profile = strdup(line->source))) ||
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
    struct config *config = line->config;
    if (line->source && !(config->source = strdup(line->source)))
        return out_of_memory();
    if (line->mountpoint && !(config->mountpoint = canonical(line->mountpoint)))
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
    if (line->action == OPTIONS_DOCTOR)
        settings_divert(take_complaint, line->notes);
    int status = apply_places(line);
    if (!status)
        status = choose_url(line);
    if (!status && line->action == OPTIONS_LOGIN)
        status = note_login(line);
    if (!status)
        status = choose_token(line);
    if (!status)
        status = keep_operands(line);
    if (line->config->debug)
        line->config->log_level = LOG_LEVEL_DEBUG;
    settings_divert(NULL, NULL);
    return status;
}

int options_parse(int argc, char **argv, struct config *config, enum options_action *action,
                  struct options_notes *notes)
{
    struct options_notes unused = {0};
    _cleanup_(command_line_clear) struct command_line line = {.config = config, .action = OPTIONS_MOUNT};
    line.notes = notes ? notes : &unused;
    line.option = (struct settings_target){.config = config, .token = &line.option_token};
    line.profile = (struct settings_target){.config = config, .token = &line.profile_token};
    line.top = (struct settings_target){.config = config, .token = &line.top_token};

    bool fake;
    argc = mount_helper_arguments(argc, argv, &fake);
    int status = take_flags(&line, argc, argv);
    if (!status && line.action == OPTIONS_HELP)
        print_help();
    if (!status && line.action != OPTIONS_HELP && line.action != OPTIONS_VERSION) {
        status = take_operands(&line);
        if (!status)
            status = apply_all(&line);
    }
    options_notes_clear(&unused);
    if (!status)
        *action = fake && line.action == OPTIONS_MOUNT ? OPTIONS_FAKE : line.action;
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
