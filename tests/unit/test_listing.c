/* SPDX-License-Identifier: MIT */
/*
 * What directories list: names, ordinals for life, walks that go on while the content changes, and names that are
 * shared or too long.
 */
#include "memory.h"
#include "places.h"

#define BODY 16384
#define IDS  40

static unsigned random_below(unsigned *seed_, unsigned n)
{
    *seed_ = *seed_ * 1103515245u + 12345u;
    return (*seed_ >> 16) % n;
}

static void assert_names(struct stack *s, const char *path, const char *names)
{
    char have[BODY];

    assert_string_equal(names_of(s, path, have, sizeof(have)), names);
}

static void test_directories_of_fixed_names(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    assert_names(s, "", "README version all products services domains billing by reports ");
    assert_names(s, "services/1", "info.json cdn ");
    assert_names(s, "services/1/cdn", "purge purge.log ");
    assert_names(s, "by/service-status", "Active Suspended Pending Cancelled Terminated ");
    assert_names(s, "domains", "pricing ");
    assert_names(s, "by",
                 "product-group service-status service-product service-name invoice-number invoice-status "
                 "invoice-year ");
    assert_names(s, ".melbicomfs", "status.json metrics log ");
    stack_free(s);
}

static void test_directories_of_items(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_SERVICES),
         "[{\"id\":9,\"status\":\"Active\",\"productName\":\"B\",\"domain\":\"a.example\"},"
         "{\"id\":0,\"status\":\"Suspended\",\"productName\":\"A/1\"},"
         "{\"x\":1,\"productName\":\"C\"},{\"id\":9,\"productName\":\"\"},"
         "{\"id\":4,\"status\":\"Active\",\"productName\":\"B\"}]");
    assert_names(s, "services", "0 4 9 ");
    assert_names(s, "by/service-status/Active", "4 9 ");
    assert_names(s, "by/service-product", "B A%2F1 C ");
    assert_names(s, "by/service-product/B", "4 9 ");
    assert_names(s, "by/service-name", "a.example ");
    seed(stack_document(s, OP_INVOICES), "[{\"id\":2,\"invoicenum\":\"X\",\"status\":\"Paid\",\"date\":\"2026-10-01\"},"
                                         "{\"id\":1,\"invoicenum\":\".Y\",\"status\":\"Unpaid\",\"date\":\"2025-02-"
                                         "30\"},{\"id\":3,\"date\":\"2026-01-31T23:00:00-05:00\"}]");
    assert_names(s, "billing/invoices", "1.json 2.json 3.json ");
    assert_names(s, "by/invoice-number", "%2EY.json X.json ");
    assert_names(s, "by/invoice-status/Paid", "2.json ");
    assert_names(s, "by/invoice-status/Refunded", "");
    assert_names(s, "by/invoice-year", "2026 ");
    assert_names(s, "by/invoice-year/2026", "2.json 3.json ");
    seed(stack_document(s, OP_PRICING), "{\".net\":{\"domainrenew\":{\"EUR\":{\"2\":1,\"10\":2}}},"
                                        "\".com\":{\"domainrenew\":{\"EUR\":{\"1\":3}}}}");
    assert_names(s, "domains/pricing", "com net ");
    assert_names(s, "domains/pricing/net", "domainrenew ");
    assert_names(s, "domains/pricing/net/domainrenew/EUR", "2 10 ");
    stack_free(s);
}

#define STATUSES "Paid Unpaid Cancelled Refunded "

