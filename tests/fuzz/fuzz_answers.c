/* SPDX-License-Identifier: MIT */
/*
 * Random lists of random items in random envelopes, cut into random pages and random chunks: the document must hold
 * exactly the items, in their order.
 *
 * The whole way is tested, from fetch_start() on; a fake client replaces http/client.c at link time and answers each
 * request with the page that it asks for. Beside the list stand lists of errors, warnings and links, whose elements have
 * ids as well; none of them may be taken for the list. Lists that an API cuts must be known to be cut.
 *
 * The input is the choices by which the list is made (choices.h).
 */
#include "fuzz.h"

#include "api/document.h"
#include "api/fetch.h"
#include "api/groups.h"
#include "base/config.h"
#include "base/log.h"
#include "choices.h"
#include "http/client.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/printbuf.h>

#define ITEMS_MAX 9
#define PAGES_MAX 8
#define BASE_URL  "http://127.0.0.1:8080/api"

/* How a list is enveloped. */
enum kind {
    BARE,
    DATA,
    VALUE,
    RESULT,
    ITEMS,
    OWN,        /* {"invoices":[…]} */
    SINGULAR,   /* {"invoices":{"invoice":[…]}} */
    DEEP,       /* three envelopes */
    UNKNOWN,    /* under a name that means nothing */
    GAPS,       /* an object whose keys count from 0, with gaps */
    KEYED,      /* an object whose keys are the ids, under data */
    KEYED_ONLY, /* the same, and the ids are nowhere else */
    ONE,        /* the only item itself */
    KINDS
};

/* How the next page is named. */
enum paging { NO_PAGES, LINKS, TOP_URL, NUMBERS, NEXT_NUMBER, HEADER, RELATIVE, ELSEWHERE, TOTAL_ONLY, PAGINGS };

struct item_made {
    uint64_t id;
    char *text;    /* as the answer has it, without the outer braces' id where the kind leaves it out */
    char *members; /* the members but for the id */
};

static struct {
    enum kind kind;
    enum paging paging;
    size_t n, n_pages;
    size_t first[PAGES_MAX + 1]; /* index of each page's first item; first[n_pages] is n */
    struct item_made items[ITEMS_MAX];
    unsigned requests;
} plan;

static struct printbuf *body; /* of the page at hand */

/* ---- what the API has ---- */

/* A member of an item. Those with lists are what real invoices have, and what could be taken for something else. */
static const char *const members[] = {
    "\"status\":\"Unpaid\"",
    "\"status\":\"error\"",
    "\"total\":\"825.00\"",
    "\"total\":7",
    "\"date\":\"2026-10-01\"",
    "\"items\":[{\"id\":1,\"amount\":\"1.00\"},{\"id\":2}]",
    "\"items\":[]",
    "\"items\":null",
    "\"transactions\":[{\"id\":77}]",
    "\"transactions\":{\"0\":{\"id\":78},\"2\":{\"id\":79}}",
    "\"client\":{\"id\":5,\"emails\":[{\"id\":6}]}",
    "\"errors\":[{\"id\":66}]",
    "\"links\":{\"next\":\"/x\"}",
    "\"note\":\"]},{\\\"id\\\":9\"",
    "\"data\":\"none\"",
    "\"success\":false",
    "\"caf\\u00e9\":1e400",
    "\"5\":{\"id\":4}",
};

static void make_item(struct item_made *item, uint64_t id)
{
    struct printbuf *text = printbuf_new();

    item->id = id;
    for (unsigned n = below(5); n > 0; n--)
        sprintbuf(text, "%s%s", printbuf_length(text) ? (below(3) ? "," : " , ") : "", ONE_OF(members));
    item->members = strdup(text->buf);
    printbuf_reset(text);
    const char *quote = below(3) ? "" : "\"", *comma = *item->members ? "," : "";
    if (below(2))
        sprintbuf(text, "{\"id\":%s%" PRIu64 "%s%s%s}", quote, id, quote, comma, item->members);
    else
        sprintbuf(text, "{%s%s\"id\" : %s%" PRIu64 "%s }", item->members, comma, quote, id, quote);
    item->text = strdup(text->buf);
    printbuf_free(text);
}

