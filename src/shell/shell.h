/* SPDX-License-Identifier: MIT */
/*
 * The shell: the tree without a mount. It shows the same paths, texts, names and errors as the mount does, and ends.
 *
 *      shell.h     one command, from its operands to the exit status
 *      patterns.h  operands with * ? [ ] become paths           paths.h    a list of paths
 *      look.h      walks a path and waits for what it shows     context.h  what all commands share, and failures
 *      cat.h list.h find.h purge.h export.h                     the commands
 *      kept.h      what an export has written                   copy.h     files and links on a disk
 *      progress.h  how far an export is
 *
 * Threads:   loop thread only.
 * Ownership: all arguments are borrowed.
 * Errors:    each path that fails is one line on stderr, `melbicomfs: PATH: ` and the text of the errno that the mount
 *            gives for this path. The exit status tells the gravest failure.
 */
#ifndef MELBICOMFS_SHELL_SHELL_H
#define MELBICOMFS_SHELL_SHELL_H

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct tree;

enum shell_verb { SHELL_LS, SHELL_CAT, SHELL_FIND, SHELL_PURGE, SHELL_EXPORT };

/* What to do. */
struct shell_command {
    enum shell_verb verb;
    char *const *operands; /* what follows the verb on the command line */
    size_t n;
    bool details; /* -l */
    bool json;    /* --json */
    bool copies;  /* -L */
    bool dry_run; /* -n */
};

/* Runs the command on the loop, and returns the exit status: 0; 1 when a path failed or the output cannot be written;
 * 69 when the API could not be reached; 75 when an export is not whole; 77 when it refused the token. If several paths failed in different ways, it is
 * the highest of their statuses. */
int shell_run(struct loop *loop, struct tree *tree, const struct shell_command *command);

#endif
