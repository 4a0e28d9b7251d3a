/* SPDX-License-Identifier: MIT */
/*
 * The bearer token: the secret that each request carries, and how to read it again.
 *
 * A token in a file or in the environment is read at once (config->read_token). A token command can take seconds, and
 * the loop must not wait that long: the command is started (config->start_token), and on_read is called when it ends.
 *
 * Threads:   loop thread only.
 * Ownership: struct client_token lives in its user's struct. It owns `value`, which is the program's only lasting copy
 *            of the token (secret_new()), and wipes the bytes before it frees them.
 *            loop and config are borrowed.
 * Errors:    -ENOMEM, or the negative errno of config->read_token, config->start_token or loop_watch().
 */
#ifndef MELBICOMFS_HTTP_BEARER_H
#define MELBICOMFS_HTTP_BEARER_H

#include <stdint.h>

#include "base/loop.h"

struct config;
struct token_reading;

/* Set loop, config, on_read and data; zero-initialise the other fields. There is no token then. */
struct client_token {
    char *value;                   /* the token; NULL: there is no token yet */
    uint64_t serial;               /* counts the changes of value */
    struct token_reading *reading; /* the token command that is running, or NULL */
    struct timer deadline;

    struct loop *loop;
    const struct config *config;
    void (*on_read)(void *data); /* called when a token command has ended; on failure value is unchanged */
    void *data;
};

/* Copies `value` as the new token; the log hides the token from now on. Returns 0, or -ENOMEM with nothing changed. */
int client_token_set(struct client_token *token, const char *value);

/* Reads the token again. Returns 0 when that is done, or when config->read_token is NULL: then `value` may still be
 * NULL. Returns 1 when a token command is running: on_read will be called from the loop, never from within
 * client_token_read(). Returns -errno with `value` unchanged: -ENOKEY when no token is configured. The serial changes
 * only if the new token differs from the old one. */
int client_token_read(struct client_token *token);

/* Stops a running token command without calling on_read; wipes and frees the token. */
void client_token_clear(struct client_token *token);

#endif
