/* SPDX-License-Identifier: MIT */
/*
 * --purge: purges CDN resources, as writing their names to services/<id>/cdn/purge does.
 *
 * Threads:   loop thread only.
 * Ownership: the operands are borrowed.
 * Errors:    see shell.h. Of several names that fail, the first one's error is reported.
 */
#ifndef MELBICOMFS_SHELL_PURGE_H
#define MELBICOMFS_SHELL_PURGE_H

struct shell;

/* The first operand is the service: its id, or a path that leads to it. The others are the names; without any, the names
 * are read from the standard input, one per line. All names are checked before the first one is sent. Prints a line for
 * each name as purge.log has it, as soon as it is answered; with --json, an object. With -n, prints what would be sent
 * and sends nothing. */
void purge_run(struct shell *shell);

#endif
