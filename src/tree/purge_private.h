/*
 * What the files of purging share among themselves.
 *
 * Threads:   loop thread only.
 * Ownership: as purge.h.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_PURGE_PRIVATE_H
#define MELBICOMFS_TREE_PURGE_PRIVATE_H

#include "tree/purge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct purge_log;
struct purge_text;

struct purges {
    struct loop *loop;
    struct client *client;
    struct endpoints *endpoints;
    const struct config *config;
    struct metrics *metrics;
    struct purge_log *log;
    struct purge_write *writes;
    size_t pending;
};

/*
 * A write that failed in the middle of a longer text. A program that tries again begins with the same line; one that
 * goes on regardless (stdio drops the buffer, and the file's offset has not moved) begins with the rest of a name,
 * which must neither be sent nor put behind what is kept.
 */
struct failed_write {
    char *line; /* its first, with the newline; NULL: no such write */
    size_t len;
    off_t at, end; /* end: -1 when it ended with a newline */
};

struct purge_handle {
    struct purges *purges;
    uint64_t id;
    char *kept; /* unterminated text */
    size_t kept_len;
    off_t kept_at;  /* where the rest of it must be written */
    bool kept_sent; /* it has been part of a write that was sent: whatever came of that is in the log */
    struct failed_write failed;
    struct purge_write *write; /* under way */
};

/* What came of a name: to the log and the metrics. */
void purge_record(struct purges *purges, uint64_t id, const char *name, size_t len, int error, long status,
                  const char *message, int64_t ns);

/* Records a name as refused. */
void purge_refuse(const struct purge_handle *handle, const char *name, size_t len, const char *why);

/* Checks a text, and if it is refused records all of it: 0 or -EINVAL. */
int purge_handle_check(struct purge_handle *handle, struct purge_text *text, const struct document *service);

/* What was kept has been sent (joined), or other text takes its place: then it will never be completed. */
void purge_handle_drop(struct purge_handle *handle, bool joined);

/* The write's handle goes. */
void purge_write_orphan(struct purge_write *write);

/* What is to be remembered of a text if it fails: nothing, often. -ENOMEM. */
int failed_write_of(const struct purge_text *text, struct failed_write *ret);
void failed_write_clear(struct failed_write *failed);

#endif
