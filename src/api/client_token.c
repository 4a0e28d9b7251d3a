/*
 * The token that requests are sent with.
 */
#include "api/client_token.h"

#include <stdlib.h>
#include <string.h>

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

int client_token_read(struct client_token *token, const struct config *config)
{
    char *value = NULL;
    int r;

    if (!config->read_token)
        return 0;
    r = config->read_token(config->read_token_data, &value);
    if (r < 0)
        return r;
    if (token->value && strcmp(token->value, value) == 0)
        wipe(value);
    else
        replace(token, value);
    return 0;
}

void client_token_clear(struct client_token *token)
{
    wipe(token->value);
    *token = (struct client_token){0};
}
