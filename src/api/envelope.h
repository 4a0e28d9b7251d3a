/* SPDX-License-Identifier: MIT */
/*
 * Envelopes: find what was asked for in an answer, whatever lies around it.
 *
 * The API's reference does not show its answers, so an envelope accepts every form that such APIs are known to use.
 *
 *      a list      an array
 *                  an array that is a member, up to three objects deep, with the collection's name, or called data,
 *                  value, result or items; or with any other name if it is the only list of objects that have an id
 *                  an object whose keys are all numbers: an array with gaps, as PHP prints it, or a list by id
 *                  one object with an id: a list of one
 *                  null, {}, or a total of 0 without a list: an empty list
 *      an object   the answer itself, a member as above, or the only element of a list
 *      a map       as an object; [] and null count as {}, because PHP writes an empty map as []
 *
 * Members called errors, warnings, messages, links, meta and the like never hold what was asked for. If the
 * configuration says where the list is (wanted->list), no other place is searched.
 *
 * The items of a list are delivered while the answer arrives, each at its last byte. When a better list follows, the
 * items that were delivered before are dropped. The members that stand beside the list (envelope_beside()) tell whether
 * the answer is a failure (outcome.h) and whether the list is whole (pages.h).
 *
 * Threads:   loop thread only.
 * Ownership: envelope_new() creates, envelope_free() frees. Slices and strings are borrowed as each function says.
 * Errors:    those of json.h, and what the sink returns; -ENOENT at the end if the answer is JSON but does not contain
 *            what was asked for.
 */
#ifndef MELBICOMFS_API_ENVELOPE_H
#define MELBICOMFS_API_ENVELOPE_H

#include "api/wanted.h"
#include "json/json.h"

#include <stddef.h>

struct envelope;
struct printbuf;

/* Where an envelope delivers what it finds. */
struct envelope_sink {
    /* Takes an item, or the object, or the map; `raw` is borrowed for the call. `key` is the item's key if the list is
     * an object with numbers as keys (FORM_KEYED); NULL otherwise, and also if the keys only count from 0. Returns 0,
     * or a negative number, which ends the reading with that error. */
    int (*item)(void *data, const char *key, struct json_slice raw);
    /* Drops all items that were delivered so far: they are not the list that was asked for. */
    void (*drop)(void *data);
    void *data;
};

/* Makes an envelope. `wanted` and `sink` are borrowed until envelope_free(). NULL when out of memory.
 * envelope_free(NULL) is fine. */
struct envelope *envelope_new(const struct wanted *wanted, const struct envelope_sink *sink);
void envelope_free(struct envelope *envelope);

/* Takes the next `len` bytes of the answer, cut anywhere. Returns 0 or an error; after an error, every later call
 * returns it again. */
int envelope_feed(struct envelope *envelope, const char *bytes, size_t len);

/* Tells the envelope that the answer is complete. Returns 0 or an error. */
int envelope_end(struct envelope *envelope);

/* The form in which the list, object or map was found; final after envelope_end(). */
enum form envelope_form(const struct envelope *envelope);

/* Where in the answer the list, object or map was found: a dotted path such as "data.invoices", or "" for the whole
 * answer. Final after envelope_end(); borrowed until envelope_free(). */
const char *envelope_path(const struct envelope *envelope);

/* The members that stand beside the list, as one object: the members of all objects around it, the outermost first. If
 * the answer is an array, {}. For an object or map: all members of the answer but the one that holds it. Long members
 * are left out. Complete after envelope_end(), also if that has failed with -ENOENT; borrowed until envelope_free(). */
struct json_slice envelope_beside(const struct envelope *envelope);

/* Appends in plain words what the answer is, such as "an object with the keys result, message", "null" or "nothing". At
 * most about 400 bytes, without control characters. */
void envelope_describe(const struct envelope *envelope, struct printbuf *out);

#endif
