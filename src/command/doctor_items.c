/* SPDX-License-Identifier: MIT */
#include "command/doctor_items.h"

#include "base/cleanup.h"
#include "command/doctor_guess.h"
#include "command/doctor_visit.h"
#include "command/options.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- verdicts ---- */

void doctor_verdict_init(struct doctor_verdict *verdict)
{
    *verdict = (struct doctor_verdict){.mark = REPORT_GOOD,
                                       .text = report_owned(printbuf_new()),
                                       .advice = report_owned(printbuf_new()),
                                       .details = report_owned(json_object_new_object())};
}

void doctor_verdict_clear(struct doctor_verdict *verdict)
{
    printbuf_free(verdict->text);
    printbuf_free(verdict->advice);
    json_object_put(verdict->details);
}

void doctor_say(struct printbuf *text, const char *format, ...)
{
    _cleanup_(freep) char *clause = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&clause, format, arguments) < 0)
        clause = NULL;
    va_end(arguments);
    (void)report_owned(clause);
    if (sprintbuf(text, "%s%s", printbuf_length(text) > 0 ? "; " : "", clause) < 0)
        (void)report_owned(NULL);
}

void doctor_worsen(struct doctor_verdict *verdict, enum report_mark mark, int status)
{
    if (mark > verdict->mark)
        verdict->mark = mark;
    if (status > verdict->status)
        verdict->status = status;
}

void doctor_detail(struct doctor_verdict *verdict, const char *key, struct json_object *value)
{
    json_object_object_add(verdict->details, key, report_owned(value));
}

static struct json_object *text_or_null(const char *text)
{
    return text ? json_object_new_string(text) : json_object_new_null();
}

static void detail_text(struct json_object *object, const char *key, const char *text)
{
    _cleanup_(freep) char *printable = text ? report_printable(text, strlen(text)) : NULL;
    json_object_object_add(object, key, text_or_null(printable));
}

/* ---- names ---- */

static struct json_object *scalar(struct json_object *item, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(item, name, &value))
        return NULL;
    return json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array) ? NULL : value;
}

/* How many items have a scalar with this name. */
static size_t count_with(const struct doctor_found *found, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < found->n; i++)
        n += scalar(found->items[i], name) != NULL;
    return n;
}

/* Whether any item has a member with this name, of any kind but null. */
static bool is_present(const struct doctor_found *found, const char *name)
{
    struct json_object *value;
    for (size_t i = 0; i < found->n; i++)
        if (json_object_object_get_ex(found->items[i], name, &value) && value)
            return true;
    return false;
}

/* The first of the names that any item has, or NULL. */
static const char *first_used(const struct doctor_found *found, const char *const *names)
{
    for (unsigned i = 0; i < ENDPOINT_ALIASES && names[i]; i++)
        if (count_with(found, names[i]) > 0)
            return names[i];
    return NULL;
}

static bool is_id(struct json_object *value, uint64_t *ret)
{
    const char *text = value ? json_object_get_string(value) : "";
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 19 || text[n] || (*text == '0' && n > 1))
        return false;
    *ret = strtoull(text, NULL, 10);
    return true;
}

/* How many items have a usable id. Of the names that an item has, only the first counts, as in a mount. */
static size_t count_ids(const struct doctor_found *found, const char *const *names)
{
    size_t n = 0;
    uint64_t id;
    for (size_t i = 0; i < found->n; i++)
        for (unsigned a = 0; a < ENDPOINT_ALIASES && names[a]; a++) {
            struct json_object *value = scalar(found->items[i], names[a]);
            if (!value)
                continue;
            n += is_id(value, &id);
            break;
        }
    return n;
}

/* ---- the form ---- */

static void tell_prices(const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    struct json_object *map = doctor_visit_found(visit)->items[0];
    size_t n = visit->reading.understood ? visit->reading.items : doctor_count_prices(map);
    doctor_say(verdict->text, "%zu prices of %d extensions", n, json_object_object_length(map));
    doctor_detail(verdict, "items", json_object_new_uint64(n));
}

