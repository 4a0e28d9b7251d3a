/* SPDX-License-Identifier: MIT */
/*
 * `.melbicomfs/metrics`: Prometheus text that a strict reader and promtool take, with counters that are those of the
 * simulator's journal after a scripted run, whether the API serves this mount, and the account's own gauges where they
 * are at hand.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS "/usr/bin/python3 \"$TESTS/metrics.py\" "

static const char *const account[] = {"--invoices", "400", "--services", "30", NULL};

static int setup(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    return fixture_start(&fixture, account, NULL);
}

static int teardown(void **state)
{
    return fixture_stop(*state);
}

/* The samples, one a line, after a strict reading. promtool, which finds fault with names and types as well, has
 * nothing to say. */
static const char *samples(const struct mount *mount)
{
    run_ok(mount, "cat .melbicomfs/metrics >\"$DIR/metrics\"");
    const char *faults = run_ok(mount, "promtool check metrics <\"$DIR/metrics\" 2>&1").out;
    if (*faults)
        fail_msg("promtool: %s", faults);
    return run_ok(mount, METRICS "parse \"$DIR/metrics\"").out;
}

/* One sample, as it is printed there; -1 when it is not there. */
static double sample(const struct mount *mount, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = samples(mount); line; line = strchr(line, '\n'), line += line != NULL)
        if (strncmp(line, name, len) == 0 && line[len] == ' ')
            return atof(line + len);
    return -1;
}

static void test_metrics_parse_strictly_from_the_start(void **state)
{
    struct fixture *f = *state;
    fixture_remount(f, NULL);
    assert_true(sample(&f->mount, "melbicomfs_cache_hits_total{}") == 0);
    assert_true(sample(&f->mount, "melbicomfs_stale_serves_total{}") == 0);
    assert_true(sample(&f->mount, "melbicomfs_purges_total{result=\"ok\"}") == 0);
    assert_true(sample(&f->mount, "melbicomfs_purges_total{result=\"failed\"}") == 0);
    assert_true(sample(&f->mount, "melbicomfs_kernel_requests_total{request=\"lookup\"}") > 0);
    assert_true(sample(&f->mount, "melbicomfs_up{}") == 1);
    assert_true(sample(&f->mount, "melbicomfs_last_success_timestamp_seconds{operation=\"version\"}") > 1e9);
    run_ok(
        &f->mount,
        "grep -q \"^melbicomfs_build_info{version=\\\"$($MELBICOMFS --version | sed -n 's/^melbicomfs //p')\\\"} 1$\" "
        ".melbicomfs/metrics");
    /* The account's gauges come with what they are taken from; metrics fetch nothing. */
    assert_true(sample(&f->mount, "melbicomfs_balance{currency=\"EUR\"}") < 0);
    assert_true(sample(&f->mount, "melbicomfs_invoices{status=\"Unpaid\"}") < 0);
    assert_int_equal(asked(&f->sim, NULL), 0);
}

static void test_the_reader_is_strict(void **state)
{
    struct fixture *f = *state;
    static const char *const edits[] = {
        "s/^melbicomfs_cache_hits_total /&x/",
        "s/ counter$/ count/",
        "/# TYPE melbicomfs_cache_hits/d",
        "s/request=\"lookup\"/request=lookup/",
        "s/_cache_hits_total/_cache_hits/",
        "s/le=\"0.05\"} .*/le=\"0.05\"} 9999/",
        "/le=\"+Inf\"/d",
        "s/^melbicomfs_cache_misses_total .*/&\\n&/",
        "s/$/\\r/",
        "s/^# HELP melbicomfs_cache_hits_total .*/# HELP/",
    };
    run_ok(&f->mount, "cat billing/balance; cat .melbicomfs/metrics >\"$DIR/metrics\"");
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct ran ran =
            run(&f->mount, "sed '%s' \"$DIR/metrics\" >\"$DIR/edited\"; " METRICS "parse \"$DIR/edited\"", edits[i]);
        if (ran.status != 1)
            fail_msg("`%s` was not noticed", edits[i]);
    }
}

