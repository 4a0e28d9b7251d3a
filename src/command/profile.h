/* SPDX-License-Identifier: MIT */
/*
 * The configuration file: an INI file with one section per profile.
 *
 *      ttl = 120                            keys before the first section are for every profile
 *      [work]                               melbicomfs work MOUNTPOINT
 *      url = https://api.example.com/api
 *      token_file = ~/.melbicom-token
 *      [endpoints]                          not a profile: overrides of the endpoint table
 *      balance.path = /billing/credit
 *
 * A line that begins with # or ; is a comment. A comment cannot follow a value, because a token_command may contain a
 * `;`. All sections are checked, also those that are not used. A relative path is relative to the file's directory. A
 * file that has the key `token` anywhere is refused if group or others can read it.
 *
 * Threads:   main thread, before the fork.
 * Ownership: the caller owns the targets and frees their strings, also after a failure.
 * Errors:    EXIT_CONFIG, after settings_complain() with the file's name and, if a line is at fault, its number: once,
 *            or with every_fault once for each fault.
 */
#ifndef MELBICOMFS_COMMAND_PROFILE_H
#define MELBICOMFS_COMMAND_PROFILE_H

#include <stdbool.h>

struct settings_target;

/* The longest name of a section, in bytes. */
#define PROFILE_NAME_MAX 49

/* What to read. The keys before the first section are stored in `top`, the keys of the profile in `profile`: the two
 * are kept apart because a token may go only to the URL of its own place. Both targets have the same struct config, to
 * which the overrides of [endpoints] are added. */
struct profile_request {
    const char *path; /* absolute */
    bool required;    /* it is an error if the file does not exist */
    const char *name; /* the profile; NULL: read only the keys before the first section */
    bool optional;    /* it is no error if the profile does not exist */
    bool every_fault; /* report every fault, not only the first */
    struct settings_target *top, *profile;
};

/* Returns whether the file can be read and has a section with this name. */
bool profile_has(const char *path, const char *name);

/* Reads the file into the request's targets. Returns EXIT_OK or EXIT_CONFIG. */
int profile_read(const struct profile_request *request);

#endif
