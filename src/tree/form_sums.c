/* SPDX-License-Identifier: MIT */
/*
 * Sums of invoices: billing/unpaid, a line for each currency, and reports/spend-by-month.csv, a row for each month and
 * currency. Every invoice counts in exactly one row of the latter; one without a usable date in the month "".
 */
#include "api/members.h"
#include "base/date.h"
#include "tree/amounts.h"
#include "tree/csv.h"
#include "tree/decimal.h"
#include "tree/forms.h"
#include "tree/text.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL, CURRENCY, DUE };

/* The length of "2026-10", in bytes. */
#define MONTH_LEN 7

/* The parts of a sum, by the invoices' status. */
enum part { PAID, UNPAID, CANCELLED, REFUNDED, OTHER, PARTS };

/* The sums of a month and currency. */
struct sum {
    char month[MONTH_LEN + 1]; /* "2026-10"; "" without a usable date */
    char *currency;            /* owned */
    struct json_slice raw;     /* the currency as the last invoice of this sum has it */
    uint32_t invoices;
    struct decimal parts[PARTS];
};

struct sums {
    struct members *members;
    struct json_object *numbers; /* month, space and currency, to the number of the sum */
    struct sum **all;
    size_t n, room;
    struct sum *last; /* that of the last invoice: neighbours often have the same */
    struct amounts amounts;
};

static void close_sums(struct print *print)
{
    struct sums *sums = print->state;
    if (!sums)
        return;
    for (size_t i = 0; i < sums->n; i++) {
        free(sums->all[i]->currency);
        free(sums->all[i]);
    }
    free(sums->all);
    json_object_put(sums->numbers);
    members_free(sums->members);
    free(sums);
}

static int open_sums(struct print *print)
{
    struct sums *sums = print->state = calloc(1, sizeof *sums);
    if (!sums)
        return -ENOMEM;
    sums->members = members_new();
    sums->numbers = json_object_new_object();
    if (!sums->members || !sums->numbers)
        return -ENOMEM;
    const struct endpoint_field *fields = print->reading->fields;
    members_want(sums->members, TOTAL, fields[INVOICE_TOTAL].names);
    members_want(sums->members, CURRENCY, fields[INVOICE_CURRENCY].names);
    members_want(sums->members, DUE, fields[INVOICE_DUE].names);
    return 0;
}

/* ---- the sum that an invoice belongs to ---- */

static struct sum *add_sum(struct sums *sums, const char *month, const char *currency, const char *key)
{
    if (sums->n == sums->room) {
        size_t room = sums->room ? sums->room * 2 : 64;
        struct sum **all = reallocarray(sums->all, room, sizeof *all);
        if (!all)
            return NULL;
        sums->all = all;
        sums->room = room;
    }
    struct sum *sum = calloc(1, sizeof *sum);
    struct json_object *number = json_object_new_int64((int64_t)sums->n);
    if (!sum || !number || !(sum->currency = strdup(currency)) ||
        json_object_object_add(sums->numbers, key, number) < 0) {
        json_object_put(number);
        free(sum ? sum->currency : NULL);
        free(sum);
        return NULL;
    }
    memcpy(sum->month, month, strlen(month) + 1);
    sums->all[sums->n++] = sum;
    return sum;
}

static bool is_same(const struct sum *sum, const char *month, struct json_slice currency)
{
    return sum && strcmp(sum->month, month) == 0 && sum->raw.len == currency.len &&
           (currency.len == 0 || memcmp(sum->raw.at, currency.at, currency.len) == 0);
}

/* Finds or makes the sum of a month and currency. NULL when out of memory. */
static struct sum *sum_of(struct sums *sums, const char *month, struct json_slice currency, struct printbuf *scratch)
{
    struct json_object *number;
    if (is_same(sums->last, month, currency))
        return sums->last;
    printbuf_reset(scratch);
    sprintbuf(scratch, "%s ", month);
    int name = printbuf_length(scratch);
    if (currency.at && currency.at[0] != '{' && currency.at[0] != '[' && json_scalar_text(currency, scratch) < 0)
        return NULL;
    struct sum *sum = json_object_object_get_ex(sums->numbers, scratch->buf, &number)
                          ? sums->all[json_object_get_int64(number)]
                          : add_sum(sums, month, scratch->buf + name, scratch->buf);
    if (sum)
        sum->raw = currency;
    return sums->last = sum;
}

static enum part part_of(const struct item *item)
{
    static const char *const names[] = {
        [PAID] = "Paid", [UNPAID] = "Unpaid", [CANCELLED] = "Cancelled", [REFUNDED] = "Refunded"};
    const char *status = snapshot_field(item->snapshot, INVOICE_STATUS);
    unsigned part = PAID;
    while (part < OTHER && (!status || strcmp(status, names[part]) != 0))
        part++;
    return (enum part)part;
}

