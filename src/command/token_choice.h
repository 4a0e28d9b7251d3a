/*
 * Which of the places that may say a token is asked for it, in the order of token.h.
 *
 * A token of the file is for the URL that its own place of the file says. If the mount's URL is another, because the
 * environment or the command line says so, that token is passed over: it would go to a stranger.
 *
 * Threads:   main thread, before the fork.
 * Ownership: takes the strings it chooses out of the places; the rest stays the caller's.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_COMMAND_TOKEN_CHOICE_H
#define MELBICOMFS_COMMAND_TOKEN_CHOICE_H

#include <stdbool.h>

struct token_source;

struct token_places {
    struct token_source *option, *profile, *top;
    const char *profile_url, *top_url; /* of the tokens in the file */
    bool named;                        /* the profile is SOURCE, not the implicit [default] */
};

/* Fills *source, which is zero-initialised, with the one that wins for a mount of `url`. None is no error here: it stays
 * empty but for `elsewhere`. */
int token_choose(const struct token_places *places, const char *url, struct token_source *source);

#endif
