/*
 * The query of a URL, taken apart.
 *
 * Threads:   none shared.
 * Ownership: query_free() frees what query_parse() made; values are borrowed until then.
 * Errors:    none; what is too much is dropped.
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

/* The last value under this key, or NULL; as PHP, the last one counts. Empty values count as none. */
const char *query_get(const struct query *query, const char *key);

/* A value as a number, or `otherwise` when there is none. */
long query_number(const struct query *query, const char *key, long otherwise);

/* True for true and any number but 0. */
bool query_flag(const struct query *query, const char *key);

#endif
