/* SPDX-License-Identifier: MIT */
/*
 * All operations but OP_SERVICE are asked before any of them is judged, because one answer explains another: if every
 * operation answers 404, the URL is wrong; if invoices are found under an unknown path, the balance is probably nearby.
 */
#include "command/doctor_operations.h"

#include "base/cleanup.h"
#include "base/config.h"
#include "base/log.h"
#include "command/doctor_api.h"
#include "command/doctor_items.h"
#include "command/doctor_network.h"
#include "command/doctor_shapes.h"
#include "command/doctor_visit.h"
#include "command/options.h"
#include "command/report.h"

#include "http/verdict.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct round {
    const struct doctor_api *api;
    struct doctor_visit visits[OPERATIONS];
    struct json_object *texts; /* see struct doctor_clues */
    char *prefix;              /* "/finance", if invoices or balance were found there; or NULL */
};

/* ---- the token ---- */

/* Judges the token by the answers of two operations. Returns whether it makes sense to ask for more. */
static bool check_token(const struct round *round)
{
    const struct doctor_visit *version = &round->visits[OP_VERSION], *services = &round->visits[OP_SERVICES];
    const struct doctor_visit *refused = doctor_visit_is_refused(services)  ? services
                                         : doctor_visit_is_refused(version) ? version
                                                                            : NULL;
    struct report *report = round->api->report;
    if (refused) {
        report_bad(report, "token", EXIT_TOKEN,
                   "check the token in the Melbicom panel, and that it may be used from this machine's address",
                   "the API refuses it for %s: HTTP %ld, %s", refused->answer.path, doctor_visit_status(refused),
                   refused->answer.words);
        return doctor_visit_is_good(version) || doctor_visit_is_good(services);
    }
    if (doctor_visit_is_good(services))
        report_good(report, "token", "the API accepts it");
    return true;
}

/* Returns whether the base URL leads to the API. If not, reports what is there instead. */
static bool check_presence(const struct round *round)
{
    struct report *report = round->api->report;
    const char *url = round->api->config->base_url;
    unsigned asked = 0, missing = 0, pages = 0;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        const struct doctor_visit *visit = &round->visits[i];
        asked += visit->asked;
        missing += visit->asked && doctor_visit_is_missing(visit);
        pages += visit->asked && visit->answer.said == SAID_PAGE;
    }
    if (pages == asked) {
        const struct doctor_answer *answer = &round->visits[OP_SERVICES].answer;
        report_bad(report, "api", EXIT_UNREACHABLE,
                   "check the URL (url=); if it is right, something in front of the API blocks this address",
                   "%s answers every path with %s (HTTP %ld)", url, answer->words, answer->result.status);
    } else if (missing == asked) {
        report_bad(report, "api", EXIT_UNREACHABLE, "check the URL (url=), such as " CONFIG_DEFAULT_URL,
                   "nothing of the API is at %s: every path answers 404", url);
    }
    return pages < asked && missing < asked;
}

/* ---- one operation ---- */

static void tell_path(const struct doctor_api *api, const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    const struct doctor_answer *answer = &visit->answer;
    const char *name = endpoint_of(visit->operation)->name;
    int len = (int)strcspn(answer->path, "?");
    int64_t ms = answer->result.ns / 1000000;
    doctor_detail(verdict, "path", json_object_new_string_len(answer->path, len));
    doctor_detail(verdict, "http_status", json_object_new_int64(answer->result.status));
    doctor_detail(verdict, "ms", json_object_new_int64(ms));
    doctor_detail(verdict, "bytes", json_object_new_uint64(answer->result.bytes));
    if (visit->missing)
        doctor_detail(verdict, "missing", json_object_new_string(visit->missing));
    if (visit->elsewhere) {
        doctor_say(verdict->text, "at none of its known paths (404: %s), but at %s",
                   visit->missing ? visit->missing : "", visit->elsewhere);
        doctor_say(verdict->advice, "add to [endpoints]: %s.path = %s", name, visit->elsewhere);
        doctor_worsen(verdict, REPORT_BAD, EXIT_CONFIG);
        report_suggest(api->report, name, "path", visit->elsewhere);
    }
    if (!doctor_visit_is_missing(visit))
        doctor_say(verdict->text, "%.*s%s%s%s: %ld, %" PRId64 " ms, %" PRIu64 " bytes", len, answer->path,
                   visit->missing && !visit->elsewhere ? " (404: " : "",
                   visit->missing && !visit->elsewhere ? visit->missing : "",
                   visit->missing && !visit->elsewhere ? ")" : "", answer->result.status, ms, answer->result.bytes);
}