/* Every known status has its directory; others have theirs when an invoice has them. */
static void test_statuses_that_are_not_known_come_after_the_known(void **state)
{
    static const char path[] = "by/invoice-status";
    struct stack *s = stack_new(NULL, 0, NULL);
    struct document *document = stack_document(s, OP_INVOICES);
    struct walk walk;
    struct place *dir = walk_to(s, &walk, path);
    struct listing listing;

    (void)state;
    assert_int_equal(listing_open(&listing, s->tree, dir, 0), 0); /* the list is needed */
    assert_int_equal(tree_list_expires(s->tree, dir), 0);
    seed(document, "[{\"id\":1,\"status\":\"paid\"},{\"id\":2}]");
    assert_names(s, path, STATUSES);
    uint64_t known = tree_list_signature(s->tree, dir);
    assert_int_equal(tree_list_expires(s->tree, dir), document->expires);
    seed(document, "[{\"id\":1,\"status\":\"Draft\"},{\"id\":2,\"status\":\"Paid\"},{\"id\":3,\"status\":\"a/b\"},"
                   "{\"id\":4,\"status\":\"Draft\"},{\"id\":5,\"status\":\"DRAFT\"},"
                   "{\"id\":6,\"status\":\"payment PENDING\"}]");
    assert_names(s, path, STATUSES "Draft A%2Fb Payment Pending ");
    assert_true(tree_list_signature(s->tree, dir) != known);
    assert_names(s, "by/invoice-status/Draft", "1.json 4.json 5.json ");
    assert_names(s, "by/invoice-status/Paid", "2.json ");
    seed(document, "[{\"id\":3,\"status\":\"a/b\"},{\"id\":9,\"status\":\"Collections\"}]");
    assert_names(s, path, STATUSES "A%2Fb Collections ");
    /* The API's filters for services take a set of names, and only what they give is in a list at all. */
    seed(stack_document(s, OP_SERVICES), "[{\"id\":1,\"status\":\"Fraud\"}]");
    assert_names(s, "by/service-status", "Active Suspended Pending Cancelled Terminated ");
    walk_end(&walk);
    stack_free(s);
}

/* Each entry has an ordinal of its own, and a listing that is resumed after any of them goes on with the next. */
static void test_a_listing_of_statuses_is_resumed(void **state)
{
    static const char *const all[] = {"Paid", "Unpaid", "Cancelled", "Refunded", "Draft", "Open"};
    struct stack *s = stack_new(NULL, 0, NULL);
    struct walk walk;
    struct place *dir = walk_to(s, &walk, "by/invoice-status");
    struct listing listing;
    struct listed entry;
    uint64_t after = 0;

    (void)state;
    seed(stack_document(s, OP_INVOICES), "[{\"id\":1,\"status\":\"Draft\"},{\"id\":2,\"status\":\"Open\"}]");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(listing_open(&listing, s->tree, dir, after), 1);
        assert_true(listing_next(&listing, &entry));
        assert_string_equal(entry.name, all[i]);
        assert_true(entry.ordinal > after);
        after = entry.ordinal;
        listing_close(&listing);
    }
    assert_int_equal(listing_open(&listing, s->tree, dir, after), 1);
    assert_false(listing_next(&listing, &entry));
    listing_close(&listing);
    walk_end(&walk);
    stack_free(s);
}

static void test_what_cannot_be_listed(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    struct walk walk;
    struct listing listing;

    (void)state;
    assert_int_equal(listing_open(&listing, s->tree, walk_to(s, &walk, "README"), 0), -ENOTDIR);
    walk_end(&walk);
    struct place *dir = walk_to(s, &walk, "services");
    assert_int_equal(listing_open(&listing, s->tree, dir, 0), 0); /* ask first */
    assert_int_equal(tree_list_expires(s->tree, dir), 0);
    seed(stack_document(s, OP_SERVICES), "[{\"id\":1},{\"id\":2}]");
    assert_int_equal(tree_list_expires(s->tree, dir), stack_document(s, OP_SERVICES)->expires);
    assert_int_equal(tree_list_life(s->tree, dir), 60000);
    assert_int_equal(tree_list_life(s->tree, tree_root(s->tree)), CLOCK_NEVER);
    document_expire(stack_document(s, OP_SERVICES));
    assert_int_equal(listing_open(&listing, s->tree, dir, 0), 0);
    assert_int_equal(listing_open(&listing, s->tree, dir, 65), 1); /* what was begun goes on */
    listing_close(&listing);
    walk_end(&walk);
    stack_free(s);
}

