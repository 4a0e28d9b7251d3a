/* SPDX-License-Identifier: MIT */
/*
 * What all commands of the shell share: the loop, the tree, the command, and the exit status.
 *
 * Threads:   loop thread only.
 * Ownership: shell.c owns the struct, which borrows everything in it.
 * Errors:    shell_fail() reports them.
 */
#ifndef MELBICOMFS_SHELL_CONTEXT_H
#define MELBICOMFS_SHELL_CONTEXT_H

#include "shell/shell.h"

struct shell {
    struct loop *loop;
    struct tree *tree;
    const struct shell_command *command;
    int status; /* the exit status so far */
    int least;  /* the least exit status of a failure */
};

/* Reports that a path failed: prints the line on stderr, after all output so far, and raises the exit status. `error` is
 * -errno. */
void shell_fail(struct shell *shell, const char *path, int error);

/* Prints a text as a JSON string. */
void shell_print_quoted(const char *text);

#endif
