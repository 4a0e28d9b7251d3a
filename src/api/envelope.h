/* SPDX-License-Identifier: MIT */
/*
 * Envelopes: find what was asked for in an answer, whatever lies around it.
 *
 * The API's reference does not show its answers, so an envelope reads all the forms that such APIs are known to use:
 *
 *      a list    an array; or an array up to three objects deep, as the value of a member with the collection's name, or
 *                called data, value, result or items, or under any other name if it is the only list of objects that
 *                have an id; or an object whose keys are all numbers, as PHP prints an array with gaps, or a list by id;
 *                or one object with an id, for a list of one; or null, {} and a total of 0 for an empty list
 *      an object itself; or up to three objects deep, in a member as above; or in a list of one
 *      a map     the same as an object; [] counts as {}, because PHP writes an empty map as []
 *
 * Members called errors, warnings, messages, links, meta and the like never hold what was asked for. If the configuration
 * says where the list is (`list`), it is looked for only there.
 *
 * The items of a list are delivered while the answer arrives, each at its last byte. When a list turns out not to be the
 * one that was asked for, its items are dropped, and the better list follows. What stood beside the list (`beside`) says
 * whether the answer is a failure (outcome.h) and whether the list is whole (pages.h).
 *
 * Threads:   loop thread only.
 * Ownership: envelope_new() creates, envelope_free() frees. Slices and strings are borrowed as each function says.
 * Errors:    those of json.h; -ENOENT at the end if the answer is JSON but does not contain what was asked for.
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
    /* An item, the object or the map; borrowed for the call. `key`: the key of an item in an object with numbers as keys
     * (FORM_KEYED), unless the keys only count from 0; else NULL. Returns 0, or a negative number, which ends the
     * reading with that error. */
    int (*item)(void *data, const char *key, struct json_slice raw);
    /* The items that were delivered so far are not the list: forget them. */
    void (*drop)(void *data);
    void *data;
};

/* Makes an envelope. `wanted` and `sink` are borrowed until envelope_free(). NULL when out of memory. envelope_free(NULL) is fine. */
struct envelope *envelope_new(const struct wanted *wanted, const struct envelope_sink *sink);
void envelope_free(struct envelope *envelope);

/* Takes the next `len` bytes of the answer, cut anywhere. 0 or an error, which every later call returns again. */
int envelope_feed(struct envelope *envelope, const char *bytes, size_t len);

/* The answer is complete. 0, or an error as above. */
int envelope_end(struct envelope *envelope);

/* In what form it was found; final after envelope_end(). */
enum form envelope_form(const struct envelope *envelope);

/* Where it was found: a dotted path such as "data.invoices", or "" for the whole answer. Borrowed until
 * envelope_free(). */
const char *envelope_path(const struct envelope *envelope);

/* The members that stood beside the list, as one object: those of all objects around it, the outermost first. For an
 * object or map that is not enveloped, the object itself; for an array, {}. Long members are left out. Borrowed until
 * envelope_free(); complete after envelope_end(), also after it has failed with -ENOENT. */
struct json_slice envelope_beside(const struct envelope *envelope);

/* Appends in plain words what the answer is: "an object with the keys result, message", "a list", "null", "nothing". At
 * most about 400 bytes, without control characters below U+0020. */
void envelope_describe(const struct envelope *envelope, struct printbuf *out);

#endif
