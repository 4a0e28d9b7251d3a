/* SPDX-License-Identifier: MIT */
/*
 * Directories of links: listed once, they hold for another life when the collection is renewed and names and ids are
 * the same; what is gone or leads elsewhere is gone from the kernel too.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVOICES "300"

static const char *const options[] = {"--services", "5", "--invoices", INVOICES, NULL};

static int setup(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    return fixture_start(&fixture, options, &(struct how){.options = scaled_times("ttl=1,push=0")});
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

#define WALK "find by/invoice-* -type l | wc -l"

static void test_a_renewal_without_a_change_lists_no_links_again(void **state)
{
    struct fixture *f = *state;
    struct ran first = run_ok(&f->mount, WALK);
    assert_int_equal(atoi(first.out), 3 * atoi(INVOICES)); /* by number, by status, by year */
    let_expire(1);
    /* The collection is renewed by whoever reads it first, as grep -r and find do. */
    run_ok(&f->mount, "ls billing/invoices > /dev/null");
    struct kernel_mark mark = kernel_mark(&f->mount);
    assert_string_equal(run_ok(&f->mount, "find by/invoice-* -type l | wc -l").out, first.out);
    struct kernel after = kernel_since(&f->mount, &mark);
    assert_int_equal(after.readdirplus + after.readdir, 0);
    assert_true(after.lookup <= 40); /* the directories, and none of the 900 links */
}

/* Nobody has renewed the list: that of links does it, while its old entries are being dropped. */
static void test_listing_links_after_their_life_looks_none_of_them_up(void **state)
{
    static const char *const many[] = {"--invoices", "5000", NULL};
    struct fixture f;

    (void)state;
    fixture_start(&f, many, &(struct how){.options = "ttl=3600"});
    /* The ttl has to be longer than two listings take, on this machine. */
    int64_t ms = run_ok(&f.mount, "ls -l by/invoice-number > /dev/null").ms;
    int ttl_s = 2 + (int)(3 * ms / 1000) / time_scale();
    char with_ttl[32];
    snprintf(with_ttl, sizeof with_ttl, "ttl=%d", ttl_s);
    fixture_remount(&f, &(struct how){.options = scaled_times(with_ttl)});
    run_ok(&f.mount, "ls -l by/invoice-number > /dev/null");
    account_set(&f.sim, "{\"latency_ms\":100}");
    let_expire(ttl_s);
    struct kernel_mark mark = kernel_mark(&f.mount);
    run_ok(&f.mount, "ls -l by/invoice-number > /dev/null");
    struct kernel after = kernel_since(&f.mount, &mark);
    print_message("5,000 links listed again: %u lookups\n", (unsigned)after.lookup);
    assert_true(after.lookup <= 100);
    mark = kernel_mark(&f.mount);
    run_ok(&f.mount, "ls -l by/invoice-number > /dev/null");
    after = kernel_since(&f.mount, &mark);
    assert_int_equal(after.readdirplus, 0);
    assert_true(after.lookup <= 100);
    fixture_stop(&f);
}

static void test_a_link_that_moved_is_gone_from_where_it_was(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, WALK);
    run_ok(&f->mount, "test -h by/invoice-status/Paid/90001.json || test -h by/invoice-status/Unpaid/90001.json");
    account_set(&f->sim, "{\"invoice\":{\"id\":90001,\"status\":\"Refunded\"}}");
    let_expire(1);
    run_ok(&f->mount, WALK);
    run_ok(&f->mount, "test -h by/invoice-status/Refunded/90001.json");
    assert_int_not_equal(
        run(&f->mount, "ls by/invoice-status/Paid by/invoice-status/Unpaid | grep -x 90001.json").status, 0);
    assert_int_not_equal(run(&f->mount, "test -h by/invoice-status/Paid/90001.json").status, 0);
    assert_int_not_equal(run(&f->mount, "test -h by/invoice-status/Unpaid/90001.json").status, 0);
}

static bool is_gone(void *data)
{
    struct fixture *f = data;
    return run(&f->mount, "test -h by/invoice-status/Paid/90002.json -o -h by/invoice-status/Unpaid/90002.json")
               .status != 0;
}

/* Nothing but the link's own path is used: the directory's attributes expire, and that drops it. */
static void test_a_link_used_by_name_alone_does_not_outlive_its_document(void **state)
{
    struct fixture *f = *state;
    run_ok(&f->mount, WALK);
    account_set(&f->sim, "{\"invoice\":{\"id\":90002,\"status\":\"Refunded\"}}");
    let_expire(1);
    assert_true(wait_until(is_gone, f, 3000));
    run_ok(&f->mount, "test -h by/invoice-status/Refunded/90002.json");
}

static void test_a_number_given_to_another_invoice_leads_there(void **state)
{
    struct fixture *f = *state;
    struct ran number = run_ok(&f->mount, "jq -r .invoicenum billing/invoices/90003.json");
    number.out[strcspn(number.out, "\n")] = 0;
    run_ok(&f->mount, WALK);
    account_set(&f->sim, "{\"invoice\":{\"id\":90003,\"invoicenum\":\"OLD-3\"}}");
    account_set(&f->sim, "{\"invoice\":{\"id\":90004,\"invoicenum\":\"%s\"}}", number.out);
    let_expire(1);
    run_ok(&f->mount, WALK);
    struct ran target = run_ok(&f->mount, "readlink by/invoice-number/%s.json", number.out);
    assert_string_equal(target.out, "../../billing/invoices/90004.json\n");
    run_ok(&f->mount, "grep -q '\"id\": 90003' by/invoice-number/OLD-3.json");
}

int main(void)
{
    harness_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_renewal_without_a_change_lists_no_links_again, setup, teardown),
        cmocka_unit_test(test_listing_links_after_their_life_looks_none_of_them_up),
        cmocka_unit_test_setup_teardown(test_a_link_that_moved_is_gone_from_where_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_link_used_by_name_alone_does_not_outlive_its_document, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_number_given_to_another_invoice_leads_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
