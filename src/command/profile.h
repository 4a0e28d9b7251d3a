/*
 * The configuration file: an INI file, a section a profile.
 *
 *      ttl = 120                            keys before the first section hold for every profile
 *      [work]                               melbicomfs work MOUNTPOINT
 *      url = https://api.example.com/api
 *      token_file = ~/.melbicom-token
 *      [endpoints]                          not a profile: overrides of the endpoint table
 *      balance.path = /billing/credit
 *
 * A line that begins with # or ; is a comment. There are none behind a value: a token_command may well hold a `;`.
 * Every section is checked, not only the one that is used. Relative paths are below the file's directory.
 *
 * Threads:   main thread, before the fork.
 * Ownership: the caller clears what the targets hold, also after a failure.
 * Errors:    EXIT_CONFIG, after one line on stderr with the file and the line's number.
 */
#ifndef MELBICOMFS_COMMAND_PROFILE_H
#define MELBICOMFS_COMMAND_PROFILE_H

#include <stdbool.h>

struct settings_target;

/* What the token and URL keys before the first section say, and those of the profile, go to different targets, as a
 * token is for the URL of its own place. Both targets share one config; overrides are added to it. */
struct profile_request {
    const char *path; /* absolute */
    bool required;    /* a file that is not there is an error */
    const char *name; /* the profile; NULL: none, only the top counts */
    bool optional;    /* there need not be such a profile */
    struct settings_target *top, *profile;
};

/* Reads the file into the request's targets. EXIT_OK or EXIT_CONFIG. */
int profile_read(const struct profile_request *request);

#endif
