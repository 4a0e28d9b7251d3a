/* SPDX-License-Identifier: MIT */
/*
 * libfuse, which is loaded when something is to be mounted, and not when the program starts. So what needs no mount
 * (--cat, --purge, --export, --doctor, …) runs where libfuse is not installed.
 *
 * library.c defines the functions of libfuse that this folder calls. Each of them calls the function of the same name in
 * the loaded library. The program must therefore not be linked with libfuse.
 *
 * Threads:   library_load() and library_version() from the main thread, before any other. After library_load(), the
 *            functions of libfuse from any thread that libfuse allows.
 * Ownership: the library stays loaded until the program ends.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_MOUNT_LIBRARY_H
#define MELBICOMFS_MOUNT_LIBRARY_H

/* Loads libfuse. Returns 0, also if it was loaded before; or -ENOENT after a line in the log that says what is missing
 * and what to do. */
int library_load(void);

/* The version of libfuse, or "not installed". Loads libfuse. The string is constant. */
const char *library_version(void);

#endif
