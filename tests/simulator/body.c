/* SPDX-License-Identifier: MIT */
#include "body.h"

#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <zlib.h>

/* More distinct answers than this, and the cache starts anew: nothing a test does needs more. */
#define CACHE_MAX 512

struct cached {
    char *key;
    enum operation operation;
    struct body *body;
    UT_hash_handle hh;
};

/* Eight bytes a step, because a body may be a gigabyte; nobody attacks an ETag here. */
static uint64_t hash(const char *data, size_t len)
{
    uint64_t h = 0x9e3779b97f4a7c15U ^ len;
    for (; len >= 8; data += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdU;
        h ^= h >> 32;
    }
    for (; len; data++, len--)
        h = (h ^ (unsigned char)*data) * 0x100000001b3U;
    return h ^ h >> 29;
}

struct body *body_new(struct text *text)
{
    struct body *body = calloc(1, sizeof(*body));
    if (!body)
        abort();
    body->refs = 1;
    body->data = text->data;
    body->len = text->len;
    snprintf(body->etag, sizeof(body->etag), "\"%016llx\"", (unsigned long long)hash(body->data, body->len));
    *text = (struct text){0};
    return body;
}

struct body *body_ref(struct body *body)
{
    __atomic_add_fetch(&body->refs, 1, __ATOMIC_RELAXED);
    return body;
}

void body_unref(struct body *body)
{
    if (!body || __atomic_sub_fetch(&body->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free(body->data);
    free(body->gzip);
    free(body);
}

/* zlib counts a step's bytes in 32 bits, so a large body goes in steps. */
static size_t step(size_t left)
{
    return left < (1U << 30) ? left : 1U << 30;
}

void body_compress(struct body *body)
{
    z_stream z = {0};

    if (body->gzip)
        return;
    /* 16 asks for the gzip format. */
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    size_t room = deflateBound(&z, body->len);
    char *out = malloc(room);
    if (!out)
        abort();
    size_t taken = 0, made = 0;
    int state = Z_OK;
    while (state != Z_STREAM_END) {
        size_t in = step(body->len - taken), space = step(room - made);
        z.next_in = (Bytef *)body->data + taken;
        z.avail_in = (uInt)in;
        z.next_out = (Bytef *)out + made;
        z.avail_out = (uInt)space;
        state = deflate(&z, taken + in == body->len ? Z_FINISH : Z_NO_FLUSH);
        taken += in - z.avail_in;
        made += space - z.avail_out;
    }
    deflateEnd(&z);
    char *fitted = realloc(out, made);
    body->gzip = fitted ? fitted : out;
    body->gzip_len = made;
}

struct body *cache_get(const struct cache *cache, const char *key)
{
    struct cached *entry;
    HASH_FIND_STR(cache->entries, key, entry);
    return entry ? body_ref(entry->body) : NULL;
}

void cache_put(struct cache *cache, enum operation operation, const char *key, struct body *body)
{
    if (HASH_COUNT(cache->entries) >= CACHE_MAX)
        cache_clear(cache, OP_UNKNOWN);
    struct cached *entry = calloc(1, sizeof(*entry));
    if (!entry || !(entry->key = strdup(key)))
        abort();
    entry->operation = operation;
    entry->body = body_ref(body);
    HASH_ADD_KEYPTR(hh, cache->entries, entry->key, strlen(entry->key), entry);
}

void cache_clear(struct cache *cache, enum operation operation)
{
    struct cached *entry, *next;
    HASH_ITER(hh, cache->entries, entry, next)
    {
        if (operation != OP_UNKNOWN && entry->operation != operation)
            continue;
        HASH_DEL(cache->entries, entry);
        body_unref(entry->body);
        free(entry->key);
        free(entry);
    }
}
