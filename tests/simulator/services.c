/* SPDX-License-Identifier: MIT */
/*
 * A service is drawn from its id alone, in one place (generate()), and printed from that, as a list item or whole. Once
 * a test changes it, both printings are parsed and kept in the overlay, and the drawn one counts no more.
 */
#include "services.h"

#include "chance.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum kind { CDN, STORAGE, SERVER, CLOUD, SESSION };

static const struct {
    const char *name, *group;
    enum kind kind;
    long monthly; /* cents */
} products[] = {
    {"CDN Europe", "CDN", CDN, 4900},
    {"S3 Cloud Storage 1TB", "S3 Cloud Storage", STORAGE, 1500},
    {"CDN Global", "CDN", CDN, 9900},
    {"AMS / 2x16-core CPU / 128GB RAM / 2x480GB SSD / 10Gbit/s", "Dedicated Servers Amsterdam", SERVER, 41000},
    {"Cloud VPS-4", "Cloud Servers Europe", CLOUD, 1900},
    {"BGP Session IPv4 + IPv6", "BGP Session", SESSION, 2500},
    {"Z\xc3\xbcrich / 2x8-core CPU / 64GB RAM / 2x960GB SSD / 1Gbit/s", "Dedicated Servers Z\xc3\xbcrich", SERVER,
     35500},
    {"S3 Cloud Storage 5TB", "S3 Cloud Storage", STORAGE, 6500},
    {"Cloud VPS-8", "Cloud Servers USA", CLOUD, 3700},
    {"CDN Burst +50%", "CDN", CDN, 6900},
};
static const char *const statuses[] = {"Active", "Suspended", "Pending", "Cancelled", "Terminated"};
static const char *const cycles[] = {"Monthly", "Quarterly", "Semi-Annually", "Annually"};

struct service {
    long id;
    size_t product;
    unsigned status, cycle;
    long amount, registered, due;
    unsigned host; /* last byte of its address */
};

static unsigned draw_status(struct chance *chance)
{
    unsigned n = chance_below(chance, 100);
    return n < 62 ? 0 : n < 76 ? 1 : n < 84 ? 2 : n < 92 ? 3 : 4;
}

static struct service generate(const struct services *services, long id)
{
    long index = id - FIRST_SERVICE;
    struct chance chance = chance_for(services->seed, CHANCE_SERVICE, (uint64_t)index);
    static const int months[] = {1, 3, 6, 12};
    struct service service = {.id = id};

    service.product = chance_below(&chance, sizeof(products) / sizeof(products[0]));
    service.status = draw_status(&chance);
    service.cycle = chance_below(&chance, 10) < 7 ? 0 : chance_below(&chance, 4);
    service.registered = day_of(2017, 1, 1) + (long)chance_below(&chance, 3500);
    service.due = day_of(2026, 11, 21) + (long)chance_below(&chance, 30);
    service.host = 1 + chance_below(&chance, 254);
    if (index >= 0 && index < 5)
        service.status = (unsigned)index;
    if (index == 0 || index == 1) {
        service.product = (size_t)index;
        service.cycle = 0;
        service.due = index ? day_of(2026, 11, 20) : day_of(2026, 12, 1);
    }
    service.amount = products[service.product].monthly * months[service.cycle];
    return service;
}

/* The resources a CDN service can purge are named after it, but for the first service's. */
static void add_resource(const struct service *service, const char *kind, struct text *out)
{
    text_puts(out, kind);
    if (service->id != FIRST_SERVICE)
        text_printf(out, "-%ld", service->id);
    text_puts(out, ".example.com");
}

static void add_domain(const struct service *service, struct text *out)
{
    switch (products[service->product].kind) {
    case CDN:
        add_resource(service, "cdn", out);
        break;
    case SERVER:
        text_printf(out, "srv-%ld.example.net", service->id);
        break;
    case CLOUD:
        text_printf(out, "vps-%ld.example.net", service->id);
        break;
    default:
        text_puts(out, "");
    }
}

