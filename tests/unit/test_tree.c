/* SPDX-License-Identifier: MIT */
/*
 * What a path is by grammar alone, what it shows from memory, what it asks for, and what touching it expires.
 */
#include "memory.h"
#include "places.h"

/* ---- grammar ---- */

/* A path that the row stands for: each argument gets a name of its kind. */
static void instance(const struct route *route, char *buf, size_t size)
{
    const struct route_shape *shape = route_shape(route);
    size_t len;

    if (!shape->parent) {
        buf[0] = '\0';
        return;
    }
    instance(shape->parent, buf, size);
    len = strlen(buf);
    (void)snprintf(buf + len, size - len, "%s%s%s", len ? "/" : "",
                   shape->segment == SEGMENT_FIXED ? shape->name
                   : shape->segment == SEGMENT_ID  ? "10421"
                   : route->names                  ? route->names[0]
                   : route->digits.most            ? &"2026"[4 - route->digits.least]
                                                   : "a name%2Fso",
                   shape->suffix);
}

static void test_every_row_is_found_by_its_path(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct walk walk;
    char path[256], again[256];
    size_t n;

    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        instance(routes_at(i), path, sizeof(path));
        struct place *place = walk_to(s, &walk, path);

        if (!place || place->route != routes_at(i))
            fail_msg("%s is not row %s", path, routes_at(i)->path);
        assert_string_equal(place_path(place, again, sizeof(again)), path);
        if (route_shape(place->route)->segment == SEGMENT_ID)
            assert_int_equal(place->id, 10421);
        else if (route_shape(place->route)->segment == SEGMENT_TEXT)
            assert_true(place->route->names || place->route->digits.most || strcmp(place->text, "a name/so") == 0);
        else
            assert_null(place->text);
        assert_true(place_id(place) == 10421 || !strstr(routes_at(i)->path, "<id>"));
        walk_end(&walk);
    }
    documents_cost(s->documents, &n);
    assert_int_equal(n, 0); /* nothing was asked, nothing even prepared */
    stack_free(s);
}

/* Want of memory is no reason to say that a name is not there, which the kernel would believe for an hour. */
static void test_names_without_memory(void **state)
{
    static const char *const names[][2] = {
        {"by/service-status", "Active"}, {"by/service-product", "A"}, {"domains/pricing/com", "domainrenew"}};
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct walk walk;
        struct place child, *dir = walk_to(s, &walk, names[i][0]);

        memory_fails = true;
        int r = place_child(dir, names[i][1], &child);
        int absent = place_child(dir, ".git", &child);
        memory_fails = false;
        assert_int_equal(r, -ENOMEM);
        assert_int_equal(absent, -ENOENT);
        walk_end(&walk);
    }
    stack_free(s);
}

static void test_names_outside_the_grammar(void **state)
{
    static const char *const ids[] = {
        "x", "007", "-1",   "+1",          " 1",  "1 ", "0x1",     "1e3", "99999999999999999999",
        ".", "..",  ".git", "autorun.inf", "%31", "1%", "\xc2\xb2"};
    static const char *const texts[] = {".", "..", ".hidden", "a%2fb", "%41", "a%", "a%2", "%00", "a\x01", "\xff", "%"};
    static const char *const sets[] = {"active", "Active ", "Aktiv", "Activex", "Acti", ".", "%41ctive"};
    static const char *const open_sets[] = {"paid", "UNPAID", ".", ".git", "%50aid", "a%", "\x01"};
    static const char *const years[] = {"x", "100", "-1", "1.0", "", "1 "};
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        const struct route *route = routes_at(i), *any = route_shape(route)->any;
        bool price = any && any->select == SELECT_PRICE && any->kind == ROUTE_FILE;
        const char *const *bad = !any || route_shape(any)->segment == SEGMENT_ID ? ids
                                 : route_has_more_names(any)                     ? open_sets
                                 : any->names                                    ? sets
                                 : price                                         ? years
                                                                                 : texts;
        size_t n = bad == ids         ? sizeof(ids)
                   : bad == open_sets ? sizeof(open_sets)
                   : bad == sets      ? sizeof(sets)
                   : bad == years     ? sizeof(years)
                                      : sizeof(texts);
        char path[256];
        struct walk walk;

        if (route->kind != ROUTE_DIR)
            continue;
        instance(route, path, sizeof(path));
        struct place *dir = walk_to(s, &walk, path), child;
        for (size_t k = 0; k < n / sizeof(bad[0]); k++) {
            char name[64];
            (void)snprintf(name, sizeof(name), "%s%s", bad[k], any ? route_shape(any)->suffix : "");
            if (place_child(dir, name, &child) != -ENOENT)
                fail_msg("%s/%s is taken for something", path, name);
            if (any && *route_shape(any)->suffix)
                assert_int_equal(place_child(dir, "1", &child), -ENOENT);
        }
        walk_end(&walk);
    }
    assert_int_equal(peek(s, "README/x"), -ENOENT);
    assert_int_equal(peek(s, "services/1/cdn/purge/x"), -ENOENT);
    stack_free(s);
}

