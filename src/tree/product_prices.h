/* SPDX-License-Identifier: MIT */
/*
 * Product prices: walks through the prices of a product, or of a choice of its options, in the forms that APIs of this
 * kind give them.
 *
 *      [{"currency": "EUR", "details": {"msetupfee": "0.00", "monthly": "410.00"}}]
 *      [{"currency": "EUR", "msetupfee": "0.00", "monthly": "410.00"}]
 *      {"EUR": {"msetupfee": "0.00", "monthly": "410.00"}}, with or without "details" in between
 *
 * A price is for a billing cycle; its name is the member's, such as `monthly`. What is not offered has none: its price is
 * null, empty or negative (-1.00). The setup fee that belongs to a cycle begins with the same letter: msetupfee; one
 * without a letter before it, setupfee, belongs to each cycle without an own.
 *
 * Threads:   nothing is shared.
 * Ownership: all is borrowed for the call.
 * Errors:    -ENOMEM, and the negative number that a callback returns.
 */
#ifndef MELBICOMFS_TREE_PRODUCT_PRICES_H
#define MELBICOMFS_TREE_PRODUCT_PRICES_H

#include "json/json.h"

/* A price. All is borrowed for the call. */
struct product_price {
    const char *currency; /* "" if none is given */
    const char *cycle;
    struct json_slice price, setup; /* scalars; setup.at is NULL if there is no setup fee */
};

/* Calls fn for each price in `prices`, a JSON value whose `at` may be NULL, in the API's order. Returns 0 or an error. */
int product_prices_each(struct json_slice prices, int (*fn)(void *data, const struct product_price *price), void *data);

#endif