/* Want of memory is an error, never an empty directory. */
static void test_listings_without_memory(void **state)
{
    static const char *const dirs[][2] = {{"by/service-product", "P "},
                                          {"by/service-status/Active", "1 "},
                                          {"domains/pricing", "com "},
                                          {"domains/pricing/com", "domainrenew "}};
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_SERVICES), "[{\"id\":1,\"productName\":\"P\",\"status\":\"Active\"}]");
    seed(stack_document(s, OP_PRICING), "{\".com\":{\"domainrenew\":{\"EUR\":{\"1\":1}}}}");
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        struct walk walk;
        struct listing listing;
        struct place *dir = walk_to(s, &walk, dirs[i][0]);

        memory_fails = true;
        int r = listing_open(&listing, s->tree, dir, 0);
        memory_fails = false;
        assert_int_equal(r, -ENOMEM);
        walk_end(&walk);
        assert_names(s, dirs[i][0], dirs[i][1]);
    }
    stack_free(s);
}

/* What a listing says of an entry is what the path itself shows. */
static void test_entries_show_what_their_paths_show(void **state)
{
    static const char *const dirs[] = {"billing/invoices",
                                       "by/invoice-number",
                                       "services",
                                       "by/invoice-status/Paid",
                                       "by/invoice-status",
                                       "by/service-product",
                                       "domains/pricing/net/domainrenew/EUR",
                                       "domains/pricing"};
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_SERVICES), "[{\"id\":9,\"productName\":\"B\"},{\"id\":1,\"productName\":\"a\"}]");
    seed(stack_document(s, OP_INVOICES), "[{\"id\":2,\"invoicenum\":\"X\",\"date\":\"2026-10-01\",\"status\":\"Paid\"},"
                                         "{\"id\":1,\"invoicenum\":\"X\"}]");
    seed(stack_document(s, OP_PRICING), "{\".net\":{\"domainrenew\":{\"EUR\":{\"2\":1,\"10\":2}}}}");
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        struct walk walk;
        struct listing listing;
        struct listed entry;
        struct place *dir = walk_to(s, &walk, dirs[i]), child;
        uint64_t last = 0;

        assert_int_equal(listing_open(&listing, s->tree, dir, 0), 1);
        while (listing_next(&listing, &entry)) {
            struct view view = {.snapshot = NULL};

            assert_true(entry.ordinal > last);
            last = entry.ordinal;
            assert_int_equal(place_child(dir, entry.name, &child), 0);
            assert_ptr_equal(child.route, entry.route);
            assert_true(entry.known);
            assert_int_equal(tree_peek(s->tree, &child, &view), 1);
            assert_ptr_equal(view.snapshot, entry.view.snapshot);
            assert_int_equal(view.id, entry.view.id);
            assert_int_equal(view.expires, entry.view.expires);
            assert_memory_equal(&view.mtime, &entry.view.mtime, sizeof(view.mtime));
            view_clear(&view);
            place_clear(&child);
        }
        listing_close(&listing);
        walk_end(&walk);
    }
    stack_free(s);
}

/* ---- ordinals ---- */

/* Lists the directory entry by entry, each time anew behind the last one. Returns what it saw, names with a space behind
 * each. */
static const char *listed_by_steps(struct stack *s, const char *path)
{
    static char have[1024];
    struct walk walk;
    struct listing listing;
    struct listed entry;
    struct place *dir = walk_to(s, &walk, path);
    uint64_t after = 0;
    bool more = true;

    for (have[0] = '\0'; more;) {
        assert_int_equal(listing_open(&listing, s->tree, dir, after), 1);
        more = listing_next(&listing, &entry);
        if (more) {
            assert_true(entry.ordinal > after && entry.ordinal <= INT32_MAX - 2);
            after = entry.ordinal;
            (void)snprintf(have + strlen(have), sizeof have - strlen(have), "%s ", entry.name);
        }
        listing_close(&listing);
    }
    walk_end(&walk);
    return have;
}

