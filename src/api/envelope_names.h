/* SPDX-License-Identifier: MIT */
/*
 * Names: what the name of a member tells about its value, for all operations alike.
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

/* How likely a member with this name holds what was asked for; from the least likely class to the most likely. */
enum name_class {
    NAME_NEVER,   /* errors, warnings, links, meta and the like: never */
    NAME_OTHER,   /* an unknown name */
    NAME_GENERIC, /* data, value, result, items */
    NAME_OWN      /* the collection's or the object's own name */
};

/* Returns the class of a member's name, in any case of letters. `names` are the collection's own names,
 * NULL-terminated; or NULL. */
enum name_class name_class_of(const char *key, const char *const *names);

/* True if an envelope may have such a member beside the object that it holds: status, message, meta, total and the
 * like. Such a member is then not a part of the object. */
bool name_is_beside(const char *key);

/* True for a key of digits only. */
bool name_is_number(const char *key);

/* True for a key that ends in a number with at most 16 bytes before it: 5, inv-5. */
bool name_has_number(const char *key);

/* Takes the first of these names (NULL-terminated) under which the object has a scalar. Returns whether that scalar is
 * an id: digits only, as a number or as a string. `scratch` is overwritten. */
bool object_has_id(struct json_slice object, const char *const *ids, struct printbuf *scratch);

/* True if the object is a JSON-RPC envelope, whose id is that of the call: it has a member jsonrpc; or, as in JSON-RPC 1.0,
 * an error and a result that is null. `scratch` is overwritten. */
bool object_is_call(struct json_slice object, struct printbuf *scratch);

/* True if the object has a member with one of these names (NULL-terminated) whose value is a string, a number, true or
 * false. `scratch` is overwritten. */
bool object_has_scalar(struct json_slice object, const char *const *names, struct printbuf *scratch);

/* Appends a key to a text such as "an object with the keys a, b, …", which the first call begins. *n counts the keys
 * and is 0 before the first call. The text shows the first eight keys, at most 40 bytes of each, cut between characters,
 * with a question mark for each control character and each byte that is not UTF-8. */
void append_key(struct printbuf *out, size_t *n, const char *key);

/* Appends in words what a JSON value is: "an object with the keys a, b", "a list", "null". `scratch` is overwritten. */
void append_kind(struct printbuf *out, struct json_slice value, struct printbuf *scratch);

#endif
