/* SPDX-License-Identifier: MIT */
#include "invoice.h"

#include "chance.h"
#include "services.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define DAYS 3652 /* from 2016-11-21 to 2026-11-20 */

enum status { PAID, UNPAID, CANCELLED, REFUNDED };

static const char *const statuses[] = {"Paid", "Unpaid", "Cancelled", "Refunded"};
static const char *const gateways[] = {"stripe", "banktransfer", "paypal"};

static const struct {
    const char *name, *detail;
    long cents;
} articles[] = {
    {"CDN Europe", "cdn.example.com, 20 TB traffic, purge by resource included", 4900},
    {"S3 Cloud Storage 1TB", "bucket-backup.example.net, outgoing traffic included\nRegion: Amsterdam", 1500},
    {"AMS / 2x16-core CPU / 128GB RAM / 2x480GB SSD / 10Gbit/s",
     "srv-7.example.net\nOperating System: Debian 12\nTraffic: 100 TB", 41000},
    {"Cloud VPS-4", "vps-12.example.net\nOperating System: Ubuntu 24.04 LTS\nAdditional IPv4: 1", 1900},
    {"BGP Session IPv4 + IPv6", "AS64500, 203.0.113.0/24 and 2001:db8::/32", 2500},
    {"Z\xc3\xbcrich / 2x8-core CPU / 64GB RAM / 2x960GB SSD / 1Gbit/s",
     "srv-9.example.net\nOperating System: None\nTraffic: Unmetered", 35500},
    {"Domain Renewal", "example.com, 1 year(s), with DNS management", 1250},
    {"Domain Registration", "caf\xc3\xa9.example.net, 2 year(s)", 2200},
    {"Remote Hands \"Basic\"", "Replace a disk, 30 minutes & report", 4500},
    {"IPv4 Addresses", "/29 at srv-7.example.net, routed, reverse DNS by request", 1600},
};

struct line {
    size_t article;
    long id, quantity;
};

struct invoice {
    long id, day, paid_on;
    unsigned paid_at; /* second of that day */
    enum status status;
    unsigned gateway, n_lines;
    struct line lines[4];
    long total;
    unsigned transaction;
};

static uint64_t index_of(long id)
{
    return (uint64_t)(id - FIRST_INVOICE);
}

static enum status draw_status(const struct invoices *invoices, long id)
{
    struct chance chance = chance_for(invoices->seed, CHANCE_INVOICE_STATUS, index_of(id));
    unsigned n = chance_below(&chance, 100);
    return n < 92 ? PAID : n < 97 ? UNPAID : n < 99 ? CANCELLED : REFUNDED;
}

/* The day of an invoice; those beyond the spread ones are all of the last day. */
static long day_of_invoice(const struct invoices *invoices, long id)
{
    long first = day_of(2016, 11, 21), index = id - FIRST_INVOICE;
    if (index < 0)
        return first;
    return first + (index < invoices->spread ? (long)((int64_t)index * DAYS / invoices->spread) : DAYS - 1);
}

/* The index of the first invoice of a year: the least whose index * DAYS / spread reaches the year's first day. */
static long first_of_year(const struct invoices *invoices, int year)
{
    int64_t days = day_of(year, 1, 1) - day_of(2016, 11, 21);
    return days <= 0 ? 0 : (long)((days * invoices->spread + DAYS - 1) / DAYS);
}

static struct invoice generate(const struct invoices *invoices, long id)
{
    struct chance chance = chance_for(invoices->seed, CHANCE_INVOICE, index_of(id));
    struct invoice invoice = {.id = id};

    invoice.status = draw_status(invoices, id);
    invoice.day = day_of_invoice(invoices, id);
    invoice.paid_on = invoice.day + (long)chance_below(&chance, 3);
    invoice.paid_at = chance_below(&chance, 86400);
    invoice.gateway = chance_below(&chance, 3);
    invoice.transaction = chance_below(&chance, 1U << 31);
    invoice.n_lines = 1 + chance_below(&chance, 4);
    for (unsigned i = 0; i < invoice.n_lines; i++) {
        struct line *line = &invoice.lines[i];
        line->article = chance_below(&chance, sizeof(articles) / sizeof(articles[0]));
        line->quantity = 1 + (long)chance_below(&chance, 2);
        line->id = id * 4 + (long)i;
        invoice.total += articles[line->article].cents * line->quantity;
    }
    return invoice;
}