static void make_pages(void)
{
    plan.paging = below(3) ? NO_PAGES : (enum paging)(1 + below(PAGINGS - 1));
    plan.n_pages = plan.paging == NO_PAGES || plan.n == 0 ? 1 : 1 + below((unsigned)plan.n);
    if (plan.n_pages > PAGES_MAX)
        plan.n_pages = PAGES_MAX;
    /* Each page has at least one item. */
    for (size_t i = 0; i < plan.n_pages; i++)
        plan.first[i] = i;
    for (size_t rest = plan.n > plan.n_pages ? plan.n - plan.n_pages : 0; rest > 0; rest--)
        for (size_t i = 1 + below((unsigned)plan.n_pages); i < plan.n_pages; i++)
            plan.first[i]++;
    plan.first[plan.n_pages] = plan.n;
}

static void make_plan(void)
{
    memset(&plan, 0, sizeof plan);
    plan.kind = (enum kind)below(KINDS);
    plan.n = plan.kind == ONE ? 1 : below(ITEMS_MAX + 1);
    /* What is under an unknown name, or an object of objects, is known by its items. */
    if (plan.n == 0 && (plan.kind == UNKNOWN || plan.kind == GAPS || plan.kind == KEYED || plan.kind == KEYED_ONLY))
        plan.n = 1;
    uint64_t id = 0;
    for (size_t i = 0; i < plan.n; i++)
        make_item(&plan.items[i], id += 1 + below(below(2) ? 3 : 100000));
    make_pages();
    bool in_body = plan.paging != NO_PAGES && plan.paging != HEADER;
    if (plan.kind == BARE && in_body)
        plan.kind = DATA;
    if ((plan.kind == ONE || plan.kind == GAPS) && plan.paging != NO_PAGES)
        plan.kind = OWN;
}

static void drop_plan(void)
{
    for (size_t i = 0; i < plan.n; i++) {
        free(plan.items[i].text);
        free(plan.items[i].members);
    }
}

/* ---- how it is written ---- */

static void put_array(size_t from, size_t to)
{
    printbuf_strappend(body, "[");
    for (size_t i = from; i < to; i++)
        sprintbuf(body, "%s%s", i > from ? "," : "", plan.items[i].text);
    printbuf_strappend(body, "]");
}

static void put_keyed(size_t from, size_t to)
{
    bool gaps = plan.kind == GAPS;

    printbuf_strappend(body, "{");
    for (size_t i = from; i < to; i++) {
        sprintbuf(body, "%s\"%" PRIu64 "\":", i > from ? "," : "",
                  gaps ? (uint64_t)(2 * (i - from)) : plan.items[i].id);
        if (plan.kind == KEYED_ONLY)
            sprintbuf(body, "{%s}", plan.items[i].members);
        else
            sprintbuf(body, "%s", plan.items[i].text);
    }
    printbuf_strappend(body, "}");
}

/* Members that say nothing about the list. With an empty list, none that says that something went wrong. */
static void put_beside(bool first)
{
    static const char *const harmless[] = {
        "\"status\":\"success\"",
        "\"result\":\"success\"",
        "\"message\":\"\"",
        "\"error\":false",
        "\"errors\":[]",
        "\"error\":null",
        "\"code\":200",
        "\"warnings\":[{\"id\":901}]",
        "\"links\":[{\"id\":902,\"rel\":\"self\"}]",
        "\"summary\":{\"id\":903}",
        "\"messages\":[{\"id\":904}]",
        "\"debug\":{\"data\":[{\"id\":905}]}",
        "\"meta\":{\"items\":[{\"id\":906}]}",
        "\"included\":[{\"id\":907}]",
        "\"notices\":[\"x\"]",
        "\"time\":1.5e3",
        "\"user\":{\"name\":\"x\"}",
        "\"pagination\":{\"rows\":[{\"id\":908}]}",
    };
    static const char *const errors[] = {"\"errors\":[{\"id\":909}]", "\"error\":{\"id\":910}"};

    for (unsigned n = below(3); n > 0; n--) {
        const char *member = plan.n > 0 && below(8) == 0 ? ONE_OF(errors) : ONE_OF(harmless);
        sprintbuf(body, "%s%s%s", first ? "" : ",", member, first ? "," : "");
    }
}

