/* SPDX-License-Identifier: MIT */
/*
 * What the names of an envelope's members mean, whatever the operation is.
 *
 * Threads:   any; nothing is kept.
 * Ownership: all is borrowed.
 * Errors:    none.
 */
#ifndef MELBICOMFS_API_ENVELOPE_NAMES_H
#define MELBICOMFS_API_ENVELOPE_NAMES_H

#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

struct printbuf;

/* What may stand under a name. */
enum name_class {
    NAME_NEVER,   /* never what was asked for: errors, warnings, links, meta … */
    NAME_OTHER,   /* a name that means nothing here */
    NAME_GENERIC, /* data, value, result, items */
    NAME_OWN      /* the collection's or object's own name */
};

/* The class of a member's name. `names` are the collection's own names, NULL-terminated; or NULL. */
enum name_class name_class_of(const char *key, const char *const *names);

/* True if such a member may stand beside an object in an envelope, and says nothing about the object: status, message,
 * meta, total … */
bool name_is_beside(const char *key);

/* True for a key of digits only. */
bool name_is_number(const char *key);

/* True for a key that ends in a number, with at most 16 other characters before it: 5, inv-5. */
bool name_has_number(const char *key);

/* True if the object has a member with one of these names (NULL-terminated) whose value is an id: digits, as a number or
 * as a string. `scratch` is overwritten. */
bool object_has_id(struct json_slice object, const char *const *ids, struct printbuf *scratch);

/* True if the object is a JSON-RPC envelope, whose id is that of the call: it has a member jsonrpc; or, as in JSON-RPC 1.0,
 * an error and a result that is null. `scratch` is overwritten. */
bool object_is_call(struct json_slice object, struct printbuf *scratch);

/* True if the object has a member with one of these names (NULL-terminated) whose value is a string, number or word
 * other than null. `scratch` is overwritten. */
bool object_has_scalar(struct json_slice object, const char *const *names, struct printbuf *scratch);

/* Appends a key to a list of keys for a person: "an object with the keys a, b, …". *n counts the keys, from 0; only the
 * first eight are shown, cut at 40 bytes, without control characters. */
void append_key(struct printbuf *out, size_t *n, const char *key);

/* Appends what a JSON value is for a person: "an object with the keys a, b", "a list", "null". */
void append_kind(struct printbuf *out, struct json_slice value, struct printbuf *scratch);

#endif
