/*
 * The command line is read twice. First argv is taken apart, because -o config= says which file to read; then places
 * are applied from the weakest to the strongest, each overwriting what the one before has said:
 *
 *      defaults < top of the file < profile in the file < MELBICOM_URL < SOURCE as a URL < -o
 *
 * The token has an order of its own (token.h), and one of the file is only for the URL that the file gives beside it. So
 * what the places say of token and URL is collected side by side, and the winners are chosen at the end.
 */
#include "command/options.h"

#include "base/cleanup.h"
#include "base/config.h"
#include "command/profile.h"
#include "command/settings.h"
#include "command/token.h"
#include "command/token_choice.h"
#include "command/values.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#define HINT "; melbicomfs -h tells more"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct command_line {
    struct config *config;
    enum options_action action;
    char *source; /* borrowed from argv, as is mountpoint; or NULL */
    char *mountpoint;
    char *options; /* all -o, joined with commas, still escaped; or NULL */

    /* What the places say, of the token and the URL above all; `option` has all URLs that are not the file's. */
    struct token_source option_token, profile_token, top_token;
    struct settings_target option, profile, top;
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
    free(line->options);
}

static void print_help(void)
{
    puts("usage: melbicomfs [SOURCE] MOUNTPOINT [-o opt[,opt...]] [-f] [-d]\n"
         "\n"
         "Mounts a Melbicom account as a directory: services, products, domain prices,\n"
         "invoices and the balance as files, and CDN purging as a file to write to.\n"
         "Unmount with: fusermount3 -u MOUNTPOINT\n"
         "\n"
         "SOURCE is the base URL of the API, or a profile: a [section] of the\n"
         "configuration file. Without it, the profile [default], if there is one.\n"
         "\n"
         "The token comes from -o token_file= or token_command=, the profile that is given,\n"
         "MELBICOM_TOKEN, systemd's credential melbicom-token, or [default]: the first of\n"
         "them. MELBICOM_URL replaces the file's URL; a token of the file goes to its own\n"
         "URL only.\n"
         "\n"
         "    -f                          stay in the foreground, log to stderr\n"
         "    -d                          the same, with debugging output\n"
         "    -s                          accepted; there is only one thread\n"
         "    -o opt[,opt...]             settings, below; \\, is a comma inside a value\n"
         "    --endpoints                 print the table of API operations in force\n"
         "    -h, --help                  print this\n"
         "    -V, --version               print the version\n"
         "\n"
         "Settings, with their defaults; each is also a key of the configuration file\n"
         "($XDG_CONFIG_HOME/melbicomfs/config, or ~/.config/melbicomfs/config):\n");
    settings_print(stdout);
    puts("\n"
         "Other options (allow_other, nosuid, noatime, ...) go to libfuse; those of fstab\n"
         "(noauto, user, _netdev, nofail, x-...) are accepted.\n"
         "\n"
         "Exit status: 0, 1 usage, 32 mount failure, 69 API unreachable, 77 token refused,\n"
         "78 configuration.");
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

static int take_flag(struct command_line *line, int flag, char **argv)
{
    switch (flag) {
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
    case ':':
        settings_complain("-%c needs a value, as in -o ttl=60" HINT, optopt);
        return EXIT_USAGE;
    default:
        if (optopt)
            settings_complain("unknown option -%c" HINT, optopt);
        else
            settings_complain("unknown option %s" HINT, argv[optind - 1]);
        return EXIT_USAGE;
    }
}

/* -h and -V win over whatever is wrong behind them. */
static int take_flags(struct command_line *line, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {"endpoints", no_argument, NULL, 'E'},
        {NULL, 0, NULL, 0},
    };
    optind = 0;
    opterr = 0;
    int flag;
    while ((flag = getopt_long(argc, argv, ":o:fdshV", long_options, NULL)) != -1) {
        int status = take_flag(line, flag, argv);
        if (status || line->action == OPTIONS_HELP || line->action == OPTIONS_VERSION)
            return status;
    }
    return EXIT_OK;
}

