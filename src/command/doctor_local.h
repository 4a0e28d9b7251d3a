/* SPDX-License-Identifier: MIT */
/*
 * The doctor's checks that need no network: FUSE on this machine, the settings, the token's place, and dead mounts.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    become findings of the report.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_LOCAL_H
#define MELBICOMFS_COMMAND_DOCTOR_LOCAL_H

#include <stdbool.h>

struct config;
struct options_notes;
struct report;

/* Whether the device, usually /dev/fuse, can be opened. */
void doctor_device(struct report *report, const char *device);

/* Whether fusermount3 is in one of the directories of `path`, separated by colons, and may mount. Root mounts without
 * it, `is_root`. */
void doctor_helper(struct report *report, const char *path, bool is_root);

/* Whether the file, usually /etc/fuse.conf, has user_allow_other, if a user who is not root asks for allow_other or
 * allow_root in the comma-separated `options` (or NULL). */
void doctor_allow_other(struct report *report, const char *options, const char *file, bool is_root);

/* The configuration file and all other settings, [endpoints] included. Returns whether all are right. */
bool doctor_settings(struct report *report, const struct config *config, const struct options_notes *notes);

/* Where the token comes from, and whether it can be read. Returns true and the token in *ret, which the caller wipes and
 * frees; or false. */
bool doctor_token(struct report *report, const struct config *config, char **ret);

/* Mounts of this program, found in `mountinfo` (usually /proc/self/mountinfo), that no process serves any more. */
void doctor_mounts(struct report *report, const char *mountinfo);

#endif
