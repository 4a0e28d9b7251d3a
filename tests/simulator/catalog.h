/* SPDX-License-Identifier: MIT */
/*
 * The provider's side of the account: product groups, products and domain prices.
 *
 * Threads:   any; nothing here is changed after the start.
 * Ownership: answers are appended to the caller's text.
 * Errors:    none.
 */
#ifndef SIMULATOR_CATALOG_H
#define SIMULATOR_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/* The part of a list that a request asks for: `limit` items (0: all) from number `offset` (from 0) on. */
struct window {
    size_t offset, limit;
};

/* Whether the n-th match (from 0) is in the window. */
bool window_has(const struct window *window, size_t n);

struct catalog {
    long groups, products;
    bool string_ids;
};

/* Appends the name of a group to `name`. Group ids begin at 1. */
void catalog_group_name(struct text *name, long group_id);

/* catalog_groups() and catalog_products() append a JSON list to `out`, and return how many items match, including those
 * outside the window. */
size_t catalog_groups(const struct catalog *catalog, struct window window, struct text *out);

struct product_filter {
    const long *groups; /* group ids, or NULL: every group */
    size_t n_groups;
    bool config_options;
    struct window window;
};

size_t catalog_products(const struct catalog *catalog, const struct product_filter *filter, struct text *out);

struct price_filter {
    const char *extensions; /* ".com,net", or NULL: all */
    const char *operation;  /* domainregister, ..., or NULL */
    const char *currency;   /* EUR, USD, or NULL */
};

/* Appends the JSON object of the prices. */
void catalog_prices(const struct price_filter *filter, struct text *out);

#endif