bool invoices_know_status(const char *status)
{
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(status, statuses[i]))
            return true;
    return false;
}

const char *invoice_status(const struct invoices *invoices, long id)
{
    return statuses[draw_status(invoices, id)];
}

void invoice_number(const struct invoices *invoices, long id, char ret[INVOICE_NUMBER])
{
    int year = year_of(day_of_invoice(invoices, id));
    snprintf(ret, INVOICE_NUMBER, "MLB-%d-%04ld", year, id - FIRST_INVOICE - first_of_year(invoices, year) + 1);
}

long invoice_numbered(const struct invoices *invoices, const char *number)
{
    int year;
    long sequence;
    if (sscanf(number, "MLB-%4d-%18ld", &year, &sequence) != 2)
        return -1;
    return FIRST_INVOICE + first_of_year(invoices, year) + sequence - 1;
}

static void add_lines(const struct invoice *invoice, bool string_ids, struct text *out)
{
    text_key(out, "items");
    text_char(out, '[');
    for (unsigned i = 0; i < invoice->n_lines; i++) {
        const struct line *line = &invoice->lines[i];
        struct text description = {0};
        text_puts(&description, articles[line->article].name);
        text_add(&description, " (", 2);
        text_day(&description, invoice->day);
        text_add(&description, " - ", 3);
        text_day(&description, invoice->day + 30);
        text_add(&description, ")\n", 2);
        text_puts(&description, articles[line->article].detail);
        text_comma(out);
        text_char(out, '{');
        text_id_member(out, "id", line->id, string_ids);
        text_number_member(out, "relid", FIRST_SERVICE + (long)line->article);
        text_member(out, "type", line->article == 6 || line->article == 7 ? "Domain" : "Hosting");
        text_member(out, "description", description.data);
        text_number_member(out, "quantity", line->quantity);
        text_money_member(out, "amount", articles[line->article].cents * line->quantity);
        text_number_member(out, "taxed", 0);
        text_char(out, '}');
        text_free(&description);
    }
    text_char(out, ']');
}

static void add_transaction(const struct invoice *invoice, bool refund, struct text *out)
{
    text_comma(out);
    text_char(out, '{');
    text_moment_member(out, "date", invoice->paid_on + (refund ? 14 : 0), invoice->paid_at);
    text_member(out, "gateway", gateways[invoice->gateway]);
    text_key(out, "transid");
    text_printf(out, "\"%s_%08x%lx\"", refund ? "re" : "ch", invoice->transaction, invoice->id);
    text_money_member(out, "amountin", refund ? 0 : invoice->total);
    text_money_member(out, "amountout", refund ? invoice->total : 0);
    text_money_member(out, "fees", invoice->gateway == 1 ? 0 : invoice->total / 50);
    text_char(out, '}');
}

static void add_transactions(const struct invoice *invoice, struct text *out)
{
    text_key(out, "transactions");
    text_char(out, '[');
    if (invoice->status == PAID || invoice->status == REFUNDED)
        add_transaction(invoice, false, out);
    if (invoice->status == REFUNDED)
        add_transaction(invoice, true, out);
    text_char(out, ']');
}

void invoice_print(const struct invoices *invoices, long id, bool items, bool transactions, struct text *out)
{
    struct invoice invoice = generate(invoices, id);
    char number[INVOICE_NUMBER];

    invoice_number(invoices, id, number);
    text_char(out, '{');
    text_id_member(out, "id", id, invoices->string_ids);
    text_member(out, "invoicenum", number);
    text_day_member(out, "date", invoice.day);
    text_day_member(out, "duedate", invoice.day + 14);
    if (invoice.status == PAID || invoice.status == REFUNDED)
        text_moment_member(out, "datepaid", invoice.paid_on, invoice.paid_at);
    else
        text_member(out, "datepaid", "0000-00-00 00:00:00");
    text_money_member(out, "subtotal", invoice.total);
    text_money_member(out, "credit", 0);
    text_money_member(out, "tax", 0);
    text_member(out, "taxrate", "0.00");
    text_money_member(out, "total", invoice.total);
    text_member(out, "currency", "EUR");
    text_member(out, "status", statuses[invoice.status]);
    text_member(out, "paymentmethod", gateways[invoice.gateway]);
    if (items)
        add_lines(&invoice, invoices->string_ids, out);
    if (transactions)
        add_transactions(&invoice, out);
    text_char(out, '}');
}
