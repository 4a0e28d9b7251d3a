/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t pages_for(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (len + page) / page * page; /* one byte more than the text, for its NUL */
}

char *secret_new(const char *text)
{
    size_t len = strlen(text), size = pages_for(len);
    char *secret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED)
        return NULL;
    (void)madvise(secret, size, MADV_DONTDUMP);
    memcpy(secret, text, len + 1);
    return secret;
}

void secret_free(char *secret)
{
    if (!secret)
        return;
    size_t len = strlen(secret);
    explicit_bzero(secret, len);
    (void)munmap(secret, pages_for(len));
}

void secret_wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

/* FNV-1a from a random start. */
uint64_t secret_hash(const char *bytes, size_t len)
{
    static uint64_t key;

    if (!key)
        arc4random_buf(&key, sizeof(key));
    uint64_t value = key;
    for (size_t i = 0; i < len; i++)
        value = (value ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return value ^ value >> 32;
}
