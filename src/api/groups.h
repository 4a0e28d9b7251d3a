/* SPDX-License-Identifier: MIT */
/*
 * Groups: the items of a document that have the same text in a field, such as all invoices with the status Paid.
 *
 * The groups and an index by text are made for a field when they are first needed, and are kept in the document until
 * its content changes.
 *
 * Threads:   loop thread only.
 * Ownership: groups and index belong to the document. All results are borrowed, until the document's generation moves.
 * Errors:    -ENOMEM, or NULL where a function returns a pointer.
 */
#ifndef MELBICOMFS_API_GROUPS_H
#define MELBICOMFS_API_GROUPS_H

#include <stddef.h>
#include <stdint.h>

struct document;
struct item;

/* The items that share one text. An item's number is its index in document->items. */
struct group {
    uint32_t first;             /* number of the first item */
    uint32_t count;             /* how many items there are */
    uint32_t n;                 /* how many of them have an id: the members */
    uint32_t *members;          /* numbers of the members, in order of id */
    uint64_t signature;         /* the tree's: hash of the listing of the members; 0: not made yet */
    struct group_name *ordered; /* the tree's: the members in the order of their listing; NULL: not made, not needed */
};

/* The tree's: an entry of a listing, and its ordinal. */
struct group_name {
    uint64_t ordinal;
    const struct item *item; /* the item, or the first item of the group */
    const char *text;        /* the text that the name is made of; NULL: the name is the item's id */
};

/* All groups of a field. */
struct groups {
    struct group *all; /* in order of their first items */
    size_t n;
    uint32_t *members;        /* the memory of all groups' members */
    struct group_name *names; /* the tree's: n names in order of ordinals; NULL: not made yet. Freed with the groups */
};

/* The first item, in the API's order, whose field has this text, or NULL. Without memory for the index it searches all
 * items. */
const struct item *document_with(struct document *document, unsigned field, const char *text);

/* The groups of a field. Items without the field or with an empty text are in no group. NULL when out of memory. */
struct groups *document_groups(struct document *document, unsigned field);

/* Finds the group with this text: returns 0, with *ret NULL if no item has the text; or -ENOMEM, with *ret
 * untouched. */
int document_group(struct document *document, unsigned field, const char *text, struct group **ret);

/* The i-th member in order of id, from 0; i < group->n. */
const struct item *group_nth(const struct document *document, const struct group *group, size_t i);

/* The number of members whose id is less than `id`. */
size_t group_rank(const struct document *document, const struct group *group, uint64_t id);

/* Frees the document's groups, indexes and `ordered`, and resets its signatures. */
void groups_clear(struct document *document);

/* Bytes of memory that the document's groups, indexes and `ordered` take. */
size_t groups_cost(const struct document *document);

#endif
