/*
 * The text of a setting's value becomes a number, a path or a URL. The same rules hold for -o, the environment and the
 * configuration file.
 *
 * Threads:   main thread, before the fork.
 * Ownership: strings through ret_… are malloc'd and the caller's.
 * Errors:    -EINVAL for text that is no such value, -ERANGE for one outside min to max, -ENOMEM. Results stay
 *            untouched on failure.
 */
#ifndef MELBICOMFS_COMMAND_VALUES_H
#define MELBICOMFS_COMMAND_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number without sign or space; base is 8 or 10. */
int value_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *ret);

/* Bytes: a whole number with K, M, G or T (of 1024) after it, or nothing. */
int value_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* Seconds with or without decimals, such as 0.5; *ret, min and max are milliseconds. */
int value_seconds(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* 1, yes, true, on; 0, no, false, off. */
int value_bool(const char *text, bool *ret);

/* A path, made absolute: below the home directory for ~/…, below `directory` (absolute; NULL: the working directory)
 * when it is relative. */
int value_path(const char *text, const char *directory, char **ret);

/* The base URL without its trailing slashes: https, or http to a loopback host, without user, password, query or
 * fragment. On -EINVAL *ret_why, a constant, says what is wrong with it; it never repeats the text, which may hold a
 * password. */
int value_url(const char *text, char **ret, const char **ret_why);

/* The home directory: $HOME if that is this user's (root's may be anybody's), else what the user database says. mount(8)
 * at boot has no $HOME, and for an ordinary user's line of fstab it has root's. -EINVAL when there is none. */
int value_home(char **ret);

#endif
