/* SPDX-License-Identifier: MIT */
#include "invoices.h"

#include "invoice.h"
#include "text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void invoices_free(struct invoices *invoices)
{
    overlay_free(&invoices->overlay);
}

static bool is_generated(const struct invoices *invoices, long id)
{
    return id >= FIRST_INVOICE && id - FIRST_INVOICE < invoices->count;
}

/* Prints an invoice that a test has changed; what the filter did not ask for stays out, as in a generated one. */
static void add_changed(struct json_object *invoice, const struct invoice_filter *filter, struct text *out)
{
    text_char(out, '{');
    json_object_object_foreach(invoice, key, value)
    {
        if ((!filter->items && !strcmp(key, "items")) || (!filter->transactions && !strcmp(key, "transactions")))
            continue;
        text_comma(out);
        text_json_string(out, key, strlen(key));
        text_char(out, ':');
        text_json(out, value);
    }
    text_char(out, '}');
}

static bool same(struct json_object *invoice, const char *key, const char *wanted)
{
    const char *value = json_object_get_string(json_object_object_get(invoice, key));
    return !wanted || (value && !strcmp(value, wanted));
}

static bool wants_changed(struct json_object *invoice, const struct invoice_filter *filter)
{
    return same(invoice, "status", filter->status) && same(invoice, "invoicenum", filter->number);
}

static bool wants_generated(const struct invoices *invoices, long id, const struct invoice_filter *filter)
{
    if (filter->status && strcmp(filter->status, invoice_status(invoices, id)) != 0)
        return false;
    if (!filter->number)
        return true;
    char number[INVOICE_NUMBER];
    invoice_number(invoices, id, number);
    return !strcmp(filter->number, number);
}

/* Appends the invoice if the filter wants it and it is in the window; counts it in *found. */
static void add_wanted(struct invoices *invoices, long id, const struct invoice_filter *filter, size_t *found,
                       struct text *out)
{
    const struct overlay_entry *entry = invoices->overlay.entries ? overlay_find(&invoices->overlay, id) : NULL;

    if (entry && entry->deleted)
        return;
    if (entry ? !wants_changed(entry->item, filter) : !wants_generated(invoices, id, filter))
        return;
    if (!window_has(&filter->window, (*found)++))
        return;
    text_comma(out);
    if (entry)
        add_changed(entry->item, filter, out);
    else
        invoice_print(invoices, id, filter->items, filter->transactions, out);
}

/* A number says which invoice was generated with it, so one need not look at all; any changed one may have it now. */
static void list_numbered(struct invoices *invoices, const struct invoice_filter *filter, size_t *found,
                          struct text *out)
{
    long id = invoice_numbered(invoices, filter->number);
    if (is_generated(invoices, id) && !overlay_find(&invoices->overlay, id))
        add_wanted(invoices, id, filter, found, out);
    for (const struct overlay_entry *e = invoices->overlay.entries; e; e = e->hh.next)
        add_wanted(invoices, e->id, filter, found, out);
}

size_t invoices_list(struct invoices *invoices, const struct invoice_filter *filter, struct text *out)
{
    size_t found = 0;

    text_char(out, '[');
    if (filter->id >= 0) {
        if (is_generated(invoices, filter->id) || overlay_find(&invoices->overlay, filter->id))
            add_wanted(invoices, filter->id, filter, &found, out);
    } else if (filter->number) {
        list_numbered(invoices, filter, &found, out);
    } else {
        for (long i = 0; i < invoices->count; i++)
            add_wanted(invoices, FIRST_INVOICE + i, filter, &found, out);
        for (const struct overlay_entry *e = invoices->overlay.entries; e; e = e->hh.next)
            if (!is_generated(invoices, e->id))
                add_wanted(invoices, e->id, filter, &found, out);
    }
    text_char(out, ']');
    return found;
}

void invoices_change(struct invoices *invoices, long id, struct json_object *changes)
{
    struct overlay_entry *entry = overlay_touch(&invoices->overlay, id);

    if (!entry->item) {
        struct text text = {0};
        invoice_print(invoices, id, true, true, &text);
        entry->item = json_tokener_parse(text.data);
        text_free(&text);
    }
    overlay_merge(entry->item, changes);
}

void invoices_delete(struct invoices *invoices, long id)
{
    struct overlay_entry *entry = overlay_touch(&invoices->overlay, id);
    json_object_put(entry->item);
    entry->item = NULL;
    entry->deleted = true;
}
