/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean …?": of the names that exist, the one that a mistyped word resembles most.
 *
 *      struct closest closest = {.word = "tokenfile"};
 *      closest_try(&closest, "token");
 *      closest_try(&closest, "token_file");
 *      closest.name is "token_file"
 *
 * Two words resemble each other if few single steps make one of the other: a letter is added, left out or replaced, or
 * two neighbours change places. Upper and lower case are the same, and so are `-` and `_`. A third of the word's
 * letters may be wrong, but at least one and at most four.
 *
 * Threads:   any.
 * Ownership: strings are borrowed: the word and the names must live as long as the struct closest.
 * Errors:    none.
 */
#ifndef MELBICOMFS_BASE_CLOSEST_H
#define MELBICOMFS_BASE_CLOSEST_H

#include <stddef.h>

struct closest {
    const char *word;
    size_t len;        /* how many bytes of the word count; 0: all */
    const char *name;  /* the name that resembles the word most, so far; NULL: none does */
    unsigned distance; /* how many steps are between them */
};

/* Takes `name` for closest->name if it resembles the word more than the names before it. */
void closest_try(struct closest *closest, const char *name);

#endif