static void test_targets(void **state)
{
    static const struct {
        const char *path, *target;
    } rows[] = {
        {"by/product-group/x", "../../products/groups/42"},
        {"by/service-status/Active/42", "../../../services/42"},
        {"by/service-product/x/42", "../../../services/42"},
        {"by/service-name/x", "../../services/42"},
        {"by/invoice-number/x.json", "../../billing/invoices/42.json"},
        {"by/invoice-status/Paid/42.json", "../../../billing/invoices/42.json"},
        {"by/invoice-year/2026/42.json", "../../../billing/invoices/42.json"},
    };
    static const uint64_t ids[] = {0, 9, 10, 42, 1000, UINT64_C(9999999999999999999)};
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct walk walk;
        char target[64];
        const struct place *place = walk_to(s, &walk, rows[i].path);
        size_t len = place_target(place, 42, target, sizeof(target));

        assert_string_equal(target, rows[i].target);
        assert_int_equal(len, strlen(target));
        for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++)
            assert_int_equal(place_target_length(place, ids[k]), place_target(place, ids[k], target, sizeof(target)));
        walk_end(&walk);
    }
    stack_free(s);
}

/* ---- from memory ---- */

static void test_nothing_at_hand(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    size_t n;

    (void)state;
    for (unsigned i = 0; i < routes_count(); i++) {
        char path[256];

        instance(routes_at(i), path, sizeof(path));
        bool certain = routes_at(i)->select == SELECT_NONE || route_has_more_names(routes_at(i));
        assert_int_equal(peek(s, path), certain ? 1 : 0);
    }
    documents_cost(s->documents, &n);
    assert_int_equal(n, 0);
    stack_free(s);
}

static void test_services_from_memory(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_SERVICES), "[{\"id\":1,\"status\":\"Active\",\"productName\":\"CDN / EU\"},"
                                         "{\"id\":2,\"status\":\"Suspended\",\"productName\":\"S3\"}]");
    assert_int_equal(peek(s, "services/1"), 1);
    assert_int_equal(peek(s, "services/9"), 0); /* may be Terminated, and in no list */
    assert_int_equal(peek(s, "services/1/info.json"), 0);
    assert_int_equal(peek(s, "services/9/cdn/purge"), 1); /* the POST decides */
    assert_shows(s, "by/service-status/Active/1", "../../../services/1");
    assert_int_equal(peek(s, "by/service-status/Active/2"), -ENOENT);
    assert_int_equal(peek(s, "by/service-status/Active/9"), -ENOENT);
    assert_int_equal(peek(s, "by/service-status/Pending/9"), 0); /* the list doesn't know those */
    assert_int_equal(peek(s, "by/service-product/CDN %2F EU"), 1);
    assert_int_equal(peek(s, "by/service-product/CDN"), -ENOENT);
    assert_shows(s, "by/service-product/S3/2", "../../../services/2");
    assert_int_equal(peek(s, "by/service-product/S3/1"), -ENOENT);

    seed(stack_filtered(s, OP_SERVICES, SERVICES_STATUS, "Pending"), "[{\"id\":9,\"status\":\"Pending\"}]");
    assert_shows(s, "by/service-status/Pending/9", "../../../services/9");
    assert_int_equal(peek(s, "services/9"), 1); /* any list that has it will do */
    assert_int_equal(peek(s, "services/8"), 0);
    seed(stack_service(s, 8), "{\"id\":8,\"a\":[]}");
    assert_int_equal(peek(s, "services/8"), 1);
    assert_shows(s, "services/8/info.json", "{\n  \"id\": 8,\n  \"a\": []\n}\n");
    document_expire(stack_service(s, 8));
    assert_int_equal(peek(s, "services/8"), 0);
    stack_free(s);
}

