/* SPDX-License-Identifier: MIT */
#include "command/arguments.h"

#include "base/closest.h"
#include "base/config.h"
#include "command/profile.h"
#include "command/settings.h"
#include "command/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HINT "; melbicomfs -h tells more"

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

int arguments_join(char **list, const char *item)
{
    char *joined = NULL;
    if (asprintf(&joined, "%s%s%s", *list ? *list : "", *list ? "," : "", item) < 0) {
        settings_complain("out of memory");
        return EXIT_CONFIG;
    }
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

static int take_verb(struct arguments *arguments, int flag)
{
    arguments->action = OPTIONS_SHELL;
    return verbs_take(&arguments->notes->shell, flag);
}

static int take_flag(struct arguments *arguments, int flag, char **argv)
{
    switch (flag) {
    case 1:
        return verbs_take_operand(&arguments->notes->shell, optarg);
    case 'l':
    case 'L':
    case 'n':
        verbs_take_flag(&arguments->notes->shell, flag);
        return EXIT_OK;
    case 'f':
        arguments->config->foreground = true;
        return EXIT_OK;
    case 'd':
        arguments->config->foreground = arguments->config->debug = true;
        return EXIT_OK;
    case 's':
        return EXIT_OK;
    case 'o':
        return arguments_join(&arguments->options, optarg);
    case 'h':
        arguments->action = OPTIONS_HELP;
        return EXIT_OK;
    case 'V':
        arguments->action = OPTIONS_VERSION;
        return EXIT_OK;
    case 'E':
        arguments->action = OPTIONS_ENDPOINTS;
        return EXIT_OK;
    case 'D':
        arguments->action = OPTIONS_DOCTOR;
        return EXIT_OK;
    case 'G':
        arguments->action = OPTIONS_LOGIN;
        return EXIT_OK;
    case 'F':
        arguments->notes->login.force = true;
        return EXIT_OK;
    case 'J':
        arguments->notes->json = true;
        return EXIT_OK;
    case 'S':
        arguments->notes->shapes = true;
        return EXIT_OK;
    case ':':
        settings_complain("-%c needs a value, as in -o ttl=60" HINT, optopt);
        return EXIT_USAGE;
    default:
        return flag >= VERBS_FIRST ? take_verb(arguments, flag) : refuse_flag(argv[optind - 1]);
    }
}

/* Checks that no flag is given that does not go with the others. */
static int check_flags(const struct arguments *arguments)
{
    bool json = arguments->notes->json && arguments->action != OPTIONS_SHELL;
    if (arguments->action != OPTIONS_DOCTOR && (json || arguments->notes->shapes)) {
        settings_complain("--%s needs --doctor" HINT, json ? "json" : "shapes");
        return EXIT_USAGE;
    }
    if (arguments->action != OPTIONS_LOGIN && arguments->notes->login.force) {
        settings_complain("--force needs --login" HINT);
        return EXIT_USAGE;
    }
    return verbs_check_flags(&arguments->notes->shell, arguments->notes->json);
}

/* All arguments that are no flags are collected. -h and -V end the reading, so that mistakes after them do not count. */
static int take_flags(struct arguments *arguments, int argc, char **argv)
{
    optind = 0;
    opterr = 0;
    int flag;
    while ((flag = getopt_long(argc, argv, "-:o:fdshVlLn", long_options, NULL)) != -1) {
        int status = take_flag(arguments, flag, argv);
        if (status || arguments->action == OPTIONS_HELP || arguments->action == OPTIONS_VERSION)
            return status;
    }
    while (optind < argc) {
        int status = verbs_take_operand(&arguments->notes->shell, argv[optind++]);
        if (status)
            return status;
    }
    return check_flags(arguments);
}

/* Whether the command mounts nothing, so that no mount point is needed. */
static bool mounts_nothing(const struct arguments *arguments)
{
    return arguments->action == OPTIONS_ENDPOINTS || arguments->action == OPTIONS_DOCTOR ||
           arguments->action == OPTIONS_LOGIN;
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

static int take_operands(struct arguments *arguments)
{
    int n = (int)arguments->notes->shell.n;
    char **operands = arguments->notes->shell.operands;
    if (arguments->action == OPTIONS_SHELL)
        return verbs_split(&arguments->notes->shell, &arguments->source);
    if (arguments->action == OPTIONS_LOGIN && n == 1) {
        int status = check_profile_name(operands[0]);
        if (status)
            return status;
    }
    if (arguments->action == OPTIONS_LOGIN && n > 1) {
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
    if (n == 2 || (n == 1 && mounts_nothing(arguments) && !path))
        arguments->source = operands[0];
    if (arguments->action == OPTIONS_DOCTOR && (n == 2 || path))
        arguments->mountpoint = operands[n - 1];
    if (mounts_nothing(arguments))
        return EXIT_OK;
    if (n > 0)
        arguments->mountpoint = operands[n - 1];
    if (n == 1 && strstr(operands[0], "://"))
        arguments->mountpoint = NULL;
    if (!arguments->mountpoint || !*arguments->mountpoint) {
        settings_complain("no mount point is given; run: melbicomfs %s" HINT,
                          n == 1 ? "URL MOUNTPOINT" : "[SOURCE] MOUNTPOINT");
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

int arguments_take(struct arguments *arguments, int argc, char **argv)
{
    int status = take_flags(arguments, argc, argv);
    if (status || arguments->action == OPTIONS_VERSION)
        return status;
    if (arguments->action != OPTIONS_HELP)
        return take_operands(arguments);
    print_help();
    return EXIT_OK;
}
