/* SPDX-License-Identifier: MIT */
/*
 * The doctor's checks of the way to the API: its name, the connection with TLS, and the clock.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    become findings of the report.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_NETWORK_H
#define MELBICOMFS_COMMAND_DOCTOR_NETWORK_H

#include <stdbool.h>

struct doctor_answer;
struct doctor_api;

/* Whether the API's host has an address. A proxy that the environment names looks for it itself. */
bool doctor_name(const struct doctor_api *api);

/* What the first answer says of the connection, the certificate and the clock. Returns whether there was an answer. */
bool doctor_connection(const struct doctor_api *api, const struct doctor_answer *answer);

#endif
