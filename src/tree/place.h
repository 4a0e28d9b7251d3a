/* SPDX-License-Identifier: MIT */
/*
 * Places: positions in the tree.
 *
 * A place is a route, the place above it, and the argument that its file name encodes. place_child() looks only at how
 * the name is written, so a place may have nothing there. tree_peek() (views.h) tells whether something is there.
 *
 * Threads:   loop thread only.
 * Ownership: the caller provides the struct. A place borrows its name and the place above it, which must outlive it.
 *            It owns `text`; place_clear() frees that.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_PLACE_H
#define MELBICOMFS_TREE_PLACE_H

#include "tree/routes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct place {
    struct place *above; /* NULL for the root */
    const struct route *route;
    const char *name; /* the file name; borrowed */
    uint64_t id;      /* SEGMENT_ID: the id. SEGMENT_TEXT: the id in a shared name (names.h). Otherwise ITEM_NO_ID */
    char *text;       /* SEGMENT_TEXT: the name decoded; owned. NULL for a cut or shared name, which cannot be decoded;
                         views.c fills it in when it finds the item of a cut name */
};

/* The arguments of a place: one for each segment in angle brackets on its path, counted from the root. The texts are
 * borrowed from the places or point into `numbers`, so the struct must not be copied. */
struct args {
    unsigned n;
    uint64_t ids[ROUTE_ARGS];      /* each segment's place.id */
    const char *texts[ROUTE_ARGS]; /* each segment's place.text, or its id in decimal; NULL: not known */
    char numbers[ROUTE_ARGS][24];  /* the ids in decimal */
};

/* Makes the place of `name` in directory `dir`. Both are borrowed for the life of the place. Returns 0 with *ret filled
 * in; -ENOENT when no entry of this directory can have that name; -ENOMEM. */
int place_child(struct place *dir, const char *name, struct place *ret);

/* Frees what the place owns. May be called twice. */
void place_clear(struct place *place);

/* Returns whether the place always exists, so that no answer of the API is needed to know it. */
bool place_is_certain(const struct place *place);

/* Returns the type and the permissions of what the place is, for st_mode, less the bits of `umask`. */
mode_t place_mode(const struct place *place, mode_t umask);

/* Returns the first id on the path: that of the service, product group or invoice at or above the place. ITEM_NO_ID
 * when the path contains no id. */
uint64_t place_id(const struct place *place);

/* Writes the path below the mount point, without a leading slash, into buf (`size` bytes with the NUL; a longer path is
 * cut). The root's path is "". Returns buf. */
char *place_path(const struct place *place, char *buf, size_t size);

/* Writes the target of a link that leads to item `id` into buf (`size` bytes with the NUL; a longer target is cut). The
 * place's route must be a ROUTE_LINK. Returns the length of the whole target, as snprintf() does. */
size_t place_target(const struct place *place, uint64_t id, char *buf, size_t size);

/* Returns what place_target() returns, without writing the target. */
size_t place_target_length(const struct place *place, uint64_t id);

/* Fills *ret with the arguments of a place. */
void args_of(const struct place *place, struct args *args);

/* Returns whether every argument's text is known. */
bool args_known(const struct args *args);

#endif