/* A path with two sources shows the one that was fetched later, and believes its "not there". */
static void test_of_two_sources_the_later_speaks(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *list = stack_document(s, OP_INVOICES), *one = stack_filtered(s, OP_INVOICES, INVOICES_ID, "5");

    (void)state;
    seed(list, "[{\"id\":5,\"n\":1},{\"id\":6}]");
    assert_shows(s, "billing/invoices/5.json", "{\n  \"id\": 5,\n  \"n\": 1\n}\n");
    assert_int_equal(peek(s, "billing/invoices/7.json"), -ENOENT);
    seed(one, "[{\"id\":5,\"n\":2}]");
    assert_shows(s, "billing/invoices/5.json", "{\n  \"id\": 5,\n  \"n\": 2\n}\n");
    seed(list, "[{\"id\":5,\"n\":3},{\"id\":6}]");
    assert_shows(s, "billing/invoices/5.json", "{\n  \"id\": 5,\n  \"n\": 3\n}\n");
    document_expire(list);
    assert_shows(s, "billing/invoices/5.json", "{\n  \"id\": 5,\n  \"n\": 2\n}\n");
    assert_int_equal(peek(s, "billing/invoices/6.json"), 0);
    seed(one, "[]");
    assert_int_equal(peek(s, "billing/invoices/5.json"), -ENOENT);
    seed(list, "[{\"id\":5}]");
    assert_int_equal(peek(s, "billing/invoices/5.json"), 1);
    stack_free(s);
}

static void test_prices_from_memory(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "co.uk"),
         "{\".co.uk\":{\"domainregister\":{\"EUR\":{\"1\":\"9.00\"}}}}");
    assert_int_equal(peek(s, "domains/pricing/co.uk"), 1);
    assert_int_equal(peek(s, "domains/pricing/com"), 0);
    assert_int_equal(peek(s, "domains/pricing/co.uk/domainregister/EUR"), 1);
    assert_int_equal(peek(s, "domains/pricing/co.uk/domainregister/USD"), -ENOENT);
    assert_int_equal(peek(s, "domains/pricing/co.uk/domainrenew"), -ENOENT);
    assert_shows(s, "domains/pricing/co.uk/domainregister/EUR/1", "9.00\n");
    assert_int_equal(peek(s, "domains/pricing/co.uk/domainregister/EUR/2"), -ENOENT);
    seed(stack_document(s, OP_PRICING), "{\".com\":{\"domainrenew\":{\"USD\":{\"10\":12.5}}}}");
    assert_int_equal(peek(s, "domains/pricing/co.uk"), -ENOENT);
    assert_shows(s, "domains/pricing/com/domainrenew/USD/10", "12.5\n");
    assert_shows(s, "all/pricing.csv", "extension,operation,currency,years,price\r\ncom,domainrenew,USD,10,12.5\r\n");
    stack_free(s);
}