/* Makes the verdict a failure, with an advice unless that is NULL. */
static void fail_visit(struct doctor_verdict *verdict, int status, const char *advice)
{
    doctor_worsen(verdict, REPORT_BAD, status);
    if (advice)
        doctor_say(verdict->advice, "%s", advice);
}

static void judge_status(const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    const char *name = endpoint_of(visit->operation)->name;
    long status = doctor_visit_status(visit);
    const char *words = visit->answer.words;
    _cleanup_(freep) char *advice = report_text("if you know its path, add to [endpoints]: %s.path = /…", name);
    if (doctor_visit_is_missing(visit)) {
        doctor_say(verdict->text, "at none of its known paths (404: %s), nor at others that were tried",
                   visit->missing ? visit->missing : "");
        fail_visit(verdict, EXIT_UNREACHABLE, advice);
    } else if (doctor_visit_is_refused(visit)) {
        doctor_say(verdict->text, "refused: %s", words);
        fail_visit(verdict, EXIT_TOKEN, "check in the Melbicom panel what the token may do");
    } else if (visit->answer.said == SAID_REDIRECT) {
        doctor_say(verdict->text, "%s, which is not followed", words);
        fail_visit(verdict, EXIT_UNREACHABLE, "set the URL (url=) to the API's own address");
    } else {
        doctor_say(verdict->text, "HTTP %ld: %s", status, words);
        fail_visit(verdict, EXIT_UNREACHABLE, client_judge_status(status).advice);
    }
}

static void judge(const struct round *round, const struct doctor_visit *visit, struct doctor_verdict *verdict)
{
    const struct http_result *result = &visit->answer.result;
    tell_path(round->api, visit, verdict);
    if (result->error) {
        doctor_say(verdict->text, "%s", result->detail);
        fail_visit(verdict, EXIT_UNREACHABLE, client_judge(result, visit->answer.said, false, true).advice);
    } else if (doctor_visit_status(visit) / 100 != 2) {
        judge_status(visit, verdict);
    } else if (visit->reading.understood || visit->guess.form != FOUND_NOTHING) {
        doctor_items(round->api, visit, round->texts, verdict);
    } else {
        doctor_say(verdict->text, "%s", visit->reading.problem);
        fail_visit(verdict, EXIT_UNREACHABLE, visit->reading.advice);
    }
    /* A mount works without the version. */
    if (visit->operation == OP_VERSION && verdict->mark == REPORT_BAD && verdict->status == EXIT_UNREACHABLE) {
        verdict->mark = REPORT_WARNING;
        verdict->status = 0;
    }
}

static void tell(const struct round *round, const struct doctor_visit *visit)
{
    struct doctor_verdict verdict;
    doctor_verdict_init(&verdict);
    judge(round, visit, &verdict);
    const char *advice = printbuf_length(verdict.advice) > 0 ? verdict.advice->buf : NULL;
    struct json_object *finding = report_add(round->api->report, endpoint_of(visit->operation)->name, verdict.mark,
                                             verdict.status, advice, "%s", verdict.text->buf);
    json_object_object_foreach(verdict.details, key, value)
    {
        json_object_object_add(finding, key, json_object_get(value));
    }
    doctor_verdict_clear(&verdict);
}

/* ---- the round ---- */

/* Calls fn(texts, text) for each text in the items of an operation. */
static void each_text(const struct round *round, enum operation operation,
                      void (*fn)(struct json_object *texts, const char *text))
{
    const struct doctor_found *found = doctor_visit_found(&round->visits[operation]);
    for (size_t i = 0; i < found->n; i++) {
        json_object_object_foreach(found->items[i], key, value)
        {
            (void)key;
            if (json_object_is_type(value, json_type_string))
                fn(round->texts, json_object_get_string(value));
        }
    }
}

