/* SPDX-License-Identifier: MIT */
/*
 * --export: the tree on a disk is the tree of the mount, only what has changed is written, and whatever happens to an
 * export, the next one ends with the right tree.
 */
#include "door.h"

#include <stdlib.h>

static struct fixture f;
static struct simulator other; /* an account of which less is there */

static int start(void **state)
{
    static const char *const options[] = {"--services", "5", "--invoices", "20", NULL};
    static const char *const fewer[] = {"--services", "3", "--invoices", "12", NULL};
    (void)state;
    simulator_start(&other, fewer);
    setenv("OTHER", other.url, 1);
    return fixture_start(&f, options, NULL);
}

static int stop(void **state)
{
    (void)state;
    simulator_stop(&other);
    return fixture_stop(&f);
}

#define EXPORT     SHELL "--export "
#define EXPORT_OLD "MELBICOM_TOKEN=" HARNESS_TOKEN " \"$MELBICOMFS\" \"$OTHER\" --export "
/* Everything that could tell that something was written. */
#define STATE "find \"$DIR/out\" -printf '%%p %%y %%m %%i %%T@ %%C@ %%l\\n' | LC_ALL=C sort"

static void new_directory(void)
{
    run_ok(&f.mount, "chmod -R u+rwX \"$DIR\"/out* 2>/dev/null; rm -rf \"$DIR\"/out*");
}

static void test_the_export_is_the_mount(void **state)
{
    (void)state;
    new_directory();
    struct ran ran = run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    assert_non_null(strstr(ran.out, " 0 removed, 0 failed; "));
    run_ok(&f.mount, "diff -r --no-dereference -x cdn -x .melbicomfs-export . \"$DIR/out\"");
    assert_same_output(
        &f.mount, "find . -mindepth 1 -name cdn -prune -o -printf '%P %y %m %l\\n' | grep -v '^$' | LC_ALL=C sort",
        "find \"$DIR/out\" -mindepth 1 -name .melbicomfs-export -o -mindepth 1 -printf '%P %y %m %l\\n' | "
        "LC_ALL=C sort");
    assert_same_output(&f.mount, "find billing/invoices -type f -printf '%P %T@\\n' | sort",
                       "find \"$DIR/out/billing/invoices\" -type f -printf '%P %T@\\n' | sort");
}

static void test_the_second_export_writes_nothing(void **state)
{
    (void)state;
    char *before = run_ok(&f.mount, STATE).out;
    let_pass(20);
    struct ran ran = run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    assert_non_null(strstr(ran.out, "; 0 written, 0 removed, 0 failed; "));
    assert_string_equal(run_ok(&f.mount, STATE).out, before);
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* An answer that the API marks with an ETag is asked for with it, and is not sent again. A file that somebody has
 * changed proves nothing. */
static void test_the_second_export_asks_whether_answers_have_changed(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    char *before = run_ok(&f.mount, STATE).out;
    journal_clear(&f.sim);
    run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    assert_string_equal(run_ok(&f.mount, STATE).out, before);
    unsigned asks = asked(&f.sim, NULL), same = count_of(journal(&f.sim, NULL), "\"status\":304");
    if (same + 5 < asks)
        fail_msg("of %u requests, %u were answered with 304:\n%.3000s", asks, same, journal(&f.sim, NULL));

    run_ok(&f.mount, "chmod u+w \"$DIR/out/all/services.json\"; echo '[]' > \"$DIR/out/all/services.json\"");
    journal_clear(&f.sim);
    run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    run_ok(&f.mount, "diff -r --no-dereference -x cdn -x .melbicomfs-export . \"$DIR/out\"");
    assert_int_equal(count_of(journal(&f.sim, "services"), "\"status\":304"), 0);

    account_set(&f.sim, "{\"balance\": \"7.00\"}");
    struct ran ran = run_ok(&f.mount, EXPORT "\"$DIR/out\" billing/balance billing/balance.json");
    account_set(&f.sim, "{\"balance\": \"100.00\"}");
    assert_non_null(strstr(ran.out, "; 2 written, 0 removed, "));
    assert_string_equal(run_ok(&f.mount, "cat \"$DIR/out/billing/balance\"").out, "7.00 EUR\n");
}

static void test_what_is_gone_is_removed_and_nothing_else(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    run_ok(&f.mount, "echo mine > \"$DIR/out/mine\"; echo mine > \"$DIR/out/billing/invoices/mine\"");
    struct ran ran = run_ok(&f.mount, EXPORT_OLD "-n \"$DIR/out\"");
    assert_non_null(strstr(ran.out, "remove billing/invoices/90020.json\n"));
    run_ok(&f.mount, "test -e \"$DIR/out/billing/invoices/90020.json\"");
    run_ok(&f.mount, EXPORT_OLD "\"$DIR/out\"; " EXPORT_OLD "\"$DIR/out-old\"");
    ran = run(&f.mount, "diff -r --no-dereference \"$DIR/out\" \"$DIR/out-old\" | sed \"s,$DIR/,,\"");
    assert_string_equal(ran.out, "Only in out/billing/invoices: mine\nOnly in out: mine\n");
}

/* What this program has not written is not replaced. */
static void test_what_is_in_the_way_stays(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, "mkdir \"$DIR/out\"; echo mine > \"$DIR/out/README\"; ln -s /nowhere \"$DIR/out/billing\"");
    struct ran ran = run(&f.mount, EXPORT "\"$DIR/out\"");
    assert_int_equal(ran.status, 75);
    assert_non_null(strstr(ran.err, "melbicomfs: README: File exists\n"));
    assert_non_null(strstr(ran.err, "melbicomfs: billing: File exists\n"));
    assert_string_equal(run_ok(&f.mount, "cat \"$DIR/out/README\"; readlink \"$DIR/out/billing\"").out,
                        "mine\n/nowhere\n");
    run_ok(&f.mount, "cmp version \"$DIR/out/version\"");
}

