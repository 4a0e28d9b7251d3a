/* SPDX-License-Identifier: MIT */
/*
 * The heap: lets malloc() get its memory in large pages.
 *
 * A long answer becomes tens of megabytes of small allocations. The kernel interrupts the program at the first touch of
 * each page. With pages of 4 KiB, this can take several times as long as all the work on the answer, most of all on a
 * virtual machine. With large pages (2 MiB on x86), it takes next to nothing.
 *
 * Threads:   heap_init() before there is a second thread; heap_grown() on the loop's thread.
 * Ownership: none.
 * Errors:    none. Where the kernel or the C library has no such pages, everything works as without this file.
 */
#ifndef MELBICOMFS_BASE_HEAP_H
#define MELBICOMFS_BASE_HEAP_H

#include <stddef.h>

/* Lets the heap grow in steps that have room for large pages. Memory is used only when it is touched. */
void heap_init(void);

/* Asks for large pages in what the heap has grown by since the last call. To be called again and again while memory is
 * allocated for an answer: what has been touched before the call stays in small pages. `len` is how many bytes of the
 * answer have come. Does nothing before heap_init(), and until an answer is longer than 1 MiB: the memory of a small
 * account must not be counted in steps of 2 MiB. */
void heap_grown(size_t len);

#endif
