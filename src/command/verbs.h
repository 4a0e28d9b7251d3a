/* SPDX-License-Identifier: MIT */
/*
 * The verbs: the long options that show the account without a mount, such as --cat.
 *
 *      melbicomfs [SOURCE] --cat PATH…
 *
 * What stands before the verb is SOURCE, and what stands after it are the verb's operands. -o and other flags may stand
 * anywhere.
 *
 * Threads:   main thread.
 * Ownership: operands are borrowed from argv; the array of them is owned by the struct options_shell.
 * Errors:    an exit status of enum options_exit, after a complaint.
 */
#ifndef MELBICOMFS_COMMAND_VERBS_H
#define MELBICOMFS_COMMAND_VERBS_H

#include "command/options.h"

/* The values of the verbs for getopt_long(3): VERBS_FIRST + the enum options_verb. */
#define VERBS_FIRST 256

/* Takes a verb, `flag` as getopt_long() returned it. */
int verbs_take(struct options_shell *shell, int flag);

/* Takes -l, -L or -n. */
void verbs_take_flag(struct options_shell *shell, int flag);

/* Adds one operand. Returns EXIT_OK or, when out of memory, EXIT_CONFIG. */
int verbs_take_operand(struct options_shell *shell, char *operand);

/* Checks that no flag is given that the verb, or the lack of one, does not allow. `json`: --json is given. */
int verbs_check_flags(const struct options_shell *shell, bool json);

/* Moves SOURCE, if it is given, from the operands to *source, and checks how many operands are left. */
int verbs_split(struct options_shell *shell, char **source);

#endif