/* The list is not asked for what is elsewhere, whoever wrote it; and no link leads a file elsewhere. */
static void test_nothing_outside_is_touched(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, EXPORT "\"$DIR/out\"; mkdir -p \"$DIR/out-side\"");
    run_ok(&f.mount,
           "cd \"$DIR\" && mv out/billing/invoices out-side/ && ln -s ../../out-side/invoices out/billing/ && "
           "echo mine | tee out-side/mine out-side/invoices/mine >out-mine");
    run_ok(&f.mount, "cd \"$DIR/out\" && for path in ../out-mine ../out-side/mine billing/../../out-side/mine "
                     "./../out-mine \"$DIR/out-mine\" billing/invoices/../mine services/.. / . ..; do "
                     "printf '%%s\\n=%%s\\t0\\tetag\\t\\n' \"$path\" \"$path\"; done >>.melbicomfs-export");
    char *before = run_ok(&f.mount, "cd \"$DIR\" && find out-* -printf '%%p %%y %%i %%T@ %%C@\\n' | sort").out;
    struct ran ran = run(&f.mount, EXPORT_OLD "\"$DIR/out\"");
    assert_int_equal(ran.status, 75);
    assert_non_null(strstr(ran.err, "melbicomfs: billing/invoices: File exists\n"));
    assert_non_null(strstr(ran.out, ", 1 failed; "));
    assert_string_equal(run_ok(&f.mount, "cd \"$DIR\" && find out-* -printf '%%p %%y %%i %%T@ %%C@\\n' | sort").out,
                        before);
    run_ok(&f.mount, "! grep -F -e .. -e \"$DIR\" \"$DIR/out/.melbicomfs-export\"");
}

static void test_parts(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, EXPORT "\"$DIR/out\" billing services/10421 'by/invoice-year/20*'");
    run_ok(&f.mount, "diff -r --no-dereference billing \"$DIR/out/billing\"");
    run_ok(&f.mount, EXPORT "\"$DIR/out\" version");
    run_ok(&f.mount, "cmp version \"$DIR/out/version\"; test -e \"$DIR/out/services/10421/info.json\"");
    assert_string_equal(run_ok(&f.mount, "ls \"$DIR/out\"").out, "billing\nby\nservices\nversion\n");
    new_directory();
    run_ok(&f.mount, EXPORT "-L \"$DIR/out\" by");
    run_ok(&f.mount, "diff -r -x cdn by \"$DIR/out/by\"; test $(find \"$DIR/out\" -type l | wc -l) = 0");
}

