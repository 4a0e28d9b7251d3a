/* SPDX-License-Identifier: MIT */
/*
 * The login, `melbicomfs --login [PROFILE]`: asks for a token, tries it, and stores it where a mount looks for it.
 *
 *      1. decide which file gets the token, and whether the configuration file has to name it; refuse to replace
 *         anything without --force
 *      2. read the token: without echo from a terminal, or from standard input
 *      3. try it: the check that a mount makes, then the balance
 *      4. write the token's file, then the configuration file
 *
 * Without PROFILE, the token goes into the file `token` beside the usual configuration file, where every mount looks
 * last. With a PROFILE it goes into the file PROFILE.token beside the configuration file, and the profile's section gets
 * the key token_file=. A section that already has a token_file= keeps it, and that file gets the token. If the
 * configuration file gives another URL than -o url= or MELBICOM_URL, or another token, or is not the usual one, then the
 * section ([default] without PROFILE) gets what a mount needs: token_file=, and url= if it differs.
 *
 * The token is in no message, and in no file before the API has accepted it.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    an exit status of enum options_exit, after one line on stderr.
 */
#ifndef MELBICOMFS_COMMAND_LOGIN_H
#define MELBICOMFS_COMMAND_LOGIN_H

struct config;
struct endpoints;
struct options_login;

/* The check that a mount makes before it detaches. Returns EXIT_OK, or another exit status after a line in the log. */
typedef int login_check(void *data, const char *token);

/* Runs the login and prints on stdout what the API said and how to mount. `check` is called with `data`. */
int login_run(const struct config *config, const struct options_login *options, struct endpoints *endpoints,
              login_check *check, void *data);

#endif
