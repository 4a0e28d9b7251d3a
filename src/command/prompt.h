/* SPDX-License-Identifier: MIT */
/*
 * Asks a person for a secret, or takes it from a pipe.
 *
 * Threads:   main thread.
 * Ownership: the caller owns the buffer and wipes it.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_COMMAND_PROMPT_H
#define MELBICOMFS_COMMAND_PROMPT_H

#include <stddef.h>

/*
 * Reads a secret from standard input into `buffer`; *ret_len is its length, at most `size`. If standard input is a
 * terminal, `question` is printed on stderr, and one line is read without echo. SIGINT, SIGTERM, SIGHUP and SIGQUIT end
 * the program with the terminal as it was; after SIGTSTP and SIGCONT the question is asked again. If standard input is no
 * terminal, everything is read until its end.
 *
 * Returns 0 or the errno of read(2) or of the terminal.
 */
int prompt_secret(const char *question, char *buffer, size_t size, size_t *ret_len);

#endif
