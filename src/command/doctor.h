/* SPDX-License-Identifier: MIT */
/*
 * The doctor, `melbicomfs --doctor`: looks at everything a mount needs, in the order in which things break, and says
 * what it found and what to do. It mounts nothing and purges nothing.
 *
 *      this machine    doctor_local.h: FUSE, the settings, the token's place, dead mounts
 *      the network     doctor_network.h: name, TLS, clock, whether the token is accepted
 *      the API         doctor_operations.h: each operation, asked once
 *
 * Each part needs the part before it: with wrong settings or without a token, nothing is asked of the API.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    are what it reports.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_H
#define MELBICOMFS_COMMAND_DOCTOR_H

#include <stdio.h>

struct config;
struct options_notes;

/* Prints the report on `out`. Returns the exit status: EXIT_OK, or the highest of EXIT_UNREACHABLE, EXIT_TOKEN and
 * EXIT_CONFIG that any failed check stands for. */
int doctor_run(const struct config *config, const struct options_notes *notes, FILE *out);

#endif
