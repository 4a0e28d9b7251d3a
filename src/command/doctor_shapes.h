/* SPDX-License-Identifier: MIT */
/*
 * Shapes: the skeletons of answers, for a bug report. A skeleton has the keys, types and lengths of an answer, but no
 * values. All elements of a list are merged into one, which has the keys of all of them.
 *
 *      "services": {"path": "/services", "http_status": 200, …,
 *                   "shape": ["12 elements", {"id": "number 5", "domain (9 of 12)": "string 0-24"}]}
 *
 * Answers may have data as keys: host names, ids, addresses. So a key is printed only if it looks like a name that a
 * programmer chose; any other key is printed as <number> or <name>. Hosts, URLs and configured paths are not printed.
 *
 * Threads:   one thread at a time.
 * Ownership: arguments are borrowed.
 * Errors:    none. If memory runs out, the program ends (report.h).
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_SHAPES_H
#define MELBICOMFS_COMMAND_DOCTOR_SHAPES_H

#include <stdio.h>

struct doctor_visit;
struct json_object;

/* Prints the skeletons of the answers as one JSON object, with the operations' names as keys. `visits` is an array with
 * a visit of each operation, by enum operation; a visit that was not asked is left out. */
void doctor_shapes(const struct doctor_visit *visits, FILE *out);

/* Returns the skeleton of one answer, as JSON; the caller releases it with json_object_put(). */
struct json_object *doctor_skeleton(struct json_object *answer);

#endif
