/*
 * Where the token comes from, in this order: -o token_file=PATH; -o token_command=COMMAND (run by /bin/sh -c, first
 * line of its output, 10 s); the `token`, `token_file` or `token_command` of the profile that is named as SOURCE;
 * $MELBICOM_TOKEN; $CREDENTIALS_DIRECTORY/melbicom-token; the same keys of the profile [default], if no SOURCE is given;
 * those before the file's first section. A token of the file goes to no other URL than the one its own place says (the
 * section; else what stands before the first; else the default). (token_read() asks the one source it is given; the
 * order is kept by token_choice.c, which fills struct token_source.)
 *
 * A file that group or others can read is refused (except below $CREDENTIALS_DIRECTORY, which systemd guards).
 * Surrounding white space is cut; what is left must be 1 to 4096 printable ASCII characters without a space.
 *
 * Threads:   main (loop) thread.
 * Ownership: token_read() and token_ask() give a malloc'd string; the caller wipes and frees it.
 * Errors:    negative errno, after one logged line that names the source, never the token: -ENOKEY none configured,
 *            -EACCES file too open or unreadable, -EINVAL malformed, -ETIMEDOUT, -EIO command failed.
 */
#ifndef MELBICOMFS_COMMAND_TOKEN_H
#define MELBICOMFS_COMMAND_TOKEN_H

struct token_reading;

struct token_source {
    char *file;        /* token_file=, absolute, or NULL */
    char *command;     /* token_command=, or NULL */
    char *value;       /* the profile's or $MELBICOM_TOKEN's, or NULL */
    char *credentials; /* $CREDENTIALS_DIRECTORY/melbicom-token when it exists, or NULL */
    char *elsewhere;   /* the URL which a token of the file is for that was passed over, or NULL; for the message */
};

/* A config->read_token; data is a struct token_source. The first source that is set is the one asked. */
int token_read(void *data, char **ret);

/* The config's start_token, ask_token and drop_token, for a source whose `command` is the one asked. One that is dropped
 * or has no token in time is killed with all that it has started. */
int token_start(void *data, struct token_reading **ret);
int token_ask(struct token_reading *reading, char **ret);
void token_drop(struct token_reading *reading);

/* How long a token_command may take, in milliseconds: 10,000. A variable, so that a test need not wait that long. */
extern int token_command_limit_ms;

/* Frees and wipes the strings of source. */
void token_source_clear(struct token_source *source);

#endif