static void test_single_answers(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_BALANCE), "{\"balance\":\"100.00\",\"currency\":\"EUR\"}");
    assert_shows(s, "billing/balance", "100.00 EUR\n");
    assert_shows(s, "billing/balance.json", "{\n  \"balance\": \"100.00\",\n  \"currency\": \"EUR\"\n}\n");
    seed(stack_document(s, OP_VERSION), "{\"success\":\"1\",\"version\":\"1.2.6\"}");
    assert_shows(s, "version", "1.2.6\n");
    seed(stack_filtered(s, OP_PRODUCTS, PRODUCTS_GROUP, "3"), "[]");
    assert_shows(s, "products/groups/3/products.json", "[]\n");
    seed(stack_document(s, OP_GROUPS), "[{\"productGroupId\":3,\"productGroup\":\"CDN\"}]");
    assert_int_equal(peek(s, "products/groups/3"), 1);
    assert_int_equal(peek(s, "products/groups/4"), -ENOENT);
    assert_shows(s, "by/product-group/CDN", "../../products/groups/3");
    assert_int_equal(peek(s, "by/product-group/cdn"), -ENOENT);
    stack_free(s);
}

/* ---- asking ---- */

#define INVOICES         "/billing/invoices?showInvoiceItems=true&showTransactions=true"
#define INVOICES_WITH(p) "/billing/invoices?" p "&showInvoiceItems=true&showTransactions=true"

/* The least that serves a path, when nothing is at hand. */
static void test_the_least_that_serves(void **state)
{
    static const struct {
        const char *path, *request;
    } rows[] = {
        {"version", "/utility/version"},
        {"all/services.csv", "/services"},
        {"all/invoices.json", INVOICES},
        {"all/pricing.json", "/domains/pricing"},
        {"products/groups/3/info.json", "/products/groups"},
        {"products/groups/3/products.json", "/products?productGroupId%5B%5D=3"},
        {"products/groups/3/config-options.json", "/products?productGroupId%5B%5D=3&showConfigOptions=true"},
        {"by/product-group/CDN", "/products/groups"},
        {"services/3", "/services/3"},
        {"services/3/info.json", "/services/3"},
        {"by/service-status/Pending/3", "/services?serviceStatus=Pending"},
        {"by/service-product/CDN %2F EU", "/services?productName=CDN%20%2F%20EU"},
        {"by/service-product/CDN/3", "/services?productName=CDN"},
        {"domains/pricing/com/domainregister/EUR/1", "/domains/pricing?extension=.com"},
        {"billing/balance", "/billing/creditbalance"},
        {"billing/balance.json", "/billing/creditbalance"},
        {"billing/invoices/3.json", INVOICES_WITH("id=3")},
        {"by/invoice-number/A%2F3.json", INVOICES_WITH("invoicenum=A%2F3")},
        {"by/invoice-status/Paid/3.json", INVOICES_WITH("status=Paid")},
        {"by/invoice-status/Draft", INVOICES}, /* nobody knows whether the parameter takes it */
        {"by/invoice-status/Draft/3.json", INVOICES},
    };
    static const struct web_answer script[] = {SAYS_AS("400 Bad Request", "", "{}")};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stack *s = STACK(script);
        struct walk walk;
        struct view view = {.snapshot = NULL};
        char path[256];

        assert_int_equal(look(s, walk_to(s, &walk, rows[i].path), &view), -EINVAL);
        assert_int_equal(web_requests(s->web), 1);
        assert_string_equal(asked(s, 0, path, sizeof(path)) + strlen("/api"), rows[i].request);
        walk_end(&walk);
        stack_free(s);
    }
}

/* A list that is held is cheaper to renew than its items one by one. */
static void test_an_expired_list_is_renewed(void **state)
{
    static const struct web_answer script[] = {SAYS("[{\"id\":3,\"invoicenum\":\"A\",\"status\":\"Paid\"}]")};
    static const char *const paths[] = {"billing/invoices/3.json", "by/invoice-number/A.json",
                                        "by/invoice-status/Paid/3.json"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct stack *s = STACK(script);
        struct walk walk;
        struct view view = {.snapshot = NULL};
        char path[256];

        seed(stack_document(s, OP_INVOICES), "[]");
        document_expire(stack_document(s, OP_INVOICES));
        assert_int_equal(look(s, walk_to(s, &walk, paths[i]), &view), 1);
        assert_string_equal(asked(s, 0, path, sizeof(path)), "/api" INVOICES);
        assert_int_equal(web_requests(s->web), 1);
        view_clear(&view);
        walk_end(&walk);
        stack_free(s);
    }
}

