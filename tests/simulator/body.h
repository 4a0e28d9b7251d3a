/* SPDX-License-Identifier: MIT */
/*
 * Bodies of answers, and the cache that keeps them. A body is rendered once and sent as often as it is asked for.
 *
 * Threads:   body_ref() and body_unref() from any thread; for the rest the caller holds the simulator's lock.
 * Ownership: bodies have a reference count. Each reference is given back with body_unref(). The cache has its own.
 * Errors:    none; running out of memory ends the program.
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
    char *gzip;    /* the same bytes compressed; NULL before body_compress() */
    char etag[20]; /* a strong ETag with its quotes; it depends only on the content, so a restart keeps it */
};

/* Makes a body of the text's bytes, and leaves the text empty. */
struct body *body_new(struct text *text);

struct body *body_ref(struct body *body);
void body_unref(struct body *body);

/* Fills in body->gzip, if it is NULL. */
void body_compress(struct body *body);

struct cache {
    struct cached *entries;
};

/* The body kept under `key`, as a new reference for the caller; NULL if there is none. */
struct body *cache_get(const struct cache *cache, const char *key);

/* Keeps a body of an operation under `key`, with a reference of the cache's own. */
void cache_put(struct cache *cache, enum operation operation, const char *key, struct body *body);

/* Removes the bodies of an operation; OP_UNKNOWN: of all operations. */
void cache_clear(struct cache *cache, enum operation operation);

#endif
