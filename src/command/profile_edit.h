/* SPDX-License-Identifier: MIT */
/*
 * Changes one profile of a configuration file and keeps every other byte of it: comments, order, blank lines and line
 * ends. It reads lines, sections and keys as profile.c does.
 *
 * Threads:   main thread.
 * Ownership: arguments are borrowed; the new text is the caller's to wipe and free.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_COMMAND_PROFILE_EDIT_H
#define MELBICOMFS_COMMAND_PROFILE_EDIT_H

#include <stddef.h>

struct profile_edit {
    const char *section;    /* the profile's name */
    const char *token_file; /* the value of token_file=; the keys token, token_file and token_command go */
    const char *url;        /* the value of url=, which replaces another one; NULL: url= stays as it is */
};

/* Makes the new text of a file with `len` bytes of text. The new keys stand at the beginning of the section; a section
 * that is not there is added at the end of the file. */
int profile_edit(const char *text, size_t len, const struct profile_edit *edit, char **ret, size_t *ret_len);

#endif
