/* SPDX-License-Identifier: MIT */
/*
 * What a document makes of an answer: items, their ids and fields, and prices.
 */
#include "api/groups.h"
#include "api/prices.h"

#include "memory.h"
#include "stack.h"

/* Seeds a new document of the operation with the body, in place of an answer. */
static struct document *seeded(struct stack *s, enum operation operation, const char *body)
{
    struct document *document = stack_document(s, operation);

    seed(document, body);
    return document;
}

static const char *field_of(const struct document *document, uint64_t id, unsigned field)
{
    const struct item *item = document_item(document, id);

    assert_non_null(item);
    return snapshot_field(item->snapshot, field);
}

/* ---- ids ---- */

static void test_ids(void **state)
{
    static const struct {
        const char *id;
        uint64_t expected;
    } rows[] = {
        {"0", 0},
        {"7", 7},
        {"\"7\"", 7},
        {"\"0\"", 0},
        {"9223372036854771711", ITEM_ID_MAX},
        {"\"9223372036854771711\"", ITEM_ID_MAX},
        {"9223372036854771712", ITEM_NO_ID},
        {"9223372036854775808", ITEM_NO_ID},
        {"18446744073709551615", ITEM_NO_ID},
        {"99999999999999999999999999", ITEM_NO_ID},
        {"\"99999999999999999999999999\"", ITEM_NO_ID},
        {"\"18446744073709551617\"", ITEM_NO_ID},
        {"-1", ITEM_NO_ID},
        {"-0", ITEM_NO_ID},
        {"1.0", ITEM_NO_ID},
        {"1e3", ITEM_NO_ID},
        {"\"007\"", ITEM_NO_ID},
        {"\"\"", ITEM_NO_ID},
        {"\" 7\"", ITEM_NO_ID},
        {"\"7 \"", ITEM_NO_ID},
        {"\"+7\"", ITEM_NO_ID},
        {"\"7\\u0000\"", ITEM_NO_ID},
        {"null", ITEM_NO_ID},
        {"true", ITEM_NO_ID},
        {"[7]", ITEM_NO_ID},
        {"{\"id\":7}", ITEM_NO_ID},
    };
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct document *document = stack_document(s, OP_SERVICES);
        char body[128];

        (void)snprintf(body, sizeof(body), "[{\"id\":%s}]", rows[i].id);
        seed(document, body);
        assert_int_equal(document->n_items, 1);
        /* "-0" as a number may pass for 0 or for none; as another item's name it would be an alias of nobody's. */
        if (strcmp(rows[i].id, "-0") == 0)
            continue;
        if (document->items[0].id != rows[i].expected)
            fail_msg("the id %s is read as %ju", rows[i].id, (uintmax_t)document->items[0].id);
        assert_int_equal(document->n_ids, rows[i].expected != ITEM_NO_ID);
        assert_int_equal(document->unshown, rows[i].expected == ITEM_NO_ID);
        assert_int_equal(document_item(document, rows[i].expected) != NULL, rows[i].expected != ITEM_NO_ID);
    }
    stack_free(s);
}

static void test_aliases_in_the_order_of_the_table(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_SERVICES,
                                       "[{\"serviceid\":1,\"id\":2,\"name\":\"n\",\"productName\":\"p\"},"
                                       "{\"service_id\":\"3\",\"serviceStatus\":\"Active\",\"name\":null},"
                                       "{\"id\":4,\"status\":[1],\"productName\":12.50},"
                                       "{\"id\":5,\"id\":6,\"status\":\"a\\/b \\u00e9\"}]");

    (void)state;
    assert_int_equal(document->n_ids, 4);
    assert_null(document_item(document, 1));
    assert_string_equal(field_of(document, 2, SERVICE_PRODUCT), "p");
    assert_null(field_of(document, 2, SERVICE_STATUS));
    assert_string_equal(field_of(document, 3, SERVICE_STATUS), "Active");
    assert_null(field_of(document, 3, SERVICE_PRODUCT));
    assert_null(field_of(document, 4, SERVICE_STATUS));
    assert_string_equal(field_of(document, 4, SERVICE_PRODUCT), "12.50");
    assert_string_equal(field_of(document, 6, SERVICE_STATUS), "A/b \xc3\xa9"); /* of duplicate keys, the last */
    stack_free(s);
}