static void tell_form(const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    static const char *const words[] = {[FOUND_NOTHING] = "nothing",
                                        [FOUND_EMPTY] = "an empty list",
                                        [FOUND_ONE] = "one object",
                                        [FOUND_KEYED] = "objects by number",
                                        [FOUND_LIST] = "a list"};
    const struct doctor_found *found = doctor_visit_found(visit);
    enum shape shape = endpoint_of(visit->operation)->shape;
    doctor_detail(verdict, "form", json_object_new_string(words[found->form]));
    detail_text(verdict->details, "list", found->path);
    if (shape == SHAPE_PRICES)
        tell_prices(visit, verdict);
    else
        doctor_detail(verdict, "items", json_object_new_uint64(found->n));
    if (shape == SHAPE_LIST && found->n == 0)
        doctor_say(verdict->text, "an empty list");
    else if (found->form == FOUND_LIST)
        doctor_say(verdict->text, "a list of %zu", found->n);
    else if (found->form == FOUND_KEYED)
        doctor_say(verdict->text, "%zu objects by number", found->n);
    else if (found->form == FOUND_ONE && shape == SHAPE_LIST)
        doctor_say(verdict->text, "one object instead of a list");
    else if (shape != SHAPE_PRICES)
        doctor_say(verdict->text, "%s", words[found->form]);
    if (found->path && *found->path && sprintbuf(verdict->text, " in `%s`", found->path) < 0)
        (void)report_owned(NULL);
}

/* ---- the id ---- */

/* The member of a service's own answer that has the service's id as its value. */
static const char *member_with(struct json_object *item, uint64_t wanted)
{
    uint64_t id;
    json_object_object_foreach(item, name, value)
    {
        if (!json_object_is_type(value, json_type_object) && is_id(value, &id) && id == wanted)
            return name;
    }
    return NULL;
}

static const char *guess_id(const struct doctor_visit *visit)
{
    struct json_object *none = report_owned(json_object_new_object());
    struct doctor_clues clues = {doctor_visit_found(visit)->items, doctor_visit_found(visit)->n, none, NULL};
    const char *name = visit->operation == OP_SERVICE ? member_with(doctor_visit_found(visit)->items[0], visit->id)
                                                      : doctor_guess_id(&clues);
    json_object_put(none);
    return name;
}

const char *doctor_id_name(const struct doctor_api *api, const struct doctor_visit *visit)
{
    const struct endpoint_reading *reading = endpoints_reading(api->endpoints, visit->operation);
    if (doctor_visit_found(visit)->n == 0)
        return NULL;
    if (count_ids(doctor_visit_found(visit), reading->ids) > 0)
        return first_used(doctor_visit_found(visit), reading->ids);
    return doctor_visit_found(visit)->form == FOUND_KEYED ? NULL : guess_id(visit);
}

/* Suggests a guessed name for [endpoints]. A mount does not guess, so without that line the finding is a failure. */
static void suggest(const struct doctor_api *api, const struct doctor_visit *visit, const char *key, const char *name,
                    struct doctor_verdict *verdict)
{
    const char *operation = endpoint_of(visit->operation)->name;
    report_suggest(api->report, operation, key, name);
    doctor_say(verdict->advice, "add to [endpoints]: %s.%s = %s", operation, key, name);
    doctor_worsen(verdict, REPORT_BAD, EXIT_CONFIG);
}

static void check_service_id(const struct doctor_visit *visit, const char *name, struct doctor_verdict *verdict)
{
    uint64_t id;
    if (!is_id(scalar(doctor_visit_found(visit)->items[0], name), &id) || id == visit->id)
        return;
    doctor_say(verdict->text, "the answer is about service %" PRIu64 ", but %" PRIu64 " was asked for", id, visit->id);
    doctor_worsen(verdict, REPORT_BAD, EXIT_UNREACHABLE);
}

