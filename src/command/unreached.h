/* SPDX-License-Identifier: MIT */
/*
 * What to do if the API cannot be reached, for a person who waits: the check before a mount and --doctor say the same.
 * It is longer than the advice of http/verdict.h, which stands in each line of a log.
 *
 * Threads:   any.
 * Ownership: the caller frees the text.
 * Errors:    none; without memory the program ends with a message, as in report.h.
 */
#ifndef MELBICOMFS_COMMAND_UNREACHED_H
#define MELBICOMFS_COMMAND_UNREACHED_H

struct http_result;

/* What to do about a request that had no answer. */
char *unreached_advice(const struct http_result *result);

#endif
