/* SPDX-License-Identifier: MIT */
/*
 * uthash, in which an insertion may fail. By default uthash ends the program when it cannot allocate memory.
 *
 * After HASH_ADD… of `element` with the handle `hh`, table_holds(element, hh) tells whether the table has taken it. If
 * not, the table is as before, and the element must not be deleted from it.
 *
 * Threads:   as the user's.
 * Ownership: as for uthash: elements belong to the user.
 * Errors:    see above.
 */
#ifndef MELBICOMFS_BASE_TABLE_H
#define MELBICOMFS_BASE_TABLE_H

#ifdef UTHASH_H
#error "include base/table.h instead of uthash.h"
#endif
#define HASH_NONFATAL_OOM 1

#include <uthash.h>

#define table_holds(element, hh) ((element)->hh.tbl != NULL)

#endif