/* A 32-bit program cannot read an offset from 2^31 on, whatever the ids are. */
static void test_ordinals_of_large_ids_are_small_and_for_life(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_INVOICES),
         "[{\"id\":9000000000000000001,\"status\":\"Paid\",\"invoicenum\":\"N9\"},"
         "{\"id\":7,\"status\":\"Paid\",\"invoicenum\":\"N7\"},{\"id\":1073741824,\"status\":\"Paid\"},"
         "{\"id\":1073741823,\"status\":\"Unpaid\"}]");
    assert_string_equal(listed_by_steps(s, "billing/invoices"),
                        "7.json 1073741823.json 1073741824.json 9000000000000000001.json ");
    assert_string_equal(listed_by_steps(s, "by/invoice-status/Paid"),
                        "7.json 1073741824.json 9000000000000000001.json ");
    assert_string_equal(listed_by_steps(s, "by/invoice-number"), "N7.json N9.json ");
    /* An id that comes later is behind those that were there, even if it is lower; so a walk under way sees it once. */
    seed(stack_document(s, OP_INVOICES),
         "[{\"id\":9000000000000000001,\"status\":\"Paid\"},{\"id\":5000000000,\"status\":\"Paid\"},{\"id\":7}]");
    assert_string_equal(listed_by_steps(s, "billing/invoices"), "7.json 9000000000000000001.json 5000000000.json ");
    assert_string_equal(listed_by_steps(s, "by/invoice-status/Paid"), "9000000000000000001.json 5000000000.json ");
    stack_free(s);
}

/* ---- walks while the content changes ---- */

/* Of which names a listing is made, and how often a walk has seen each. */
struct changing {
    bool there[IDS], always[IDS];
    unsigned seen[IDS];
    uint64_t ordinal[IDS]; /* for life */
};

static void seed_changing(struct stack *s, const struct changing *c, unsigned kind)
{
    static const char *const forms[][3] = {{"{\"id\":", ",\"invoicenum\":\"N", "\"}"},
                                           {"{\"id\":", ",\"productName\":\"P", "\"}"},
                                           {"\".e", "\":{\"domainrenew\":{\"EUR\":{\"1\":", "}}}"},
                                           {"{\"id\":", ",\"status\":\"Paid\",\"n\":\"", "\"}"}};
    static const enum operation operations[] = {OP_INVOICES, OP_SERVICES, OP_PRICING, OP_INVOICES};
    const char *const *form = forms[kind];
    char body[BODY];
    size_t len = 1;

    body[0] = kind == 2 ? '{' : '[';
    for (unsigned i = 0; i < IDS; i++)
        if (c->there[i])
            len += (size_t)snprintf(body + len, sizeof(body) - len, "%s%s%u%s%u%s", len > 1 ? "," : "", form[0], i,
                                    form[1], i, form[2]);
    (void)snprintf(body + len, sizeof(body) - len, "%c", kind == 2 ? '}' : ']');
    seed(stack_document(s, operations[kind]), body);
}

static void change(struct stack *s, struct changing *c, unsigned *dice, unsigned kind)
{
    for (unsigned n = 0; n < 6; n++) {
        unsigned i = random_below(dice, IDS);

        c->there[i] = !c->there[i];
        c->always[i] = c->always[i] && c->there[i];
    }
    seed_changing(s, c, kind);
}

/* Which of ours a name is; IDS for one of the fixed ones. */
static unsigned number_of(const char *name)
{
    const char *digits = strpbrk(name, "0123456789");

    return digits && strncmp(name, "by-", 3) != 0 ? (unsigned)strtoul(digits, NULL, 10) : IDS;
}

static void walk_while_it_changes(struct stack *s, const char *path, struct changing *c, unsigned *dice, unsigned kind)
{
    struct walk walk;
    struct place *dir = walk_to(s, &walk, path);
    uint64_t after = 0;
    bool more = true;

    memcpy(c->always, c->there, sizeof(c->always));
    memset(c->seen, 0, sizeof(c->seen));
    while (more) {
        struct listing listing;
        struct listed entry;

        assert_int_equal(listing_open(&listing, s->tree, dir, after), 1);
        for (unsigned n = 1 + random_below(dice, 5); n > 0 && (more = listing_next(&listing, &entry)); n--) {
            unsigned i = number_of(entry.name);

            assert_true(entry.ordinal > after);
            after = entry.ordinal;
            if (i == IDS)
                continue;
            assert_true(c->there[i]);
            c->seen[i]++;
            assert_true(!c->ordinal[i] || c->ordinal[i] == entry.ordinal);
            c->ordinal[i] = entry.ordinal;
        }
        listing_close(&listing);
        change(s, c, dice, kind);
    }
    for (unsigned i = 0; i < IDS; i++) {
        assert_true(c->seen[i] <= 1);
        if (c->always[i] && !c->seen[i])
            fail_msg("%s: %u was there all the time and is not listed", path, i);
        for (unsigned k = 0; k < i; k++)
            assert_true(!c->ordinal[i] || c->ordinal[i] != c->ordinal[k]);
    }
    walk_end(&walk);
}

