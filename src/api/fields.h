/* SPDX-License-Identifier: MIT */
/*
 * Fields: reads an item's id and the fields that views are made of, such as its status.
 *
 * The reading lists several possible names for the id and for each field; members.h says which of them counts.
 *
 * Threads:   any; a struct fields belongs to one thread at a time.
 * Ownership: fields_new() creates, fields_free() frees. Texts are borrowed until the next fields_read() or
 *            fields_free().
 * Errors:    -EBADMSG when the item is not valid JSON, -ENOMEM.
 */
#ifndef MELBICOMFS_API_FIELDS_H
#define MELBICOMFS_API_FIELDS_H

#include "api/snapshot.h"
#include "json/json.h"

#include <stdint.h>

struct endpoint_reading;
struct fields;

/* Makes a reader of items. `reading` has the names to look for, and is borrowed until fields_free(). NULL when out of
 * memory. fields_free(NULL) is fine. */
struct fields *fields_new(const struct endpoint_reading *reading);
void fields_free(struct fields *fields);

/*
 * Reads `printed`, an item that json_indent() has printed with no indentation. Returns 0 or an error.
 *
 *  - *ret_id is the item's id, or ITEM_NO_ID. An id is a number or a string of digits only, without leading zeros, and
 *    at most ITEM_ID_MAX.
 *  - ret_texts has the text of each field; NULL when the field is absent, null, an object or an array. A field that has
 *    known values is spelled in one way: "unpaid" and "UNPAID" become the known "Unpaid", and an unknown "DRAFT" becomes
 *    "Draft".
 */
int fields_read(struct fields *fields, struct json_slice printed, uint64_t *ret_id,
                const char *ret_texts[SNAPSHOT_FIELDS]);

#endif
