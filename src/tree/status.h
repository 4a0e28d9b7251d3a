/* SPDX-License-Identifier: MIT */
/*
 * Files that are made from this mount's own state (RENDER_MADE in routes.h). Each function appends the text of one file
 * to `out` and returns 0 or -ENOMEM. None sends a request.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the buffer.
 * Errors:    -ENOMEM; `out` may then hold part of the text.
 */
#ifndef MELBICOMFS_TREE_STATUS_H
#define MELBICOMFS_TREE_STATUS_H

struct place;
struct printbuf;
struct tree;

/* .melbicomfs/status.json: the mount; whether the API's host can be reached; `up` and how the last exchange of each
 * operation ended, as in the metrics; and every document in the cache that has content or an error or is being fetched,
 * with its URL, its number of entries, its times and its last error. */
int status_json_make(struct tree *tree, const struct place *place, struct printbuf *out);

/* .melbicomfs/metrics, in Prometheus' text format: those of base/metrics.h, then the account's (account_metrics.h). */
int status_metrics_make(struct tree *tree, const struct place *place, struct printbuf *out);

/* .melbicomfs/log: the last lines of the program's log (log_recent() in base/log.h). */
int status_log_make(struct tree *tree, const struct place *place, struct printbuf *out);

#endif