/* What says where the next page is. */
static void put_paging(size_t page)
{
    bool last = page + 1 == plan.n_pages;
    char url[160] = "null";

    if (!last)
        snprintf(url, sizeof url, "\"%s/billing/invoices?page=%zu\"",
                 plan.paging == ELSEWHERE ? "https://elsewhere.example/api" : BASE_URL, page + 2);
    if (plan.paging == LINKS || plan.paging == ELSEWHERE)
        sprintbuf(body, ",\"links\":{\"prev\":null,\"next\":%s}", url);
    else if (plan.paging == TOP_URL)
        sprintbuf(body, ",\"next_page_url\":%s", url);
    else if (plan.paging == NUMBERS)
        sprintbuf(body, ",\"meta\":{\"current_page\":%zu,\"last_page\":%zu,\"total\":\"%zu\"}", page + 1, plan.n_pages,
                  plan.n);
    else if (plan.paging == NEXT_NUMBER && last)
        sprintbuf(body, ",\"pagination\":{\"next\":null}");
    else if (plan.paging == NEXT_NUMBER)
        sprintbuf(body, ",\"pagination\":{\"next\":%zu}", page + 2);
    else if (plan.paging == RELATIVE && !last)
        sprintbuf(body, ",\"links\":{\"next\":{\"href\":\"?page=%zu\"}}", page + 2);
    else if (plan.paging == TOTAL_ONLY)
        sprintbuf(body, ",\"totalresults\":%zu", plan.n);
}

static void put_list(size_t page)
{
    if (plan.kind == GAPS || plan.kind == KEYED || plan.kind == KEYED_ONLY)
        put_keyed(plan.first[page], plan.first[page + 1]);
    else
        put_array(plan.first[page], plan.first[page + 1]);
}

/* The names that lead to the list, from the outside. */
static size_t path_of_kind(const char *path[3])
{
    static const char *const singles[KINDS] = {
        [DATA] = "data",    [VALUE] = "value", [RESULT] = "result",  [ITEMS] = "items",
        [OWN] = "invoices", [KEYED] = "data",  [KEYED_ONLY] = "data"};
    static const char *const unknown[] = {"records", "rows", "list", "response", "x"};

    if (plan.kind == SINGULAR) {
        path[0] = "invoices";
        path[1] = "invoice";
        return 2;
    }
    if (plan.kind == DEEP) {
        path[0] = "result";
        path[1] = "data";
        path[2] = "invoices";
        return 3;
    }
    path[0] = plan.kind == UNKNOWN ? ONE_OF(unknown) : singles[plan.kind];
    return path[0] ? 1 : 0;
}

