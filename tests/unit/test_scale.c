/* SPDX-License-Identifier: MIT */
/*
 * What large accounts cost: the tree's work is counted in looks at the fields of items, of which a list has thousands,
 * and must grow with what is shown, not with its square.
 */
#include "api/snapshot.h"

const char *uncounted_field(const struct snapshot *snapshot, unsigned i);

#define snapshot_field uncounted_field
#include "api/snapshot.c"
#undef snapshot_field

static unsigned long looks;

/* In place of api/snapshot.c's, for all that is linked. */
const char *snapshot_field(const struct snapshot *snapshot, unsigned i)
{
    looks++;
    return uncounted_field(snapshot, i);
}

#include "places.h"

#define EXTENSIONS 1000
#define SERVICES   1000
#define INVOICES   4000
#define PAGE       20 /* entries that the kernel takes at a time */

typedef void visit_fn(struct stack *s, struct place *place, void *data);

/* Lists a directory as the kernel does, a page at a time, and looks each entry up. Returns how many there are. */
static unsigned visit(struct stack *s, struct place *dir, visit_fn *fn, void *data)
{
    unsigned n = 0;
    uint64_t after = 0;
    bool more = true;

    while (more) {
        struct listing listing;
        struct listed entry;

        assert_int_equal(listing_open(&listing, s->tree, dir, after), 1);
        for (unsigned k = 0; k < PAGE && (more = listing_next(&listing, &entry)); k++) {
            struct place child;
            struct view view = {.snapshot = NULL};
            char name[NAMES_MAX + 1];

            assert_true(entry.ordinal > after);
            after = entry.ordinal;
            (void)snprintf(name, sizeof(name), "%s", entry.name);
            assert_int_equal(place_child(dir, name, &child), 0);
            assert_int_equal(tree_peek(s->tree, &child, &view), 1);
            view_clear(&view);
            if (fn)
                fn(s, &child, data);
            place_clear(&child);
            n++;
        }
        listing_close(&listing);
    }
    return n;
}

static unsigned visit_path(struct stack *s, const char *path, visit_fn *fn, void *data)
{
    struct walk walk;
    unsigned n = visit(s, walk_to(s, &walk, path), fn, data);

    walk_end(&walk);
    return n;
}

/* Everything below a directory. */
static void visit_below(struct stack *s, struct place *place, void *data)
{
    unsigned *files = data;

    if (place->route->kind == ROUTE_DIR)
        (void)visit(s, place, visit_below, data);
    else
        ++*files;
}

static void seed_prices(struct stack *s)
{
    char *body;
    size_t size;
    FILE *out = open_memstream(&body, &size);

    assert_non_null(out);
    for (unsigned i = 0; i < EXTENSIONS; i++)
        (void)fprintf(out,
                      "%c\".e%u\":{\"domainregister\":{\"EUR\":{\"1\":1,\"2\":2}},\"domainrenew\":{\"EUR\":{\"1\":3},"
                      "\"USD\":{\"1\":4}}}",
                      i ? ',' : '{', i * 7 % EXTENSIONS);
    (void)fputs("}", out);
    assert_int_equal(fclose(out), 0);
    seed(stack_document(s, OP_PRICING), body);
    free(body);
}

/* A list of n items, with an id each and what `text` says. */
static void seed_list(struct stack *s, enum operation operation, unsigned n, const char *(*text)(unsigned i))
{
    char *body;
    size_t size;
    FILE *out = open_memstream(&body, &size);

    assert_non_null(out);
    for (unsigned i = 0; i < n; i++)
        (void)fprintf(out, "%c{\"id\":%u,%s}", i ? ',' : '[', n - i, text(i));
    (void)fputs("]", out);
    assert_int_equal(fclose(out), 0);
    seed(stack_document(s, operation), body);
    free(body);
}

static const char *product_of(unsigned i)
{
    static char text[64];

    (void)snprintf(text, sizeof(text), "\"productName\":\"P%u\",\"status\":\"Active\"", i);
    return text;
}

static const char *status_of(unsigned i)
{
    return i % 1000 == 7 ? "\"status\":\"Refunded\"" : "\"status\":\"Paid\"";
}

static void test_a_walk_over_the_services_of_all_products(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    unsigned links = 0;

    (void)state;
    seed_list(s, OP_SERVICES, SERVICES, product_of);
    looks = 0;
    assert_int_equal(visit_path(s, "by/service-product", visit_below, &links), SERVICES);
    assert_int_equal(links, SERVICES);
    assert_in_range(looks, SERVICES, 100 * SERVICES);
    stack_free(s);
}