static int take_operands(struct command_line *line, int n, char **operands)
{
    if (n > 2) {
        settings_complain("one argument too many: '%s'" HINT, operands[2]);
        return EXIT_USAGE;
    }
    /* A lone argument is the mount point, or what --endpoints is about, which needs no mount point. */
    if (n == 2 || (n == 1 && line->action == OPTIONS_ENDPOINTS))
        line->source = operands[0];
    if (line->action == OPTIONS_ENDPOINTS)
        return EXIT_OK;
    if (n > 0)
        line->mountpoint = operands[n - 1];
    if (n == 1 && strstr(operands[0], "://"))
        line->mountpoint = NULL;
    if (!line->mountpoint || !*line->mountpoint) {
        settings_complain("no mount point is given, as in: melbicomfs %s" HINT,
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

/* Options of mount(8) and fstab that mean nothing here and that libfuse refuses; a `*` at the end stands for the rest.
 * Access times are never written, nor is anything cached for writing. Not here is nosymfollow: it would be a promise. */
static bool is_for_mount(const char *item)
{
    /* clang-format off */
    static const char *const names[] = {
        "defaults", "rw", "auto", "noauto", "user", "user=*", "nouser", "users", "nousers", "owner", "noowner", "group",
        "nogroup", "_netdev", "nofail", "x-*", "X-*", "comment", "comment=*",
        "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime",
        "iversion", "noiversion", "mand", "nomand", "silent", "loud", "symfollow",
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t len = strcspn(names[i], "*");
        if (strncmp(item, names[i], len) == 0 && (names[i][len] == '*' || item[len] == '\0'))
            return true;
    }
    return false;
}

/* Takes an item apart in place: its setting, and its value or NULL. NULL for what is no setting of ours, whole. */
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

/* Goes through all -o. In the first round only what says where to find the rest counts, config=; in the second, all. */
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
        else if (*item && !is_for_mount(item))
            status = append(&line->config->mount_options, item);
        if (status)
            return status;
    }
    return EXIT_OK;
}

/* The usual place; NULL through *ret when there is no home to look in. */
static int default_path(char **ret)
{
    const char *directory = getenv("XDG_CONFIG_HOME");
    _cleanup_(freep) char *home = NULL;
    char *path = NULL;
    int n;
    if (directory && *directory == '/') {
        n = asprintf(&path, "%s/melbicomfs/config", directory);
    } else {
        int error = value_home(&home);
        if (error == -EINVAL)
            return 0;
        n = error ? -1 : asprintf(&path, "%s/.config/melbicomfs/config", home);
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

static int apply_file(struct command_line *line)
{
    _cleanup_(freep) char *usual = NULL;
    /* With a URL no profile counts, `default` neither: its settings are for another account. */
    struct profile_request request = {
        .path = line->option.config_path,
        .required = line->option.config_path != NULL,
        .name = !line->source          ? "default"
                : is_url(line->source) ? NULL
                                       : line->source,
        .optional = !line->source,
        .top = &line->top,
        .profile = &line->profile,
    };
    if (!request.path && default_path(&usual))
        return out_of_memory();
    if (!request.path)
        request.path = usual;
    if (request.path)
        return profile_read(&request);
    if (!request.name || request.optional)
        return EXIT_OK;
    settings_complain("cannot look for the profile '%s': there is no home directory; use -o config=PATH", request.name);
    return EXIT_CONFIG;
}

/* Stores a URL that was said outside -o. Its text is not repeated: it may hold a password. */
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

/* From the weakest place to the strongest. */
static int apply_places(struct command_line *line)
{
    const char *url = get_environment("MELBICOM_URL");
    int status = apply_options(line, true);
    if (!status)
        status = apply_file(line);
    if (!status && url)
        status = apply_url(line, "the URL in MELBICOM_URL", url, EXIT_CONFIG);
    if (!status && is_url(line->source))
        status = apply_url(line, "the URL", line->source, EXIT_USAGE);
    if (!status)
        status = apply_options(line, false);
    return status;
}

/* The URL that a place of the file gives its token. */
static const char *top_url(const struct command_line *line)
{
    return line->top.url ? line->top.url : CONFIG_DEFAULT_URL;
}

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
    struct token_places places = {
        .option = &line->option_token,
        .profile = &line->profile_token,
        .top = &line->top_token,
        .profile_url = profile_url(line),
        .top_url = top_url(line),
        .named = line->source != NULL,
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

/* As /proc/mounts will show it. The last component is resolved only if that works: below a mount whose server has died,
 * which we may be about to replace, it does not. */
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

int options_parse(int argc, char **argv, struct config *config, enum options_action *action)
{
    _cleanup_(command_line_clear) struct command_line line = {.config = config, .action = OPTIONS_MOUNT};
    line.option = (struct settings_target){.config = config, .token = &line.option_token};
    line.profile = (struct settings_target){.config = config, .token = &line.profile_token};
    line.top = (struct settings_target){.config = config, .token = &line.top_token};

    int status = take_flags(&line, argc, argv);
    if (!status && line.action == OPTIONS_HELP)
        print_help();
    if (!status && line.action != OPTIONS_HELP && line.action != OPTIONS_VERSION) {
        status = take_operands(&line, argc - optind, argv + optind);
        if (!status)
            status = apply_places(&line);
        if (!status)
            status = choose_url(&line);
        if (!status)
            status = choose_token(&line);
        if (!status)
            status = keep_operands(&line);
    }
    if (!status)
        *action = line.action;
    return status;
}

void options_clear(struct config *config)
{
    struct token_source *source = config->read_token == token_read ? config->read_token_data : NULL;
    if (source)
        token_source_clear(source);
    free(source);
    config_clear(config);
}