static void test_order_of_ids(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_SERVICES, "[{\"id\":30},{\"x\":1},{\"id\":\"5\"},7,{\"id\":0},null]");

    (void)state;
    assert_int_equal(document->n_items, 6);
    assert_int_equal(document->n_ids, 3);
    assert_int_equal(document->unshown, 3);
    assert_int_equal(document->items[0].id, 30); /* in the API's order */
    assert_int_equal(document_nth(document, 0)->id, 0);
    assert_int_equal(document_nth(document, 1)->id, 5);
    assert_int_equal(document_nth(document, 2)->id, 30);
    assert_int_equal(document_rank(document, 0), 0);
    assert_int_equal(document_rank(document, 1), 1);
    assert_int_equal(document_rank(document, 30), 2);
    assert_int_equal(document_rank(document, 31), 3);
    assert_null(document_item(document, 6));
    assert_null(document_item(document, ITEM_NO_ID));
    assert_text(document->items[3].snapshot, "7\n");
    assert_text(document->items[5].snapshot, "null\n");
    stack_free(s);
}

/* Of several items with one id the first is shown under it; the others are in the list, and none is aliased. */
static void test_duplicate_ids(void **state)
{
    static const char body[] = "[{\"id\":2,\"n\":1},{\"id\":1},{\"id\":2,\"n\":2},{\"id\":\"2\",\"n\":3}]";
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_SERVICES, body);
    uint64_t generation = document->generation;
    struct snapshot *third = document->items[2].snapshot;

    (void)state;
    assert_int_equal(document->n_items, 4);
    assert_int_equal(document->n_ids, 2);
    assert_int_equal(document->unshown, 2);
    assert_ptr_equal(document_item(document, 2), &document->items[0]);
    assert_int_equal(document->items[2].id, ITEM_NO_ID);
    assert_int_equal(logged("whose id another entry has"), 1);

    seed(document, body); /* equal bytes: nothing has changed, and it has been said */
    assert_int_equal(document->generation, generation);
    assert_ptr_equal(document->items[2].snapshot, third);
    assert_int_equal(document->unshown, 2);
    seed(document, "[{\"id\":2},{\"id\":1},{\"id\":2,\"n\":2},{\"id\":2,\"n\":3}]");
    assert_int_not_equal(document->generation, generation);
    assert_int_equal(logged("whose id another entry has"), 1);
    stack_free(s);
}

static void test_lists_without_ids_are_no_fault(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_PRODUCTS, "[{\"name\":\"a\"},{\"name\":\"b\"}]");
    struct snapshot *first = document->items[0].snapshot;

    (void)state;
    assert_int_equal(document->n_items, 2);
    assert_int_equal(document->unshown, 0);
    seed(document, "[{\"name\":\"a\"},{\"name\":\"c\"}]");
    assert_ptr_equal(document->items[0].snapshot, first);
    stack_free(s);
}

/* An id says which object is a product. No file is named after it, so a product without one is not missing anywhere. */
static void test_products_need_no_ids_of_their_own(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document =
        seeded(s, OP_PRODUCTS, "[{\"pid\":2,\"a\":1},{\"a\":2},{\"pid\":1},{\"pid\":2,\"a\":3}]");

    (void)state;
    assert_int_equal(document->n_items, 4);
    assert_int_equal(document->items[0].id, 2);
    assert_int_equal(document->unshown, 0);
    assert_int_equal(logged("whose id another entry has"), 0);
    stack_free(s);
}

/* [endpoints] says what the API calls the id and the fields. */
static void test_configured_names_of_ids_and_fields(void **state)
{
    static const char *const settings[] = {"services.id=sid", "services.field.status=state", NULL};
    struct stack *s = stack_new(NULL, 0, settings);
    struct document *document =
        seeded(s, OP_SERVICES,
               "[{\"id\":1,\"sid\":5,\"status\":\"Active\",\"state\":\"Pending\",\"productName\":"
               "\"p\",\"domain\":\"d.example\"},{\"id\":2,\"status\":\"Active\"}]");

    (void)state;
    assert_int_equal(document->n_ids, 1);
    assert_int_equal(document->unshown, 1);
    assert_string_equal(field_of(document, 5, SERVICE_STATUS), "Pending");
    assert_string_equal(field_of(document, 5, SERVICE_PRODUCT), "p");
    assert_string_equal(field_of(document, 5, SERVICE_NAME), "d.example");
    assert_null(snapshot_field(document->items[1].snapshot, SERVICE_STATUS));
    stack_free(s);
}

