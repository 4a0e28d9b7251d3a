/* SPDX-License-Identifier: MIT */
#include "tree/account_metrics.h"

#include "api/documents.h"
#include "api/groups.h"
#include "base/exposition.h"
#include "base/utf8.h"
#include "tree/decimal.h"
#include "tree/tree.h"
#include "tree/unpaid.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <string.h>

/* Returns the document of a query if it holds an answer, or NULL. */
static struct document *loaded(struct tree *tree, const struct query *query)
{
    struct document *document = documents_peek(tree_documents(tree), query);
    return document && document->loaded ? document : NULL;
}

/* Appends a sample with one label. `value` is a decimal number. */
static void print_sample(struct exposition *text, const char *name, const char *label, const char *label_value,
                         const char *value)
{
    exposition_print(text, "melbicomfs_%s{%s=", name, label);
    exposition_label(text, label_value);
    exposition_print(text, "} ");
    exposition_text(text, value, strlen(value));
    exposition_print(text, "\n");
}

/* ---- amounts of money ---- */

/* The most currencies of what is unpaid. */
#define CURRENCIES_MAX 32
/* The longest currency, in bytes. Longer ones are left out. */
#define CURRENCY_MAX 64

static void print_balance(struct tree *tree, struct exposition *text)
{
    const struct document *balance = loaded(tree, &(struct query){.operation = OP_BALANCE});
    const struct snapshot *snapshot = balance && balance->n_items ? balance->items[0].snapshot : NULL;
    const char *amount = snapshot ? snapshot_field(snapshot, BALANCE_AMOUNT) : NULL;
    const char *currency = snapshot ? snapshot_field(snapshot, BALANCE_CURRENCY) : NULL;

    struct decimal sum = {.decimals = 0};

    exposition_family(text, "balance", "gauge", "Credit balance when last fetched, by currency.");
    if (amount && decimal_add(&sum, amount, strlen(amount)))
        print_sample(text, "balance", "currency", currency ? currency : "", amount);
}

/* Whether a currency is a label as it is. Others could become the same label, which a reader would refuse. */
static bool is_label(const char *currency)
{
    size_t left = strlen(currency), len;

    for (; left > 0; currency += len, left -= len) {
        len = utf8_length(currency, left);
        if (len == 0 || utf8_is_control(currency, len))
            return false;
    }
    return true;
}

/* Prints the sums of what is unpaid. They are in order of currency; one that does not follow is the same label again. */
static void print_sums(struct unpaid *unpaid, struct exposition *text)
{
    char amount[DECIMAL_TEXT], currency[CURRENCY_MAX + 1], last[CURRENCY_MAX + 1] = "";
    struct unpaid_sum sum;
    unsigned n = 0;

    while (n < CURRENCIES_MAX && unpaid_next(unpaid, &sum)) {
        if (sum.currency.len > CURRENCY_MAX || sum.amount.len >= sizeof amount)
            continue;
        snprintf(amount, sizeof amount, "%.*s", (int)sum.amount.len, sum.amount.at);
        snprintf(currency, sizeof currency, "%.*s", (int)sum.currency.len, sum.currency.at);
        if (!is_label(currency) || (n > 0 && strcmp(currency, last) <= 0))
            continue;
        print_sample(text, "unpaid", "currency", currency, amount);
        memcpy(last, currency, sizeof last);
        n++;
    }
}

static int print_unpaid(struct tree *tree, struct exposition *text)
{
    struct unpaid unpaid;
    int known = unpaid_peek(tree, &unpaid);
    if (known < 0)
        return known;

    exposition_family(text, "unpaid", "gauge", "Sum of the unpaid invoices' totals when last fetched, by currency.");
    if (known)
        print_sums(&unpaid, text);
    exposition_family(text, "overdue_invoices", "gauge", "Unpaid invoices whose due date has passed.");
    if (known)
        exposition_print(text, "melbicomfs_overdue_invoices %" PRIu32 "\n", unpaid.overdue);
    return 0;
}

/* ---- counts by status ---- */

/* What is counted. */
struct counted {
    const char *name, *help;
    enum operation operation;
    unsigned field;           /* the item's status, for snapshot_field() */
    unsigned param;           /* the endpoint's filter by status */
    const char *const *known; /* the known statuses, NULL-terminated */
    unsigned n_listed;        /* the list without a filter holds the items with the first n_listed of them */
};

/* Counts the items with this status. Returns the number, or -ENOMEM. */
static int64_t count(struct document *list, unsigned field, const char *status)
{
    struct group *group;

    if (document_group(list, field, status, &group) < 0)
        return -ENOMEM;
    return group ? (int64_t)group->count : 0;
}

/* Counts the items with known status number i in the list that the API has filtered by it. Returns the number; -ENODATA
 * if that list is not at hand; or -ENOMEM. */
static int64_t count_filtered(struct tree *tree, const struct counted *what, unsigned i)
{
    struct query query = {.operation = what->operation};

    query.values[what->param] = what->known[i];
    struct document *list = loaded(tree, &query);
    return list ? count(list, what->field, what->known[i]) : -ENODATA;
}

static int print_counts(struct tree *tree, const struct counted *what, struct exposition *text)
{
    struct document *list = loaded(tree, &(struct query){.operation = what->operation});
    int64_t other = list ? (int64_t)list->n_items : 0;
    char number[24];

    exposition_family(text, what->name, "gauge", what->help);
    for (unsigned i = 0; what->known[i]; i++) {
        int64_t n = list ? count(list, what->field, what->known[i]) : 0;
        if (n > 0)
            other -= n;
        else if (n == 0 && (!list || i >= what->n_listed)) /* 0 of them in `list` does not mean that there are none */
            n = count_filtered(tree, what, i);
        if (n == -ENOMEM)
            return -ENOMEM;
        snprintf(number, sizeof number, "%" PRId64, n);
        if (n >= 0)
            print_sample(text, what->name, "status", what->known[i], number);
    }
    snprintf(number, sizeof number, "%" PRId64, other);
    if (list)
        print_sample(text, what->name, "status", "other", number);
    return 0;
}

int account_metrics_print(struct tree *tree, struct printbuf *out)
{
    struct exposition exposition = {.out = out}, *text = &exposition;
    const struct counted services = {
        .name = "services",
        .help = "Services when last fetched, by status.",
        .operation = OP_SERVICES,
        .field = SERVICE_STATUS,
        .param = SERVICES_STATUS,
        .known = endpoint_service_statuses,
        .n_listed = 2,
    };
    const struct counted invoices = {
        .name = "invoices",
        .help = "Invoices when last fetched, by status.",
        .operation = OP_INVOICES,
        .field = INVOICE_STATUS,
        .param = INVOICES_STATUS,
        .known = endpoint_invoice_statuses,
        .n_listed = 4,
    };

    print_balance(tree, text);
    int r = print_unpaid(tree, text);
    if (r == 0)
        r = print_counts(tree, &services, text);
    if (r == 0)
        r = print_counts(tree, &invoices, text);
    return text->failed ? -ENOMEM : r;
}
