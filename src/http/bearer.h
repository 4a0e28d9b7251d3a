/*
 * The token that requests are sent with.
 *
 * From a file it is read at once. A command takes seconds, and nobody in the loop may wait for it: it is started, and
 * on_read is called when it has ended.
 *
 * Threads:   loop thread only.
 * Ownership: lives in its user's struct; the value is its own, and wiped when it goes. loop and config are borrowed.
 * Errors:    negative errno of config->read_token.
 */
#ifndef MELBICOMFS_HTTP_BEARER_H
#define MELBICOMFS_HTTP_BEARER_H

#include <stdint.h>

#include "base/loop.h"

struct config;
struct token_reading;

/* Zero-initialise but for the last four: no token yet. */
struct client_token {
    char *value;                   /* or NULL */
    uint64_t serial;               /* moves when the value changes */
    struct token_reading *reading; /* under way, or NULL */
    struct timer deadline;

    struct loop *loop;
    const struct config *config;
    void (*on_read)(void *data); /* a reading under way has ended, well or not */
    void *data;
};

/* Takes a copy, which the log hides from now on. NULL, or no memory: nothing changes. */
void client_token_set(struct client_token *token, const char *value);

/* Reads the token anew. 0: done, also if there is none to read; 1: it takes time, and on_read will be called, not from
 * within this. The serial stays if the token is the same. */
int client_token_read(struct client_token *token);

/* Wipes and frees, without a call to on_read. */
void client_token_clear(struct client_token *token);

#endif
