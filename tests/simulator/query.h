/* SPDX-License-Identifier: MIT */
/*
 * The query of a URL, parsed into keys and values.
 *
 * Threads:   any; no shared state.
 * Ownership: query_free() frees what query_parse() made; values are borrowed until then.
 * Errors:    none; pairs beyond QUERY_MAX are ignored.
 */
#ifndef SIMULATOR_QUERY_H
#define SIMULATOR_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#define QUERY_MAX 256

struct query {
    char *copy;
    size_t n;
    struct {
        const char *key, *value;
    } pairs[QUERY_MAX];
};

/* `string` is what follows the question mark; NULL is an empty query. Percent escapes and plus signs are decoded. */
void query_parse(struct query *query, const char *string);
void query_free(struct query *query);

/* The value of a key; NULL if the key is missing or its value is empty. If a key is there more than once, the last
 * value counts, as in PHP. */
const char *query_get(const struct query *query, const char *key);

/* The value of a key as a number; `otherwise` if the key has none. */
long query_number(const struct query *query, const char *key, long otherwise);

/* Whether the value of a key is "true" or a number other than 0. */
bool query_flag(const struct query *query, const char *key);

#endif
