/* SPDX-License-Identifier: MIT */
#include "shell/shell.h"

#include "shell/cat.h"
#include "shell/context.h"
#include "shell/export.h"
#include "shell/find.h"
#include "shell/list.h"
#include "shell/paths.h"
#include "shell/patterns.h"
#include "shell/purge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Makes paths of the operands from index `first` on; without any, the root. */
static void expand(struct shell *shell, size_t first, struct paths *ret)
{
    const struct shell_command *command = shell->command;
    if (command->n == first)
        paths_add(ret, ".");
    for (size_t i = first; i < command->n; i++)
        if (*command->operands[i])
            patterns_expand(shell, command->operands[i], ret);
        else
            shell_fail(shell, "''", -ENOENT);
}

static void run(struct shell *shell)
{
    struct paths paths = {.at = NULL};
    enum shell_verb verb = shell->command->verb;
    shell->least = verb == SHELL_EXPORT ? EX_TEMPFAIL : 1;
    if (verb != SHELL_PURGE)
        expand(shell, verb == SHELL_EXPORT, &paths);
    switch (verb) {
    case SHELL_LS:
        list_run(shell, &paths);
        break;
    case SHELL_CAT:
        cat_run(shell, &paths);
        break;
    case SHELL_FIND:
        find_run(shell, &paths);
        break;
    case SHELL_PURGE:
        purge_run(shell);
        break;
    case SHELL_EXPORT:
        export_run(shell, shell->command->operands[0], &paths);
        break;
    }
    paths_clear(&paths);
}

int shell_run(struct loop *loop, struct tree *tree, const struct shell_command *command)
{
    struct shell shell = {.loop = loop, .tree = tree, .command = command};
    run(&shell);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno != EPIPE) /* whoever read the output has seen enough */
            fprintf(stderr, "melbicomfs: cannot write the output: %s\n", strerror(errno));
        return shell.status > 1 ? shell.status : 1;
    }
    return shell.status;
}