/* The second look costs what is shown, however long the list. */
static void test_a_status_that_is_rare(void **state)
{
    static const char path[] = "by/invoice-status/Refunded";
    struct stack *s = stack_new(NULL, 0, NULL);
    unsigned links = 0;

    (void)state;
    seed_list(s, OP_INVOICES, INVOICES, status_of);
    assert_int_equal(visit_path(s, path, visit_below, &links), INVOICES / 1000);
    looks = 0;
    assert_int_equal(visit_path(s, path, visit_below, &links), INVOICES / 1000);
    assert_in_range(looks, 0, 50 * INVOICES / 1000);
    stack_free(s);
}

static const char *number_of(unsigned i)
{
    static char text[64];

    (void)snprintf(text, sizeof(text), "\"invoicenum\":\"N%u\",\"status\":\"Paid\"", i);
    return text;
}

static const char *number_and_amount_of(unsigned i)
{
    static char text[96];

    (void)snprintf(text, sizeof(text), "%s,\"amount\":%u", number_of(i), i);
    return text;
}

static const char *other_number_of(unsigned i)
{
    return number_of(i == 1 ? INVOICES : i);
}

/* Whether a listing is what it was is asked at each look at its directory, and costs nothing the second time. */
static void test_signatures_of_long_listings(void **state)
{
    static const char *const dirs[] = {"by/invoice-number", "by/invoice-status/Paid", "billing/invoices"};
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        struct walk walk;
        struct place *dir = walk_to(s, &walk, dirs[i]);

        seed_list(s, OP_INVOICES, INVOICES, number_of);
        uint64_t signature = tree_list_signature(s->tree, dir);
        assert_int_not_equal(signature, 0);
        looks = 0;
        for (unsigned k = 0; k < 100; k++)
            assert_int_equal(tree_list_signature(s->tree, dir), signature);
        assert_in_range(looks, 0, 1000);

        seed_list(s, OP_INVOICES, INVOICES, number_and_amount_of);
        assert_int_equal(tree_list_signature(s->tree, dir), signature);
        seed_list(s, OP_INVOICES, INVOICES, other_number_of);
        assert_int_equal(tree_list_signature(s->tree, dir) == signature, i > 0); /* the others list ids alone */
        seed_list(s, OP_INVOICES, INVOICES - 1, number_of);
        assert_int_not_equal(tree_list_signature(s->tree, dir), signature);
        document_expire(stack_document(s, OP_INVOICES));
        assert_int_equal(tree_list_signature(s->tree, dir), 0);
        walk_end(&walk);
    }
    stack_free(s);
}

static void look_at(struct stack *s, const char *path, const char *text)
{
    struct walk walk;
    struct view view = {.snapshot = NULL};

    assert_int_equal(tree_peek(s->tree, walk_to(s, &walk, path), &view), 1);
    assert_non_null(memmem(view.snapshot->data, view.snapshot->len, text, strlen(text)));
    view_clear(&view);
    walk_end(&walk);
}

/* What watches a mount looks at its metrics every few seconds. */
static void test_metrics_of_long_lists(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);

    (void)state;
    seed_list(s, OP_INVOICES, INVOICES, status_of);
    look_at(s, ".melbicomfs/metrics", "{status=\"Refunded\"} 4\n");
    looks = 0;
    for (unsigned i = 0; i < 10; i++)
        look_at(s, ".melbicomfs/metrics", "{status=\"Paid\"} 3996\n");
    assert_in_range(looks, 0, 1000);
    seed_list(s, OP_INVOICES, 7, status_of);
    look_at(s, ".melbicomfs/metrics", "{status=\"Refunded\"} 0\n");
    stack_free(s);
}

static void test_a_walk_over_all_prices(void **state)
{
    struct stack *s = stack_new(NULL, 0, NULL);
    unsigned files = 0;

    (void)state;
    seed_prices(s);
    looks = 0;
    assert_int_equal(visit_path(s, "domains/pricing", visit_below, &files), EXTENSIONS);
    assert_int_equal(files, 4 * EXTENSIONS);
    /* 11 places an extension, each found and listed by halving: some 12 steps of up to 4 fields, twice or thrice. */
    assert_in_range(looks, EXTENSIONS, 11 * 150 * EXTENSIONS);
    stack_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_walk_over_all_prices), cmocka_unit_test(test_a_walk_over_the_services_of_all_products),
        cmocka_unit_test(test_a_status_that_is_rare),  cmocka_unit_test(test_signatures_of_long_listings),
        cmocka_unit_test(test_metrics_of_long_lists),
    };

    return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
