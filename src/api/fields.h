/*
 * What is read of an item besides its text: its id, and the fields that views are made of.
 *
 * Of the names a thing may have (the endpoint's aliases) the first that the item has counts, of members with one name
 * the last. Everything comes from the raw bytes, in one walk over the item's members.
 *
 * Threads:   none shared.
 * Ownership: fields_new() gives, fields_free() takes back; texts live until the next item is read.
 * Errors:    -EBADMSG when the item is not valid, -ENOMEM.
 */
#ifndef MELBICOMFS_API_FIELDS_H
#define MELBICOMFS_API_FIELDS_H

#include "api/snapshot.h"
#include "json/json.h"

#include <stdint.h>

struct endpoint;
struct fields;

/* Borrows the endpoint. NULL when out of memory. fields_free(NULL) is fine. */
struct fields *fields_new(const struct endpoint *endpoint);
void fields_free(struct fields *fields);

/*
 * Reads an object that json_indent() accepted. *ret_id: ITEM_NO_ID when it has no id that a name can be made of; one is
 * a number or string of plain digits, without sign, fraction, exponent and leading zeros, up to ITEM_ID_MAX. ret_texts:
 * the fields' texts, NULL for null, an object, an array, and what is not there.
 */
int fields_read(struct fields *fields, struct json_slice item, uint64_t *ret_id,
                const char *ret_texts[SNAPSHOT_FIELDS]);

#endif
