/* SPDX-License-Identifier: MIT */
/*
 * Overrides: what the lines of the configuration file's section [endpoints] change in a row of the endpoint table.
 *
 *      balance.path = /billing/credit              the only path to try
 *      services.param.status = state               the API's name for a parameter; the table has its key, here `status`
 *      invoices.query = limitnum=100000            parameters that are added to every call, encoded already
 *      invoices.list = data.invoices               the members that lead to the list, or to the one object
 *      invoices.id = invoice_no                    the member of an item that is its id
 *      balance.field.amount = creditbalance        the member that is a field; the table has its key, here `amount`
 *      invoices.page_size = 100                    paging on: fetch pages of this size until one is not full
 *      invoices.page_size_name = limitnum          the parameter for the page size (default limitnum)
 *      invoices.page_offset = limitstart           the parameter for the number of items to skip (default limitstart)
 *      invoices.page_number = page                 the parameter for the page's number, in place of page_offset; the
 *                                                  first page is 1
 *
 * Threads:   any.
 * Ownership: the caller provides the struct. It borrows the row and the lines.
 * Errors:    a line that is not valid is logged.
 */
#ifndef MELBICOMFS_API_OVERRIDES_H
#define MELBICOMFS_API_OVERRIDES_H

#include "api/endpoints.h"

#include <stdbool.h>
#include <stdio.h>

struct config;
struct config_override;

/* A row as it is in force, without what never changes. */
struct overrides {
    const char *path;                    /* NULL: the row's candidates */
    const char *params[ENDPOINT_PARAMS]; /* the API's names of the parameters, by the row's index */
    const char *query;                   /* NULL: none */
    struct endpoint_reading reading;
    struct endpoint_paging paging;
};

/* Fills in what the row says by itself. */
void overrides_init(struct overrides *overrides, const struct endpoint *endpoint);

/* Applies a line, whose operation is the row's. If two lines have the same key, the later one counts. Returns false
 * after one line in the log, which says where the line is, what is wrong, and which keys the operation has. */
bool overrides_apply(struct overrides *overrides, const struct endpoint *endpoint, const struct config_override *line);

/* Prints what each key means, as comments of the configuration file. */
void overrides_print_keys(FILE *out);

/*
 * Prints a row as lines of the configuration file's section [endpoints]. A line that `config` has is printed as it
 * stands there, below a comment with the file's name and the number of the line. What is built in is printed as a
 * comment, so that a file into which all this is pasted freezes nothing: the next release may know a better path.
 */
void overrides_print(const struct endpoint *endpoint, const struct config *config, FILE *out);

#endif
