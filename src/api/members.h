/* SPDX-License-Identifier: MIT */
/*
 * Members: finds members of a JSON object, each of which may have one of several names.
 *
 * A target is what is looked for, such as the invoice's due date. It has a list of names: duedate, dueDate, … The first
 * name in the list that the object has counts. If the object has several members with that name, the last one counts.
 *
 * Threads:   any; a struct members belongs to one thread at a time.
 * Ownership: members_new() creates, members_free() frees. Names are borrowed until then; found values point into the
 *            object.
 * Errors:    -EBADMSG when the object is not valid JSON, -ENOMEM.
 */
#ifndef MELBICOMFS_API_MEMBERS_H
#define MELBICOMFS_API_MEMBERS_H

#include "api/endpoints.h"
#include "json/json.h"

struct members;

/* The most targets. */
#define MEMBERS_TARGETS 8

/* Makes a search without any target. NULL when out of memory. members_free(NULL) is fine. */
struct members *members_new(void);
void members_free(struct members *members);

/* Adds names to target number `target`, below MEMBERS_TARGETS. */
void members_want(struct members *members, unsigned target, const char *const names[ENDPOINT_ALIASES]);

/* Looks for all targets in `object`. found[i] is the value of target i; its `at` is NULL if the object has no such
 * member, or is no object. Returns 0 or an error. */
int members_find(struct members *members, struct json_slice object, struct json_slice found[MEMBERS_TARGETS]);

/* Like members_find(), for a text that json_indent() has printed with no indentation, such as an item's: finds the
 * members by how their lines begin, which takes a fraction of the time. */
int members_find_in_text(struct members *members, struct json_slice text, struct json_slice found[MEMBERS_TARGETS]);

#endif
