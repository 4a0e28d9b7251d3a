/* SPDX-License-Identifier: MIT */
/*
 * The doctor's checks of the API: whether it accepts the token, and what each operation answers.
 *
 * Each operation is asked until one of its paths answers, and then not again. Of a list in pages, only the first page
 * is fetched. A purge is never sent.
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

/* Asks all operations and adds a finding for each. Also prints the skeletons of the answers on `shapes`, unless that is
 * NULL (doctor_shapes.h). */
void doctor_operations(const struct doctor_api *api, FILE *shapes);

#endif