static void test_items_that_came_and_went_leave_the_others(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_SERVICES, "[{\"id\":1},{\"id\":2},{\"id\":3}]");
    struct snapshot *one = document->items[0].snapshot, *three = document->items[2].snapshot;

    (void)state;
    seed(document, "[{\"id\":9},{\"id\":3},{\"id\":1}]");
    assert_ptr_equal(document_item(document, 3)->snapshot, three);
    assert_ptr_equal(document_item(document, 1)->snapshot, one);
    assert_null(document_item(document, 2));
    assert_non_null(document_item(document, 9));
    stack_free(s);
}

static void test_an_item_with_a_field(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_INVOICES,
                                       "[{\"id\":5,\"invoicenum\":\"A\"},{\"id\":1,\"invoicenum\":\"B\"},"
                                       "{\"id\":2,\"invoicenum\":\"A\"},{\"id\":3}]");

    (void)state;
    assert_int_equal(document_with(document, INVOICE_NUMBER, "A")->id, 5);
    assert_int_equal(document_with(document, INVOICE_NUMBER, "B")->id, 1);
    assert_null(document_with(document, INVOICE_NUMBER, "C"));
    assert_null(document_with(document, INVOICE_STATUS, "A"));
    seed(document, "[{\"id\":2,\"invoicenum\":\"A\"}]"); /* the index is of this content */
    assert_int_equal(document_with(document, INVOICE_NUMBER, "A")->id, 2);
    assert_null(document_with(document, INVOICE_NUMBER, "B"));
    stack_free(s);
}

static void assert_group(struct document *document, const char *status, unsigned count, const char *ids)
{
    struct group *group;
    char have[128] = "";
    size_t len = 0;

    assert_int_equal(document_group(document, INVOICE_STATUS, status, &group), 0);
    if (!count) {
        assert_null(group);
        return;
    }
    assert_non_null(group);
    assert_int_equal(group->count, count);
    for (size_t i = 0; i < group->n; i++) {
        uint64_t id = group_nth(document, group, i)->id;

        assert_int_equal(group_rank(document, group, id), i);
        assert_int_equal(group_rank(document, group, id + 1), i + 1);
        len += (size_t)snprintf(have + len, sizeof(have) - len, "%u ", (unsigned)id);
    }
    assert_string_equal(have, ids);
}

static void test_the_items_of_a_text(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document =
        seeded(s, OP_INVOICES,
               "[{\"id\":9,\"status\":\"Paid\"},{\"status\":\"Paid\"},{\"id\":2,\"status\":\"Unpaid\"},{\"id\":5},"
               "{\"id\":4,\"status\":\"Paid\"},{\"id\":7,\"status\":\"\"},{\"id\":9,\"status\":\"Unpaid\"},{\"status\":"
               "\"Odd\"}]");

    (void)state;
    assert_int_equal(document_groups(document, INVOICE_STATUS)->n, 3);
    assert_group(document, "Paid", 3, "4 9 ");
    assert_group(document, "Unpaid", 2, "2 "); /* the second 9 has no id of its own */
    assert_group(document, "Odd", 1, "");
    assert_group(document, "", 0, "");
    assert_group(document, "Refunded", 0, "");
    seed(document, "[{\"id\":1,\"status\":\"Unpaid\"},{\"id\":2,\"status\":\"Paid\"}]");
    assert_group(document, "Paid", 1, "2 ");
    assert_group(document, "Unpaid", 1, "1 ");
    assert_group(document, "Odd", 0, "");
    seed(document, "[]");
    assert_group(document, "Paid", 0, "");
    stack_free(s);
}

