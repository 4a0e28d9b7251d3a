/* SPDX-License-Identifier: MIT */
/*
 * Turns the text of a setting's value into a number, a path or a URL. The rules are the same for -o, the environment
 * and the configuration file.
 *
 * Threads:   main thread, before the fork.
 * Ownership: a string returned in *ret is malloc'd and the caller's to free.
 * Errors:    0 or a negative errno. -EINVAL: the text is not such a value. -ERANGE: the number is below min or above
 *            max. -ENOMEM. *ret is untouched on failure.
 */
#ifndef MELBICOMFS_COMMAND_VALUES_H
#define MELBICOMFS_COMMAND_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole number without sign or space, in base 8 or 10. min and max are both allowed. */
int value_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *ret);

/* Reads a number of bytes: a whole number, which may be followed by K, M, G or T (powers of 1024), in either case. */
int value_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* Reads a time: a whole number of seconds, or a whole number with a unit: s, m, h or d. *ret, min and max are in
 * seconds. */
int value_time(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* The same, with or without decimals, such as 0.5 or 1.5h. *ret, min and max are in milliseconds; decimals after the
 * third are cut. */
int value_seconds(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* Reads a flag: 1, yes, true or on; 0, no, false or off; in either case. */
int value_bool(const char *text, bool *ret);

/* Reads the name of a level of the log: error, warning, info or debug. *ret is an enum log_level. */
int value_level(const char *text, uint64_t *ret);

/* Makes a path absolute. ~/… is relative to the home directory; any other relative path is relative to `directory`, an
 * absolute path, or to the working directory if `directory` is NULL. Also returns the errors of getcwd(3). */
int value_path(const char *text, const char *directory, char **ret);

/* Checks a base URL and returns it without trailing slashes. The URL must be https, or http to a loopback host, and
 * must have no user, password, query or fragment. On -EINVAL, *ret_why is a constant that says what is wrong. It never
 * repeats the text, which may contain a password. */
int value_url(const char *text, char **ret, const char **ret_why);

/* Checks the URL of a proxy: http, https, socks5 or socks5h, a host, perhaps a port, a user and a password. The log hides
 * the password from then on. On -EINVAL, *ret_why is a constant that says what is wrong. */
int value_proxy(const char *text, char **ret, const char **ret_why);

/* Returns the home directory: $HOME if it belongs to this user (for root: in any case), otherwise the directory in the
 * user database. $HOME alone is not enough: mount(8) at boot runs without $HOME, and with root's $HOME if an ordinary
 * user mounts a line of fstab. -EINVAL if there is no home directory. */
int value_home(char **ret);

#endif