static void tell_id(const struct doctor_api *api, const struct doctor_visit *visit, struct doctor_verdict *verdict,
                    struct json_object *taken)
{
    const struct doctor_found *found = doctor_visit_found(visit);
    const struct endpoint_reading *reading = endpoints_reading(api->endpoints, visit->operation);
    size_t with = count_ids(found, reading->ids);
    const char *name = with > 0 ? first_used(found, reading->ids) : NULL;
    if (name) {
        doctor_say(verdict->text, "the id is `%s`", name);
        if (with < found->n) {
            doctor_say(verdict->text, "%zu have no usable id and are shown in all/ only", found->n - with);
            doctor_worsen(verdict, REPORT_WARNING, 0);
        }
        if (visit->operation == OP_SERVICE)
            check_service_id(visit, name, verdict);
    } else if (found->form == FOUND_KEYED) {
        doctor_say(verdict->text, "the ids are the keys");
    } else if ((name = guess_id(visit))) {
        doctor_say(verdict->text, "no member is known as the id, but `%s` looks like it", name);
        suggest(api, visit, "id", name, verdict);
    } else {
        doctor_say(verdict->text, "no member looks like an id; set %s.id in [endpoints] to the name that it has there",
                   endpoint_of(visit->operation)->name);
        doctor_worsen(verdict, REPORT_BAD, EXIT_UNREACHABLE);
    }
    detail_text(verdict->details, "id", name);
    if (name)
        json_object_object_add(taken, name, NULL);
}

/* ---- the fields ---- */

/* Reports a field that no item has under any of its names. */
static void tell_missing(const struct doctor_api *api, const struct doctor_visit *visit, unsigned field,
                         const struct doctor_clues *clues, struct doctor_verdict *verdict)
{
    const char *key = endpoints_reading(api->endpoints, visit->operation)->fields[field].key;
    const char *name = doctor_guess_field(clues, visit->operation, field);
    bool needed = visit->operation == OP_BALANCE && field == BALANCE_AMOUNT;
    if (name) {
        _cleanup_(freep) char *full = report_text("field.%s", key);
        doctor_say(verdict->text, "no member is known as %s, but `%s` looks like it", key, name);
        suggest(api, visit, full, name, verdict);
        json_object_object_add(clues->taken, name, NULL);
        return;
    }
    doctor_say(verdict->text, "no member is known as %s; set %s.field.%s in [endpoints] to the name that it has there",
               key, endpoint_of(visit->operation)->name, key);
    doctor_worsen(verdict, needed ? REPORT_BAD : REPORT_WARNING, needed ? EXIT_UNREACHABLE : 0);
}

/* Whether a mount needs this field so little that its absence is not worth a word. */
static bool is_optional(enum operation operation, unsigned field)
{
    return (operation == OP_SERVICES || operation == OP_SERVICE) && field == SERVICE_NAME;
}

/* The name that a field has in the items, or NULL. A field that only reports read may be a list or an object. */
static const char *name_of(const struct doctor_found *found, const struct endpoint_field *fields, unsigned i)
{
    if (!fields[i].key)
        return NULL;
    if (i < SNAPSHOT_FIELDS)
        return first_used(found, fields[i].names);
    for (unsigned k = 0; k < ENDPOINT_ALIASES && fields[i].names[k]; k++)
        if (is_present(found, fields[i].names[k]))
            return fields[i].names[k];
    return NULL;
}

/* Reports the fields that no item has and only reports read. A mount works without them. The options of products are
 * left out, because the answer to the doctor's request has none. */
static void tell_unreported(const struct doctor_visit *visit, const struct endpoint_field *fields,
                            struct doctor_verdict *verdict)
{
    struct printbuf *keys = report_owned(printbuf_new());
    for (unsigned i = SNAPSHOT_FIELDS; i < ENDPOINT_FIELDS; i++)
        if (fields[i].key && !name_of(doctor_visit_found(visit), fields, i) &&
            !(visit->operation == OP_PRODUCTS && i == PRODUCT_OPTIONS))
            sprintbuf(keys, "%s%s", printbuf_length(keys) > 0 ? ", " : "", fields[i].key);
    if (printbuf_length(keys) > 0)
        doctor_say(verdict->text, "nothing is known as %s, so reports and tables show none", keys->buf);
    printbuf_free(keys);
}

