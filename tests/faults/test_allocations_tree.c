/* SPDX-License-Identifier: MIT */
/*
 * What the API answers and what the tree shows, with every allocation failing in turn: documents of all shapes, pages,
 * listings, links, tables, reports, this mount's own files, and purges.
 */
#include "../unit/places.h"
#include "scenario.h"

#include "api/outcome.h"
#include "base/config.h"
#include "tree/purge.h"
#include "tree/purge_handle.h"
#include "tree/purge_log.h"

/* ---- bodies ---- */

#define SERVICE_1                                                                                                      \
    "{\"id\":10421,\"status\":\"Active\",\"productName\":\"CDN Europe\",\"domain\":\"cdn.example.com\","               \
    "\"nextDueDate\":\"2026-12-01\",\"amount\":\"10.00\",\"currency\":\"EUR\",\"billingCycle\":\"Monthly\"}"
#define SERVICE_2                                                                                                      \
    "{\"id\":\"10422\",\"status\":\"Suspended\",\"productName\":\"S3 \\u00e9\\/Cloud\",\"domain\":\"s3.example.com\"," \
    "\"nextDueDate\":\"2027-01-15\",\"amount\":8,\"currency\":\"USD\",\"billingCycle\":\"Annually\"}"
#define SERVICES "{\"result\":\"success\",\"data\":{\"services\":[" SERVICE_1 "," SERVICE_2 "]}}"
#define INVOICES                                                                                                       \
    "[{\"id\":90017,\"invoicenum\":\"2026/17\",\"status\":\"Unpaid\",\"date\":\"2026-10-01\","                         \
    "\"duedate\":\"2026-12-01\",\"total\":\"64.00\",\"currency\":\"EUR\",\"items\":[{\"id\":1,\"amount\":\"60.00\","   \
    "\"description\":\"=CDN, \\\"Europe\\\"\"},{\"id\":2,\"amount\":4.00}],\"transactions\":[]},"                      \
    "{\"id\":90016,\"invoicenum\":\"2026-16\",\"status\":\"Paid\",\"date\":\"2025-09-01\",\"total\":1e2,"              \
    "\"duedate\":\"2025-10-01\",\"currency\":\"USD\",\"items\":[],\"transactions\":[{\"id\":7,\"amountin\":100}]}]"
#define GROUPS                                                                                                         \
    "{\"value\":[{\"id\":1,\"name\":\"Dedicated\"},{\"id\":2,\"name\":\"Colocation / Hands\"}],\"summary\":{}}"
#define PRODUCTS                                                                                                       \
    "{\"products\":{\"product\":[{\"pid\":3,\"gid\":1,\"name\":\"VPS 1\",\"pricing\":{\"EUR\":{\"monthly\":\"5.00\","  \
    "\"annually\":\"50.00\"}},\"configoptions\":{\"configoption\":[{\"name\":\"RAM\",\"options\":{\"option\":["        \
    "{\"name\":\"1 GB\"},{\"name\":\"2 GB\"}]}}]}}]}}"
#define PRICES                                                                                                         \
    "{\"data\":{\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"11.00\",\"2\":\"22.00\"}}},\".co.uk\":"                 \
    "{\"domainrenew\":{\"EUR\":{\"1\":\"8.00\"}}}}}"
#define BALANCE "{\"result\":\"success\",\"creditbalance\":{\"balance\":\"100.00\",\"currency\":\"EUR\"}}"
#define VERSION "{\"version\":\"1.2.6\"}"

