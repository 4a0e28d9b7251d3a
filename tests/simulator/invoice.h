/* SPDX-License-Identifier: MIT */
/*
 * One generated invoice. All its fields follow from the seed and its id.
 *
 * Threads:   any; no shared state.
 * Ownership: answers are appended to the caller's text.
 * Errors:    none.
 */
#ifndef SIMULATOR_INVOICE_H
#define SIMULATOR_INVOICE_H

#include "invoices.h"

#define INVOICE_NUMBER 40

/* "Paid", "Unpaid", "Cancelled" or "Refunded". */
const char *invoice_status(const struct invoices *invoices, long id);

/* Writes the number, such as MLB-2026-0117. */
void invoice_number(const struct invoices *invoices, long id, char ret[INVOICE_NUMBER]);

/* The id of the invoice with this number, -1 if the text is not an invoice number. The account may have no invoice with
 * this id. */
long invoice_numbered(const struct invoices *invoices, const char *number);

/* Appends the invoice as a JSON object, with its items and its transactions if asked for. */
void invoice_print(const struct invoices *invoices, long id, bool items, bool transactions, struct text *out);

#endif
