/* SPDX-License-Identifier: MIT */
/*
 * The trace: one line in the log for each request of the kernel, when it is answered, for log_level=debug:
 *
 *      kernel: LOOKUP billing/balance -> node 12 (0.1 ms)
 *      kernel: GETATTR billing/balance waits
 *      kernel: GETATTR billing/balance -> 11 bytes (41.3 ms)
 *      kernel: WRITE services/10421/cdn/purge 16 bytes at 0 -> EINVAL (12.0 ms)
 *
 * The requests and replies are read where they pass: as bytes of the FUSE device (linux/fuse.h). So no handler can
 * forget its line. What is written to a file is not in the trace.
 *
 * Threads:   trace_reply() from any thread; it leaves out notifications, which are all that other threads write. The
 *            others from the loop thread only.
 * Ownership: trace_new() gives, trace_free() frees. `nodes` is borrowed until then.
 * Errors:    none. When out of memory, a line is missing.
 */
#ifndef MELBICOMFS_MOUNT_TRACE_H
#define MELBICOMFS_MOUNT_TRACE_H

#include <stddef.h>

struct iovec;
struct nodes;
struct trace;

/* NULL when out of memory. In the other functions, NULL as `trace` does nothing. */
struct trace *trace_new(struct nodes *nodes);
void trace_free(struct trace *trace);

/* A request of `len` bytes has been read, and will be handled now. */
void trace_request(struct trace *trace, const void *request, size_t len);

/* The request has been handled: it is answered, or it waits, which makes a line. */
void trace_handled(struct trace *trace);

/* A reply or notification of `count` parts is about to be written. */
void trace_reply(struct trace *trace, const struct iovec *parts, int count);

#endif
