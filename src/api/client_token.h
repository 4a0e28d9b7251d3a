/*
 * The token that requests are sent with.
 *
 * Threads:   loop thread only.
 * Ownership: lives in its user's struct; the value is its own, and wiped when it goes.
 * Errors:    negative errno of config->read_token.
 */
#ifndef MELBICOMFS_API_CLIENT_TOKEN_H
#define MELBICOMFS_API_CLIENT_TOKEN_H

#include <stdint.h>

struct config;

/* Zero-initialise: no token yet. */
struct client_token {
    char *value;     /* or NULL */
    uint64_t serial; /* moves when the value changes */
};

/* Takes a copy, which the log hides from now on. NULL, or no memory: nothing changes. */
void client_token_set(struct client_token *token, const char *value);

/* Asks config->read_token, if there is one. The serial stays if the token is the same. */
int client_token_read(struct client_token *token, const struct config *config);

/* Wipes and frees. */
void client_token_clear(struct client_token *token);

#endif
