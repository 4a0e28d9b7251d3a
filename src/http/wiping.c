/* SPDX-License-Identifier: MIT */
#include "http/wiping.h"

#include <curl/curl.h>
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

bool wiping_init(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) == CURLE_OK;
}
