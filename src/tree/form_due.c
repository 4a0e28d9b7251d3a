/* SPDX-License-Identifier: MIT */
/*
 * Tables by due date: reports/unpaid.csv, the invoices that are unpaid, and reports/renewals.csv, the services. Rows are
 * in order of due date, then id; those without a usable date come last.
 */
#include "api/members.h"
#include "base/date.h"
#include "tree/csv.h"
#include "tree/forms.h"
#include "tree/text.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The day of an item without a usable due date: after all others. */
#define NO_DAY INT64_MAX

/* The targets of the search: the due date, the id, then the other columns. */
enum { DUE, ID, FIRST_COLUMN };
#define COLUMNS_MAX (MEMBERS_TARGETS - FIRST_COLUMN)

/* What the table of an operation has. */
struct kind {
    const char *header;
    uint8_t due;                             /* index of the field with the due date */
    uint8_t n_columns, columns[COLUMNS_MAX]; /* indices of the fields after due, days left and id */
    uint8_t date;                            /* index of a field that is a date, too; 0: none */
    const char *status;                      /* show items with this status only; NULL: all */
    uint8_t status_field;
    bool days_left; /* the second column is the number of days left */
};

static const struct kind unpaid = {
    .header = "due,days_left,id,number,date,total,currency\r\n",
    .due = INVOICE_DUE,
    .n_columns = 4,
    .columns = {INVOICE_NUMBER, INVOICE_DATE, INVOICE_TOTAL, INVOICE_CURRENCY},
    .date = INVOICE_DATE,
    .status = "Unpaid",
    .status_field = INVOICE_STATUS,
    .days_left = true,
};

static const struct kind renewals = {
    .header = "due,id,product,name,amount,currency,billing_cycle\r\n",
    .due = SERVICE_DUE,
    .n_columns = 5,
    .columns = {SERVICE_PRODUCT, SERVICE_NAME, SERVICE_AMOUNT, SERVICE_CURRENCY, SERVICE_CYCLE},
};

/* A row of the table. */
struct due {
    int64_t day; /* as date_days() counts; NO_DAY */
    const struct item *item;
};

struct table {
    const struct kind *kind;
    struct members *due, *all; /* searches: for the due date alone, and for all columns */
    struct due *rows;
    size_t n, room;
};

static void close_table(struct print *print)
{
    struct table *table = print->state;
    if (!table)
        return;
    members_free(table->due);
    members_free(table->all);
    free(table->rows);
    free(table);
}

static int open_table(struct print *print, const struct kind *kind)
{
    struct table *table = print->state = calloc(1, sizeof *table);
    if (!table)
        return -ENOMEM;
    table->kind = kind;
    table->due = members_new();
    table->all = members_new();
    if (!table->due || !table->all)
        return -ENOMEM;
    const struct endpoint_field *fields = print->reading->fields;
    members_want(table->due, DUE, fields[kind->due].names);
    members_want(table->all, DUE, fields[kind->due].names);
    members_want(table->all, ID, print->reading->ids);
    for (unsigned i = 0; i < kind->n_columns; i++)
        members_want(table->all, FIRST_COLUMN + i, fields[kind->columns[i]].names);
    return 0;
}

static int open_unpaid(struct print *print)
{
    return open_table(print, &unpaid);
}

static int open_renewals(struct print *print)
{
    return open_table(print, &renewals);
}

/* Reads a value as a date, and leaves its text in `scratch`. */
static bool read_date(struct json_slice value, struct printbuf *scratch, struct date *ret)
{
    printbuf_reset(scratch);
    return value.at && value.at[0] == '"' && json_scalar_text(value, scratch) == 0 && date_read(scratch->buf, ret);
}

static bool is_shown(const struct kind *kind, const struct item *item)
{
    const char *status = kind->status ? snapshot_field(item->snapshot, kind->status_field) : NULL;
    return !kind->status || (status && strcmp(status, kind->status) == 0);
}

static int scan(struct print *print, const struct item *item)
{
    struct table *table = print->state;
    struct json_slice found[MEMBERS_TARGETS];
    struct date date;

    if (!is_shown(table->kind, item))
        return 0;
    if (table->n == table->room) {
        size_t room = table->room ? table->room * 2 : 64;
        struct due *rows = reallocarray(table->rows, room, sizeof *rows);
        if (!rows)
            return -ENOMEM;
        table->rows = rows;
        table->room = room;
    }
    int r = members_find_in_text(table->due, item_json(item), found);
    if (r < 0)
        return r;
    int64_t day = read_date(found[DUE], print->scratch, &date) ? date_days(date) : NO_DAY;
    table->rows[table->n++] = (struct due){day, item};
    return 0;
}

/* Items without an id of their own have the largest; items with the same id stay in the API's order. */
static int compare(const void *left, const void *right)
{
    const struct due *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->item->id != b->item->id)
        return a->item->id < b->item->id ? -1 : 1;
    return a->item < b->item ? -1 : a->item > b->item;
}

static int begin(struct print *print)
{
    struct table *table = print->state;
    if (table->n > 0)
        qsort(table->rows, table->n, sizeof *table->rows, compare);
    return text_puts(print->out, table->kind->header);
}

/* Appends a date as YYYY-MM-DD; an empty value if it is none (0000-00-00), so that the column holds dates only. */
static void csv_date(struct csv_row *row, struct json_slice value)
{
    struct date date;
    size_t len = read_date(value, row->scratch, &date) ? DATE_LEN : 0; /* this may move the bytes */
    csv_bytes(row, row->scratch->buf, len);
}

static int print_row(struct print *print, size_t i)
{
    const struct table *table = print->state;
    const struct kind *kind = table->kind;
    struct json_slice found[MEMBERS_TARGETS];
    struct csv_row row = csv_row(print->out, print->scratch);

    if (i == table->n)
        return 0;
    const struct due *due = &table->rows[i];
    int r = members_find_in_text(table->all, item_json(due->item), found);
    if (r < 0)
        return r;
    csv_date(&row, found[DUE]);
    if (kind->days_left) {
        char days[24] = "";
        if (due->day != NO_DAY)
            (void)snprintf(days, sizeof days, "%" PRId64, due->day - print->today);
        csv_text(&row, days);
    }
    csv_scalar(&row, found[ID]);
    for (unsigned k = 0; k < kind->n_columns; k++)
        (kind->date && kind->columns[k] == kind->date ? csv_date : csv_scalar)(&row, found[FIRST_COLUMN + k]);
    r = csv_end(&row);
    return r < 0 ? r : 1;
}

const struct form form_unpaid = {.open = open_unpaid,
                                 .scan = scan,
                                 .begin = begin,
                                 .row = print_row,
                                 .close = close_table,
                                 .slot = 4,
                                 .daily = true};
const struct form form_renewals = {
    .open = open_renewals, .scan = scan, .begin = begin, .row = print_row, .close = close_table, .slot = 2};