/* The directory of a status that is not known, and what is in it, come from one list. */
static void test_a_status_that_is_not_known_is_one_request(void **state)
{
    static const struct web_answer script[] = {
        SAYS("[{\"id\":7,\"status\":\"Payment Pending\"},{\"id\":8,\"status\":\"Draft\"}]")};
    struct stack *s = STACK(script);
    struct walk walk;
    struct view view = {.snapshot = NULL};
    char names[64];

    (void)state;
    assert_int_equal(peek(s, "by/invoice-status/Paid"), 1); /* without a request */
    assert_int_equal(peek(s, "by/invoice-status/Payment Pending"), 0);
    assert_int_equal(look(s, walk_to(s, &walk, "by/invoice-status/Payment Pending"), &view), 1);
    walk_end(&walk);
    assert_string_equal(names_of(s, "by/invoice-status/Payment Pending", names, sizeof(names)), "7.json ");
    assert_shows(s, "by/invoice-status/Draft/8.json", "../../../billing/invoices/8.json");
    assert_int_equal(peek(s, "by/invoice-status/Collections"), -ENOENT);
    assert_int_equal(peek(s, "by/invoice-status/Refunded"), 1);
    assert_int_equal(web_requests(s->web), 1);
    stack_free(s);
}

static void test_a_prefetch_is_the_same_request(void **state)
{
    static const struct web_answer script[] = {SAYS("{\"id\":3}")};
    struct stack *s = STACK(script);
    struct walk walk;
    struct place *place = walk_to(s, &walk, "services/3/info.json");

    (void)state;
    assert_true(tree_prefetch(s->tree, place));
    assert_true(tree_prefetch(s->tree, place));
    await(s, document_fresh(stack_service(s, 3)));
    assert_true(tree_prefetch(s->tree, place));
    assert_shows(s, "services/3/info.json", "{\n  \"id\": 3\n}\n");
    assert_int_equal(web_requests(s->web), 1);
    assert_ptr_equal(tree_origin(s->tree, place), stack_service(s, 3));
    walk_end(&walk);
    stack_free(s);
}

/* ---- touch ---- */

static bool note_expired(void *data, struct document *document)
{
    char *keys = data;

    if (!document_fresh(document))
        (void)strcat(strcat(keys, document->key), " ");
    return true;
}

static void seed_everything(struct stack *s)
{
    static const char price[] = "{\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"9.00\"}}}}";

    seed(stack_document(s, OP_VERSION), "{\"version\":\"1\"}");
    seed(stack_document(s, OP_GROUPS), "[]");
    seed(stack_document(s, OP_PRODUCTS), "[]");
    seed(stack_filtered(s, OP_PRODUCTS, PRODUCTS_GROUP, "1"), "[]");
    seed(stack_filtered(s, OP_PRODUCTS, PRODUCTS_GROUP, "2"), "[]");
    seed(stack_document(s, OP_SERVICES), "[]");
    seed(stack_filtered(s, OP_SERVICES, SERVICES_STATUS, "Active"), "[]");
    seed(stack_filtered(s, OP_SERVICES, SERVICES_STATUS, "Pending"), "[]");
    seed(stack_filtered(s, OP_SERVICES, SERVICES_PRODUCT, "CDN"), "[]");
    seed(stack_service(s, 1), "{\"id\":1}");
    seed(stack_service(s, 2), "{\"id\":2}");
    seed(stack_document(s, OP_PRICING), price);
    seed(stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "com"), price);
    seed(stack_filtered(s, OP_PRICING, PRICING_EXTENSION, "net"), price);
    seed(stack_document(s, OP_INVOICES), "[]");
    seed(stack_filtered(s, OP_INVOICES, INVOICES_ID, "5"), "[]");
    seed(stack_filtered(s, OP_INVOICES, INVOICES_NUMBER, "A"), "[]");
    seed(stack_filtered(s, OP_INVOICES, INVOICES_STATUS, "Paid"), "[]");
    seed(stack_document(s, OP_BALANCE), "{\"balance\":\"1\"}");
}

