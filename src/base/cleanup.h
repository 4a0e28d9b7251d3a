/* SPDX-License-Identifier: MIT */
/*
 * Scope-bound release and visible transfer of ownership.
 *
 *      _cleanup_(freep) char *path = NULL;         freed when the scope ends
 *      *ret = steal(&path);                        the caller owns the string now, and path is NULL
 *
 * Threads:   any; nothing is shared.
 * Ownership: a variable marked _cleanup_() owns what it points to, until steal() takes the pointer out of it.
 * Errors:    none.
 */
#ifndef MELBICOMFS_BASE_CLEANUP_H
#define MELBICOMFS_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Marks a variable: f(&variable) is called when the variable's scope ends. */
#define _cleanup_(f) __attribute__((cleanup(f)))

/* Returns the pointer *p and sets *p to NULL. The receiver of the result becomes the owner. */
#define steal(p)                                                                                                       \
    __extension__({                                                                                                    \
        __typeof__(p) _p = (p);                                                                                        \
        __typeof__(*_p) _v = *_p;                                                                                      \
        *_p = NULL;                                                                                                    \
        _v;                                                                                                            \
    })

/* For _cleanup_(freep): frees what a `T *` variable points to. */
static inline void freep(void *p)
{
    free(*(void **)p);
}

/* For _cleanup_(closep): closes a file descriptor that is not negative. */
static inline void closep(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#endif
