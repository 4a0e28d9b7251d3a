/*
 * One generated invoice: everything about it follows from the seed and its id.
 *
 * Threads:   none shared.
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

/* The id that a number was generated for, -1 when it is no number at all; the id may be beyond the account's. */
long invoice_numbered(const struct invoices *invoices, const char *number);

/* Appends the JSON object. */
void invoice_print(const struct invoices *invoices, long id, bool items, bool transactions, struct text *out);

#endif