#define ALL_SERVICES "services services?status=Active services?status=Pending services?product=CDN service/1 service/2 "
#define ALL_INVOICES "invoices invoices?id=5 invoices?number=A invoices?status=Paid "
#define ALL_PRODUCTS "products?group=1 products?group=2 "
#define ALL_PRICING  "pricing pricing?extension=com pricing?extension=net "

/* Whether two texts hold the same words, each followed by a space and none twice, in whatever order. */
static bool same_words(const char *a, const char *b)
{
    char padded[1100], word[128];

    snprintf(padded, sizeof padded, " %s", b);
    for (const char *end; (end = strchr(a, ' ')); a = end + 1) {
        snprintf(word, sizeof word, " %.*s ", (int)(end - a), a);
        char *found = strstr(padded, word);
        if (!found)
            return false;
        memmove(found + 1, found + strlen(word), strlen(found + strlen(word)) + 1);
    }
    return strcmp(padded, " ") == 0;
}

static void test_touching(void **state)
{
    static const struct {
        const char *path, *expired;
    } rows[] = {
        {"", "version groups products " ALL_PRODUCTS ALL_SERVICES ALL_PRICING ALL_INVOICES "balance "},
        {"README", ""},
        {".melbicomfs", ""},
        {"version", "version "},
        {"all", "groups products services pricing invoices "},
        {"all/services.csv", "services "},
        {"all/pricing.json", "pricing "},
        {"products", "groups " ALL_PRODUCTS},
        {"products/groups/1", "groups products?group=1 "},
        {"products/groups/1/products.json", "products?group=1 "},
        {"by/product-group", "groups "},
        {"services", ALL_SERVICES},
        {"services/1", "services service/1 "},
        {"services/1/info.json", "service/1 "},
        {"services/1/cdn", ""},
        {"services/1/cdn/purge", ""},
        {"by/service-status/Pending", "services services?status=Pending "},
        {"by/service-product/CDN", "services services?product=CDN "},
        {"by/service-product/CDN/1", "services services?product=CDN "},
        {"domains", ALL_PRICING},
        {"domains/pricing/com", "pricing pricing?extension=com "},
        {"domains/pricing/com/domainregister/EUR/1", "pricing pricing?extension=com "},
        {"billing", ALL_INVOICES "balance "},
        {"billing/balance", "balance "},
        {"billing/invoices", ALL_INVOICES},
        {"billing/invoices/5.json", "invoices invoices?id=5 "},
        {"billing/invoices/6.json", "invoices invoices?id=6 "}, /* which is made, to be asked for */
        {"by/invoice-number/A.json", "invoices invoices?number=A "},
        {"by/invoice-status", "invoices invoices?status=Paid "},
        {"by/invoice-year/2026", "invoices "},
        {"by/service-name", "services "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stack *s = stack_new(NULL, 0, NULL);
        struct walk walk;
        char keys[1024] = "";

        seed_everything(s);
        tree_touch(s->tree, walk_to(s, &walk, rows[i].path));
        documents_each(s->documents, note_expired, keys);
        if (!same_words(keys, rows[i].expired))
            fail_msg("touching '%s' expires '%s', not '%s'", rows[i].path, keys, rows[i].expired);
        walk_end(&walk);
        stack_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_found_by_its_path),
        cmocka_unit_test(test_names_without_memory),
        cmocka_unit_test(test_names_outside_the_grammar),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_nothing_at_hand),
        cmocka_unit_test(test_services_from_memory),
        cmocka_unit_test(test_of_two_sources_the_later_speaks),
        cmocka_unit_test(test_prices_from_memory),
        cmocka_unit_test(test_single_answers),
        cmocka_unit_test(test_the_least_that_serves),
        cmocka_unit_test(test_an_expired_list_is_renewed),
        cmocka_unit_test(test_a_status_that_is_not_known_is_one_request),
        cmocka_unit_test(test_a_prefetch_is_the_same_request),
        cmocka_unit_test(test_touching),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
