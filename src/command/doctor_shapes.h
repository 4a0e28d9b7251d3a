/* SPDX-License-Identifier: MIT */
/*
 * Shapes: the skeletons of answers, for a bug report. A skeleton has the keys, types and lengths of an answer, and no
 * value. The elements of a list become one, with the keys of all of them.
 *
 *      "services": {"http_status": 200, …, "shape": ["12 elements", {"id": "number 5", "domain (9 of 12)": "string 0-24"}]}
 *
 * A key that looks like data becomes <number> or <name>: an account has keys such as host names, ids and addresses. Keys
 * are printed only if they look like the names that programmers give. Hosts, URLs and configured paths are not printed.
 *
 * Threads:   one thread at a time.
 * Ownership: arguments are borrowed.
 * Errors:    none. When memory runs out, as report.h says.
 */
#ifndef MELBICOMFS_COMMAND_DOCTOR_SHAPES_H
#define MELBICOMFS_COMMAND_DOCTOR_SHAPES_H

#include <stdio.h>

struct doctor_visit;
struct json_object;

/* Prints the skeletons of the answers of OPERATIONS visits, by operation, as one JSON object. */
void doctor_shapes(const struct doctor_visit *visits, FILE *out);

/* The skeleton of one answer, as JSON. The caller releases it. */
struct json_object *doctor_skeleton(struct json_object *answer);

#endif
