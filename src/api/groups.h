/*
 * Groups: the items of a document by the text of a field.
 *
 * What a list is asked for between two changes is, again and again, those of one status, of one product, of one number.
 * So which items share a text is worked out once, when first asked, and is kept beside the items until they change.
 *
 * Threads:   loop thread only.
 * Ownership: all belongs to the document, and goes with its content.
 * Errors:    NULL or -ENOMEM when out of memory.
 */
#ifndef MELBICOMFS_API_GROUPS_H
#define MELBICOMFS_API_GROUPS_H

#include <stddef.h>
#include <stdint.h>

struct document;
struct item;

/* The items that have one text. */
struct group {
    uint32_t first;             /* number of the first, in the API's order */
    uint32_t count;             /* how many there are */
    uint32_t n;                 /* how many have an id */
    uint32_t *members;          /* their numbers, in order of id */
    uint64_t signature;         /* the tree's: of the listing of these; 0: not made yet */
    struct group_name *ordered; /* the tree's: the members in the order of their listing; NULL: not made, not needed */
};

/* For the tree: an entry of a listing, and its ordinal. */
struct group_name {
    uint64_t ordinal;
    const struct item *item; /* the first, where the entry stands for several */
    const char *text;        /* what the name stands for; NULL where the id is the name */
};

struct groups {
    struct group *all; /* in order of their first items */
    size_t n;
    uint32_t *members;
    struct group_name *names; /* the tree's, in order of ordinals, n of them; NULL: not made yet; freed with the rest */
};

/* The first item, in the API's order, whose field has that text; NULL when none has. */
const struct item *document_with(struct document *document, unsigned field, const char *text);

/* The groups of a field; an empty text is none. NULL when out of memory. Borrowed, as long as the generation. */
struct groups *document_groups(struct document *document, unsigned field);

/* The group of a text: 0 and *ret, NULL where nothing has it; or -ENOMEM. */
int document_group(struct document *document, unsigned field, const char *text, struct group **ret);

/* The i-th member in order of id, i < group->n. */
const struct item *group_nth(const struct document *document, const struct group *group, size_t i);

/* How many members have an id below `id`. */
size_t group_rank(const struct document *document, const struct group *group, uint64_t id);

/* Forgets what was worked out. */
void groups_clear(struct document *document);

/* Bytes that it takes. */
size_t groups_cost(const struct document *document);

#endif