static int compare(const void *left, const void *right)
{
    const struct sum *a = *(struct sum *const *)left, *b = *(struct sum *const *)right;
    int r = strcmp(a->month, b->month);
    return r ? r : strcmp(a->currency, b->currency);
}

/* After the first pass: puts the sums in order, and names in the log what they lack. */
static void complete(struct print *print)
{
    struct sums *sums = print->state;
    if (sums->n > 0)
        qsort(sums->all, sums->n, sizeof(struct sum *), compare);
    amounts_log(&sums->amounts, print->document, print->scratch);
}

/* ---- billing/unpaid; its tally is the number of unpaid invoices that are overdue today ---- */

static bool is_overdue(const struct print *print, struct json_slice due)
{
    struct date date;
    printbuf_reset(print->scratch);
    return due.at && due.at[0] == '"' && json_scalar_text(due, print->scratch) == 0 &&
           date_read(print->scratch->buf, &date) && date_days(date) < print->today;
}

static int scan_unpaid(struct print *print, const struct item *item)
{
    struct sums *sums = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    if (part_of(item) != UNPAID)
        return 0;
    int r = members_find_in_text(sums->members, item_json(item), found);
    struct sum *sum = r == 0 ? sum_of(sums, "", found[CURRENCY], print->scratch) : NULL;
    if (!sum)
        return r < 0 ? r : -ENOMEM;
    amounts_add(&sums->amounts, &sum->parts[UNPAID], item, found[TOTAL]);
    print->tally += is_overdue(print, found[DUE]);
    return 0;
}

static int begin_unpaid(struct print *print)
{
    complete(print);
    return 0;
}

static int print_line(struct print *print, size_t i)
{
    const struct sums *sums = print->state;
    char text[DECIMAL_TEXT];
    if (i == sums->n)
        return 0;
    const struct sum *sum = sums->all[i];
    decimal_print(&sum->parts[UNPAID], text);
    int r = text_puts(print->out, text);
    if (r == 0 && *sum->currency)
        r = text_puts(print->out, " ");
    for (const char *p = sum->currency; r == 0 && *p; p++) /* each currency has one line, whatever is in it */
        r = text_append(print->out, (unsigned char)*p < ' ' ? " " : p, 1);
    if (r == 0)
        r = text_puts(print->out, "\n");
    return r < 0 ? r : 1;
}

/* ---- reports/spend-by-month.csv ---- */

static int scan_spend(struct print *print, const struct item *item)
{
    struct sums *sums = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    char month[MONTH_LEN + 1] = "";
    struct date date;
    const char *text = snapshot_field(item->snapshot, INVOICE_DATE);

    if (date_read(text, &date))
        memcpy(month, text, MONTH_LEN);
    int r = members_find_in_text(sums->members, item_json(item), found);
    struct sum *sum = r == 0 ? sum_of(sums, month, found[CURRENCY], print->scratch) : NULL;
    if (!sum)
        return r < 0 ? r : -ENOMEM;
    sum->invoices++;
    amounts_add(&sums->amounts, &sum->parts[part_of(item)], item, found[TOTAL]);
    return 0;
}

static int begin_spend(struct print *print)
{
    complete(print);
    return text_puts(print->out, "month,currency,invoices,total,paid,unpaid,cancelled,refunded,other\r\n");
}

static int print_row(struct print *print, size_t i)
{
    const struct sums *sums = print->state;
    struct csv_row row = csv_row(print->out, print->scratch);
    struct decimal total = {.decimals = 0};
    char text[DECIMAL_TEXT];

    if (i == sums->n)
        return 0;
    const struct sum *sum = sums->all[i];
    csv_text(&row, sum->month);
    csv_text(&row, sum->currency);
    (void)snprintf(text, sizeof text, "%" PRIu32, sum->invoices);
    csv_text(&row, text);
    for (unsigned part = 0; part < PARTS; part++)
        decimal_add_sum(&total, &sum->parts[part]);
    csv_bytes(&row, text, decimal_print(&total, text));
    for (unsigned part = 0; part < PARTS; part++)
        csv_bytes(&row, text, decimal_print(&sum->parts[part], text));
    int r = csv_end(&row);
    return r < 0 ? r : 1;
}

const struct form form_unpaid_sums = {.open = open_sums,
                                      .scan = scan_unpaid,
                                      .begin = begin_unpaid,
                                      .row = print_line,
                                      .close = close_sums,
                                      .slot = 5,
                                      .daily = true};
const struct form form_spend = {
    .open = open_sums, .scan = scan_spend, .begin = begin_spend, .row = print_row, .close = close_sums, .slot = 6};