static void test_walks_neither_lose_nor_repeat_what_stays(void **state)
{
    static const struct {
        const char *path;
        unsigned kind;
    } dirs[] = {{"billing/invoices", 0},   {"by/invoice-number", 0}, {"services", 1},
                {"by/service-product", 1}, {"domains/pricing", 2},   {"by/invoice-status/Paid", 3}};

    (void)state;
    for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
        struct stack *s = stack_new(NULL, 0, NULL);
        struct changing c = {.there = {false}};
        unsigned dice = 1;

        for (unsigned round = 0; round < 40; round++) {
            change(s, &c, &dice, dirs[d].kind);
            walk_while_it_changes(s, dirs[d].path, &c, &dice, dirs[d].kind);
        }
        stack_free(s);
    }
}

/* ---- names that are shared or too long ---- */

/* Every name of the directory is valid, unique, and leads to what the listing says, also when nothing was listed. */
static void check_names(struct stack *s, const char *path, unsigned expected)
{
    char names[64][NAMES_MAX + 1];
    uint64_t ids[64], name_ids[64];
    struct walk walk;
    struct listing listing;
    struct listed entry;
    struct place *dir = walk_to(s, &walk, path), child;
    unsigned n = 0;

    assert_int_equal(listing_open(&listing, s->tree, dir, 0), 1);
    for (; listing_next(&listing, &entry); n++) {
        assert_true(n < 64 && strlen(entry.name) <= NAMES_MAX && !strchr(entry.name, '/') && entry.name[0] != '.');
        (void)snprintf(names[n], sizeof(names[n]), "%s", entry.name);
        ids[n] = entry.view.id;
        name_ids[n] = entry.name_id;
        for (unsigned k = 0; k < n; k++)
            assert_string_not_equal(names[k], names[n]);
    }
    listing_close(&listing);
    assert_int_equal(n, expected);
    for (unsigned i = 0; i < n; i++) {
        struct view view = {.snapshot = NULL};

        assert_int_equal(place_child(dir, names[i], &child), 0);
        assert_int_equal(child.id, name_ids[i]);
        if (tree_peek(s->tree, &child, &view) != 1)
            fail_msg("%s is listed in %s, and not there", names[i], path);
        assert_int_equal(view.id, ids[i]);
        view_clear(&view);
        place_clear(&child);
    }
    walk_end(&walk);
}

static void test_shared_and_cut_names_are_reachable(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    char *big = malloc(BODY), long_name[400], longer[401];

    (void)state;
    assert_non_null(big);
    memset(long_name, 'n', 399);
    long_name[399] = '\0';
    memcpy(longer, long_name, 400);
    longer[399] = 'x', longer[400] = '\0';
    (void)snprintf(
        big, BODY,
        "[{\"productGroupId\":1,\"productGroup\":\"Same\"},{\"productGroupId\":2,\"productGroup\":\"Same\"},"
        "{\"productGroupId\":3,\"productGroup\":\"Same%%=2\"},{\"productGroupId\":4,\"productGroup\":\"%s\"},"
        "{\"productGroupId\":5,\"productGroup\":\"%s\"},{\"productGroupId\":6,\"productGroup\":\"%s\"},"
        "{\"productGroupId\":7,\"productGroup\":\"..\"},{\"productGroupId\":8,\"productGroup\":\"a/b\"},"
        "{\"productGroupId\":9,\"productGroup\":\"a\\u0000b\"},{\"productGroupId\":10,\"productGroup\":\"\"},"
        "{\"productGroupId\":11,\"productGroup\":\"caf\\u00e9 \\ud83d\\ude00 \\ud800\"}]",
        long_name, long_name, longer);
    seed(stack_document(s, OP_GROUPS), big);
    check_names(s, "by/product-group", 10);
    check_names(s, "products/groups", 11);

    (void)snprintf(big, BODY,
                   "[{\"id\":1,\"productName\":\"%s\"},{\"id\":2,\"productName\":\"%s\"},"
                   "{\"id\":3,\"productName\":\"%s\"},{\"id\":4,\"productName\":\"x\"}]",
                   long_name, longer, long_name);
    seed(stack_document(s, OP_SERVICES), big);
    check_names(s, "by/service-product", 3);

    (void)snprintf(big, BODY,
                   "[{\"id\":1,\"invoicenum\":\"A\"},{\"id\":2,\"invoicenum\":\"A\"},"
                   "{\"id\":3,\"invoicenum\":\"%s\"},{\"id\":4,\"invoicenum\":\"%s\"}]",
                   long_name, long_name);
    seed(stack_document(s, OP_INVOICES), big);
    check_names(s, "by/invoice-number", 4);

    (void)snprintf(big, BODY,
                   "{\".%s\":{\"domainrenew\":{\"EUR\":{\"1\":1}}},\".com\":{\"domainrenew\":{\"EUR\":{\"1\":"
                   "1}}}}",
                   long_name);
    seed(stack_document(s, OP_PRICING), big);
    check_names(s, "domains/pricing", 2);
    free(big);
    stack_free(s);
}

