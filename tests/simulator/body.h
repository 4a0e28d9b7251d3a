/*
 * Bodies of answers, rendered once and served as often as asked for, and the cache that keeps them.
 *
 * Threads:   body_ref() and body_unref() from any; the rest under the simulator's lock.
 * Ownership: a body is counted; whoever got a reference gives it back with body_unref(). The cache holds its own.
 * Errors:    none; no memory ends the program.
 */
#ifndef SIMULATOR_BODY_H
#define SIMULATOR_BODY_H

#include "operations.h"

#include <stddef.h>

struct text;
struct cached;

struct body {
    int refs;
    size_t len;
    char *data;
    size_t gzip_len;
    char *gzip;    /* the same, compressed, once somebody wanted that */
    char etag[20]; /* strong, with its quotes; of the content alone, so that it survives a restart */
};

/* Takes the text's bytes over and leaves it empty. */
struct body *body_new(struct text *text);

struct body *body_ref(struct body *body);
void body_unref(struct body *body);

/* Makes sure that body->gzip is there. */
void body_compress(struct body *body);

struct cache {
    struct cached *entries;
};

/* A reference for the caller, or NULL. */
struct body *cache_get(const struct cache *cache, const char *key);

/* Keeps a reference of its own. */
void cache_put(struct cache *cache, enum operation operation, const char *key, struct body *body);

/* Forgets an operation's answers; OP_UNKNOWN: all. */
void cache_clear(struct cache *cache, enum operation operation);

#endif
