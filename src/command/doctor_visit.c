/* SPDX-License-Identifier: MIT */
#include "command/doctor_visit.h"

#include "api/outcome.h"
#include "base/cleanup.h"
#include "base/config.h"
#include "command/doctor_guess.h"
#include "command/report.h"
#include "json/json.h"

#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The most paths that are tried for one operation. */
#define TRIES_MAX 64

#define PREFIXES_MAX 9
#define LEAVES_MAX   9

/* Paths that such APIs have: each prefix, which may be "", with each leaf. */
struct plausible {
    const char *prefixes[PREFIXES_MAX];
    const char *leaves[LEAVES_MAX];
};

#define BILLING                                                                                                        \
    {                                                                                                                  \
        "/billing", "/accounting", "/finance", "/account", "/client", "/payments", "/finances", "/user", ""            \
    }

static const struct plausible table[OPERATIONS] = {
    [OP_VERSION] = {{"/utility", "", "/util", "/utils", "/system"}, {"/version", "/api-version", "/info", "/about"}},
    [OP_GROUPS] = {{"/products", "", "/product", "/catalog"},
                   {"/groups", "/categories", "/product-groups", "/product_groups", "/group"}},
    [OP_PRODUCTS] = {{"", "/catalog", "/store", "/shop", "/client"},
                     {"/products", "/product", "/catalog", "/plans", "/packages"}},
    [OP_SERVICES] = {{"", "/client", "/account", "/user", "/products"},
                     {"/services", "/service", "/subscriptions", "/orders"}},
    [OP_PRICING] = {{"/domains", "/domain", "/tlds", "/registrar", ""},
                    {"/pricing", "/prices", "/pricelist", "/price", "/tlds"}},
    [OP_INVOICES] = {BILLING, {"/invoices", "/invoice", "/bills", "/documents"}},
    [OP_BALANCE] = {BILLING,
                    {"/creditbalance", "/balance", "/credit", "/credits", "/funds", "/credit-balance", "/wallet"}},
};

bool doctor_visit_is_missing(const struct doctor_visit *visit)
{
    return doctor_visit_status(visit) == 404 || doctor_visit_status(visit) == 410;
}

bool doctor_visit_is_refused(const struct doctor_visit *visit)
{
    long status = doctor_visit_status(visit);
    return visit->answer.said == SAID_LOGIN || ((status == 401 || status == 403) && visit->answer.said != SAID_PAGE);
}

bool doctor_visit_is_good(const struct doctor_visit *visit)
{
    return visit->answer.result.status / 100 == 2 && visit->is_json && !visit->reports_failure;
}

long doctor_visit_status(const struct doctor_visit *visit)
{
    return visit->reading.status ? visit->reading.status : visit->answer.result.status;
}

const struct doctor_found *doctor_visit_found(const struct doctor_visit *visit)
{
    return visit->reading.understood ? &visit->reading.found : &visit->guess;
}

/* The path without its query; malloc'd. */
static char *bare(const char *path)
{
    return report_text("%.*s", (int)strcspn(path, "?"), path);
}

static void note_missing(struct doctor_visit *visit)
{
    _cleanup_(freep) char *path = bare(visit->answer.path);
    _cleanup_(freep) char *before = visit->missing;
    visit->missing = report_text("%s%s%s", before ? before : "", before ? ", " : "", path);
}

/* Asks for candidate path number `choice`. */
static void ask(const struct doctor_api *api, const struct endpoints *endpoints, unsigned choice, uint64_t id,
                struct doctor_visit *visit)
{
    struct query query = {.operation = visit->operation, .id = id};
    struct printbuf *path = report_owned(printbuf_new());
    if (endpoints_path(endpoints, &query, choice, 0, path) < 0)
        (void)report_owned(NULL);
    visit->asked = true;
    doctor_ask(api, path->buf, &visit->answer);
    printbuf_free(path);
}

/* Makes visit->json of the body. */
static void parse(struct doctor_visit *visit)
{
    const struct doctor_answer *answer = &visit->answer;
    struct json_slice body = {answer->body, answer->len};
    struct printbuf *scratch = report_owned(printbuf_new());
    if (body.len >= 3 && memcmp(body.at, "\xEF\xBB\xBF", 3) == 0)
        body = (struct json_slice){body.at + 3, body.len - 3};
    json_object_put(visit->json);
    visit->json = NULL;
    visit->is_json = !answer->result.error && json_check(body, scratch) == 0;
    visit->reports_failure = visit->is_json && outcome_of(body, NULL) == OUTCOME_FAILURE;
    printbuf_free(scratch);
    if (!visit->is_json)
        return;
    struct json_tokener *tokener = report_owned(json_tokener_new_ex(JSON_DEPTH + 1));
    visit->json = json_tokener_parse_ex(tokener, body.at, (int)body.len);
    json_tokener_free(tokener);
}

/* Reads the answer as a mount does. If a mount would not understand it, searches it by doctor_find(). */
static void read_answer(const struct doctor_api *api, struct doctor_visit *visit)
{
    doctor_reading_clear(&visit->reading);
    doctor_found_clear(&visit->guess);
    parse(visit);
    if (visit->answer.result.error || visit->answer.result.status / 100 != 2)
        return;
    doctor_read(api, visit->operation, visit->id, &visit->answer, &visit->reading);
    if (!visit->reading.understood && visit->is_json && !visit->reports_failure)
        doctor_find(visit->json, endpoint_of(visit->operation), endpoints_reading(api->endpoints, visit->operation),
                    &visit->guess);
}