static void add_shared(const struct services *services, const struct service *service, struct text *out)
{
    struct text domain = {0};
    add_domain(service, &domain);
    text_id_member(out, "id", service->id, services->string_ids);
    text_member(out, "productName", products[service->product].name);
    text_member(out, "groupName", products[service->product].group);
    text_member(out, "status", statuses[service->status]);
    text_member(out, "domain", domain.data);
    text_money_member(out, "amount", service->amount);
    text_member(out, "currency", "EUR");
    text_member(out, "billingCycle", cycles[service->cycle]);
    text_day_member(out, "nextDueDate", service->due);
    text_free(&domain);
}

static void add_cdn(const struct service *service, struct text *out)
{
    static const char *const kinds[] = {"cdn", "static"};
    text_key(out, "cdn");
    text_puts(out, "{\"resources\":[");
    for (int i = 0; i < 2; i++) {
        struct text name = {0};
        add_resource(service, kinds[i], &name);
        text_comma(out);
        text_char(out, '{');
        text_member(out, "name", name.data);
        text_char(out, '}');
        text_free(&name);
    }
    text_puts(out, "]}");
}

static void add_server(const struct service *service, struct text *out)
{
    text_key(out, "server");
    text_char(out, '{');
    text_key(out, "ip");
    text_printf(out, "\"192.0.2.%u\"", service->host);
    text_key(out, "assignedIps");
    text_printf(out, "[\"192.0.2.%u\",\"198.51.100.%u\",\"2001:db8::%x\"]", service->host, service->host,
                service->host);
    text_member(out, "operatingSystem", "Debian 12");
    text_char(out, '}');
}

static void add_details(const struct service *service, struct text *out)
{
    text_day_member(out, "regDate", service->registered);
    text_money_member(out, "firstPaymentAmount", service->amount);
    text_member(out, "paymentMethod", service->host % 3 ? "stripe" : "banktransfer");
    text_key(out, "suspendReason");
    text_puts(out, service->status == 1 ? "\"Overdue on payment\"" : "null");
    switch (products[service->product].kind) {
    case CDN:
        add_cdn(service, out);
        break;
    case STORAGE:
        text_key(out, "storage");
        text_printf(out, "{\"bucket\":\"bucket-%ld\",\"usedBytes\":%llu}", service->id, service->host * 4294967291ULL);
        break;
    case SERVER:
    case CLOUD:
        add_server(service, out);
        break;
    default:
        text_key(out, "bgp");
        text_printf(out, "{\"asn\":%u,\"prefixes\":[\"203.0.113.0\\/24\"]}", 64496 + service->host % 16);
    }
}

static void add_generated(struct services *services, long id, bool single, struct text *out)
{
    struct service service = generate(services, id);
    text_char(out, '{');
    add_shared(services, &service, out);
    if (single)
        add_details(&service, out);
    text_char(out, '}');
}

static bool is_generated(const struct services *services, long id)
{
    return id >= FIRST_SERVICE && id - FIRST_SERVICE < services->count;
}

void services_free(struct services *services)
{
    overlay_free(&services->overlay);
}

bool services_know_status(const char *status)
{
    for (size_t i = 0; i < 5; i++)
        if (!strcmp(status, statuses[i]))
            return true;
    return false;
}

static bool wanted(const struct service_filter *filter, const char *product, const char *status)
{
    if (filter->product && strcmp(filter->product, product) != 0)
        return false;
    if (filter->status)
        return !strcmp(filter->status, status);
    return !strcmp(status, "Active") || !strcmp(status, "Suspended");
}

static const char *string_of(struct json_object *object, const char *key)
{
    const char *string = json_object_get_string(json_object_object_get(object, key));
    return string ? string : "";
}

/* Appends the service if the filter wants it and it is in the window; counts it in *found. */
static void add_wanted(struct services *services, long id, const struct service_filter *filter, size_t *found,
                       struct text *out)
{
    const struct overlay_entry *entry = overlay_find(&services->overlay, id);
    bool want;

