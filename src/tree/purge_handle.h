/* SPDX-License-Identifier: MIT */
/*
 * The handle of an open purge file: what it remembers from one write to the next.
 *
 * A handle keeps text without a newline until a later write completes it. It also remembers a write that failed, so
 * that the rest of a name is never taken for a whole name. It checks the text of each write, and logs each name that is
 * refused. purge.c sends the names.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns a handle: purge_handle_new() (purge.h) makes it, purge_handle_free() frees it. A handle
 *            borrows the purges and their log, which must outlive it.
 * Errors:    negative errno.
 */
#ifndef MELBICOMFS_TREE_PURGE_HANDLE_H
#define MELBICOMFS_TREE_PURGE_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct document;
struct purge_log;
struct purge_text;
struct purges;

/*
 * A write that failed in the middle of a longer text. What comes next at the same offset is one of two things. A
 * program that repeats the write begins with the same line. A program that goes on as if nothing had happened (stdio
 * drops its buffer, and the file's offset has not moved) begins with the rest of a name. That rest must not be sent,
 * nor joined to the kept text.
 */
struct failed_write {
    char *line; /* the first line of the write, with its newline if it has one; owned. NULL: no write failed */
    size_t len; /* of that line, in bytes */
    off_t at;   /* the offset at which the write began */
    off_t end;  /* the offset behind the write; -1 when it ended with a newline */
};

struct purge_handle {
    struct purges *purges;
    struct purge_log *log;
    uint64_t id; /* of the service */
    char *kept;  /* the beginning of a name, without a newline; owned. NULL: nothing is kept */
    size_t kept_len;
    off_t kept_at;  /* the offset at which a write continues the kept text */
    bool kept_sent; /* a write that continues the kept text was sent, so the log already has the name's result */
    struct failed_write failed;
    struct purge_handle **user; /* the pointer to this handle in the write under way, or NULL. Freeing the handle sets
                                   that pointer to NULL */
};

/* Frees a handle. Kept text that no write completed is logged as refused, unless kept_sent is true. A write under way
 * goes on without the handle. purge_handle_free(NULL) is fine. */
void purge_handle_free(struct purge_handle *handle);

/* Returns whether the handle keeps the beginning of a name. */
bool purge_handle_keeps(const struct purge_handle *handle);

/* Frees the kept text. `joined`: a write has completed it. Otherwise it will never be completed, and is logged as
 * refused unless kept_sent is true. */
void purge_handle_drop(struct purge_handle *handle, bool joined);

/* Checks a text before it is sent, and fills it in as purge_text_check() does. `service`: see purge_write(). Returns 0;
 * or -EINVAL when purge_text_check() refuses the text, or when the text may begin with the rest of a failed write.
 * After -EINVAL the purge log has the line at fault and each other name (the first 1,000, then how many more). If
 * purge_text_check() refused the text, the handle also remembers what failed_write_of() gives. */
int purge_handle_check(struct purge_handle *handle, struct purge_text *text, const struct document *service);

/* Logs a name (`len` bytes) as refused because of `why`, in the purge log and in the program's log. */
void purge_refuse(const struct purge_handle *handle, const char *name, size_t len, const char *why);

/* Logs in the purge log that a name (`len` bytes) was not sent because of `why`. Returns `error` (-errno). */
int purge_unsent(struct purge_handle *handle, const char *name, size_t len, int error, const char *why);

/* Fills *ret with what a handle must remember of a text if its write fails. *ret is untouched when there is nothing to
 * remember: when purge_text_torn() is false. Returns 0 or -ENOMEM. */
int failed_write_of(const struct purge_text *text, struct failed_write *ret);

/* Frees the line and forgets the failed write. */
void failed_write_clear(struct failed_write *failed);

#endif
