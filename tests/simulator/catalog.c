/* SPDX-License-Identifier: MIT */
#include "catalog.h"

#include "text.h"

#include <string.h>

/* The first four are those of the API's description. */
static const char *const group_names[] = {
    "Dedicated Servers Amsterdam",
    "BGP Session",
    "Cloud Servers Europe",
    "S3 Cloud Storage",
    "CDN",
    "Dedicated Servers Z\xc3\xbcrich",
    "Colocation / Remote Hands",
    "Cloud Servers USA",
    "Dedicated Servers Frankfurt",
    "Dedicated Servers Los Angeles",
    "Dedicated Servers S\xc3\xa3o Paulo",
    "SSL Certificates",
};
static const char *const cities[] = {"Amsterdam", "Atlanta", "Fujairah",  "Lagos", "Madrid",
                                     "Palermo",   "Riga",    "Singapore", "Sofia", "Warsaw"};

#define COUNT(array) (long)(sizeof(array) / sizeof((array)[0]))

bool window_has(const struct window *window, size_t n)
{
    return n >= window->offset && (window->limit == 0 || n - window->offset < window->limit);
}

void catalog_group_name(struct text *name, long group_id)
{
    long index = group_id - 1;
    if (index < COUNT(group_names)) {
        text_puts(name, group_names[index]);
        return;
    }
    index -= COUNT(group_names);
    text_printf(name, "Dedicated Servers %s %ld", cities[index % COUNT(cities)], index / COUNT(cities) + 2);
}

static void add_group_members(const struct catalog *catalog, long group_id, struct text *out)
{
    struct text name = {0};
    catalog_group_name(&name, group_id);
    text_id_member(out, "productGroupId", group_id, catalog->string_ids);
    text_member(out, "productGroup", name.data);
    text_free(&name);
}

size_t catalog_groups(const struct catalog *catalog, struct window window, struct text *out)
{
    text_char(out, '[');
    for (long id = 1; id <= catalog->groups; id++) {
        if (!window_has(&window, (size_t)id - 1))
            continue;
        text_comma(out);
        text_char(out, '{');
        add_group_members(catalog, id, out);
        text_char(out, '}');
    }
    text_char(out, ']');
    return (size_t)catalog->groups;
}

/* The rank-th server of a city; ranks run through every combination before a name repeats with a number. */
static void add_server(struct text *name, struct text *description, const char *group, long rank)
{
    static const int cores[] = {16, 8, 24, 32, 64}, ram[] = {128, 64, 256, 512}, disk[] = {480, 960, 1920};
    const char *city = strrchr(group, ' ') ? strrchr(group, ' ') + 1 : group;
    int c = cores[rank % 5], r = ram[rank / 5 % 4], d = disk[rank / 20 % 3];

    if (!strcmp(city, "Amsterdam"))
        text_puts(name, "AMS");
    else
        text_puts(name, city);
    text_printf(name, " / 2x%d-core CPU / %dGB RAM / 2x%dGB SSD / 10Gbit/s", c, r, d);
    if (rank >= 60)
        text_printf(name, " / #%ld", rank / 60 + 1);
    if (c == 16)
        text_printf(description, "Two 16-core processors, %dGB RAM, 2x%dGB SSD, %s", r, d, city);
    else
        text_printf(description, "Two %d-core processors, %dGB RAM, 2x%dGB SSD, %s", c, r, d, city);
}

static void add_product_name(struct text *name, struct text *description, const char *group, long rank)
{
    if (!strncmp(group, "Dedicated", 9)) {
        add_server(name, description, group, rank);
    } else if (!strncmp(group, "S3", 2)) {
        text_printf(name, "S3 Cloud Storage %ldTB", rank + 1);
        text_printf(description, "Object storage, %ldTB, traffic included", rank + 1);
    } else if (!strncmp(group, "CDN", 3)) {
        text_puts(name, rank == 0 ? "CDN Europe" : rank == 1 ? "CDN Global" : "CDN Burst +50%");
        if (rank > 2)
            text_printf(name, " %ld", rank - 1);
        text_puts(description, "Content delivery, purge by resource, \"HTTP/2\" and TLS");
    } else {
        text_printf(name, "%s %ld", group, rank + 1);
        text_printf(description, "%s, size %ld", group, rank + 1);
    }
}

static void add_prices(struct text *out, long monthly)
{
    static const char *const currencies[] = {"EUR", "USD"};
    text_key(out, "pricing");
    text_char(out, '[');
    for (int i = 0; i < 2; i++) {
        long cents = i ? monthly / 41 * 44 : monthly;
        text_comma(out);
        text_char(out, '{');
        text_member(out, "currency", currencies[i]);
        text_key(out, "details");
        text_char(out, '{');
        text_money_member(out, "msetupfee", 0);
        text_money_member(out, "qsetupfee", 0);
        text_money_member(out, "ssetupfee", 0);
        text_money_member(out, "asetupfee", 0);
        text_money_member(out, "monthly", cents);
        text_money_member(out, "quarterly", cents * 3);
        text_money_member(out, "semiannually", cents * 6);
        text_money_member(out, "annually", cents * 12);
        text_puts(out, "}}");
    }
    text_char(out, ']');
}

static void add_config_options(struct text *out, long product, bool string_ids)
{
    static const char *const options[2][4] = {{"Operating System", "Debian 12", "Ubuntu 24.04 LTS", "None"},
                                              {"Traffic", "30 TB", "100 TB", "Unmetered 1Gbit/s"}};
    text_key(out, "configOptions");
    text_char(out, '[');
    for (long i = 0; i < 2; i++) {
        text_comma(out);
        text_char(out, '{');
        text_id_member(out, "id", 7000 + product * 2 + i, string_ids);
        text_member(out, "name", options[i][0]);
        text_key(out, "options");
        text_char(out, '[');
        for (long k = 1; k < 4; k++) {
            text_comma(out);
            text_char(out, '{');
            text_member(out, "name", options[i][k]);
            text_money_member(out, "monthly", i * (k - 1) * 2500);
            text_char(out, '}');
        }
        text_puts(out, "]}");
    }
    text_char(out, ']');
}

static void add_product(const struct catalog *catalog, long index, bool config_options, struct text *out)
{
    long groups = catalog->groups ? catalog->groups : 1;
    long group_id = index % groups + 1, rank = index / groups;
    struct text group = {0}, name = {0}, description = {0};

    catalog_group_name(&group, group_id);
    add_product_name(&name, &description, group.data, rank);
    text_comma(out);
    text_char(out, '{');
    add_group_members(catalog, group_id, out);
    text_member(out, "name", name.data);
    text_member(out, "description", description.data);
    /* Product 0 is the one of the API's description, at 410.00 EUR and 440.00 USD. */
    add_prices(out, 4100 * (1 + (9 + index * 7) % 23));
    if (config_options)
        add_config_options(out, index, catalog->string_ids);
    text_char(out, '}');
    text_free(&group);
    text_free(&name);
    text_free(&description);
}

static bool wants_group(const struct product_filter *filter, long group_id)
{
    for (size_t i = 0; i < filter->n_groups; i++)
        if (filter->groups[i] == group_id)
            return true;
    return !filter->groups;
}

size_t catalog_products(const struct catalog *catalog, const struct product_filter *filter, struct text *out)
{
    size_t found = 0;
    text_char(out, '[');
    for (long i = 0; i < catalog->products; i++) {
        if (!wants_group(filter, i % (catalog->groups ? catalog->groups : 1) + 1))
            continue;
        if (window_has(&filter->window, found++))
            add_product(catalog, i, filter->config_options, out);
    }
    text_char(out, ']');
    return found;
}
