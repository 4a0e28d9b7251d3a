/* SPDX-License-Identifier: MIT */
/*
 * Whether this machine can mount a FUSE file system: the device, the rights, fusermount3 and /etc/fuse.conf. A mount looks
 * here before it asks the API, and so does --doctor, so that both name the same cause in the same words.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed; a fault is the caller's struct and holds its own text.
 * Errors:    a fault is no error: each function returns whether it has found one, and then fills *ret.
 */
#ifndef MELBICOMFS_COMMAND_MACHINE_H
#define MELBICOMFS_COMMAND_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

struct config;

/* What is wrong, to what, and what to do about it. Longer texts are cut. */
struct machine_fault {
    char what[1024], advice[1024];
};

/* Whether the file system at `root` ("" for this machine's own) is that of a container: Docker and Podman leave a file
 * there, and older control groups name the container. */
bool machine_is_container(const char *root);

/* The device, usually /dev/fuse, cannot be opened. `container`: the advice is for a container. */
bool machine_lacks_device(const char *device, bool container, struct machine_fault *ret);

/* No process that this one starts can mount, because CAP_SYS_ADMIN has been taken from all of them, or because a user's
 * fusermount3 cannot become root. */
bool machine_lacks_rights(bool container, struct machine_fault *ret);

/* Finds fusermount3 in the directories of `path`, which have colons between them. Returns whether it is there, with its
 * path in *ret. */
bool machine_find_helper(const char *path, char *ret, size_t size);

/* An ordinary user cannot mount, because fusermount3 is not in `path` or is not setuid root. */
bool machine_lacks_helper(const char *path, struct machine_fault *ret);

/* Which of allow_other and allow_root the comma-separated `options` (or NULL) have, or NULL. */
const char *machine_opens_mount(const char *options);

/* The options have allow_other or allow_root, and `file`, usually /etc/fuse.conf, has no line user_allow_other, so that
 * only root may use them. */
bool machine_refuses_others(const char *options, const char *file, struct machine_fault *ret);

/* The directories in which fusermount3 is looked for: where libfuse looks, usually /usr/bin, and then those of $PATH. */
void machine_helper_path(char *ret, size_t size);

/* Makes all of these checks for a mount of `config` by this user. Stops at the first fault. */
bool machine_cannot_mount(const struct config *config, struct machine_fault *ret);

#endif
