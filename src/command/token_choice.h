/* SPDX-License-Identifier: MIT */
/*
 * Chooses the place from which the token is read, in the order of token.h.
 *
 * A token in the configuration file is for the URL of its own place in the file. If the environment or the command line
 * gives the mount another URL, that token is not chosen: it would be sent to a foreign server.
 *
 * Threads:   main thread, before the fork.
 * Ownership: a chosen string moves from its place to the result; the other strings stay the caller's. The caller frees
 *            the result with token_source_clear(), also after a failure.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_COMMAND_TOKEN_CHOICE_H
#define MELBICOMFS_COMMAND_TOKEN_CHOICE_H

#include <stdbool.h>

struct token_source;

/* The tokens of all places. */
struct token_places {
    struct token_source *option, *profile, *top; /* from -o, from the profile, from the top of the file */
    const char *profile_url, *top_url; /* the URL for which the profile's token is, and that of the top's token */
    bool named;                        /* SOURCE is given; false: the profile is [default] */
};

/* Fills *source, which the caller has zero-initialised, with the place of the token for a mount of `url`. Returns 0 or
 * -ENOMEM. If no place gives a token, that is no error: only source->elsewhere may be set, and token_read() will return
 * -ENOKEY. */
int token_choose(const struct token_places *places, const char *url, struct token_source *source);

#endif