/* A directory whose name was cut lists what belongs to the whole name, once it has been looked at. */
static void test_below_a_cut_name(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    char body[1024], product[301], name[NAMES_MAX + 1], path[600], have[64];
    struct walk walk;
    struct listing listing;
    struct listed entry;
    struct view view = {.snapshot = NULL};

    (void)state;
    memset(product, 'p', 300);
    product[300] = '\0';
    (void)snprintf(body, sizeof(body), "[{\"id\":1,\"productName\":\"%s\"},{\"id\":2,\"productName\":\"q\"}]", product);
    seed(stack_document(s, OP_SERVICES), body);
    names_encode(product, 300, "", name);
    (void)snprintf(path, sizeof(path), "by/service-product/%s", name);
    struct place *dir = walk_to(s, &walk, path);
    assert_null(dir->text);
    assert_int_equal(tree_peek(s->tree, dir, &view), 1);
    assert_string_equal(dir->text, product);
    assert_int_equal(listing_open(&listing, s->tree, dir, 0), 1);
    have[0] = '\0';
    while (listing_next(&listing, &entry))
        (void)strcat(have, entry.name);
    assert_string_equal(have, "1");
    listing_close(&listing);
    walk_end(&walk);
    stack_free(s);
}

/* What a shared name leads to is what it led to when it was listed, or nothing. */
static void test_a_shared_name_is_never_another(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed(stack_document(s, OP_INVOICES), "[{\"id\":1,\"invoicenum\":\"A\"},{\"id\":2,\"invoicenum\":\"A\"}]");
    assert_names(s, "by/invoice-number", "A.json A%=2.json ");
    assert_shows(s, "by/invoice-number/A%=2.json", "../../billing/invoices/2.json");
    assert_int_equal(peek(s, "by/invoice-number/A%=3.json"), -ENOENT);
    assert_int_equal(peek(s, "by/invoice-number/B%=2.json"), -ENOENT);
    seed(stack_document(s, OP_INVOICES), "[{\"id\":1,\"invoicenum\":\"A\"},{\"id\":2,\"invoicenum\":\"B\"}]");
    assert_int_equal(peek(s, "by/invoice-number/A%=2.json"), -ENOENT);
    stack_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directories_of_fixed_names),
        cmocka_unit_test(test_directories_of_items),
        cmocka_unit_test(test_statuses_that_are_not_known_come_after_the_known),
        cmocka_unit_test(test_a_listing_of_statuses_is_resumed),
        cmocka_unit_test(test_what_cannot_be_listed),
        cmocka_unit_test(test_listings_without_memory),
        cmocka_unit_test(test_entries_show_what_their_paths_show),
        cmocka_unit_test(test_ordinals_of_large_ids_are_small_and_for_life),
        cmocka_unit_test(test_walks_neither_lose_nor_repeat_what_stays),
        cmocka_unit_test(test_shared_and_cut_names_are_reachable),
        cmocka_unit_test(test_below_a_cut_name),
        cmocka_unit_test(test_a_shared_name_is_never_another),
    };

    return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
