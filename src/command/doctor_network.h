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

/* Checks that the API's host has an address. If the environment names a proxy, this is left to the proxy. Returns false
 * if the host has no address. */
bool doctor_name(const struct doctor_api *api);

/* Reports what the first answer tells about the connection, the certificate and this machine's clock. Returns false if
 * no answer came. */
bool doctor_connection(const struct doctor_api *api, const struct doctor_answer *answer);

#endif