void doctor_visit(const struct doctor_api *api, struct doctor_visit *visit, uint64_t id)
{
    unsigned choice = endpoints_first(api->endpoints, visit->operation);
    visit->id = id;
    for (;;) {
        ask(api, api->endpoints, choice, id, visit);
        read_answer(api, visit);
        if (!doctor_visit_is_missing(visit))
            break;
        note_missing(visit);
        if (!endpoints_next(api->endpoints, visit->operation, &choice))
            break;
    }
}

/* ---- elsewhere ---- */

/* Whether the answer is what was asked for. An API may answer 200 to any path. */
static bool fits(const struct doctor_visit *visit)
{
    struct json_object *none = report_owned(json_object_new_object());
    const struct doctor_found *found = doctor_visit_found(visit);
    struct doctor_clues clues = {found->items, found->n, none, NULL};
    bool fit = visit->answer.result.status == 200 && found->form != FOUND_NOTHING;
    if (visit->operation == OP_BALANCE)
        fit = fit && doctor_guess_field(&clues, OP_BALANCE, BALANCE_AMOUNT) != NULL;
    else if (visit->operation == OP_VERSION)
        fit = fit && doctor_guess_field(&clues, OP_VERSION, VERSION_VERSION) != NULL;
    else if (endpoint_of(visit->operation)->shape == SHAPE_LIST)
        fit = fit && found->n > 0;
    json_object_put(none);
    return fit;
}

/* Asks for `path`. Returns 1 if the answer fits; 0 if not; -1 if further paths need not be tried, because the API
 * answered 429 or nothing. */
static int try_path(const struct doctor_api *api, struct doctor_visit *visit, const char *path)
{
    char origin[] = "", key[] = "path";
    _cleanup_(freep) char *operation = report_text("%s", endpoint_of(visit->operation)->name);
    _cleanup_(freep) char *value = report_text("%s", path);
    size_t n = api->config->n_overrides;
    struct config config = *api->config;
    config.overrides = report_owned(calloc(n + 1, sizeof(*config.overrides)));
    if (n > 0)
        memcpy(config.overrides, api->config->overrides, n * sizeof(*config.overrides));
    config.overrides[n] = (struct config_override){operation, key, value, origin};
    config.n_overrides = n + 1;
    struct endpoints *endpoints = report_owned(endpoints_new(&config));
    ask(api, endpoints, 0, visit->id, visit);
    endpoints_free(endpoints);
    free(config.overrides);
    read_answer(api, visit);
    if (fits(visit)) {
        visit->elsewhere = report_text("%s", path);
        return 1;
    }
    return visit->answer.result.status == 429 || visit->answer.result.status == 0 ? -1 : 0;
}

/* Whether the path is in the list of those that answered 404. */
static bool is_tried(const struct doctor_visit *visit, const char *path)
{
    size_t len = strlen(path);
    for (const char *at = visit->missing; at && *at;) {
        size_t n = strcspn(at, ",");
        if (n == len && strncmp(at, path, len) == 0)
            return true;
        at += n + strspn(at + n, ", ");
    }
    return false;
}

/* Tries one prefix with all leaves. Returns what try_path() returns; -1 also after TRIES_MAX paths. */
static int try_prefix(const struct doctor_api *api, struct doctor_visit *visit, const char *prefix, unsigned *tries)
{
    const struct plausible *plausible = &table[visit->operation];
    int r = 0;
    for (unsigned i = 0; i < LEAVES_MAX && plausible->leaves[i] && r == 0; i++) {
        _cleanup_(freep) char *path = report_text("%s%s", prefix, plausible->leaves[i]);
        if (is_tried(visit, path))
            continue;
        r = (*tries)++ < TRIES_MAX ? try_path(api, visit, path) : -1;
    }
    return r;
}

static int try_all(const struct doctor_api *api, struct doctor_visit *visit, const char *prefix, const char *services)
{
    const struct plausible *plausible = &table[visit->operation];
    unsigned tries = 0;
    int r = 0;
    if (services) {
        _cleanup_(freep) char *path = report_text("%s/{id}", services);
        return try_path(api, visit, path);
    }
    if (prefix)
        r = try_prefix(api, visit, prefix, &tries);
    for (unsigned i = 0; i < PREFIXES_MAX && plausible->prefixes[i] && r == 0; i++)
        if (!prefix || strcmp(prefix, plausible->prefixes[i]) != 0)
            r = try_prefix(api, visit, plausible->prefixes[i], &tries);
    return r;
}

bool doctor_visit_elsewhere(const struct doctor_api *api, struct doctor_visit *visit, const char *prefix,
                            const char *services)
{
    struct doctor_visit other = {.operation = visit->operation, .id = visit->id};
    other.missing = visit->missing ? report_text("%s", visit->missing) : NULL;
    if (try_all(api, &other, prefix, services) != 1) {
        doctor_visit_clear(&other);
        return false;
    }
    doctor_visit_clear(visit);
    *visit = other;
    return true;
}

void doctor_visit_clear(struct doctor_visit *visit)
{
    doctor_answer_clear(&visit->answer);
    doctor_found_clear(&visit->guess);
    doctor_reading_clear(&visit->reading);
    json_object_put(visit->json);
    free(visit->missing);
    free(visit->elsewhere);
    *visit = (struct doctor_visit){.operation = visit->operation};
}
