/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    int value = at ? (int)(at - digits) : -1;
    return value >= 16 ? value - 6 : value;
}

static void decode(char *string)
{
    char *to = string;
    for (const char *from = string; *from; from++) {
        if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
            *to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
            from += 2;
        } else {
            *to++ = *from == '+' ? ' ' : *from;
        }
    }
    *to = '\0';
}

void query_parse(struct query *query, const char *string)
{
    query->n = 0;
    query->copy = strdup(string ? string : "");
    if (!query->copy)
        abort();
    char *rest = query->copy, *pair;
    while ((pair = strsep(&rest, "&")) && query->n < QUERY_MAX) {
        char *value = pair;
        char *key = strsep(&value, "=");
        decode(key);
        if (value)
            decode(value);
        query->pairs[query->n].key = key;
        query->pairs[query->n++].value = value ? value : "";
    }
}

void query_free(struct query *query)
{
    free(query->copy);
    query->copy = NULL;
    query->n = 0;
}

const char *query_get(const struct query *query, const char *key)
{
    for (size_t i = query->n; i-- > 0;)
        if (!strcmp(query->pairs[i].key, key))
            return *query->pairs[i].value ? query->pairs[i].value : NULL;
    return NULL;
}

long query_number(const struct query *query, const char *key, long otherwise)
{
    const char *value = query_get(query, key);
    if (!value)
        return otherwise;
    char *end;
    long number = strtol(value, &end, 10);
    return *end ? otherwise : number;
}

bool query_flag(const struct query *query, const char *key)
{
    const char *value = query_get(query, key);
    return value && (!strcmp(value, "true") || atol(value) != 0);
}
