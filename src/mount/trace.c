/* SPDX-License-Identifier: MIT */
#include "mount/trace.h"

#include "base/clock.h"
#include "base/log.h"
#include "mount/nodes.h"

#include <inttypes.h>
#include <linux/fuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <uthash.h>

#define WHAT_MAX 1000

/* A request that has not been answered. */
struct traced {
    uint64_t unique; /* the kernel's number of the request */
    uint32_t opcode;
    int64_t began_ns;
    UT_hash_handle hh;
    char what[]; /* the operation and what it is about, such as "READ billing/balance" */
};

struct trace {
    struct nodes *nodes;
    struct traced *open; /* a hash table by `unique` */
    struct traced *last; /* the request that is being handled, while it is not answered */
};

/* A text that is cut when it does not fit. */
struct text {
    char bytes[WHAT_MAX];
    size_t len;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text->bytes + text->len, sizeof text->bytes - text->len, format, arguments);
    va_end(arguments);
    if (n > 0)
        text->len += (size_t)n < sizeof text->bytes - text->len ? (size_t)n : sizeof text->bytes - text->len - 1;
}

static void add_path(struct text *text, const struct node *node)
{
    if (!node->parent)
        return;
    add_path(text, node->parent);
    add(text, "%s%s", node->parent->parent ? "/" : "", node->name);
}

/* Adds the path of a node, and below it `name`, or the node's number if it is not known. */
static void add_place(struct text *text, struct trace *trace, uint64_t nodeid, const char *name)
{
    const struct node *node = nodes_get(trace->nodes, nodeid);
    size_t before = text->len;
    if (node)
        add_path(text, node);
    else
        add(text, "node %" PRIu64, nodeid);
    if (name)
        add(text, "%s%s", text->len > before ? "/" : "", name);
    else if (text->len == before)
        add(text, "/");
}

static const struct {
    const char *name;
    size_t named; /* where the name of an entry in a directory begins in the argument, plus 1; 0: there is none */
} operations[] = {
    [FUSE_LOOKUP] = {"LOOKUP", 1},
    [FUSE_FORGET] = {"FORGET", 0},
    [FUSE_GETATTR] = {"GETATTR", 0},
    [FUSE_SETATTR] = {"SETATTR", 0},
    [FUSE_READLINK] = {"READLINK", 0},
    [FUSE_SYMLINK] = {"SYMLINK", 1},
    [FUSE_MKNOD] = {"MKNOD", sizeof(struct fuse_mknod_in) + 1},
    [FUSE_MKDIR] = {"MKDIR", sizeof(struct fuse_mkdir_in) + 1},
    [FUSE_UNLINK] = {"UNLINK", 1},
    [FUSE_RMDIR] = {"RMDIR", 1},
    [FUSE_RENAME] = {"RENAME", sizeof(struct fuse_rename_in) + 1},
    [FUSE_LINK] = {"LINK", sizeof(struct fuse_link_in) + 1},
    [FUSE_OPEN] = {"OPEN", 0},
    [FUSE_READ] = {"READ", 0},
    [FUSE_WRITE] = {"WRITE", 0},
    [FUSE_STATFS] = {"STATFS", 0},
    [FUSE_SETXATTR] = {"SETXATTR", 0},
    [FUSE_GETXATTR] = {"GETXATTR", 0},
    [FUSE_LISTXATTR] = {"LISTXATTR", 0},
    [FUSE_REMOVEXATTR] = {"REMOVEXATTR", 0},
    [FUSE_FLUSH] = {"FLUSH", 0},
    [FUSE_INIT] = {"INIT", 0},
    [FUSE_OPENDIR] = {"OPENDIR", 0},
    [FUSE_READDIR] = {"READDIR", 0},
    [FUSE_CREATE] = {"CREATE", sizeof(struct fuse_create_in) + 1},
    [FUSE_INTERRUPT] = {"INTERRUPT", 0},
    [FUSE_DESTROY] = {"DESTROY", 0},
    [FUSE_BATCH_FORGET] = {"FORGET", 0},
    [FUSE_READDIRPLUS] = {"READDIRPLUS", 0},
    [FUSE_RENAME2] = {"RENAME", sizeof(struct fuse_rename2_in) + 1},
};

/* The text at `at` in the argument; "" if it does not end within the argument. */
static const char *text_at(const char *argument, size_t len, size_t at)
{
    return at < len && memchr(argument + at, '\0', len - at) ? argument + at : "";
}

