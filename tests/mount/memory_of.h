/* SPDX-License-Identifier: MIT */
/*
 * Looking for a text in the memory of a process.
 *
 * Threads:   the test's only.
 * Ownership: nothing is allocated that is not freed.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_MEMORY_OF_H
#define MELBICOMFS_TESTS_MEMORY_OF_H

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the copies of a text are. */
struct copies {
    unsigned n;
    unsigned long first; /* the address of the first copy */
    char where[1000];    /* the addresses and mappings of the copies, in words */
};

static inline void note_copy(struct copies *copies, unsigned long address, const char *mapping)
{
    size_t used = strlen(copies->where);

    if (copies->n++ == 0)
        copies->first = address;
    (void)snprintf(copies->where + used, sizeof copies->where - used, " %lx in %s;", address, mapping);
}

/* Notes each place in `bytes` where the first or the last half of the text is, and counts both halves as one if they
 * stand together: a copy of which a part was overwritten counts, too. */
static inline void search(struct copies *copies, const char *bytes, size_t len, unsigned long address,
                          const char *mapping, const char *text)
{
    size_t all = strlen(text), half = all / 2;
    const char *end = bytes + len;

    for (const char *p = bytes; (p = memmem(p, (size_t)(end - p), text, half)); p++)
        note_copy(copies, address + (unsigned long)(p - bytes), mapping);
    for (const char *p = bytes; (p = memmem(p, (size_t)(end - p), text + half, all - half)); p++)
        if (p < bytes + half || memcmp(p - half, text, half) != 0)
            note_copy(copies, address + (unsigned long)(p - bytes), mapping);
}

/* The memory of a process, as /proc shows it. */
struct memory_of {
    int mem, pagemap;
};

/* Searches the pages from `address` to `end` that were ever used; of those of a stack most never are. */
static inline void search_used_pages(struct copies *copies, const struct memory_of *of, unsigned long address,
                                     unsigned long end, const char *mapping, const char *text)
{
    const uint64_t used = 1ull << 63 | 1ull << 62; /* present, or swapped: pagemap in proc(5) */
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (end - address) / page;
    uint64_t *entries = calloc(n, sizeof *entries);

    assert_non_null(entries);
    assert_int_equal(pread(of->pagemap, entries, n * sizeof *entries, (off_t)(address / page * sizeof *entries)),
                     n * sizeof *entries);
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 0; i + run < n && entries[i + run] & used; run++)
            ;
        if (run == 0) {
            run = 1;
            continue;
        }
        char *bytes = malloc(run * page);
        assert_non_null(bytes);
        assert_int_equal(pread(of->mem, bytes, run * page, (off_t)(address + i * page)), run * page);
        search(copies, bytes, run * page, address + i * page, mapping, text);
        free(bytes);
    }
    free(entries);
}

/* Finds all copies of `text` in the memory that the process can write. What it can only read is files' bytes. Fails the
 * test if /proc does not give the memory. */
static inline struct copies copies_in(pid_t pid, const char *text)
{
    struct copies copies = {.n = 0};
    char path[64], line[1024];

    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    struct memory_of of = {.mem = open(path, O_RDONLY | O_CLOEXEC)};
    (void)snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    of.pagemap = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (of.mem < 0 || of.pagemap < 0 || !maps)
        fail_msg("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[8], name[512] = "no file";
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %511s", &from, &to, mode, name) < 3 || strncmp(mode, "rw", 2) != 0)
            continue;
        search_used_pages(&copies, &of, from, to, name, text);
    }
    (void)fclose(maps);
    (void)close(of.pagemap);
    (void)close(of.mem);
    return copies;
}

/* Whether the mapping of an address is left out of core files, those of gcore(1) too. */
static inline bool is_left_out_of_cores(pid_t pid, unsigned long address)
{
    char path[64], line[1024];
    bool inside = false, out = false;

    (void)snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    FILE *smaps = fopen(path, "re");
    assert_non_null(smaps);
    while (fgets(line, sizeof line, smaps)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = from <= address && address < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            out = strstr(line, " dd") != NULL;
    }
    (void)fclose(smaps);
    return out;
}

/* Ends the child `pid` with SIGTERM, and stops it on its way out, when main() has returned and its memory is still
 * there. Its memory can be read until let_go(). */
static inline void stop_at_exit(pid_t pid)
{
    int status;

    assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACEEXIT), 0);
    assert_int_equal(kill(pid, SIGTERM), 0);
    for (;;) {
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFSTOPPED(status))
            fail_msg("the process ended with the status %x before it was stopped", (unsigned)status);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            return;
        long signal = status >> 16 ? 0 : WSTOPSIG(status);
        assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, (void *)signal), 0);
    }
}

static inline void let_go(pid_t pid)
{
    assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
}

#endif
