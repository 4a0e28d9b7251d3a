/* SPDX-License-Identifier: MIT */
/* What --doctor suggests for an API that has other names and paths, and that a mount with the suggestions is complete. */
#include "doctor.h"

/* ---- suggestions ---- */

/* The lines from "[endpoints]" to the end. */
static const char *suggestions(const struct ran *ran)
{
    const char *block = strstr(ran->out, "\n[endpoints]\n");
    if (!block)
        fail_msg("nothing is suggested:\n%s%s", ran->out, ran->err);
    return block + 1;
}

/* Asserts that a mount with the suggestions shows all that a mount of the same account shows under the usual names. */
static void assert_complete(const struct mount *expected, const struct simulator *sim, const char *lines)
{
    static const char *const commands[] = {
        "cat billing/balance",
        "ls billing/invoices by/invoice-number by/invoice-status/*",
        "ls services by/service-status/* by/service-product/*",
        "ls products/groups by/product-group",
        "cat version",
        "stat -c %y billing/invoices/90001.json",
        "test -s services/10421/info.json",
        "find domains | wc -l",
    };
    struct mount mount;
    mount_start(&mount, sim, &(struct how){.config = lines});
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct ran want = run_ok(expected, "%s", commands[i]);
        struct ran ran = run(&mount, "%s", commands[i]);
        if (ran.status != 0 || strcmp(ran.out, want.out) != 0)
            fail_msg("%s with\n%s:\n%s%s instead of\n%s\n%s", commands[i], lines, ran.out, ran.err, want.out,
                     mount_log(&mount));
    }
    mount_stop(&mount);
}

/* What the simulator is started with, and the suggestions that are expected; NULL: any that make the tree complete. */
struct row {
    const char *options[24];
    const char *lines;
};

static struct fixture usual; /* the same account under the usual names */

static int set_up_all(void **state)
{
    (void)state;
    return fixture_start(&usual, NULL, NULL);
}

static int tear_down_all(void **state)
{
    (void)state;
    return fixture_stop(&usual);
}

static void assert_row(const struct row *row)
{
    struct simulator sim;
    struct ran ran = doctor(&sim, row->options, "");
    assert_int_equal(ran.status, 78);
    const char *lines = suggestions(&ran);
    if (row->lines)
        assert_string_equal(lines, row->lines);
    assert_complete(&usual.mount, &sim, lines);
    /* And the doctor is content then. */
    write_file(&place, "config", lines, 0600);
    ran = program(&place, &sim, HARNESS_TOKEN, "--doctor $URL -o config=config");
    assert_int_equal(ran.status, 0);
    assert_no_line(&ran, "[endpoints]\n");
    simulator_stop(&sim);
}

static void what_is_suggested_makes_the_tree_complete(void **state)
{
    static const struct row rows[] = {
        {{"--rename", "balance=creditbalance", NULL}, "[endpoints]\nbalance.field.amount = creditbalance\n"},
        {{"--path", "balance=/finance/funds", "--rename", "balance=available", "--rename", "currency=cur", NULL},
         "[endpoints]\nbalance.path = /finance/funds\nbalance.field.amount = available\nbalance.field.currency = "
         "cur\n"},
        {{"--path", "invoices=/accounting/invoices", "--path", "balance=/accounting/credit", NULL},
         "[endpoints]\ninvoices.path = /accounting/invoices\nbalance.path = /accounting/credit\n"},
        {{"--rename", "invoicenum=docno", "--rename", "date=issued", "--rename", "status=state", NULL},
         "[endpoints]\nservices.field.status = state\nservice.field.status = state\ninvoices.field.number = docno\n"
         "invoices.field.status = state\ninvoices.field.date = issued\n"},
        {{"--rename", "id=ref", "--rename", "productName=plan", "--rename", "productGroupId=gid", "--rename",
          "productGroup=title", "--rename", "version=release", NULL},
         NULL},
        {{"--shape", "other", NULL}, "[endpoints]\nproducts.list = records\npricing.list = record\n"},
        {{"--path", "services=/client/services", "--path", "service=/client/services/{serviceId}", "--path",
          "groups=/categories", "--path", "pricing=/tlds/prices", "--path", "version=/info", NULL},
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_row(&rows[i]);
}

/* Fills `option` with "OLD=" and a made-up word. */
static const char *made_up(char option[64], const char *old, unsigned *seed)
{
    int len = snprintf(option, 64, "%s=", old);
    for (int end = len + 5; len < end; len++)
        option[len] = (char)("bcdfghjklmnpqrstvwxz"[rand_r(seed) % 20]);
    option[len] = '\0';
    return option;
}

/* Names that nobody can know: only the values tell which is which. */
static void names_and_paths_at_random(void **state)
{
    static const char *const prefixes[] = {"accounting", "finance", "account", "client", "payments"};
    static const char *const leaves[] = {"credit", "balance", "credits", "funds"};
    static const char *const names[] = {"balance", "currency",    "invoicenum",     "date",        "status",
                                        "id",      "productName", "productGroupId", "productGroup"};
    const char *given = getenv("MELBICOMFS_SEED");
    unsigned first = given ? (unsigned)atoi(given) : (unsigned)getpid();
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        unsigned seed = first + i;
        char invoices[64], balance[64], renames[sizeof names / sizeof *names][64];
        struct row row = {{"--path", invoices, "--path", balance}, NULL};
        const char *prefix = prefixes[rand_r(&seed) % 5];
        printf("MELBICOMFS_SEED=%u\n", first + i);
        (void)snprintf(invoices, sizeof invoices, "invoices=/%s/invoices", prefix);
        (void)snprintf(balance, sizeof balance, "balance=/%s/%s", prefix, leaves[rand_r(&seed) % 4]);
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            row.options[4 + 2 * j] = "--rename";
            row.options[5 + 2 * j] = made_up(renames[j], names[j], &seed);
        }
        assert_row(&row);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(what_is_suggested_makes_the_tree_complete),
        TEST(names_and_paths_at_random),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
