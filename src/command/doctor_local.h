/* SPDX-License-Identifier: MIT */
/*
 * The doctor's checks that need no network: FUSE on this machine, the settings, the token's place, and dead mounts.
 * Each adds one or several findings to the report.
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

/* Checks that the device, usually /dev/fuse, can be opened, and that a mount is not forbidden to everybody; see
 * machine.h for what a mount itself checks. */
void doctor_device(struct report *report, const char *device);

/* Checks that one of the directories in `path`, separated by colons, has fusermount3, and that it may mount. If
 * `is_root`, its absence is only a warning, because root mounts without it. */
void doctor_helper(struct report *report, const char *path, bool is_root);

/* If the comma-separated `options` (or NULL) contain allow_other or allow_root: checks that the user is root, or that
 * `file`, usually /etc/fuse.conf, has the line user_allow_other. Otherwise adds no finding. */
void doctor_allow_other(struct report *report, const char *options, const char *file, bool is_root);

/* Checks the configuration file and all other settings, [endpoints] included. Returns whether all are right. */
bool doctor_settings(struct report *report, const struct config *config, const struct options_notes *notes);

/* Reads the token, and reports its place but not the token itself. Returns true with the token in *ret, which the
 * caller wipes and frees; or false, with *ret untouched. */
bool doctor_token(struct report *report, const struct config *config, char **ret);

/* Checks the mount point with `check`, which is mountpoint_check() of mount/mountpoint.h. */
bool doctor_mountpoint(struct report *report, const char *path, int (*check)(const char *path, bool look_only));

/* Checks each mount of this program in `mountinfo`, usually /proc/self/mountinfo: warns about those whose program has
 * died, and those that do not answer within 2 s. */
void doctor_mounts(struct report *report, const char *mountinfo);

#endif
