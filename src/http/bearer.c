/* SPDX-License-Identifier: MIT */
/*
 * The bearer token.
 */
#include "http/bearer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config.h"
#include "base/log.h"

static void wipe(char *value)
{
    if (value)
        explicit_bzero(value, strlen(value));
    free(value);
}

static void replace(struct client_token *token, char *value)
{
    wipe(token->value);
    token->value = value;
    token->serial++;
    log_hide(value);
}

void client_token_set(struct client_token *token, const char *value)
{
    char *copy = value ? strdup(value) : NULL;

    if (copy)
        replace(token, copy);
}

static void take(struct client_token *token, char *value)
{
    if (token->value && strcmp(token->value, value) == 0)
        wipe(value);
    else
        replace(token, value);
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
        take(token, value);
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
    take(token, value);
    return 0;
}

void client_token_clear(struct client_token *token)
{
    if (token->reading) {
        loop_unwatch(token->loop, token->reading->fd);
        timer_clear(&token->deadline);
        token->config->drop_token(steal(&token->reading));
    }
    wipe(token->value);
    token->value = NULL;
}
