/*
 * The handle of a purge file: what one open of it remembers between two writes.
 *
 * A handle keeps unterminated text until the next write completes it, and remembers a write that failed, so that what
 * follows in the same open file is not taken for what it is not. It checks what is written, and records in the log what
 * is refused. Sending names is for purge.c.
 *
 * Threads:   loop thread only.
 * Ownership: purge.h makes handles; purge_handle_free() takes one back. The log is borrowed.
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
 * A write that failed in the middle of a longer text. A program that tries again begins with the same line; one that
 * goes on regardless (stdio drops the buffer, and the file's offset has not moved) begins with the rest of a name,
 * which must neither be sent nor put behind what is kept.
 */
struct failed_write {
    char *line; /* its first line, with the newline; NULL: there is no such write */
    size_t len;
    off_t at, end; /* end: -1 when it ended with a newline */
};

struct purge_handle {
    struct purges *purges;
    struct purge_log *log;
    uint64_t id; /* of the service */
    char *kept;  /* unterminated text, or NULL */
    size_t kept_len;
    off_t kept_at;  /* where the rest of it must be written */
    bool kept_sent; /* it has been part of a write that was sent: whatever came of that is in the log */
    struct failed_write failed;
    struct purge_handle **user; /* where the write under way keeps the handle, or NULL; cleared when the handle goes */
};

/* Frees a handle, and records what it still kept as refused. purge_handle_free(NULL) is fine. */
void purge_handle_free(struct purge_handle *handle);

/* Whether it keeps the beginning of a name that is still to be completed. */
bool purge_handle_keeps(const struct purge_handle *handle);

/* Forgets what is kept: it has been sent as the beginning of a write (joined), or other text takes its place and it will
 * never be completed, which is recorded. */
void purge_handle_drop(struct purge_handle *handle, bool joined);

/* Fills in what purge_text_check() does, and refuses the text if that does or if it may be the rest of a write that
 * failed. 0, or -EINVAL after each of its names has been recorded. */
int purge_handle_check(struct purge_handle *handle, struct purge_text *text, const struct document *service);

/* Records a name as refused, in the purge log and in the program's, and why. */
void purge_refuse(const struct purge_handle *handle, const char *name, size_t len, const char *why);

/* Records a name that is not sent at all, and why. Returns the error (-errno). */
int purge_unsent(struct purge_handle *handle, const char *name, size_t len, int error, const char *why);

/* What is to be remembered of a text if it fails; often nothing, and then *ret is untouched. -ENOMEM. */
int failed_write_of(const struct purge_text *text, struct failed_write *ret);
void failed_write_clear(struct failed_write *failed);

#endif
