/*
 * Files made of this mount's own state: routes' `make` functions. Nothing here sends a request.
 *
 * Threads:   loop thread only.
 * Ownership: they append to a buffer of the caller's.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_TREE_STATUS_H
#define MELBICOMFS_TREE_STATUS_H

struct place;
struct printbuf;
struct tree;

/* .melbicomfs/status.json: the mount, the host's state, every document: key, url, entries, unshown entries, stale, cut,
 * fetched, expires. */
int status_json_make(struct tree *tree, const struct place *place, struct printbuf *out);

/* .melbicomfs/metrics: Prometheus text; the counters of base/metrics.h, and the account's own gauges where they are
 * already at hand. */
int status_metrics_make(struct tree *tree, const struct place *place, struct printbuf *out);

/* .melbicomfs/log: the last lines of the log. */
int status_log_make(struct tree *tree, const struct place *place, struct printbuf *out);

/* services/<id>/cdn/purge.log. */
int status_purge_log_make(struct tree *tree, const struct place *place, struct printbuf *out);

#endif
