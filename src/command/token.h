/* SPDX-License-Identifier: MIT */
/*
 * Reading the token. The token comes from the first of these places that gives one:
 *
 *      1. -o token_file=PATH, then -o token_command=COMMAND
 *      2. the profile that SOURCE names: its key `token`, then `token_file`, then `token_command`
 *      3. $MELBICOM_TOKEN
 *      4. the file $CREDENTIALS_DIRECTORY/melbicom-token
 *      5. the profile [default], if SOURCE is not given: the same keys
 *      6. the configuration file before its first section: the same keys
 *      7. the file `token` beside the usual configuration file: $XDG_CONFIG_HOME/melbicomfs/token
 *
 * token_choice.c chooses the place before the mount and stores it in a struct token_source. token_read() reads only
 * that place, each time that it is called.
 *
 * A token in the configuration file (2, 5 and 6) goes only to the URL of its own place: the URL of its section, else
 * the URL before the first section, else the default URL. The file `token` (7) goes only to the URL of a mount without
 * SOURCE: the URL of [default], else the URL before the first section, else the default URL.
 *
 * A file that group or others can read is refused, except below $CREDENTIALS_DIRECTORY, which systemd protects. A
 * command is run by /bin/sh -c; its first line of output is the token, and it has 10 seconds. White space around a
 * token is cut off; the rest must be 1 to 4096 printable ASCII characters without a space.
 *
 * Threads:   main (loop) thread.
 * Ownership: token_read() and token_ask() return a malloc'd string, which the caller wipes and frees. The log hides the
 *            token from then on. A reading belongs to the caller until token_ask() or token_drop() frees it.
 * Errors:    -ENOKEY: no token is configured. -EACCES: the file cannot be read, or others can read it. -EINVAL: the
 *            token is malformed, or the file is not a regular file. -ETIMEDOUT: the command took too long. -EIO: the
 *            command failed. -EALREADY: the token is a value that has been given away, so it cannot be another one now.
 *            -EMFILE or -ENFILE: no file descriptor is left to read it. -ENOMEM. All but -EALREADY and -ENOMEM log one
 *            line, which names the place but never the token.
 */
#ifndef MELBICOMFS_COMMAND_TOKEN_H
#define MELBICOMFS_COMMAND_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

struct token_reading;

/* The place of a token: at most one of the first four is set when token_choose() has filled it. */
struct token_source {
    char *file;        /* token_file=, absolute, or NULL */
    char *command;     /* token_command=, or NULL */
    char *value;       /* the token itself, from token= or $MELBICOM_TOKEN, or NULL */
    char *credentials; /* the path $CREDENTIALS_DIRECTORY/melbicom-token if that file exists, or NULL */
    const char *place; /* the place in words, such as "the environment variable MELBICOM_TOKEN"; a constant, or NULL. If
                          no place gives a token but `elsewhere` is set, the place that was passed over */
    bool given;        /* token_read() has given `value` away; `value` is NULL since then */
    char *elsewhere;   /* the URL of a token that was passed over because the mount has another URL, or NULL */
    char *missing;     /* if no place gives a token: the places that were looked at, and the command that helps */
};

/* Implements config->read_token; see base/config.h. `data` is a struct token_source. If several places are set, the
 * first of file, command, value and credentials is read. A value is given once, and wiped here. */
int token_read(void *data, char **ret);

/* Implement config->start_token, ask_token and drop_token, for a source with a `command`. token_drop(), and token_ask()
 * after the deadline, kill the command's whole process group. */
int token_start(void *data, struct token_reading **ret);
int token_ask(struct token_reading *reading, char **ret);
void token_drop(struct token_reading *reading);

/* How long a token_command may take, in milliseconds: 10,000. It is a variable so that tests can shorten it. */
extern int token_command_limit_ms;

/* Cuts white space off both ends of a text (`len` bytes) and checks that the rest is a token. `source` is the name of its
 * place in the log, such as "standard input". Returns 0 with the token in *ret, -EINVAL after a line in the log, or
 * -ENOMEM. */
int token_check(const char *source, const char *text, size_t len, char **ret);

/* Wipes and frees the strings of *source, and sets them to NULL. Does not free `source` itself. */
void token_source_clear(struct token_source *source);

#endif
