/* SPDX-License-Identifier: MIT */
/*
 * The bearer token.
 */
#include "http/bearer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config.h"
#include "base/log.h"
#include "base/secret.h"

int client_token_set(struct client_token *token, const char *value)
{
    char *copy = secret_new(value);

    if (!copy)
        return -ENOMEM;
    secret_free(token->value);
    token->value = copy;
    token->serial++;
    log_hide(value);
    return 0;
}

/* Takes over a token that has been read, and wipes `value`. */
static int take(struct client_token *token, char *value)
{
    int r = 0;

    if (!token->value || strcmp(token->value, value) != 0)
        r = client_token_set(token, value);
    secret_wipe(&value);
    return r;
}

static void ask(void *data)
{
    struct client_token *token = data;
    int fd = token->reading->fd;
    char *value = NULL;
    int r = token->config->ask_token(token->reading, &value);

    if (r == 1)
        return;
    loop_unwatch(token->loop, fd);
    timer_clear(&token->deadline);
    token->reading = NULL;
    if (r == 0)
        (void)take(token, value); /* out of memory: the old token stays */
    token->on_read(token->data);
}

static void is_ready(void *data, short revents)
{
    (void)revents;
    ask(data);
}

static int start(struct client_token *token)
{
    int r = token->config->start_token(token->config->read_token_data, &token->reading);

    if (r < 0)
        return r;
    r = loop_watch(token->loop, token->reading->fd, POLLIN, is_ready, token);
    if (r < 0) {
        token->config->drop_token(steal(&token->reading));
        return r;
    }
    token->deadline.fn = ask;
    token->deadline.data = token;
    timer_set(token->loop, &token->deadline, token->reading->deadline);
    return 1;
}

int client_token_read(struct client_token *token)
{
    const struct config *config = token->config;
    char *value = NULL;
    int r;

    if (token->reading)
        return 1;
    if (config->start_token)
        return start(token);
    if (!config->read_token)
        return 0;
    r = config->read_token(config->read_token_data, &value);
    if (r < 0)
        return r;
    return take(token, value);
}

void client_token_clear(struct client_token *token)
{
    if (token->reading) {
        loop_unwatch(token->loop, token->reading->fd);
        timer_clear(&token->deadline);
        token->config->drop_token(steal(&token->reading));
    }
    secret_free(token->value);
    token->value = NULL;
}
