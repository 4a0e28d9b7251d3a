/* SPDX-License-Identifier: MIT */
/*
 * Arguments: what stands on the command line, and the help. What the words of -o and the name of a profile mean is for
 * options.c to find out.
 *
 * Threads:   main thread, before the fork.
 * Ownership: the caller provides the struct; `options` is its to free, everything else is borrowed.
 * Errors:    an exit status of enum options_exit, after one line on stderr that says what is wrong and what to do.
 */
#ifndef MELBICOMFS_COMMAND_ARGUMENTS_H
#define MELBICOMFS_COMMAND_ARGUMENTS_H

#include "command/options.h"

struct config;

struct arguments {
    struct config *config;       /* takes foreground and debug */
    struct options_notes *notes; /* takes the flags of --doctor and --login, and the verb with what it is given */
    enum options_action action;
    char *source, *mountpoint; /* of argv, or NULL */
    char *options;             /* the values of all -o, joined with commas, still escaped; or NULL */
};

/* Takes the arguments of the program. With OPTIONS_HELP the help has been printed. After -h and -V nothing is taken, so
 * that mistakes there do not count. */
int arguments_take(struct arguments *arguments, int argc, char **argv);

/* Appends `item` to the comma-separated *list, which may be NULL and is the caller's to free. Returns EXIT_OK or, when
 * out of memory, EXIT_CONFIG. */
int arguments_join(char **list, const char *item);

#endif