static void put_page(size_t page)
{
    const char *path[3];
    size_t n = path_of_kind(path);

    printbuf_reset(body);
    if (below(8) == 0)
        printbuf_strappend(body, "\xef\xbb\xbf");
    if (plan.kind == ONE) {
        sprintbuf(body, "%s", plan.items[0].text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        printbuf_strappend(body, "{");
        put_beside(true);
        sprintbuf(body, "\"%s\":", path[i]);
    }
    if (plan.n == 0 && n > 0 && plan.kind != ITEMS && below(4) == 0)
        sprintbuf(body, "%s", below(2) ? "null" : "{}");
    else if (plan.n == 0 && n == 0 && below(3) == 0)
        sprintbuf(body, "%s", below(2) ? "null" : "{}");
    else
        put_list(page);
    for (size_t i = n; i-- > 0;) {
        put_beside(false);
        if (i == 0)
            put_paging(page);
        printbuf_strappend(body, "}");
    }
}

/* ---- the fake client ---- */

static void check(bool condition, const char *what)
{
    CHECK(condition, "%s; kind %d, paging %d, the last page: %s", what, plan.kind, plan.paging, body->buf);
}

struct client_exchange {
    struct client_request request;
    char *path;
};

static struct client_exchange *under_way;

struct client_exchange *client_start(struct client *client, const struct client_request *request)
{
    (void)client;
    under_way = calloc(1, sizeof *under_way);
    *under_way = (struct client_exchange){.request = *request, .path = strdup(request->path)};
    return under_way;
}

void client_cancel(struct client_exchange *exchange)
{
    free(exchange->path);
    free(exchange);
    under_way = NULL;
}

/* Feeds the page in chunks, each in a heap block of exactly its size. */
static int feed(const struct client_request *request)
{
    static const unsigned sizes[] = {1, 7, 60, 400, 4000};
    unsigned most = sizes[below(LENGTH(sizes))];
    size_t len = (size_t)printbuf_length(body), n;
    int r = 0;

    request->on_start(request->data);
    for (size_t at = 0; at < len && r == 0; at += n) {
        n = 1 + below(most);
        n = n < len - at ? n : len - at;
        char *chunk = malloc(n);
        memcpy(chunk, body->buf + at, n);
        r = request->on_body(request->data, chunk, n);
        free(chunk);
    }
    return r;
}

/* The number of the page that a path asks for, from 0. */
static size_t page_of(const char *path)
{
    const char *at = strstr(path, "page=");
    return at ? strtoul(at + 5, NULL, 10) - 1 : 0;
}

static void answer_request(void)
{
    struct client_exchange *exchange = under_way;
    size_t page = page_of(exchange->path);
    char link[160];
    struct client_result result = {.status = 200, .message = "", .total = -1};

    plan.requests++;
    check(page < plan.n_pages, "a page was asked for that is not there");
    put_page(page);
    if (plan.paging == HEADER && page + 1 < plan.n_pages) {
        snprintf(link, sizeof link, BASE_URL "/billing/invoices?page=%zu", page + 2);
        result.link_next = link;
    }
    under_way = NULL;
    result.error = feed(&exchange->request);
    exchange->request.on_done(exchange->request.data, &result);
    free(exchange->path);
    free(exchange);
}

/* ---- the test ---- */

static void on_done(void *data, const struct fetch_end *end)
{
    *(int *)data = end->error;
}

static void check_document(const struct document *document)
{
    bool cut = plan.n_pages > 1 && (plan.paging == ELSEWHERE || plan.paging == TOTAL_ONLY);
    size_t n = cut ? plan.first[1] : plan.n;

    check(document->n_items == n, "the document has another number of items");
    check(document->n_ids == n && document->unshown == 0, "an item has no id");
    for (size_t i = 0; i < n; i++)
        check(document->items[i].id == plan.items[i].id, "an item has another id");
    check(document->maybe_cut == cut, cut ? "the cut is not told" : "a cut is told that is none");
    check(plan.requests == (cut ? 1 : plan.n_pages), "another number of requests");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char key[] = "invoices", url[] = BASE_URL;
    static struct endpoints *endpoints;
    static struct config config;
    struct fetcher fetcher = {.config = &config};
    struct document document = {.key = key, .query.operation = OP_INVOICES};
    int error = 1;

    if (!endpoints) {
        log_set_level(LOG_LEVEL_ERROR);
        config_init(&config);
        config.base_url = url;
        endpoints = endpoints_new(&config);
        body = printbuf_new();
    }
    fetcher.endpoints = endpoints;
    choices_start(data, size);
    make_plan();
    check(fetch_start(&fetcher, &document, (struct fetch_manner){0}, on_done, &error), "fetch_start()");
    while (under_way)
        answer_request();
    check(error == 0, "the list was not read");
    check_document(&document);
    document_clear(&document);
    free(document.etag);
    free(document.last_modified);
    free(document.url);
    drop_plan();
    return 0;
}
