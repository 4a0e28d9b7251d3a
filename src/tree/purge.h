/* SPDX-License-Identifier: MIT */
/*
 * Purging: writes to services/<id>/cdn/purge, and the log of their results.
 *
 * A write holds one or more resource names, one per line. Each name is sent as one POST. The write is answered when all
 * its names are.
 *
 * The page cache cuts what programs write at page boundaries. So a name counts as whole only if its newline follows.
 * There are two exceptions:
 *   - A single name without a newline, written at offset 0 (`printf NAME > purge`), is whole; unless the service's
 *     document shows that it is only the beginning of a name (`dd bs=7`).
 *   - Text without a newline that ends on a page boundary is kept with the handle. The write that continues at exactly
 *     that offset completes it.
 *
 * A write is checked before anything is sent:
 *
 *      write --a line is wrong--> -EINVAL, no name is sent
 *            --all are right----> each name:  waiting --> sent --> ok or failed
 *                                                +------> unsent (timeout_total, or the writer was interrupted)
 *
 * At most config->max_connections names of a write are sent at a time.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the purges (purges_free()) and each handle (purge_handle_free(), in purge_handle.h). A
 *            write belongs to the purges. The caller's pointer to it is valid until done is called or the write is
 *            given up.
 * Errors:    -EINVAL: refused; -ETIMEDOUT: some names were not sent within config->timeout_total_ms; -EIO: the API
 *            answered 2xx, but not that it succeeded; otherwise as in client.h. If several names fail, the write's
 *            error is that of the first of them, in the order in which they were written.
 */
#ifndef MELBICOMFS_TREE_PURGE_H
#define MELBICOMFS_TREE_PURGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client;
struct config;
struct document;
struct endpoints;
struct loop;
struct metrics;
struct purge_handle;
struct purge_log_text;
struct purge_write;
struct purges;

/* How many names one write may hold. */
#define PURGE_NAMES_MAX 1000

/* Makes the purges of a mount: its purge log and its writes under way. All arguments are borrowed and must outlive the
 * result. NULL when out of memory. */
struct purges *purges_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                          const struct config *config, struct metrics *metrics);

/* Cancels every write under way without calling its done, and frees the log. All handles must have been freed before.
 * purges_free(NULL) is fine. */
void purges_free(struct purges *purges);

/* Makes a handle for one open of the purge file of service `id`. Free it with purge_handle_free(), before the purges.
 * NULL when out of memory. */
struct purge_handle *purge_handle_new(struct purges *purges, uint64_t id);

/*
 * Takes a write of `len` bytes (1 or more, copied) at `offset`. `service` is the service's own document
 * (services/<id>/info.json) for telling whether a name without a newline is whole; NULL, or not loaded: not known. A
 * handle takes one write at a time.
 *
 * Returns 0 with the write in *ret. The loop will call done(data, error) when every name has its result, never from
 * within this function; error is 0 or -errno. This is also so when the whole text is kept and no name is sent.
 * Returns -EINVAL when the text is refused: nothing is sent, done is not called, and the log says why. The reasons are
 * an empty name, a name over 4,096 bytes, a control character or tab, a leading `#`, text that is not UTF-8, more than
 * PURGE_NAMES_MAX names, a last name that may be cut, and text that may begin with the rest of a failed write.
 * Returns -ENOMEM: nothing is sent or logged, and done is not called.
 */
int purge_write(struct purge_handle *handle, off_t offset, const char *bytes, size_t len, struct document *service,
                void (*done)(void *data, int error), void *data, struct purge_write **ret);

/* Returns whether any name of the write has its result already, or its POST can have reached the service. */
bool purge_left(const struct purge_write *write);

/* Gives up a write whose writer was interrupted; done will not be called. Names whose POST cannot have reached the
 * service are not sent, and logged as such. The results of the others are awaited and logged. */
void purge_give_up(struct purge_write *write);

/* Returns how many names are waiting or sent and not answered yet, over all writes. */
size_t purges_pending(const struct purges *purges);

/* From now on, fn(data, id) is called for each line that is added to the log of service `id`, from within the function
 * that adds it. NULL: no longer. */
void purges_on_growth(struct purges *purges, void (*fn)(void *data, uint64_t id), void *data);

/* Stores in *ret the text of the purge log of service `id` (purge_log.h). */
void purges_log(const struct purges *purges, uint64_t id, struct purge_log_text *ret);

#endif
