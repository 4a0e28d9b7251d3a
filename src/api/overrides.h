/* SPDX-License-Identifier: MIT */
/*
 * Overrides: what the lines of the configuration file's section [endpoints] change in a row of the endpoint table.
 *
 *      balance.path = /billing/credit              the only path to try
 *      services.param.status = state               the API's name for a parameter; the table has its key, here `status`
 *      invoices.query = limitnum=100000            parameters that are added to every call, encoded already
 *      invoices.list = data.invoices               where in the answer the list, or the one object, is
 *      invoices.id = invoice_no                    the API's name for an item's id
 *      balance.field.amount = creditbalance        the API's name for a field; the table has its key, here `amount`
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

/* What is in force for an operation, of those parts of its row that [endpoints] can change. */
struct overrides {
    const char *path;                    /* NULL: the row's candidates */
    const char *params[ENDPOINT_PARAMS]; /* the API's names of the parameters, by the row's index */
    const char *query;                   /* NULL: none */
    struct endpoint_reading reading;
    struct endpoint_paging paging;
};

/* Fills in what the row says, as if [endpoints] had no line. */
void overrides_init(struct overrides *overrides, const struct endpoint *endpoint);

/* Applies a line of [endpoints] about the row's operation. If two lines have the same key, the later one counts.
 * Returns true; or false if the line is not valid, after an error in the log with the file, the line's number, what is
 * wrong, and the keys that the operation has. */
bool overrides_apply(struct overrides *overrides, const struct endpoint *endpoint, const struct config_override *line);

/* Prints what each key means, as comments of the configuration file. */
void overrides_print_keys(FILE *out);

/*
 * Prints a row as lines of the configuration file's section [endpoints]. A key that `config` sets is printed with its
 * value, below a comment with the file's name and the number of the line. A built-in value is printed as a comment: if
 * somebody pastes the whole output into a file, the built-in values stay those of the program, and the next release may
 * know a better path.
 */
void overrides_print(const struct endpoint *endpoint, const struct config *config, FILE *out);

#endif
