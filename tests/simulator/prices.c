/* SPDX-License-Identifier: MIT */
/* Domain prices: a table of what an extension costs, from which every operation, currency and duration follows. */
#include "catalog.h"
#include "text.h"

#include <string.h>

struct extension {
    const char *name;
    int registration, renewal; /* EUR cents a year; a US price is a euro's number and one more */
    int years;                 /* longest registration and renewal */
};

/* The first two are those of the API's description. */
static const struct extension extensions[] = {
    {".com", 1100, 1250, 10}, {".net", 1300, 1400, 10},  {".co.uk", 800, 850, 10},   {".org", 1200, 1350, 10},
    {".eu", 700, 750, 10},    {".io", 3900, 4200, 5},    {".de", 600, 650, 1},       {".fr", 900, 950, 1},
    {".nl", 750, 750, 1},     {".info", 1400, 1900, 10}, {".biz", 1500, 1800, 10},   {".lt", 1000, 1000, 1},
    {".pl", 950, 1650, 3},    {".it", 1050, 1050, 1},    {".es", 880, 980, 5},       {".me", 1700, 1900, 10},
    {".dev", 1450, 1450, 10}, {".cloud", 990, 2100, 10}, {".com.ua", 1150, 1150, 2}, {".online", 490, 3300, 10},
};

static const char *const kinds[] = {"domainregister", "domaintransfer", "domainrenew"};
static const char *const currencies[] = {"EUR", "USD"};

/* Whether the comma list names the extension, with or without its dot. */
static bool is_listed(const char *list, const char *name)
{
    while (list && *list) {
        size_t len = strcspn(list, ",");
        const char *plain = *list == '.' ? list + 1 : list;
        size_t plain_len = len - (size_t)(plain - list);
        if (strlen(name + 1) == plain_len && !strncasecmp(name + 1, plain, plain_len))
            return true;
        list += len;
        list += *list == ',';
    }
    return !list;
}

static void add_years(const struct extension *extension, int kind, int currency, struct text *out)
{
    /* A transfer buys one year at the registration's price. */
    int years = kind == 1 ? 1 : extension->years;
    int price = (kind == 2 ? extension->renewal : extension->registration) + currency * 100;

    text_key(out, currencies[currency]);
    text_char(out, '{');
    for (int year = 1; year <= years; year++) {
        const char key[] = {(char)('0' + year % 10), '\0'};
        text_money_member(out, year == 10 ? "10" : key, (long)price * year);
    }
    text_char(out, '}');
}

static void add_extension(const struct extension *extension, const struct price_filter *filter, struct text *out)
{
    text_key(out, extension->name);
    text_char(out, '{');
    for (int kind = 0; kind < 3; kind++) {
        if (filter->operation && strcmp(filter->operation, kinds[kind]) != 0)
            continue;
        text_key(out, kinds[kind]);
        text_char(out, '{');
        for (int currency = 0; currency < 2; currency++)
            if (!filter->currency || !strcmp(filter->currency, currencies[currency]))
                add_years(extension, kind, currency, out);
        text_char(out, '}');
    }
    text_char(out, '}');
}

void catalog_prices(const struct price_filter *filter, struct text *out)
{
    text_char(out, '{');
    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (is_listed(filter->extensions, extensions[i].name))
            add_extension(&extensions[i], filter, out);
    text_char(out, '}');
}