/* A status is the same status in any letters. The text of the item stays as the API wrote it. */
static void test_the_case_of_a_status_does_not_count(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_INVOICES,
                                       "[{\"id\":9,\"status\":\"PAID\"},{\"id\":2,\"status\":\"unpaid\"},"
                                       "{\"id\":3,\"status\":\"Paid\"},{\"id\":4,\"status\":\"draft\"},"
                                       "{\"id\":5,\"status\":\"Paid \"},{\"id\":6,\"invoicenum\":\"paid\"},"
                                       "{\"id\":7,\"status\":\"DRAFT\"}]");
    struct document *services = seeded(s, OP_SERVICES, "[{\"id\":1,\"status\":\"suspended\"}]");

    (void)state;
    assert_group(document, "Paid", 2, "3 9 ");
    assert_group(document, "Unpaid", 1, "2 ");
    assert_group(document, "unpaid", 0, "");
    assert_group(document, "Draft", 2, "4 7 "); /* all spellings of an unknown one are one, too */
    assert_group(document, "draft", 0, "");
    assert_group(document, "Paid ", 1, "5 ");
    assert_string_equal(field_of(document, 6, INVOICE_NUMBER), "paid");
    assert_text(document_item(document, 9)->snapshot, "{\n  \"id\": 9,\n  \"status\": \"PAID\"\n}\n");
    assert_string_equal(field_of(services, 1, SERVICE_STATUS), "Suspended");
    stack_free(s);
}

/* What is worked out of the content is counted as what the document takes, while it is there. */
static void test_groups_are_counted(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_INVOICES, "[{\"id\":1,\"status\":\"Paid\",\"invoicenum\":\"A\"}]");
    size_t n;
    uint64_t before = documents_cost(s->documents, &n);

    (void)state;
    assert_non_null(document_groups(document, INVOICE_STATUS));
    assert_non_null(document_with(document, INVOICE_NUMBER, "A"));
    uint64_t with = documents_cost(s->documents, &n);
    assert_true(with > before);
    (void)document_rendered(document, 0, snapshot_new("", 0, NULL)); /* all is counted again */
    assert_int_equal(documents_cost(s->documents, &n), with + sizeof(struct snapshot));
    seed(document, "[{\"id\":1,\"status\":\"Paid\",\"invoicenum\":\"B\"}]");
    assert_in_range(documents_cost(s->documents, &n), before, before + sizeof(struct snapshot));
    stack_free(s);
}

/* What is there is found even when there is no memory to find it fast. */
static void test_an_item_with_a_field_without_memory(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document =
        seeded(s, OP_INVOICES, "[{\"id\":5},{\"id\":7,\"invoicenum\":\"A\"},{\"id\":9,\"invoicenum\":\"A\"}]");

    (void)state;
    memory_fails = true;
    const struct item *a = document_with(document, INVOICE_NUMBER, "A");
    const struct item *b = document_with(document, INVOICE_NUMBER, "B");
    memory_fails = false;
    assert_non_null(a);
    assert_int_equal(a->id, 7);
    assert_null(b);
    stack_free(s);
}

/* The slot that a text would have by a hash that anybody can compute: 64-bit FNV-1a. */
static uint64_t known_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash ^ hash >> 32;
}

static double cpu_seconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Numbers made to fall into one corner of the index of a known hash: the loop would be held for seconds. */
static void test_hostile_numbers_do_not_hold_the_loop(void **state)
{
    enum { NUMBERS = 20000, SLOTS = 65536, CORNER = 128 };
    struct stack *s = stack_new(NULL, 0, NULL);
    struct printbuf *body = printbuf_new();
    char number[32];

    (void)state;
    for (unsigned n = 0, i = 0; n < NUMBERS; i++) {
        (void)snprintf(number, sizeof(number), "%u", i);
        if (known_hash(number) % SLOTS < CORNER)
            sprintbuf(body, "%c{\"id\":%u,\"invoicenum\":\"%s\"}", n++ ? ',' : '[', i, number);
    }
    sprintbuf(body, "]");
    struct document *document = seeded(s, OP_INVOICES, body->buf);
    double began = cpu_seconds();
    assert_non_null(document_with(document, INVOICE_NUMBER, number));
    assert_null(document_with(document, INVOICE_NUMBER, "no such number"));
    assert_true(cpu_seconds() - began < 0.5 * time_scale());
    printbuf_free(body);
    stack_free(s);
}

