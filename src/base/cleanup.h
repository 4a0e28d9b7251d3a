/*
 * Scope-bound release and visible transfer of ownership.
 *
 *      _cleanup_(freep) char *path = NULL;         released when the scope ends
 *      *ret = steal(&path);                        handed on, no longer ours
 *
 * Threads:   any; nothing is shared.
 * Ownership: a variable marked _cleanup_() owns what it points to until it is stolen.
 * Errors:    none.
 */
#ifndef MELBICOMFS_BASE_CLEANUP_H
#define MELBICOMFS_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Returns *p and leaves NULL behind. */
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