/* Everything there is to count: lists, filters, single things, renewals, a 404, a 503 that is retried, and purges. */
static const char *const script[] = {
    "cat billing/balance billing/balance.json >/dev/null",
    "cat services/*/info.json >/dev/null",
    "ls by/service-status/* by/service-product >/dev/null",
    "grep -rl Unpaid billing/invoices >/dev/null",
    "cat domains/pricing/com/domainregister/EUR/1 all/pricing.csv >/dev/null",
    "cat products/groups/*/*.json all/products.csv >/dev/null",
    "cat services/999/info.json 2>/dev/null || true",
    "touch billing/balance all/invoices.json; cat billing/balance all/invoices.json >/dev/null",
    "touch version; cat version >/dev/null",
    "echo cdn.example.com >services/10421/cdn/purge",
    "printf 'cdn.example.com\\nstatic.example.com\\nunknown.example.com\\n' >services/10421/cdn/purge || true",
};

static void test_counters_equal_the_journal_after_a_scripted_run(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;
    fixture_remount(f, &(struct how){.options = "readahead=0"});
    rule(&f->sim, "{\"operation\": \"pricing\", \"status\": 503, \"body\": \"{}\", \"times\": 2}");

    for (size_t i = 0; i < sizeof script / sizeof *script; i++)
        run_ok(mount, "%s", script[i]);
    run_ok(mount, "cat .melbicomfs/metrics >\"$DIR/metrics\"; curl -sf \"$CONTROL/_sim/journal\" >\"$DIR/journal\"");
    run_ok(mount, METRICS "compare \"$DIR/metrics\" \"$DIR/journal\"");

    assert_true(sample(mount, "melbicomfs_http_requests_total{operation=\"pricing\",status=\"503\"}") == 2);
    assert_true(sample(mount, "melbicomfs_http_retries_total{}") == 2);
    assert_true(sample(mount, "melbicomfs_http_requests_total{operation=\"service\",status=\"404\"}") == 1);
    assert_true(sample(mount, "melbicomfs_http_requests_total{operation=\"balance\",status=\"304\"}") == 1);
    assert_true(sample(mount, "melbicomfs_http_requests_total{operation=\"purge\",status=\"200\"}") == 3);
    assert_true(sample(mount, "melbicomfs_http_requests_total{operation=\"purge\",status=\"404\"}") == 1);
    assert_true(sample(mount, "melbicomfs_purges_total{result=\"ok\"}") == 3);
    assert_true(sample(mount, "melbicomfs_purges_total{result=\"failed\"}") == 1);
    assert_true(sample(mount, "melbicomfs_stale_serves_total{}") == 0);
}

/* What people alert on: the API does not serve this mount, and since when. */
static void test_up_follows_the_last_exchange_of_every_operation(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;
    static const char success[] = "melbicomfs_last_success_timestamp_seconds{operation=\"balance\"}";
    fixture_remount(f, &(struct how){.options = scaled_times("timeout_total=1")});

    assert_true(sample(mount, success) < 0);
    run_ok(mount, "cat billing/balance; ls services");
    double first = sample(mount, success);
    assert_true(first > 1e9 && sample(mount, "melbicomfs_up{}") == 1);

    rule(&f->sim, "{\"operation\": \"balance\", \"status\": 500}");
    run_ok(mount, "touch billing/balance; cat billing/balance; touch all/services.json; ls services");
    assert_true(sample(mount, "melbicomfs_up{}") == 0); /* an old copy is served; another operation works */
    assert_true(sample(mount, success) <= first && sample(mount, success) >= first);
    run_ok(mount, "jq -e '(.up | not) and (.operations.balance | .succeeded == false and .last_success) and "
                  ".operations.services.succeeded' .melbicomfs/status.json");
    rules_clear(&f->sim);
    run_ok(mount, "touch billing/balance; cat billing/balance");
    assert_true(sample(mount, "melbicomfs_up{}") == 1 && sample(mount, success) > first);
    run_ok(mount, "jq -e '.up and .operations.balance.succeeded' .melbicomfs/status.json");

    /* A typing error is no outage; a purge that the API cannot serve is one. */
    run(mount, "cat services/999/info.json; echo unknown.example.com >services/10421/cdn/purge");
    assert_true(sample(mount, "melbicomfs_up{}") == 1);
    rule(&f->sim, "{\"operation\": \"purge\", \"status\": 500}");
    run(mount, "echo cdn.example.com >services/10421/cdn/purge");
    assert_true(sample(mount, "melbicomfs_up{}") == 0);
    rules_clear(&f->sim);
    run_ok(mount, "echo cdn.example.com >services/10421/cdn/purge");
    assert_true(sample(mount, "melbicomfs_up{}") == 1);
}