static void test_the_date_of_an_invoice_is_its_mtime(void **state)
{
    static const struct {
        const char *date;
        time_t noon; /* 0: the time it was seen */
    } rows[] = {
        {"\"2026-10-01\"", 1790856000},
        {"\"2026-10-01 23:59:59\"", 1790856000},
        {"\"2026-10-01T23:59:59-11:00\"", 1790856000},
        {"\"0000-00-00\"", 0},
        {"\"2026-02-30\"", 0},
        {"\"2026-10-1\"", 0},
        {"\"2026-10-01st\"", 0},
        {"\"1969-12-31\"", 0},
        {"\"soon\"", 0},
        {"null", 0},
        {"20261001", 0},
    };
    struct stack *s = stack_new(NULL, 0, NULL);
    time_t before = clock_wall().tv_sec;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct document *document = stack_document(s, OP_INVOICES);
        char body[128];

        (void)snprintf(body, sizeof(body), "[{\"id\":1,\"n\":%zu,\"date\":%s}]", i, rows[i].date);
        seed(document, body);
        time_t mtime = document->items[0].snapshot->mtime.tv_sec;
        if (rows[i].noon)
            assert_int_equal(mtime, rows[i].noon);
        else
            assert_true(mtime >= before);
    }
    stack_free(s);
}

/* ---- shapes ---- */

static void test_envelopes_come_off(void **state)
{
    static const char *const bodies[] = {
        "[{\"id\":1,\"status\":\"Active\"}]",
        "{\"data\":[{\"id\":1,\"status\":\"Active\"}]}",
        "{\"summary\":\"s\",\"value\":[{\"id\":1,\"status\":\"Active\"}]}",
        "{\"services\":[{\"id\":1,\"status\":\"Active\"}],\"totalresults\":1}",
        "{\"data\":{\"services\":[{\"id\":1,\"status\":\"Active\"}]}}",
    };
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_SERVICES, bodies[0]);
    uint64_t generation = document->generation;

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        seed(document, bodies[i]);
        assert_int_equal(document->generation, generation);
    }
    seeded(s, OP_BALANCE, "{\"status\":\"success\",\"data\":{\"balance\":\"1.00\",\"currency\":\"EUR\"}}");
    assert_string_equal(snapshot_field(stack_document(s, OP_BALANCE)->items[0].snapshot, BALANCE_AMOUNT), "1.00");
    stack_free(s);
}

static void test_an_empty_list_is_an_answer(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = seeded(s, OP_SERVICES, "[]");

    (void)state;
    assert_true(document->loaded && document_fresh(document));
    assert_int_equal(document->n_items + document->n_ids, 0);
    assert_null(document_item(document, 0));
    seed(document, "[{\"id\":1}]");
    assert_int_equal(document->n_ids, 1);
    seed(document, "[]");
    assert_int_equal(document->n_ids, 0);
    stack_free(s);
}

static void test_a_list_that_looks_cut(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = stack_document(s, OP_SERVICES);
    char body[1024];

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        size_t len = 0;

        for (unsigned i = 0; i < 25; i++)
            len += (size_t)snprintf(body + len, sizeof(body) - len, "%c{\"id\":%u}", i ? ',' : '[', i + round);
        (void)snprintf(body + len, sizeof(body) - len, "]");
        seed(document, body);
        assert_true(document->maybe_cut);
        assert_int_equal(logged("typical page size"), 1);
    }
    seed(document, "[{\"id\":1}]");
    assert_false(document->maybe_cut);
    stack_free(s);
}

/* ---- prices ---- */

static void assert_price(const struct document *document, size_t i, const char *path, const char *text)
{
    const struct snapshot *price = document->items[i].snapshot;
    char have[128];

    (void)snprintf(have, sizeof(have), "%s/%s/%s/%s", snapshot_field(price, PRICE_EXTENSION),
                   snapshot_field(price, PRICE_OPERATION), snapshot_field(price, PRICE_CURRENCY),
                   snapshot_field(price, PRICE_YEARS));
    assert_string_equal(have, path);
    assert_text(price, text);
}

/* The keys of the levels, one of each level a price; and the price. */
static const char *const levels[2][4] = {{".co.uk", "domainrenew", "EUR", "10"}, {"com", "domainregister", "USD", "1"}};

static int nest(const unsigned order[4], unsigned which, char *body, size_t size)
{
    return snprintf(body, size, "\"%s\":{\"%s\":{\"%s\":{\"%s\":%s}}}", levels[which][order[0]],
                    levels[which][order[1]], levels[which][order[2]], levels[which][order[3]],
                    which ? "11" : "\"22.00\"");
}

