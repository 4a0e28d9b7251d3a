/* SPDX-License-Identifier: MIT */
/*
 * The doctor's look at the API: whether it takes the token, and what each operation answers.
 *
 * An operation that answers is asked once, and a list for one page. A purge is never sent.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    become findings of the report.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_OPERATIONS_H
#define MELBICOMFS_COMMAND_DOCTOR_OPERATIONS_H

#include <stdbool.h>
#include <stdio.h>

struct doctor_api;

/* Asks and reports. With `shapes`, also prints the skeletons of the answers there (doctor_shapes.h); or NULL. */
void doctor_operations(const struct doctor_api *api, FILE *shapes);

#endif
