/* SPDX-License-Identifier: MIT */
/*
 * Gauges of the account, in Prometheus' text format. They say what the cache holds, without a request, so each gauge is
 * absent until its document has been read:
 *
 *      melbicomfs_balance{currency}      the credit balance
 *      melbicomfs_unpaid{currency}       the sum of the unpaid invoices' totals; at most 32 currencies
 *      melbicomfs_overdue_invoices       how many unpaid invoices are due before today
 *      melbicomfs_invoices{status}       how many invoices have the status
 *      melbicomfs_services{status}       how many services have the status
 *
 * The values of `status` are the known statuses, whatever the case of the API's letters, and `other`. Amounts are exact
 * decimal text; an amount that is no plain decimal number is left out. What is unpaid and overdue in a long list takes
 * longer than one step of the loop, so it is there when the metrics are read the next time.
 *
 * Threads:   loop thread only.
 * Ownership: the caller owns the buffer.
 * Errors:    -ENOMEM.
 */
#ifndef MELBICOMFS_TREE_ACCOUNT_METRICS_H
#define MELBICOMFS_TREE_ACCOUNT_METRICS_H

struct printbuf;
struct tree;

/* Appends the gauges. Reading them does not count as a use of the documents: a monitoring system that reads every 15
 * seconds must not keep documents in the cache that nobody else reads. Returns 0 or -ENOMEM. */
int account_metrics_print(struct tree *tree, struct printbuf *out);

#endif