/* The order of the levels is not documented: all 24. */
static void test_prices_in_every_order_of_nesting(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    unsigned orders = 0;

    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        const unsigned order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        char a[128], b[128], body[300];

        if ((1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3]) != 15)
            continue;
        orders++;
        assert_true(nest(order, 0, a, sizeof(a)) > 0 && nest(order, 1, b, sizeof(b)) > 0);
        (void)snprintf(body, sizeof(body), "{%s,%s}", a, b);
        struct document *document = seeded(s, OP_PRICING, body);
        assert_int_equal(document->n_items, 2);
        assert_int_equal(document->unshown, 0);
        assert_price(document, 0, "co.uk/domainrenew/EUR/10", "22.00\n");
        assert_price(document, 1, "com/domainregister/USD/1", "11\n");
    }
    assert_int_equal(orders, 24);
    stack_free(s);
}

static void test_prices_that_cannot_be_placed_are_counted(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document =
        seeded(s, OP_PRICING,
               "{\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"1.00\",\"2\":null,\"3\":[],\"100\":\"x\"},"
               "\"XYZW\":{\"1\":\"2.00\"}},\"domainsale\":{\"EUR\":{\"1\":\"9\"}},\"EUR\":\"3\"},"
               "\".net\":[],\".org\":{}}");

    (void)state;
    assert_price(document, 0, "com/domainregister/EUR/1", "1.00\n");
    assert_true(document->unshown >= 4);
    assert_non_null(document->whole);
    stack_free(s);
}

/* PHP writes an empty map as [], so that is no price, and not a wrong answer; where an object belongs, it is. */
static void test_no_prices_as_an_empty_array(void **state)
{
    static const char *const bodies[] = {"[]", " [ \n] ", "{}", "{\"data\":[]}", "{\"summary\":\"\",\"pricing\":[ ]}"};
    static const char *const wrong[] = {"[1]", "[[]]", "[{}]", "[", "[]]", "[],", "{\"data\":[]}]"};
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = stack_document(s, OP_PRICING), *balance = stack_document(s, OP_BALANCE);

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        seed(document, bodies[i]);
        assert_int_equal(document->n_items + document->unshown, 0);
        assert_text(document->whole, "{}\n");
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(document_seed(document, wrong[i], strlen(wrong[i])), -EIO);
    assert_int_equal(document_seed(balance, "[]", 2), -EIO);
    stack_free(s);
}

/* A key that no file name and no field has room for: its price is not shown, and the others are. */
static void test_a_price_under_a_key_too_long_is_counted(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    size_t size = 70000;
    char *body = malloc(2 * size + 300), *key = malloc(size + 1);

    (void)state;
    assert_non_null(body);
    assert_non_null(key);
    memset(key, 'x', size);
    key[size] = '\0';
    (void)snprintf(body, 2 * size + 300,
                   "{\".%s\":{\"domainregister\":{\"EUR\":{\"1\":\"1\",\"2\":\"2\"}}},"
                   "\".com\":{\"domainregister\":{\"EUR\":{\"1\":\"3\",\"2\":\"4\"}}}}",
                   key);
    struct document *document = seeded(s, OP_PRICING, body);
    seed(document, body);
    assert_int_equal(document->n_items, 2);
    assert_int_equal(document->unshown, 2);
    assert_price(document, 0, "com/domainregister/EUR/1", "3\n");
    free(key);
    free(body);
    stack_free(s);
}