/* What cannot be got stays as it was, and is named. */
static void test_failures(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, EXPORT "\"$DIR/out\"");
    char *before = run_ok(&f.mount, STATE " | grep -E '/(services|billing/invoices)'").out;
    rule(&f.sim, "{\"operation\":\"service\",\"status\":500}");
    rule(&f.sim, "{\"operation\":\"invoices\",\"status\":404}");
    struct ran ran = run(&f.mount, SHELL "-o timeout_total=1 --export \"$DIR/out\" services billing");
    rules_clear(&f.sim);
    assert_int_equal(ran.status, 75);
    assert_non_null(strstr(ran.err, "melbicomfs: services/10421/info.json: Input/output error\n"));
    assert_non_null(strstr(ran.err, "melbicomfs: billing/invoices: Input/output error\n"));
    assert_string_equal(run_ok(&f.mount, STATE " | grep -E '/(services|billing/invoices)'").out, before);
    assert_int_equal(run(&f.mount, "MELBICOM_TOKEN=no \"$MELBICOMFS\" \"$URL\" --export \"$DIR/out\"").status, 77);
    assert_string_equal(run_ok(&f.mount, STATE " | grep -E '/(services|billing/invoices)'").out, before);
    assert_int_equal(run(&f.mount, EXPORT "/nowhere/at/all").status, 75);
}

/* Two accounts in turn: an export is killed at a random moment, and the next one of the same account ends as if it was
 * the first. */
static void test_killed_at_random_moments(void **state)
{
    (void)state;
    new_directory();
    run_ok(&f.mount, EXPORT "\"$DIR/out-new\" >/dev/null; " EXPORT_OLD "\"$DIR/out-old\" >/dev/null");
    int64_t began = now_ms();
    run_ok(&f.mount, EXPORT "\"$DIR/out\" >/dev/null");
    int64_t takes = now_ms() - began;
    unsigned killed = 0;
    srand(1);
    /* With sanitizers a run takes ten times as long. */
    unsigned moments = getenv("SANITIZED") ? 6 : 50;
    for (unsigned i = 0; i < moments; i++) {
        const char *which = i % 2 ? "new" : "old";
        struct ran ran =
            run(&f.mount,
                "timeout -s KILL %.3f env MELBICOM_TOKEN=" HARNESS_TOKEN
                " \"$MELBICOMFS\" \"$%s\" --export \"$DIR/out\" >/dev/null",
                (double)(rand() % 1000) / 1000.0 * (double)takes / 1000.0 + 0.001, i % 2 ? "URL" : "OTHER");
        killed += ran.status == 137;
        run_ok(&f.mount, "%s\"$DIR/out\" >/dev/null", i % 2 ? EXPORT : EXPORT_OLD);
        run_ok(&f.mount, "diff -r --no-dereference \"$DIR/out-%s\" \"$DIR/out\"", which);
    }
    assert_true(killed > moments / 5);
}

/* On a terminal one line tells how far it is; it is gone at the end. Elsewhere nothing is said but the last line. */
static void test_progress(void **state)
{
    (void)state;
    new_directory();
    rule(&f.sim, "{\"operation\":\"service\",\"latency_ms\":1500}");
    struct ran ran = run_ok(&f.mount, "cd \"$DIR\" && script -qefc 'exec env " EXPORT "out' /dev/null </dev/null");
    rules_clear(&f.sim);
    char *shown = strstr(ran.out, " left\033[K\r");
    if (!shown || !strstr(ran.out, " requests, ") || !strstr(shown, "\r\033[Kout: "))
        fail_msg("%s", ran.out);
    new_directory();
    ran = run_ok(&f.mount, EXPORT "\"$DIR/out\" 2>&1");
    assert_null(strchr(ran.out, '\r'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_export_is_the_mount),
        cmocka_unit_test(test_the_second_export_writes_nothing),
        cmocka_unit_test(test_the_second_export_asks_whether_answers_have_changed),
        cmocka_unit_test(test_what_is_gone_is_removed_and_nothing_else),
        cmocka_unit_test(test_what_is_in_the_way_stays),
        cmocka_unit_test(test_nothing_outside_is_touched),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_killed_at_random_moments),
    };
    harness_begin();
    return cmocka_run_group_tests(tests, start, stop);
}