/* Adds what the argument of a request says besides its node. */
static void add_argument(struct text *text, uint32_t opcode, const char *argument, size_t len)
{
    if ((opcode == FUSE_READ || opcode == FUSE_READDIR || opcode == FUSE_READDIRPLUS) &&
        len >= sizeof(struct fuse_read_in)) {
        struct fuse_read_in in;
        memcpy(&in, argument, sizeof in);
        add(text, " %" PRIu32 " bytes at %" PRIu64, in.size, in.offset);
    } else if (opcode == FUSE_WRITE && len >= sizeof(struct fuse_write_in)) {
        struct fuse_write_in in;
        memcpy(&in, argument, sizeof in);
        add(text, " %" PRIu32 " bytes at %" PRIu64, in.size, in.offset);
    } else if (opcode == FUSE_GETXATTR) {
        add(text, " %s", text_at(argument, len, sizeof(struct fuse_getxattr_in)));
    } else if (opcode == FUSE_BATCH_FORGET && len >= sizeof(struct fuse_batch_forget_in)) {
        struct fuse_batch_forget_in in;
        memcpy(&in, argument, sizeof in);
        add(text, " %" PRIu32 " nodes", in.count);
    }
}

static void describe(struct trace *trace, const struct fuse_in_header *header, const char *argument, size_t len,
                     struct text *text)
{
    const char *known =
        header->opcode < sizeof operations / sizeof *operations ? operations[header->opcode].name : NULL;
    size_t named = known ? operations[header->opcode].named : 0;
    if (known)
        add(text, "%s", known);
    else
        add(text, "request %" PRIu32, header->opcode);
    if (header->nodeid && header->opcode != FUSE_BATCH_FORGET) {
        add(text, " ");
        add_place(text, trace, header->nodeid, named ? text_at(argument, len, named - 1) : NULL);
    }
    add_argument(text, header->opcode, argument, len);
}

struct trace *trace_new(struct nodes *nodes)
{
    struct trace *trace = calloc(1, sizeof *trace);
    if (trace)
        trace->nodes = nodes;
    return trace;
}

static void forget(struct trace *trace, struct traced *traced)
{
    if (trace->last == traced)
        trace->last = NULL;
    HASH_DEL(trace->open, traced);
    free(traced);
}

void trace_free(struct trace *trace)
{
    struct traced *traced, *next;
    if (!trace)
        return;
    HASH_ITER(hh, trace->open, traced, next)
    {
        forget(trace, traced);
    }
    free(trace);
}

/* These have no reply. */
static bool is_one_way(uint32_t opcode)
{
    return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT;
}

void trace_request(struct trace *trace, const void *request, size_t len)
{
    struct fuse_in_header header;
    struct text text = {.len = 0};
    if (!trace || len < sizeof header)
        return;
    memcpy(&header, request, sizeof header);
    describe(trace, &header, (const char *)request + sizeof header, len - sizeof header, &text);
    if (is_one_way(header.opcode)) {
        log_debug("kernel: %s", text.bytes);
        return;
    }
    struct traced *traced = malloc(sizeof *traced + text.len + 1);
    if (!traced)
        return;
    *traced = (struct traced){.unique = header.unique, .opcode = header.opcode, .began_ns = clock_ns()};
    memcpy(traced->what, text.bytes, text.len + 1);
    HASH_ADD(hh, trace->open, unique, sizeof traced->unique, traced);
    trace->last = traced;
}

void trace_handled(struct trace *trace)
{
    if (!trace || !trace->last)
        return;
    log_debug("kernel: %s waits", trace->last->what);
    trace->last = NULL;
}

/* Adds what a reply without an error says; `body` is the part after its header, or NULL. */
static void add_result(struct text *text, uint32_t opcode, const struct iovec *body, size_t len)
{
    if (opcode == FUSE_LOOKUP && body && body->iov_len >= sizeof(struct fuse_entry_out)) {
        struct fuse_entry_out out;
        memcpy(&out, body->iov_base, sizeof out);
        if (out.nodeid)
            add(text, "node %" PRIu64, (uint64_t)out.nodeid);
        else
            add(text, "no such name");
    } else if ((opcode == FUSE_GETATTR || opcode == FUSE_SETATTR) && body &&
               body->iov_len >= sizeof(struct fuse_attr_out)) {
        struct fuse_attr_out out;
        memcpy(&out, body->iov_base, sizeof out);
        add(text, "%" PRIu64 " bytes", (uint64_t)out.attr.size);
    } else if (opcode == FUSE_READ || opcode == FUSE_READDIR || opcode == FUSE_READDIRPLUS) {
        add(text, "%zu bytes", len);
    } else {
        add(text, "done");
    }
}

void trace_reply(struct trace *trace, const struct iovec *parts, int count)
{
    struct fuse_out_header header;
    struct traced *traced = NULL;
    struct text text = {.len = 0};
    if (!trace || count < 1 || parts[0].iov_len < sizeof header)
        return;
    memcpy(&header, parts[0].iov_base, sizeof header);
    if (header.unique == 0) /* a notification */
        return;
    HASH_FIND(hh, trace->open, &header.unique, sizeof header.unique, traced);
    if (!traced)
        return;
    const char *error = header.error ? strerrorname_np(-header.error) : NULL;
    if (header.error)
        add(&text, "%s", error ? error : "error");
    else
        add_result(&text, traced->opcode, count > 1 ? &parts[1] : NULL, header.len - sizeof header);
    log_debug("kernel: %s -> %s (%.1f ms)", traced->what, text.bytes, (double)(clock_ns() - traced->began_ns) / 1e6);
    forget(trace, traced);
}
