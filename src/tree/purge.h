/*
 * Purging: what is written to services/<id>/cdn/purge, and the log of it.
 *
 * A write is one or more resource names, a line each; each name is one POST, and the write is answered when all are.
 * The page cache cuts what programs write, so a name counts only with its newline. One exception: a single name without
 * one, written at offset 0 (`printf NAME > purge`), is whole; unless the service's own document, where it is at hand,
 * shows that it is only the beginning of a name (`dd bs=7`). Unterminated text that ends on a page boundary is kept
 * with the handle and put before the write at exactly that offset.
 *
 *      write --check whole--> EINVAL, nothing sent            names: waiting -> sent -> ok | failed
 *            --names-------> up to max_connections at a time         waiting -> unsent (deadline, or given up)
 *
 * Threads:   loop thread only.
 * Ownership: a handle belongs to the open node; purge_handle_free() records what it still kept as refused. A write
 *            belongs to the purges until it is done or given up.
 * Errors:    -EINVAL refused; -ETIMEDOUT not all could be sent in time; else the first failure's errno, as client.h.
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
struct printbuf;
struct purge_handle;
struct purge_write;
struct purges;

#define PURGE_NAMES_MAX 1000

/* The logs and writes of a mount. All borrowed. NULL when out of memory. */
struct purges *purges_new(struct loop *loop, struct client *client, struct endpoints *endpoints,
                          const struct config *config, struct metrics *metrics);
/* Gives up all writes under way (their done is not called). */
void purges_free(struct purges *purges);

/* A handle on the purge of service `id`, for purge_handle_free(). It must go before the purges. NULL when out of memory. */
struct purge_handle *purge_handle_new(struct purges *purges, uint64_t id);

/*
 * Takes a write of `len` bytes at `offset`. `service` is the service's own document where one is loaded, or NULL.
 * Returns 0, and done(data, error) will be called (never from within) when every name is answered; *ret is the write
 * until then. Or a negative errno, with nothing sent and the refusal recorded. -EINVAL: an empty name, a control byte,
 * a tab, a leading `#`, not UTF-8, more than PURGE_NAMES_MAX names, or unterminated text that may be cut. Of a
 * write that is kept whole nothing is sent, and done() says so in the same way.
 */
int purge_write(struct purge_handle *handle, off_t offset, const char *bytes, size_t len, struct document *service,
                void (*done)(void *data, int error), void *data, struct purge_write **ret);

/* Whether any of its POSTs can have reached the service. */
bool purge_left(const struct purge_write *write);

/* The writer is gone: what is not sent stays unsent, what is sent is awaited and recorded; done is not called. */
void purge_give_up(struct purge_write *write);

/* Names now under way or waiting, for status.json. */
size_t purges_pending(const struct purges *purges);

/* Appends the log of service `id`, oldest first. -ENOMEM. */
int purges_log_text(const struct purges *purges, uint64_t id, struct printbuf *out);

#endif