static void tell_fields(const struct doctor_api *api, const struct doctor_visit *visit, struct json_object *texts,
                        struct doctor_verdict *verdict, struct json_object *taken)
{
    const struct endpoint_field *fields = endpoints_reading(api->endpoints, visit->operation)->fields;
    struct doctor_clues clues = {doctor_visit_found(visit)->items, doctor_visit_found(visit)->n, taken, texts};
    struct json_object *names = report_owned(json_object_new_object());
    for (unsigned i = 0; i < ENDPOINT_FIELDS; i++) {
        const char *name = name_of(doctor_visit_found(visit), fields, i);
        if (!name)
            continue;
        doctor_say(verdict->text, "%s is `%s`", fields[i].key, name);
        json_object_object_add(taken, name, NULL);
    }
    for (unsigned i = 0; i < ENDPOINT_FIELDS; i++) {
        const char *name = name_of(doctor_visit_found(visit), fields, i);
        if (fields[i].key)
            detail_text(names, fields[i].key, name);
        if (i < SNAPSHOT_FIELDS && fields[i].key && !name &&
            !(is_optional(visit->operation, i) && !doctor_guess_field(&clues, visit->operation, i)))
            tell_missing(api, visit, i, &clues, verdict);
    }
    tell_unreported(visit, fields, verdict);
    doctor_detail(verdict, "fields", names);
}

/* ---- pages ---- */

static void tell_pages(const struct doctor_api *api, const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    const struct doctor_reading *reading = &visit->reading;
    const struct endpoint_paging *paging = endpoints_page(api->endpoints, visit->operation);
    bool certain = reading->total > (int64_t)reading->items;
    if (reading->total >= 0)
        doctor_detail(verdict, "total", json_object_new_int64(reading->total));
    doctor_detail(verdict, "next_page", json_object_new_boolean(reading->next_page));
    doctor_detail(verdict, "cut", json_object_new_boolean(reading->cut != NULL));
    if (paging->size > 0)
        doctor_say(verdict->text, "pages of %u are asked for, as configured", paging->size);
    else if (reading->next_page)
        doctor_say(verdict->text, "the API names the next page, and a mount fetches it");
    else if (reading->cut)
        doctor_say(verdict->text, "the list %s cut: %s", certain ? "is" : "may be", reading->cut);
    if (reading->cut && paging->size == 0)
        doctor_worsen(verdict, certain ? REPORT_BAD : REPORT_WARNING, certain ? EXIT_CONFIG : 0);
}

/* Reports that a mount does not understand the answer, and suggests the place where doctor_find() found something. */
static void tell_guess(const struct doctor_api *api, const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    const char *path = visit->guess.path;
    doctor_worsen(verdict, REPORT_BAD, EXIT_UNREACHABLE);
    doctor_say(verdict->text, "this is probably what was asked for, but a mount does not find it: %s",
               visit->reading.problem);
    if (*path)
        suggest(api, visit, "list", path, verdict);
}

void doctor_items(const struct doctor_api *api, const struct doctor_visit *visit, struct json_object *texts,
                  struct doctor_verdict *verdict)
{
    const struct endpoint *endpoint = endpoint_of(visit->operation);
    struct json_object *taken = report_owned(json_object_new_object());
    tell_form(visit, verdict);
    if (!visit->reading.understood)
        tell_guess(api, visit, verdict);
    if (doctor_visit_found(visit)->n > 0 && endpoint->shape != SHAPE_PRICES) {
        if (endpoint->by_id || visit->operation == OP_SERVICE)
            tell_id(api, visit, verdict, taken);
        tell_fields(api, visit, texts, verdict, taken);
    }
    if (endpoint->shape == SHAPE_LIST && visit->reading.understood)
        tell_pages(api, visit, verdict);
    json_object_put(taken);
}
