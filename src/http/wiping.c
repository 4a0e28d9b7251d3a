/* SPDX-License-Identifier: MIT */
#include "http/wiping.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void wiping_free(void *block)
{
    if (block)
        explicit_bzero(block, malloc_usable_size(block));
    free(block);
}

/* realloc(3) may move a block and leave the old one as it is. */
static void *wiping_realloc(void *block, size_t size)
{
    size_t had = block ? malloc_usable_size(block) : 0;
    if (block && size <= had)
        return block;
    void *moved = malloc(size);
    if (moved && block) {
        memcpy(moved, block, had);
        wiping_free(block);
    }
    return moved;
}

/*
 * libcurl 7.88 lets nghttp2 use malloc(3) and free(3), while 8.14 gives it its own allocator, which is the one above.
 * So the function with which 7.88 makes a session is replaced: a function of the program comes before one of a library
 * (ld.so(8)). It makes the session as libcurl 8.14 does. Where libcurl does not call it, it does nothing.
 */
struct nghttp2_allocator {
    void *data;
    void *(*malloc)(size_t size, void *data);
    void (*free)(void *block, void *data);
    void *(*calloc)(size_t n, size_t size, void *data);
    void *(*realloc)(void *block, size_t size, void *data);
};

static void *for_malloc(size_t size, void *data)
{
    (void)data;
    return malloc(size);
}

static void for_free(void *block, void *data)
{
    (void)data;
    wiping_free(block);
}

static void *for_calloc(size_t n, size_t size, void *data)
{
    (void)data;
    return calloc(n, size);
}

static void *for_realloc(void *block, size_t size, void *data)
{
    (void)data;
    return wiping_realloc(block, size);
}

/* As in nghttp2/nghttp2.h, which need not be installed. */
int nghttp2_session_client_new2(void **ret, const void *callbacks, void *user, const void *option);

int nghttp2_session_client_new2(void **ret, const void *callbacks, void *user, const void *option)
{
    static struct nghttp2_allocator allocator = {NULL, for_malloc, for_free, for_calloc, for_realloc};
    int (*make)(void **, const void *, void *, const void *, struct nghttp2_allocator *) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "nghttp2_session_client_new3");
    if (!found)
        return -901; /* NGHTTP2_ERR_NOMEM */
    memcpy(&make, &found, sizeof(make));
    return make(ret, callbacks, user, option, &allocator);
}

bool wiping_init(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) == CURLE_OK;
}
