/* SPDX-License-Identifier: MIT */
/*
 * Chooses the place from which the token is read, in the order of token.h.
 *
 * A token in the configuration file is for the URL of its own place in the file. If the environment or the command line
 * gives the mount another URL, that token is not chosen: it would be sent to a foreign server.
 *
 * MELBICOM_TOKEN is taken out of the environment, even if another place is chosen, so that neither the programs that
 * this one starts nor /proc/PID/environ show it. The kernel shows there, to root and to the same user, the bytes from
 * mm->env_start to mm->env_end, which execve(2) has put on the stack (environ_read() in Linux). `environ` points to
 * those bytes as long as nobody has called setenv(3) or putenv(3) for the variable. So the value is overwritten where
 * `environ` points, with as many x; the file keeps its length and looks like any other. unsetenv(3) only removes the
 * pointer.
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
    const char *own;                   /* the path of the user's own token file, or NULL: there is no home directory */
    const char *profile_url, *top_url; /* the URL for which the profile's token is, and that of the top's token */
    bool named;                        /* SOURCE is given; false: the profile is [default] */
    const char *profile_name;          /* the profile, or NULL: SOURCE is a URL */
    const char *config;                /* the path of the configuration file, or NULL: there is no home directory */
    bool is_usual;                     /* that path is the usual one, not one that -o config= gives */
};

/* Takes MELBICOM_TOKEN out of the environment and fills *source, which the caller has zero-initialised, with the place
 * of the token for a mount of `url`. Returns 0 or -ENOMEM. If no place gives a token, that is no error:
 * source->missing is set, source->elsewhere may be set, and token_read() will return -ENOKEY. */
int token_choose(const struct token_places *places, const char *url, struct token_source *source);

#endif