    if (entry && entry->deleted)
        return;
    if (entry && entry->item) {
        want = wanted(filter, string_of(entry->item, "productName"), string_of(entry->item, "status"));
    } else {
        struct service service = generate(services, id);
        want = wanted(filter, products[service.product].name, statuses[service.status]);
    }
    if (!want || !window_has(&filter->window, (*found)++))
        return;
    text_comma(out);
    if (entry && entry->item)
        text_json(out, entry->item);
    else
        add_generated(services, id, false, out);
}

size_t services_list(struct services *services, const struct service_filter *filter, struct text *out)
{
    size_t found = 0;
    text_char(out, '[');
    for (long i = 0; i < services->count; i++)
        add_wanted(services, FIRST_SERVICE + i, filter, &found, out);
    for (const struct overlay_entry *e = services->overlay.entries; e; e = e->hh.next)
        if (!is_generated(services, e->id) && e->item)
            add_wanted(services, e->id, filter, &found, out);
    text_char(out, ']');
    return found;
}

bool services_single(struct services *services, long id, struct text *out, bool *raw)
{
    const struct overlay_entry *entry = overlay_find(&services->overlay, id);

    *raw = entry && entry->raw;
    if (*raw) {
        text_add(out, entry->raw, entry->raw_len);
        return true;
    }
    if (entry && entry->deleted)
        return false;
    if (entry && entry->single) {
        text_json(out, entry->single);
        return true;
    }
    if (!is_generated(services, id))
        return false;
    add_generated(services, id, true, out);
    return true;
}

static struct json_object *generated_json(struct services *services, long id, bool single)
{
    struct text text = {0};
    add_generated(services, id, single, &text);
    struct json_object *json = json_tokener_parse(text.data);
    text_free(&text);
    return json;
}

bool services_has_resource(struct services *services, long id, const char *name, size_t len)
{
    const struct overlay_entry *entry = overlay_find(&services->overlay, id);
    struct json_object *single =
        entry && entry->single ? json_object_get(entry->single) : generated_json(services, id, true);
    struct json_object *cdn = json_object_object_get(single, "cdn");
    struct json_object *resources = json_object_object_get(cdn, "resources");
    bool found = false;

    for (size_t i = 0; json_object_is_type(resources, json_type_array) && i < json_object_array_length(resources);
         i++) {
        const char *own = string_of(json_object_array_get_idx(resources, i), "name");
        found |= strlen(own) == len && !memcmp(own, name, len);
    }
    json_object_put(single);
    return found;
}

void services_change(struct services *services, long id, struct json_object *changes)
{
    struct overlay_entry *entry = overlay_touch(&services->overlay, id);

    if (!entry->item)
        entry->item = generated_json(services, id, false);
    if (!entry->single)
        entry->single = generated_json(services, id, true);
    /* What only the own answer has must not slip into the list. */
    json_object_object_foreach(changes, key, value)
    {
        if (json_object_object_get_ex(entry->item, key, NULL) || !json_object_object_get_ex(entry->single, key, NULL))
            json_object_object_add(entry->item, key, json_object_get(value));
    }
    overlay_merge(entry->single, changes);
}

void services_delete(struct services *services, long id)
{
    struct overlay_entry *entry = overlay_touch(&services->overlay, id);
    json_object_put(entry->item);
    json_object_put(entry->single);
    free(entry->raw);
    entry->item = entry->single = NULL;
    entry->raw = NULL;
    entry->deleted = true;
}

void services_set_raw(struct services *services, long id, const char *bytes, size_t len)
{
    struct overlay_entry *entry = overlay_find(&services->overlay, id);
    bool deleted = entry && entry->deleted;

    entry = overlay_touch(&services->overlay, id);
    entry->deleted = deleted;
    free(entry->raw);
    entry->raw = NULL;
    if (!bytes)
        return;
    entry->raw = malloc(len + 1);
    if (!entry->raw)
        abort();
    memcpy(entry->raw, bytes, len);
    entry->raw_len = len;
}
