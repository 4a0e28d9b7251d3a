/* SPDX-License-Identifier: MIT */
/*
 * The doctor, `melbicomfs --doctor`: checks everything that a mount needs, from this machine to the API's answers, and
 * reports what it found and what to do (report.h). It mounts nothing and purges nothing.
 *
 *      this machine    doctor_local.h: FUSE (machine.h), the mount point, the settings, the token's place, dead mounts
 *      the network     doctor_network.h: name, TLS, clock
 *      the API         doctor_operations.h: whether the token is accepted, and the answer of each operation
 *
 * The doctor sends no request if the settings are wrong or there is no token.
 *
 * The other headers serve the third part. A visit (doctor_visit.h) asks an operation (doctor_api.h) and reads the
 * answer by a mount's rules (doctor_reading.h); if these find nothing, it searches the answer (doctor_find.h).
 * doctor_items.h judges what was found, with guesses at names (doctor_guess.h). doctor_shapes.h prints the answers'
 * skeletons.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    become findings of the report.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_H
#define MELBICOMFS_COMMAND_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

struct config;
struct options_notes;

/* Runs all checks and prints the report on `out`, in the format that `notes` asks for (--json, --shapes). If
 * config->mountpoint is set, `check_mountpoint` checks it, which is mountpoint_check() of mount/mountpoint.h. Returns the
 * exit status: EXIT_OK, or the highest of EXIT_MOUNT, EXIT_UNREACHABLE, EXIT_TOKEN and EXIT_CONFIG among the failed checks. */
int doctor_run(const struct config *config, const struct options_notes *notes,
               int (*check_mountpoint)(const char *path, bool look_only), FILE *out);

#endif