static void test_prices_keep_what_did_not_change(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document =
        seeded(s, OP_PRICING,
               "{\".net\":{\"domainrenew\":{\"EUR\":{\"1\":\"1\"}}},\".com\":{\"domainrenew\":{\"EUR\":{\"1\":"
               "\"2\",\"10\":\"4\",\"2\":\"3\"}}}}");
    uint64_t generation = document->generation;

    (void)state;
    assert_int_equal(document->n_items, 4);
    assert_price(document, 0, "com/domainrenew/EUR/1", "2\n");
    assert_price(document, 1, "com/domainrenew/EUR/2", "3\n");
    assert_price(document, 2, "com/domainrenew/EUR/10", "4\n");
    assert_price(document, 3, "net/domainrenew/EUR/1", "1\n");
    struct snapshot *net = document->items[3].snapshot, *ten = document->items[2].snapshot;
    seed(document, "{\".net\":{\"domainrenew\":{\"EUR\":{\"1\":\"1\"}}},\".com\":{\"domainrenew\":{\"EUR\":{\"1\":"
                   "\"2\",\"10\":\"4\",\"2\":\"3\"}}}}");
    assert_int_equal(document->generation, generation);
    seed(document, "{\".aa\":{\"domainrenew\":{\"EUR\":{\"1\":\"7\"}}},\".com\":{\"domainrenew\":{\"EUR\":{\"1\":\"5\","
                   "\"10\":\"4\"}}},\".net\":{\"domainrenew\":{\"EUR\":{\"1\":\"1\"}}}}");
    assert_int_not_equal(document->generation, generation);
    assert_int_equal(document->n_items, 4);
    assert_ptr_equal(document->items[2].snapshot, ten);
    assert_ptr_equal(document->items[3].snapshot, net);
    seed(document, "{}");
    assert_int_equal(document->n_items, 0);
    stack_free(s);
}

static void assert_range(const struct document *document, unsigned n, const char *const keys[], size_t first,
                         size_t end)
{
    size_t have_first, have_end;

    prices_range(document, n, keys, &have_first, &have_end);
    assert_int_equal(have_first, first);
    assert_int_equal(have_end, end);
}

static void test_what_is_below_a_directory_of_prices_is_one_range(void **state)
{
    static const char *const none[] = {"co", "domainrenew", "EUR", "1"};
    static const char *const com[] = {"com", "domainrenew", "EUR", "1"};
    static const char *const net[] = {"net", "domainrenew", "USD", "10"};
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document =
        seeded(s, OP_PRICING,
               "{\".net\":{\"domainrenew\":{\"USD\":{\"9\":1,\"10\":2}}},\".com\":{\"domainrenew\":{\"EUR\":{\"1\":3,"
               "\"01\":4,\"2\":5},\"USD\":{\"1\":6}},\"domainregister\":{\"EUR\":{\"1\":7}}}}");

    (void)state;
    assert_range(document, 0, none, 0, 7);
    for (unsigned n = 1; n <= 4; n++)
        assert_range(document, n, none, 0, 0);
    assert_range(document, 1, com, 0, 5);
    assert_range(document, 2, com, 1, 5);
    assert_range(document, 3, com, 1, 4);
    assert_range(document, 4, com, 2, 3);
    assert_price(document, 1, "com/domainrenew/EUR/01", "4\n");
    assert_price(document, 2, "com/domainrenew/EUR/1", "3\n");
    assert_range(document, 3, net, 5, 7);
    assert_range(document, 4, net, 6, 7);
    stack_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_aliases_in_the_order_of_the_table),
        cmocka_unit_test(test_order_of_ids),
        cmocka_unit_test(test_duplicate_ids),
        cmocka_unit_test(test_lists_without_ids_are_no_fault),
        cmocka_unit_test(test_products_need_no_ids_of_their_own),
        cmocka_unit_test(test_configured_names_of_ids_and_fields),
        cmocka_unit_test(test_items_that_came_and_went_leave_the_others),
        cmocka_unit_test(test_an_item_with_a_field),
        cmocka_unit_test(test_the_items_of_a_text),
        cmocka_unit_test(test_the_case_of_a_status_does_not_count),
        cmocka_unit_test(test_groups_are_counted),
        cmocka_unit_test(test_an_item_with_a_field_without_memory),
        cmocka_unit_test(test_hostile_numbers_do_not_hold_the_loop),
        cmocka_unit_test(test_the_date_of_an_invoice_is_its_mtime),
        cmocka_unit_test(test_envelopes_come_off),
        cmocka_unit_test(test_an_empty_list_is_an_answer),
        cmocka_unit_test(test_a_list_that_looks_cut),
        cmocka_unit_test(test_prices_in_every_order_of_nesting),
        cmocka_unit_test(test_prices_that_cannot_be_placed_are_counted),
        cmocka_unit_test(test_no_prices_as_an_empty_array),
        cmocka_unit_test(test_a_price_under_a_key_too_long_is_counted),
        cmocka_unit_test(test_prices_keep_what_did_not_change),
        cmocka_unit_test(test_what_is_below_a_directory_of_prices_is_one_range),
    };

    return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}
