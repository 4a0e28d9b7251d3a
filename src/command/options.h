/* SPDX-License-Identifier: MIT */
/*
 * The command line: argv, environment and configuration file become a struct config.
 *
 *      melbicomfs [SOURCE] MOUNTPOINT [-o opt[,opt…]] [-f] [-d] [-s] [-h] [-V] [--endpoints]
 *      melbicomfs [SOURCE] --ls|--cat [PATH…] [-o opt[,opt…]]           and other verbs, see verbs.h
 *      melbicomfs --doctor [SOURCE] [MOUNTPOINT] [-o opt[,opt…]] [--json | --shapes]
 *      melbicomfs --login [PROFILE] [-o opt[,opt…]] [--force]
 *      mount.melbicomfs SOURCE MOUNTPOINT [-sfnv] [-o opt[,opt…]]       as mount(8) calls it, see mount_helper.h
 *
 * SOURCE is a base URL (it contains "://") or the name of a profile. Without SOURCE, the profile is [default] if the
 * file has that section. If SOURCE is a URL, there is no profile. If a setting is given in several places, the first of
 * these places wins:
 *
 *      1. -o; of several -o, the last one        4. the profile's section of the configuration file
 *      2. SOURCE, if it is a URL                 5. the configuration file before its first section
 *      3. MELBICOM_URL                           6. the default
 *
 * The token has an order of its own: see token.h. Of the -o options that are not in the table of settings.c, those
 * that libfuse knows are passed to it (allow_other, nosuid, noatime, …), and those that only mount(8) and fstab use
 * (auto, noauto, user, _netdev, nofail, x-…, comment=…, defaults, rw, nodiratime, …) are dropped; see foreign.h. Any
 * other is refused.
 *
 * Threads:   main thread, before the fork.
 * Ownership: the caller owns the struct config and frees its contents with options_clear(), also after a failure.
 * Errors:    an exit status of enum options_exit, after one line on stderr that says what is wrong and what to do.
 */
#ifndef MELBICOMFS_COMMAND_OPTIONS_H
#define MELBICOMFS_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct config;

/* The machine's configuration file: /etc/melbicomfs/config. Root reads it if there is no file of root's own; everybody
 * reads it for a profile that it has and the own file has not. It is a variable so that tests can use another file. */
extern const char *options_system_file;

/* The exit statuses of the program, as `melbicomfs -h` lists them. 69, 75, 77 and 78 are those of sysexits.h. */
enum options_exit {
    EXIT_OK = 0,
    EXIT_USAGE = 1,
    EXIT_MOUNT = 32,
    EXIT_UNREACHABLE = 69,
    EXIT_NOT_WHOLE = 75, /* of --export */
    EXIT_TOKEN = 77,
    EXIT_CONFIG = 78
};

/* What the command line asks the program to do. */
enum options_action {
    OPTIONS_MOUNT,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_ENDPOINTS,
    OPTIONS_DOCTOR,
    OPTIONS_LOGIN,
    OPTIONS_SHELL,
    OPTIONS_FAKE
};

/* What OPTIONS_SHELL does. */
enum options_verb { VERB_NONE, VERB_LS, VERB_CAT, VERB_FIND, VERB_PURGE, VERB_EXPORT };

/* What the verbs are given (verbs.h). */
struct options_shell {
    enum options_verb verb;
    bool details; /* -l */
    bool copies;  /* -L */
    bool dry_run; /* -n, --dry-run */
    char **operands;
    size_t n;      /* how many operands */
    size_t before; /* until verbs_split(): how many of them stand before the verb */
};

/* What --login needs besides the struct config: what the configuration file says about the profile's token. */
struct options_login {
    bool force;       /* --force */
    char *profile;    /* PROFILE, or NULL */
    char *config;     /* the configuration file's absolute path */
    bool is_usual;    /* it is the usual one, not one that -o config= gives */
    char *given_file; /* -o token_file=, absolute, or NULL */
    char *file;       /* the token_file= that a mount of the profile would read, or NULL */
    bool has_token;   /* it would take token= or token_command= instead */
    bool has_url;     /* the profile's section has url= */
    char *file_url;   /* the URL that the file gives to a mount of the profile */
};

/* What --doctor, --login and the verbs need besides the struct config. Zero-initialise; options_notes_clear() frees the strings. */
struct options_notes {
    bool json, shapes; /* --json, --shapes */
    struct options_shell shell;
    char *path;    /* the configuration file's absolute path, or NULL if there is no home directory */
    char **faults; /* what is wrong with the settings, in words; with file and line if a line is at fault */
    size_t n_faults;
    struct options_login login;
};

/*
 * Parses argv, the environment and the configuration file into `config`, on which config_init() has been called.
 * `notes` is filled only for OPTIONS_DOCTOR, its `login` only for OPTIONS_LOGIN, its `shell`
 * only for OPTIONS_SHELL. Returns EXIT_OK, EXIT_USAGE or EXIT_CONFIG.
 *
 * On EXIT_OK, *action is what the program has to do. Paths in `config` are absolute, and the URL has passed
 * value_url(). For OPTIONS_HELP, the help has been printed on stdout; for OPTIONS_HELP and OPTIONS_VERSION, the rest of
 * `config` is not filled; for OPTIONS_ENDPOINTS, config->mountpoint is NULL. The token has not been read:
 * config->read_token is token_read(), and read_token_data says where the token is.
 *
 * OPTIONS_FAKE is OPTIONS_MOUNT under `mount -f`: the settings have been checked, and nothing shall be mounted.
 *
 * For OPTIONS_SHELL, config->mountpoint is NULL.
 *
 * For OPTIONS_LOGIN, config->mountpoint is NULL, and the profile need not exist.
 *
 * For OPTIONS_DOCTOR, config->mountpoint is NULL if none is given; a lone argument is a mount point only if it has a
 * slash. A fault of the settings does not end the parsing with a line on stderr: all faults are collected in `notes`.
 * If there is a fault, `config` may lack what the user meant, such as another URL, so nothing may be sent to
 * config->base_url.
 */
int options_parse(int argc, char **argv, struct config *config, enum options_action *action,
                  struct options_notes *notes);

/* Frees the strings of *notes. */
void options_notes_clear(struct options_notes *notes);

/* Frees everything that options_parse() put into `config`, and sets the defaults again. */
void options_clear(struct config *config);

#endif
