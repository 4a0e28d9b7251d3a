/* SPDX-License-Identifier: MIT */
/*
 * The allocator functions replace those of the C library and of AddressSanitizer in the whole program, and pass calls on
 * to them. An allocation counts if the code that called the function is in one of the objects named in `counted`.
 *
 * This file is compiled without sanitizers: its functions run before AddressSanitizer has set up its memory.
 */
#include "allocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The real functions: of AddressSanitizer in a build with it, otherwise of the C library. */
extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *at, size_t size) __attribute__((weak));
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *at, size_t size);
extern void __sanitizer_print_stack_trace(void) __attribute__((weak));

char *strdup(const char *text);

/* Objects whose allocations count, by the beginning of their file names; "" is the program itself. */
static const char *const counted[] = {"", "libc.so", "libcurl", "libjson-c", "libfuse3", "libinih", "libINIReader"};

#define RANGES_MAX 16

static struct range {
    uintptr_t from, to;
} ranges[RANGES_MAX];
static size_t n_ranges;
static struct allocations own, *state = &own;
static bool trace, one_thread;
static __thread bool this_thread, quiet;

struct allocations *allocations_own(void)
{
    return &own;
}

void allocations_of_this_thread(void)
{
    this_thread = one_thread = true;
}

static bool is_counted(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (*counted[i] ? strncmp(name, counted[i], strlen(counted[i])) == 0 : !*name)
            return true;
    return false;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    if (!is_counted(info->dlpi_name))
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum && n_ranges < RANGES_MAX; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X))
            ranges[n_ranges++] = (struct range){from, from + segment->p_memsz};
    }
    return 0;
}

static void __attribute__((constructor)) allocations_begin(void)
{
    const char *path = getenv("MELBICOMFS_ALLOCATIONS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    (void)dl_iterate_phdr(add_object, NULL);
    trace = getenv("MELBICOMFS_ALLOCATIONS_TRACE") != NULL;
    if (!path)
        return;
    void *shared = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || shared == MAP_FAILED)
        abort();
    close(fd);
    state = shared;
}

static void show(void)
{
    atomic_store(&state->armed, false);
    __sanitizer_print_stack_trace();
    atomic_store(&state->armed, true);
}

/* Counts an allocation that `caller` asks for. True if it must fail. */
static bool fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    bool ours = false;

    if (quiet || !atomic_load_explicit(&state->armed, memory_order_acquire) || (one_thread && !this_thread))
        return false;
    for (size_t i = 0; i < n_ranges; i++)
        ours = ours || (at >= ranges[i].from && at < ranges[i].to);
    if (!ours)
        return false;
    long n = atomic_fetch_add(&state->seen, 1) + 1;
    if (n < atomic_load(&state->first) || n > atomic_load(&state->last))
        return false;
    atomic_fetch_add(&state->failed, 1);
    atomic_fetch_add(&state->failed_ever, 1);
    if (trace && __sanitizer_print_stack_trace)
        show();
    errno = ENOMEM;
    return true;
}

/* AddressSanitizer calls this at the start of each thread, and ends the program if it fails. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    int (*real)(pthread_t, pthread_attr_t *);

    quiet = true;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_getattr_np");
    int r = real(thread, attributes);
    quiet = false;
    return r;
}

static void *real_malloc(size_t size)
{
    return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    if (fails(__builtin_return_address(0)))
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

static void *real_realloc(void *at, size_t size)
{
    return __interceptor_realloc ? __interceptor_realloc(at, size) : __libc_realloc(at, size);
}

void *realloc(void *at, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_realloc(at, size);
}

void *reallocarray(void *at, size_t n, size_t size)
{
    size_t bytes;

    if (fails(__builtin_return_address(0)))
        return NULL;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return real_realloc(at, bytes);
}

static char *copy(const char *text, size_t len)
{
    char *to = real_malloc(len + 1);

    if (!to)
        return NULL;
    memcpy(to, text, len);
    to[len] = '\0';
    return to;
}

char *strdup(const char *text)
{
    return fails(__builtin_return_address(0)) ? NULL : copy(text, strlen(text));
}

char *strndup(const char *text, size_t max)
{
    return fails(__builtin_return_address(0)) ? NULL : copy(text, strnlen(text, max));
}