static const struct {
    enum operation operation;
    const char *body;
} bodies[] = {
    {OP_SERVICES, SERVICES}, {OP_INVOICES, INVOICES}, {OP_GROUPS, GROUPS},   {OP_PRODUCTS, PRODUCTS},
    {OP_PRICING, PRICES},    {OP_BALANCE, BALANCE},   {OP_VERSION, VERSION},
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static void say_nothing(void *data, const char *message)
{
    (void)data, (void)message;
}

static void *make_stack(const char *with)
{
    (void)with;
    log_divert(say_nothing, NULL);
    return stack_new(NULL, 0, NULL);
}

static void drop_stack(void *made)
{
    stack_free(made);
}

/* A stack in whose memory the whole account is. */
static void *make_account(const char *with)
{
    struct stack *s = make_stack(with);

    for (size_t i = 0; i < COUNT(bodies); i++)
        seed(stack_document(s, bodies[i].operation), bodies[i].body);
    seed(stack_filtered(s, OP_SERVICES, SERVICES_STATUS, "Active"), "[" SERVICE_1 "]");
    seed(stack_filtered(s, OP_PRODUCTS, PRODUCTS_OPTIONS, "true"), PRODUCTS);
    seed(stack_service(s, 10421), SERVICE_1);
    return s;
}

/* ---- api ---- */

static void tell_document(const struct document *document, struct told *told)
{
    for (size_t i = 0; i < document->n_items; i++) {
        told_number(told, (long long)document->items[i].id);
        told_add(told, document->items[i].snapshot->data, document->items[i].snapshot->size);
    }
    for (size_t i = 0; i < document->n_ids; i++)
        told_number(told, (long long)document_nth(document, i)->id);
    told_number(told, (long long)document->unshown);
    told_number(told, document->maybe_cut);
}

/* The name of an operation, a blank, and a body. */
static int run_answer(void *made, const char *with, struct told *told)
{
    struct stack *s = made;
    char name[32];
    size_t len = strcspn(with, " ");

    (void)snprintf(name, sizeof name, "%.*s", (int)len, with);
    struct query query = {.operation = endpoint_named(name), .id = 10421};
    struct document *document = documents_get(s->documents, &query);
    if (!document)
        return -ENOMEM;
    int r = document_seed(document, with + len + 1, strlen(with + len + 1));
    if (r == 0)
        tell_document(document, told);
    return r;
}

static int run_query_keys(void *made, const char *with, struct told *told)
{
    struct stack *s = made;
    struct query narrow = {.operation = OP_SERVICES}, all = narrow;

    (void)with;
    narrow.values[SERVICES_STATUS] = "Terminated";
    narrow.values[SERVICES_PRODUCT] = "A product with a name that is much longer than others";
    struct document *a = documents_get(s->documents, &narrow), *b = documents_get(s->documents, &all);
    if (a && b && a == b)
        fail_msg("two queries have one document");
    if (!a || !b)
        return -ENOMEM;
    told_text(told, a->key);
    told_text(told, b->key);
    return 0;
}

static int run_endpoints(void *made, const char *with, struct told *told)
{
    struct stack *s = made;
    struct endpoints *endpoints = endpoints_new(&s->config);
    struct printbuf *out = printbuf_new();
    struct query query = {.operation = OP_SERVICES, .values = {[SERVICES_PRODUCT] = "CDN \303\251 / Europe & Co"}};
    int r = !endpoints || !out ? -ENOMEM : endpoints_path(endpoints, &query, 0, 50, out);

    (void)with;
    if (r == 0)
        told_add(told, out->buf, (size_t)out->bpos);
    if (out)
        printbuf_free(out);
    endpoints_free(endpoints);
    return r;
}

static void *make_overridden(const char *with)
{
    static const char *const settings[] = {"invoices.page_size=2",         "invoices.page_number=page",
                                           "services.fixed.verbose=1",     "services.id=number",
                                           "balance.field.amount=the.sum", NULL};
    (void)with;
    log_divert(say_nothing, NULL);
    return stack_new(NULL, 0, (const char *const[]){settings[0], settings[1], settings[3], settings[4], NULL});
}

/* ---- fetching: documents over a connection ---- */

/* The script is chosen by the scenario's parameter. */
static const struct web_answer pages[] = {
    SAYS_AS("200 OK", "Link: </api/billing/invoices?page=2>; rel=\"next\"\r\n", "{\"data\":[{\"id\":1}]}"),
    SAYS_AS("200 OK", "ETag: \"b\"\r\n", "{\"data\":[{\"id\":2}],\"pages\":{\"current\":2,\"last\":3}}"),
    SAYS("{\"data\":[{\"id\":3}]}"),
};
static const struct web_answer whole[] = {
    SAYS_AS("200 OK", "ETag: \"a\"\r\nLast-Modified: Fri, 27 Nov 2026 10:00:00 GMT\r\n", INVOICES)};
static const struct web_answer denied[] = {
    SAYS_AS("403 Forbidden", "Content-Type: application/json\r\n", "{\"message\":\"not for you\"}")};
static const struct web_answer refused[] = {SAYS("{\"result\":\"error\",\"message\":\"no such thing\"}")};

static void *make_web(const char *with)
{
    struct stack *s;

    log_divert(say_nothing, NULL);
    s = strcmp(with, "pages") == 0    ? STACK(pages)
        : strcmp(with, "whole") == 0  ? STACK(whole)
        : strcmp(with, "denied") == 0 ? STACK(denied)
                                      : STACK(refused);
    return s;
}

/* Each run of the pages begins with the first page, whatever a failed run has asked for. */
static int run_fetch(void *made, const char *with, struct told *told)
{
    struct stack *s = made;
    struct document *document = documents_get(s->documents, &(struct query){.operation = OP_INVOICES});

    (void)with;
    if (!document)
        return -ENOMEM;
    web_rewind(s->web);
    document_expire(document);
    int r = obtain(s, document);
    if (r == 0 && document->stale)
        return -ENOMEM; /* the old copy, which says so */
    if (r == 0)
        tell_document(document, told);
    return r;
}

/* ---- the tree ---- */

/* Like walk_to(), but memory may end on the way. */
static int go_to(struct stack *s, struct walk *walk, const char *path, struct place **ret)
{
    struct place *place = tree_root(s->tree);

    walk->n = 0;
    while (*path) {
        size_t len = strcspn(path, "/");
        char *name = walk->names[walk->n];

        memcpy(name, path, len);
        name[len] = '\0';
        int r = place_child(place, name, &walk->places[walk->n]);
        if (r < 0)
            return r;
        place = &walk->places[walk->n++];
        path += len + (path[len] == '/');
    }
    *ret = place;
    return 0;
}

static int tell_list(struct stack *s, struct place *dir, struct told *told)
{
    struct listing listing;
    struct listed entry;

    for (;;) {
        struct reader reader = {.wait = {.done = reader_called, .data = &reader}};
        int r = listing_open(&listing, s->tree, dir, 0);
        if (r < 0)
            return r;
        if (r == 1)
            break;
        r = tree_ask_list(s->tree, dir, &reader.wait);
        if (r < 0)
            return r;
        if (r == 0)
            await(s, reader.calls);
        if (r == 0 && reader.error)
            return reader.error;
    }
    while (listing_next(&listing, &entry)) {
        told_text(told, entry.name);
        told_number(told, (long long)entry.ordinal);
    }
    listing_close(&listing);
    return 0;
}

/* What is made of this mount's state says other things each time: the time, sizes, how often something was asked. */
static bool varies(const char *path)
{
    return strncmp(path, ".melbicomfs/", 12) == 0;
}

/* Every line of this mount's own files must be whole. */
static void tell_own(const char *path, const struct snapshot *snapshot, struct told *told)
{
    const char *at = snapshot->data, *end = at + snapshot->len;
    size_t lines = 0;

    for (; at < end; at++)
        lines += *at == '\n';
    if (strstr(path, "metrics") || strstr(path, "status"))
        told_number(told, (long long)lines);
    assert_true(snapshot->len == 0 || end[-1] == '\n');
}

static int run_path(void *made, const char *path, struct told *told)
{
    struct stack *s = made;
    struct walk walk;
    struct place *place;
    struct view view = {.snapshot = NULL};
    char target[128];
    int r = go_to(s, &walk, path, &place);

    if (r == 0)
        r = look(s, place, &view);
    if (r == 1 && place->route->kind == ROUTE_DIR)
        r = tell_list(s, place, told);
    else if (r == 1 && place->route->kind == ROUTE_LINK)
        told_add(told, target, place_target(place, view.id, target, sizeof target));
    else if (r == 1 && varies(path))
        tell_own(path, view.snapshot, told);
    else if (r == 1 && view.snapshot)
        told_add(told, view.snapshot->data, view.snapshot->len);
    view_clear(&view);
    walk_end(&walk);
    return r < 0 ? r : 0;
}

/* ---- purging ---- */

struct purging {
    unsigned calls;
    int error;
};

static void purged(void *data, int error)
{
    struct purging *purging = data;

    purging->calls++;
    purging->error = error;
}

static long lines_lost;

static const struct web_answer good[] = {SAYS("{\"status\":\"success\"}")};
static const struct web_answer bad[] = {SAYS("{\"status\":\"error\",\"message\":\"no such resource\"}")};

static void *make_purging(const char *with)
{
    log_divert(say_nothing, NULL);
    struct stack *s = *with == '-' ? STACK(bad) : STACK(good);
    lines_lost = 0;
    s->config.max_connections = 1; /* one after the other, so that the log has them in their order */
    return s;
}

/* The last lines of the purge log: results and names, without times. Each must be whole. Returns how many there are.
 * Where lines are missing, the next run finds a line that says so. */
static size_t tell_purges(struct stack *s, size_t from, size_t n, struct told *told)
{
    struct purge_log_text text;
    size_t lines = 0;

    purges_log(tree_purges(s->tree), 10421, &text);
    assert_true(text.len > 0 && text.bytes[text.len - 1] == '\n');
    for (const char *at = text.bytes + from, *end = text.bytes + text.len, *next; at < end; at = next) {
        next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        const char *column[7] = {at};
        size_t columns = 1;
        for (const char *p = at; p < next; p++)
            if (*p == '\t' && columns < 7)
                column[columns++] = p + 1;
        long missing;
        if (sscanf(at, "# There was no memory for %ld lines here", &missing) == 1)
            lines_lost -= missing;
        if (*at == '#')
            continue;
        if (columns != 6)
            fail_msg("a line of the purge log is '%.*s'", (int)(next - at - 1), at);
        told_add(told, column[1], (size_t)(column[4] - column[1]));
        lines++;
    }
    lines_lost += (long)n - (long)lines;
    if (lines == n && lines_lost != 0)
        fail_msg("%ld lines are missing in the purge log, which does not say so", lines_lost);
    return lines;
}

/* Each request must be about one of the names, and whole. */
static void assert_bodies(struct stack *s, const char *names, unsigned sent)
{
    for (unsigned i = 0; i < sent; i++) {
        char name[64];
        const char *body = strstr(s->web->requests[i], "\r\n\r\n");
        if (!body || sscanf(body + 4, "{\"resource_name\":\"%63[^\"]\"}", name) != 1 || !strstr(names, name) ||
            body[strlen(body) - 1] != '}')
            fail_msg("%s: allocation %ld: the request is %s", names, scenario_at.n, s->web->requests[i]);
    }
}

static int run_purge(void *made, const char *names, struct told *told)
{
    struct stack *s = made;
    struct purging purging = {0};
    struct purge_write *write;
    struct purge_log_text before;
    struct purge_handle *handle = purge_handle_new(tree_purges(s->tree), 10421);
    size_t n = 0;

    web_rewind(s->web);
    purges_log(tree_purges(s->tree), 10421, &before);
    for (const char *p = ++names; *p; p++)
        n += *p == '\n';
    int r = handle ? purge_write(handle, 0, names, strlen(names), NULL, purged, &purging, &write) : -ENOMEM;
    bool taken = r == 0;
    if (taken)
        await(s, purging.calls);
    web_settle(s->web);
    unsigned sent = web_requests(s->web);
    assert_bodies(s, names, sent);
    if (sent > n)
        fail_msg("%s: allocation %ld: %u requests for %zu names", names, scenario_at.n, sent, n);
    if (r == 0 && purging.error == 0 && sent != n)
        fail_msg("%s: allocation %ld: success, and %u requests", names, scenario_at.n, sent);
    purge_handle_free(handle);
    r = r < 0 ? r : purging.error;
    /* A line for which there is no memory is missing until the next one says so; the program's log has it. */
    size_t lines = tell_purges(s, before.len, taken || r == -EINVAL ? n : 0, told);
    return r == 0 && lines < n ? -ENOMEM : r;
}

/* ---- the table ---- */

#define ANSWER(with)                                                                                                   \
    {                                                                                                                  \
        "answer", with, make_stack, run_answer, drop_stack                                                             \
    }
#define PATH(with)                                                                                                     \
    {                                                                                                                  \
        "path", with, make_account, run_path, drop_stack                                                               \
    }
#define FETCH(with)                                                                                                    \
    {                                                                                                                  \
        "fetch", with, make_web, run_fetch, drop_stack                                                                 \
    }
#define PURGE(with)                                                                                                    \
    {                                                                                                                  \
        "purge", with, make_purging, run_purge, drop_stack                                                             \
    }

static const struct scenario all[] = {
    ANSWER("services " SERVICES),
    ANSWER("services [" SERVICE_2 "," SERVICE_1 "]"),
    ANSWER("services {\"10421\":" SERVICE_1 ",\"10422\":" SERVICE_2 "}"),
    ANSWER("services null"),
    ANSWER("services {\"result\":\"error\",\"message\":\"broken\"}"),
    ANSWER("services {\"data\":{\"rows\":{\"list\":[" SERVICE_1 "]}}}"),
    ANSWER("services <html><title>Just a moment...</title></html>"),
    ANSWER("services {\"a\":1,\"b\":{\"c\":2}}"),
    ANSWER("services [{\"nam\\u0065\":1,\"\\u0069d\":4},{\"id\":4},{}]"),
    ANSWER("service {\"data\":[" SERVICE_1 "]}"),
    ANSWER("service {\"service\":" SERVICE_1 "}"),
    ANSWER("service {\"service\":" SERVICE_2 "}"),
    ANSWER("service {\"success\":false,\"error\":{\"code\":404,\"message\":\"none\"}}"),
    ANSWER("invoices " INVOICES),
    ANSWER("invoices {\"invoices\":{\"invoice\":" INVOICES "},\"totalresults\":700,\"numreturned\":2}"),
    ANSWER("groups " GROUPS),
    ANSWER("products " PRODUCTS),
    ANSWER("pricing " PRICES),
    ANSWER("pricing {\"none\":true}"),
    ANSWER("balance " BALANCE),
    ANSWER("version " VERSION),
    {"query keys", NULL, make_stack, run_query_keys, drop_stack},
    {"endpoints", NULL, make_overridden, run_endpoints, drop_stack},
    FETCH("whole"),
    FETCH("pages"),
    FETCH("denied"),
    FETCH("refused"),
    PATH(""),
    PATH("README"),
    PATH("version"),
    PATH("all"),
    PATH("all/services.json"),
    PATH("all/services.csv"),
    PATH("all/invoices.csv"),
    PATH("all/invoice-items.csv"),
    PATH("all/invoice-transactions.csv"),
    PATH("all/product-prices.csv"),
    PATH("all/product-options.csv"),
    PATH("all/products.csv"),
    PATH("all/pricing.json"),
    PATH("all/pricing.csv"),
    PATH("products/groups"),
    PATH("products/groups/1/info.json"),
    PATH("services"),
    PATH("services/10421"),
    PATH("services/10421/info.json"),
    PATH("services/10421/cdn"),
    PATH("domains/pricing"),
    PATH("domains/pricing/co.uk"),
    PATH("domains/pricing/com/domainregister/EUR/2"),
    PATH("billing/balance"),
    PATH("billing/balance.json"),
    PATH("billing/invoices"),
    PATH("billing/invoices/90017.json"),
    PATH("billing/invoices/5.json"),
    PATH("billing/unpaid"),
    PATH("by/product-group"),
    PATH("by/product-group/Colocation %2F Hands"),
    PATH("by/service-status"),
    PATH("by/service-status/Active"),
    PATH("by/service-status/Active/10421"),
    PATH("by/service-product"),
    PATH("by/service-product/S3 \303\251%2FCloud"),
    PATH("by/service-product/CDN Europe/10421"),
    PATH("by/service-name"),
    PATH("by/service-name/s3.example.com"),
    PATH("by/invoice-number"),
    PATH("by/invoice-number/2026%2F17.json"),
    PATH("by/invoice-status"),
    PATH("by/invoice-status/Paid/90016.json"),
    PATH("by/invoice-year"),
    PATH("by/invoice-year/2025/90016.json"),
    PATH("reports/unpaid.csv"),
    PATH("reports/spend-by-month.csv"),
    PATH("reports/renewals.csv"),
    PATH(".melbicomfs/status.json"),
    PATH(".melbicomfs/metrics"),
    PATH(".melbicomfs/log"),
    PURGE("+cdn.example.com\n"),
    PURGE("+a.example\nb.example\nc.example\n"),
    PURGE("-cdn.example.com\n"),
    PURGE("-a.example\nb.example\n"),
    PURGE("+a.example\n\nb.example\n"),
};

int main(void)
{
    return scenarios("api and tree", all, COUNT(all));
}
