/* SPDX-License-Identifier: MIT */
/*
 * Elements: of a list inside an item, such as an invoice's items, in the forms that APIs of this kind give it.
 *
 *      [{…}, {…}]              an array of elements
 *      {"item": [{…}, {…}]}    the same in an object
 *      {"0": {…}, "2": {…}}    an object of elements only, as PHP prints an array with gaps, or {"item": {…}}
 *      {…}                     any other object that has members is the only element
 *
 * null, {} and scalars have no elements.
 *
 * Threads:   any; nothing is shared.
 * Ownership: all is borrowed.
 * Errors:    the negative number that a callback returns.
 */
#ifndef MELBICOMFS_TREE_ELEMENTS_H
#define MELBICOMFS_TREE_ELEMENTS_H

#include "json/json.h"

/* Calls fn(data, element) for each element of `list`, in order; `at` of the list may be NULL. Returns 0, or the negative
 * number that fn returned, which ends the walk. */
int elements_each(struct json_slice list, int (*fn)(void *data, struct json_slice element), void *data);

#endif