static void test_hits_and_misses_and_stale_serves(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;
    fixture_remount(f, &(struct how){.options = scaled_times("timeout_total=1")});

    run_ok(mount, "cat billing/balance");
    double misses = sample(mount, "melbicomfs_cache_misses_total{}");
    assert_true(misses >= 1);
    rule(&f->sim, "{\"operation\": \"balance\", \"status\": 500}");
    run_ok(mount, "touch billing/balance; cat billing/balance");
    assert_true(sample(mount, "melbicomfs_stale_serves_total{}") >= 1);
    assert_true(sample(mount, "melbicomfs_cache_misses_total{}") > misses);
    assert_string_equal(run_ok(mount, "getfattr --only-values -n user.melbicomfs.stale billing/balance").out, "yes");
    rules_clear(&f->sim);
}

static void assert_gauge(const struct mount *mount, const char *gauge, const char *command)
{
    double want = atof(run_ok(mount, "%s", command).out), found = sample(mount, gauge);
    if (found < want || found > want)
        fail_msg("%s is %g, not %g", gauge, found, want);
}

static void test_gauges_of_the_account_are_those_of_its_lists(void **state)
{
    struct fixture *f = *state;
    const struct mount *mount = &f->mount;
    static const char *const invoices[] = {"Paid", "Unpaid", "Cancelled", "Refunded"};
    static const char *const services[] = {"Active", "Suspended"};
    char gauge[128], command[128];

    account_set(&f->sim, "{\"balance\": \"1234567.89\"}");
    fixture_remount(f, NULL);
    run_ok(mount, "cat billing/balance; ls services billing/invoices");
    assert_gauge(mount, "melbicomfs_balance{currency=\"EUR\"}", "cut -d' ' -f1 billing/balance");
    run_ok(mount, "cat billing/unpaid");
    assert_gauge(mount, "melbicomfs_unpaid{currency=\"EUR\"}", "cut -d' ' -f1 billing/unpaid");
    assert_gauge(mount, "melbicomfs_overdue_invoices{}", "awk -F, 'NR > 1 && $2 < 0' reports/unpaid.csv | wc -l");
    assert_true(sample(mount, "melbicomfs_overdue_invoices{}") > 0);
    for (size_t i = 0; i < 4; i++) {
        snprintf(gauge, sizeof gauge, "melbicomfs_invoices{status=\"%s\"}", invoices[i]);
        snprintf(command, sizeof command, "grep -rl '\"status\": \"%s\"' billing/invoices | wc -l", invoices[i]);
        assert_gauge(mount, gauge, command);
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(gauge, sizeof gauge, "melbicomfs_services{status=\"%s\"}", services[i]);
        snprintf(command, sizeof command, "ls by/service-status/%s | wc -l", services[i]);
        assert_gauge(mount, gauge, command);
    }
    assert_true(sample(mount, "melbicomfs_invoices{status=\"Unpaid\"}") > 0);

    /* They follow what is fetched. */
    account_set(&f->sim, "{\"balance\": \"-0.50\", \"invoice\": {\"id\": 90001, \"status\": \"Unpaid\"}}");
    double unpaid = sample(mount, "melbicomfs_invoices{status=\"Unpaid\"}");
    run_ok(mount, "touch billing/balance all/invoices.json; cat billing/balance all/invoices.json");
    assert_true(sample(mount, "melbicomfs_balance{currency=\"EUR\"}") < 0);
    assert_gauge(mount, "melbicomfs_balance{currency=\"EUR\"}", "cut -d' ' -f1 billing/balance");
    double after = sample(mount, "melbicomfs_invoices{status=\"Unpaid\"}");
    assert_true(after > unpaid && after < unpaid + 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_parse_strictly_from_the_start),
        cmocka_unit_test(test_the_reader_is_strict),
        cmocka_unit_test(test_counters_equal_the_journal_after_a_scripted_run),
        cmocka_unit_test(test_up_follows_the_last_exchange_of_every_operation),
        cmocka_unit_test(test_hits_and_misses_and_stale_serves),
        cmocka_unit_test(test_gauges_of_the_account_are_those_of_its_lists),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, setup, teardown);
}