static void add_text(struct json_object *texts, const char *text)
{
    json_object_object_add(texts, text, NULL);
}

/* Collects the texts in the list of products: the product of a service is one of them, whatever the member is called. A
 * product also has the name of its group; the texts of groups are removed, because a service's group is not its
 * product. */
static void take_texts(const struct round *round)
{
    each_text(round, OP_PRODUCTS, add_text);
    each_text(round, OP_GROUPS, json_object_object_del);
}

/* If the operation is at none of its known paths, tries others (doctor_visit_elsewhere()). */
static void search(struct round *round, struct doctor_visit *visit)
{
    bool billing = visit->operation == OP_INVOICES || visit->operation == OP_BALANCE;
    const char *services = round->visits[OP_SERVICES].elsewhere;
    if (!doctor_visit_is_missing(visit) || (visit->operation == OP_SERVICE && !services))
        return;
    if (!doctor_visit_elsewhere(round->api, visit, billing ? round->prefix : NULL,
                                visit->operation == OP_SERVICE ? services : NULL))
        return;
    const char *slash = strrchr(visit->elsewhere, '/');
    if (billing && !round->prefix)
        round->prefix = report_text("%.*s", (int)(slash - visit->elsewhere), visit->elsewhere);
}

/* Finds the id of a service, to ask OP_SERVICE for. Returns false if no service is known. */
static bool first_service(const struct round *round, uint64_t *ret)
{
    const struct doctor_visit *services = &round->visits[OP_SERVICES];
    const struct doctor_found *found = doctor_visit_found(services);
    const char *name = doctor_id_name(round->api, services);
    struct json_object *value = NULL;
    if (!name && found->form == FOUND_KEYED && found->n > 0 && found->keys[0]) {
        *ret = strtoull(found->keys[0], NULL, 10);
        return true;
    }
    if (!name || !json_object_object_get_ex(found->items[0], name, &value))
        return false;
    *ret = strtoull(json_object_get_string(value), NULL, 10);
    return true;
}

static void ask_service(struct round *round)
{
    uint64_t id = 0;
    if (!first_service(round, &id)) {
        report_warn(round->api->report, "service", NULL, "not asked, because the list of services gave no id");
        return;
    }
    doctor_visit(round->api, &round->visits[OP_SERVICE], id);
    search(round, &round->visits[OP_SERVICE]);
    tell(round, &round->visits[OP_SERVICE]);
}

/* Asks and judges. */
static void go(struct round *round)
{
    static const enum operation early[] = {OP_VERSION, OP_SERVICES};
    doctor_visit(round->api, &round->visits[OP_VERSION], 0);
    if (!doctor_connection(round->api, &round->visits[OP_VERSION].answer))
        return;
    doctor_visit(round->api, &round->visits[OP_SERVICES], 0);
    if (!check_token(round))
        return;
    for (unsigned i = 0; i < OPERATIONS; i++)
        if (i != early[0] && i != early[1] && i != OP_SERVICE && i != OP_PURGE)
            doctor_visit(round->api, &round->visits[i], 0);
    if (!check_presence(round))
        return;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        if (i == OP_SERVICE) {
            ask_service(round);
        } else if (i != OP_PURGE) {
            search(round, &round->visits[i]);
            if (i == OP_PRODUCTS)
                take_texts(round);
            tell(round, &round->visits[i]);
        }
    }
}

void doctor_operations(const struct doctor_api *api, FILE *shapes)
{
    struct round round = {.api = api, .texts = report_owned(json_object_new_object())};
    for (unsigned i = 0; i < OPERATIONS; i++)
        round.visits[i].operation = (enum operation)i;
    /* The report names the paths that were tried, so the log's lines about them are dropped. */
    log_set_level(LOG_LEVEL_WARNING);
    go(&round);
    if (shapes)
        doctor_shapes(round.visits, shapes);
    for (unsigned i = 0; i < OPERATIONS; i++)
        doctor_visit_clear(&round.visits[i]);
    json_object_put(round.texts);
    free(round.prefix);
}
