/* SPDX-License-Identifier: MIT */
/*
 * Texts that must not be found in memory longer than they are used.
 *
 * Threads:   any. secret_hash() chooses its key when it is called for the first time; that call must not run beside
 *            another one.
 * Ownership: secret_new() gives, secret_free() frees.
 * Errors:    NULL when out of memory.
 */
#ifndef MELBICOMFS_BASE_SECRET_H
#define MELBICOMFS_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

/* A copy of `text` in pages of its own, which no core file shows, not even one that gcore(1) makes for root
 * (MADV_DONTDUMP). */
char *secret_new(const char *text);

/* Wipes and frees what secret_new() has returned. secret_free(NULL) is fine. */
void secret_free(char *secret);

/* Wipes and frees a malloc'd text, and sets *text to NULL. *text may be NULL. For _cleanup_(secret_wipe), too. */
void secret_wipe(char **text);

/* A hash of `len` bytes by which a secret can be recognised without a copy of it. The key is random and differs in each
 * run of the program. */
uint64_t secret_hash(const char *bytes, size_t len);

#endif
