/* SPDX-License-Identifier: MIT */
/*
 * Writing files that belong to the user alone. A file is replaced as a whole: a reader sees the old bytes or the new
 * ones, also after a crash of the machine. A symbolic link stays, and the file that it leads to is replaced.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed.
 * Errors:    negative errno. After a failure the old file is untouched, and no temporary file is left.
 */
#ifndef MELBICOMFS_COMMAND_PRIVATE_FILE_H
#define MELBICOMFS_COMMAND_PRIVATE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the directory in which `path`, an absolute path, lies, and those above it, with mode 0700 each. Those that
 * exist stay as they are. */
int private_file_make_directory(const char *path);

/* Writes `len` bytes into the file `path`, an absolute path. A new file has the mode 0600. A file that is replaced keeps
 * its owner, and with `keep_mode` its mode; otherwise its mode becomes 0600. SIGINT, SIGTERM, SIGHUP and SIGQUIT wait
 * until the end. */
int private_file_write(const char *path, const char *bytes, size_t len, bool keep_mode);

#endif
